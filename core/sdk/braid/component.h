// Components and what they declare as members: parameters, coefficients, ports, requirements.
//
// A member's constructor registers it with the component and, when a recipe is at hand, takes its value from there.
// Nothing is spelled twice: `describe`, the docs, the checker and the code read the same declaration.
#pragma once

#include <ATen/core/Tensor.h>

#include <braid/diagnostic.h>
#include <braid/schema.h>

#include <concepts>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#define BRAID_API __attribute__((visibility("default")))

namespace braid {

// Dims and whole-number parameters by name.
using Sizes = std::map<std::string, std::int64_t, std::less<>>;

class Component;
class Frame;
struct ComponentState;  // the host's side of a component; defined in the SDK's sources

// A mistake that the user can mend: wrong values, sizes that do not fit, a file that cannot be read. Becomes exit
// code 1. A component says what is wrong, `throw braid::Error("...")`, and the host where; Braid's own have a code, and
// their location. Anything else that is thrown counts as Braid's or the plugin's own fault.
class BRAID_API Error : public Failure {
 public:
  using Failure::Failure;
  explicit Error(const std::string& message);
  ~Error() override;
};

// What a component is, where it comes from, and how it differs from its paper. `summary` is one sentence.
struct About {
  std::string_view summary;
  std::string_view paper = "", equation = "", differs = "";
};

namespace detail {
// Not constexpr on purpose: reaching one of these in a consteval constructor is the compile error.
void a_name_has_lower_case_letters_digits_and_underscores_and_is_no_word_of_the_recipe_language();
void this_text_is_not_a_shape_see_schema_h();
void this_text_is_not_a_dim_expression_see_schema_h();
}  // namespace detail

// A declared name; checked at compile time.
struct Name {
  const char* text;
  consteval Name(const char* name) : text(name) {  // NOLINT: meant to convert
    if (error_in_name(name))
      detail::a_name_has_lower_case_letters_digits_and_underscores_and_is_no_word_of_the_recipe_language();
  }
};

// A port's type; checked at compile time. See docs/PLUGINS.md for the notation.
struct ShapeText {
  const char* text;
  consteval ShapeText(const char* shape) : text(shape) {  // NOLINT
    if (shape::error_in(shape)) detail::this_text_is_not_a_shape_see_schema_h();
  }
};

// A dim expression; literals are checked at compile time, texts made at run time when the component is sized. A view:
// used up by the declaration that it is given to.
struct DimText {
  std::string_view text;
  consteval DimText(const char* dim) : text(dim) {  // NOLINT
    if (shape::error_in_dim(dim)) detail::this_text_is_not_a_dim_expression_see_schema_h();
  }
  DimText(const std::string& dim) : text(dim) {}  // NOLINT
};

// Base of every component. Made by the host with the recipe's values; neither copied nor moved, because members point
// into it. `run` may be called from many threads at once: it keeps nothing per call.
class BRAID_API Component {
 public:
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  virtual ~Component();

  // One call over one batch: reads the frame's inputs, sets its outputs. Must be pure in (inputs, weights, the
  // frame's randomness). Throw Error for what a user can mend.
  virtual void run(Frame& frame);

  // Called by one thread at the start of each epoch, before any `run` of it. `epoch` counts from 0.
  virtual void prepare(std::int64_t epoch);

  // Sizes that shapes cannot say: read the known ones, add others by name. Called once, before weights are made.
  virtual void infer(Sizes& sizes) const;

  // The value of a dim or whole-number parameter, known once the host has resolved all sizes (so: in `run`, and in
  // nothing earlier). Throws Error when `dim` is no dim of this component.
  std::int64_t size(std::string_view dim) const;

  ComponentState& state() const { return *state_; }  // for the host

 protected:
  explicit Component(Kind kind);

 private:
  std::unique_ptr<ComponentState> state_;
};

// ---- parameters ----

struct Limits {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices = {};  // texts only: the legal ones
  const char* unit = "";                  // "rows", "tokens", "pixels"; empty: unitless
};
struct Required {};  // `Param<T> x{*this, "x", braid::Required{}, "help"}`

namespace detail {
BRAID_API Value declare_param(Component&, const char* name, ParamType, Value fallback, bool required, const char* help,
                              const Limits&);
template <class T>
constexpr ParamType param_type() {
  if constexpr (std::is_same_v<T, bool>) return ParamType::boolean;
  else if constexpr (std::is_same_v<T, std::int64_t>) return ParamType::whole;
  else if constexpr (std::is_same_v<T, double>) return ParamType::number;
  else if constexpr (std::is_same_v<T, std::string>) return ParamType::text;
  else if constexpr (std::is_same_v<T, Path>) return ParamType::path;
  else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) return ParamType::wholes;
  else if constexpr (std::is_same_v<T, std::vector<double>>) return ParamType::numbers;
  else {
    static_assert(
        std::is_same_v<T, std::vector<std::string>>,
        "a parameter is bool, std::int64_t, double, std::string, braid::Path or a vector of int64, double, string");
    return ParamType::texts;
  }
}
}  // namespace detail

