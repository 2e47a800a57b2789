// The dims of one component as its parameters and wires fix them.
#pragma once

#include "recipe/check/checker.h"

namespace braid::recipe {

// What a name of a component's shapes stands for.
struct Known {
  Size size;
  std::string same;    // run-time sizes: equal texts are equally long
  std::string origin;  // "dim = 64, recipe.toml:12:1", for messages
};

class Dims {
 public:
  // Whole-number parameters are names; `item` (nullptr: none) tells where they were written. When the values are in
  // doubt they stay unknown.
  Dims(const Use& use, const Item* item, bool doubtful);

  // Binds `name`, or compares with what it is bound to. False: they contradict each other; `before` tells with what.
  bool bind(const std::string& name, const Known& known, Known* before);
  const Known* find(std::string_view name) const;
  // A dim of one wire of a port: "tokens.0.dim", also "tokens.dim" when it has one wire.
  void bind_wire(const std::string& port, std::size_t k, std::size_t wires, const std::string& name,
                 const Known& known);
  void count_wires(const std::string& port, std::size_t wires) { wires_[port] = wires; }

  // An expression's size: a name's own, a number, or what known names make. Unknown without an error when a name is.
  Known evaluate(const std::string& expression) const;
  // `inexact`: a division leaves a remainder.
  std::optional<std::int64_t> value(const std::string& expression, bool* inexact = nullptr) const;
  // Whether "dim % heads == 0" holds; nothing when a name in it is not known. Numbers of both sides for messages.
  std::optional<bool> holds(const std::string& rule, std::string* numbers) const;

  // Everything that is a number: fixed sizes and bounds.
  std::map<std::string, std::int64_t, std::less<>> sizes() const;
  const std::map<std::string, Known, std::less<>>& names() const { return names_; }

 private:
  std::optional<std::int64_t> number_of(std::string_view name) const;
  std::optional<std::int64_t> sum_of(std::string_view what) const;
  std::map<std::string, Known, std::less<>> names_;
  std::map<std::string, std::size_t, std::less<>> wires_;
};

// The type of a component's output from its dims. `scope` makes run-time sizes of its own distinct from others'.
Flow output_flow(const Use& use, const PortSchema& port, const Dims& dims, const std::string& scope);
// The number that a size is, or is at most.
std::optional<std::int64_t> number_of(const Size& size);
// Whether a dim's `if PARAM` holds.
bool switched_on(const Use& use, const std::string& param);
// A port's dims without those that parameters switch off.
Shape effective_shape(const Use& use, const PortSchema& port);

}  // namespace braid::recipe
