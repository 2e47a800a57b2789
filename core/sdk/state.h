// The host's side of the SDK: makes components with a recipe's values, sizes them, makes their weights, builds frames.
// Not installed; plugins never see it. Exported from libbraid.so for the host's library and for tests.
#pragma once

#include <braid/field.h>
#include <braid/kinds.h>
#include <braid/metric.h>
#include <braid/optimizer.h>
#include <braid/plugin.h>
#include <braid/reader.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid {

using WireCounts = std::map<std::string, std::size_t, std::less<>>;  // repeated inputs: wires by port name

struct WeightState {
  WeightSchema schema;
  Start start;
  at::Tensor value;      // undefined until make_weights
  bool touched = false;  // its gradient comes as sparse rows (optimizer: rows = "touched")
};

struct ComponentState {
  ComponentSchema schema;                              // grows while the component is constructed
  std::vector<Shape> inputs, outputs;                  // parsed, in the ports' order
  std::vector<std::size_t> input_ports, output_ports;  // index into schema.ports
  Values given;                                        // what the recipe says
  Values values;                                       // all parameters, defaults filled in
  WireCounts wires;
  bool described = false;           // constructed only to read its schema
  std::vector<std::string> prefix;  // of weights being declared
  std::vector<WeightState> weights;
  std::vector<std::string> states;  // metrics: names of declared columns
  std::vector<State::Type> state_types;
  Sizes sizes;
  bool sized = false;
};

// Whether a parameter's value counts as yes, where a dim stands only `if` it does: not false, 0, empty or unset.
BRAID_API bool is_on(const Values& values, const std::string& param);

// Constructs a component with values and wire counts (of its repeated inputs). `describe`: without a recipe, to read
// the schema: values are the defaults and each repeated input has one wire. Throws what the constructor throws, and
// Error for a value of the wrong type, out of its range, or required and missing.
BRAID_API std::unique_ptr<Component> construct(Registrar::Make make, const Values& values, const WireCounts& wires,
                                               bool describe = false);

// Gives the component its dims; `infer` adds others; Require rules are proved. Throws Error.
BRAID_API void set_sizes(Component& component, Sizes sizes);
// A dim expression over the component's sizes and whole-number parameters. Throws Error when a name is not known.
BRAID_API std::int64_t evaluate(const Component& component, std::string_view dim);
// What the rows of embedding table number `weight` are drawn by, one for each; empty: their numbers.
using StartKeys = std::function<std::vector<std::uint64_t>(std::size_t weight)>;
// Makes the weights on the CPU from (seed, "node.weight"), rows of embedding tables from their key too: neither other
// rows nor their number change a row's start. `type`: at::kFloat, at::kDouble.
BRAID_API void make_weights(Component& component, const std::string& node, std::uint64_t seed, at::ScalarType type,
                            const StartKeys& start_keys = {});

// What the exception that is being handled says; LibTorch's without their stack of calls. Call it in a catch block.
BRAID_API std::string said();
// The same as a mistake: of an error without location and code its message and notes, for who gives it these; else the
// whole text as a message.
BRAID_API Diagnostic caught();

// ---- frames ----

struct FrameState {
  Component* component = nullptr;
  std::string node;                        // for randomness and messages
  std::vector<std::vector<Flow>> inputs;   // per input port; empty: not wired
  std::vector<std::vector<Flow>> outputs;  // per output port
  std::vector<std::vector<bool>> mask_set;
  std::vector<std::vector<bool>> wanted;
  std::vector<at::Tensor> scalars;     // 0-dim, per scalar of the schema
  std::vector<at::Tensor> input_keys;  // int64[rows] per input port: of its first dim; may be undefined
  at::Tensor keys;                     // int64[rows] of the outputs' first dim
  std::vector<Sizes> specials;         // per input port
  std::vector<at::Tensor> appended;    // metrics: per state
  bool training = false;
  std::int64_t step = 0, epoch = 0;
  std::uint64_t seed = 0;
};

// Sizes the vectors of a frame for this component: one output Flow per port (per name where a list names them), all
// wanted, scalars at their defaults, no inputs. The caller fills in inputs and keys.
BRAID_API void prepare_frame(FrameState& frame, Component& component);
// Calls component.run and checks what it left: every wanted output set, sizes right, masks given
// where needed, every state of a metric given its rows. Throws Error naming the port, and what the component throws.
BRAID_API void run_frame(FrameState& frame);

// ---- randomness: pure functions ----

BRAID_API std::uint64_t mix64(std::uint64_t x);            // one SplitMix64 step
BRAID_API std::uint64_t hash_text(std::string_view text);  // 64 bits, the same on every machine
// Fills out[rows, n] with uniform float32 in [0, 1) from (stream, row key, place), by Philox4x32-10.
BRAID_API void philox_uniform(std::uint64_t stream, const std::int64_t* keys, std::int64_t rows, std::int64_t n,
                              float* out);
// The four 32-bit words of place / 4 in the stream of one row key.
struct PhiloxWords {
  std::uint32_t v[4];
};
BRAID_API PhiloxWords philox_words(std::uint64_t stream, std::uint64_t key, std::uint64_t block);

}  // namespace braid