// A parameter: fixed before weights are made. `Param<std::int64_t> dim{*this, "dim", 64, "Width.", {.low = 1}}`.
// A name with a dot is a nested key of the recipe. The value is there as soon as the member is declared.
template <class T>
class Param {
 public:
  Param(Component& owner, Name name, T fallback, const char* help, const Limits& limits = {})
      : value_(take(detail::declare_param(owner, name.text, detail::param_type<T>(), Value(std::move(fallback)), false,
                                          help, limits))) {}
  template <std::same_as<Required> R>  // {} stays an empty list
  Param(Component& owner, Name name, R, const char* help, const Limits& limits = {})
      : value_(take(detail::declare_param(owner, name.text, detail::param_type<T>(), Value(), true, help, limits))) {}
  const T& operator()() const { return value_; }
  operator const T&() const { return value_; }  // NOLINT

 private:
  static T take(Value value) { return std::holds_alternative<T>(value) ? std::get<T>(std::move(value)) : T{}; }
  T value_;
};

// The legal values of a coefficient, inclusive.
struct Range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

// A coefficient. `temperature(f)` is a 0-dim float tensor: a constant, a weight that the host learns and clamps
// (`{ learn = true }`), or a schedule (`{ from, to, steps }`), as the recipe says. Differentiable when learnt.
class BRAID_API Scalar {
 public:
  Scalar(Component& owner, Name name, double fallback, const char* help, Range range = {});
  at::Tensor operator()(const Frame& frame) const;
  std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

// A rule over whole-number parameters and dims that the checker proves: `Require{*this, "dim % heads == 0", "each head
// gets an equal share"}`. One comparison (== != < <= > >=) of two expressions with + - * / %.
class BRAID_API Require {
 public:
  Require(Component& owner, const char* rule, const char* why);
};

// ---- ports ----

struct InOptions {
  bool optional = false;
  bool constant = false;  // gets no gradient by design: labels, weights of rows
  // The values that the port takes, inclusive. Labels and fields that are wired to it are checked when data is read,
  // and `braid conform` stays inside. What other nodes give it is not looked at.
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

class BRAID_API PortBase {
 public:
  std::size_t index() const { return index_; }  // among the component's inputs, or its outputs
  bool output() const { return output_; }

 protected:
  PortBase(Component&, const char* name, const char* shape, const char* help, bool output, const InOptions& options,
           bool repeated, const char* named_by);
  Component* owner_;
  std::size_t index_;
  bool output_;
};

// One input. `f[port]` is its tensor; undefined when it is optional and not wired.
class In : public PortBase {
 public:
  In(Component& owner, Name name, ShapeText shape, const char* help, InOptions options = {})
      : PortBase(owner, name.text, shape.text, help, false, options, false, nullptr) {}
};

// A repeated input: any number of wires from one up (from none when optional), in the recipe's order.
class BRAID_API Ins : public PortBase {
 public:
  Ins(Component& owner, Name name, ShapeText shape, const char* help, InOptions options = {})
      : PortBase(owner, name.text, shape.text, help, false, options, true, nullptr) {}
  // Wires in the recipe; known at construction, so that members can be made per wire (one, when only described).
  std::size_t count() const;
};

// One output. `f[port] = tensor` sets it.
class Out : public PortBase {
 public:
  Out(Component& owner, Name name, ShapeText shape, const char* help)
      : PortBase(owner, name.text, shape.text, help, true, {}, false, nullptr) {}
};

// Outputs of one shape, named by a list parameter (`tasks = ["click", "like"]`): f.out(port, k) sets the k-th.
class Outs : public PortBase {
 public:
  Outs(Component& owner, Name list_param, ShapeText shape, const char* help)
      : PortBase(owner, list_param.text, shape.text, help, true, {}, true, list_param.text) {}
};

// ---- what `braid conform` cannot guess ----
//
// Static members of a component, all optional:
//   static constexpr braid::Decline declines[] = {{"row-alone", "the other rows are its negatives"}};
//   // cells that a field decodes, files of a reader
//   static constexpr std::string_view examples[] = {"3.5", "-1"};
//   // what path parameters may name
//   static constexpr braid::ExampleFile files[] = {{"vocab", "[UNK]\na\n"}};

// A check that does not hold for this component, by its name in docs/PLUGINS.md, and why; shown in every report.
struct Decline {
  std::string_view check, reason;
};

struct ExampleFile {
  std::string_view param, text;
};

}  // namespace braid
