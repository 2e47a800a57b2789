// What every component must satisfy, checked on a case: some inputs, some values of the parameters.
//
//   TEST_CASE("my_tower conforms") {
//     braid::conform::Case c{"my_tower"};
//     c.values = {{"dim", std::int64_t{8}}, {"queries", std::int64_t{2}}};
//     c.inputs["tokens"] = {braid::conform::wave({5, 3, 8}), braid::conform::wave({5, 2, 8}).hide({{1}, {3, 0}})};
//     CHECK(braid::conform::check(c) == "");
//   }
//
// Tests use one thread of their own; a Case and an Instance are not shared between threads.
#pragma once

#include "sdk/state.h"

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace braid::conform {

// One wire: a tensor and what the host would say about it.
struct Wire {
  Flow flow;
  std::int64_t id_rows = 0;  // dtype id: n

  // Hides places from the component, as the host does: their mask is false, they read zeros. A place is the beginning
  // of an index: {1} is all of row 1, {3, 0} place 0 of row 3. The mask covers as many dims as the longest place has.
  Wire hide(std::initializer_list<std::vector<std::int64_t>> places) const;
  // The same through a list: the mask is the list's own too (`f.mask(port)` of a repeated port, `f.present`).
  Wire hide_in_list(std::initializer_list<std::vector<std::int64_t>> places) const;
};

// double[sizes...] with element k = scale * sin(step * k + start), k counted through the tensor. What golden scripts
// use too: `scale * np.sin(step * np.arange(n) + start)`.
Wire wave(std::vector<std::int64_t> sizes, double start = 0, double step = 0.7, double scale = 1);
// int64[sizes...] with element k = (k * 7 + start) % n, for ports of dtype id(n). Give each wire of a port its n.
Wire ids(std::vector<std::int64_t> sizes, std::int64_t n, std::int64_t start = 1);
// A tensor as it is. bool, int64 (int, key), or double; floating ones are converted to what the check runs in.
Wire tensor(at::Tensor value);
Wire numbers(const std::vector<double>& values, std::vector<std::int64_t> sizes);       // double
Wire wholes(const std::vector<std::int64_t>& values, std::vector<std::int64_t> sizes);  // int64

struct Case {
  std::string component;  // as `use = ` says it; found through BRAID_PLUGIN_PATH
  Values values = {};     // parameters
  std::map<std::string, std::vector<Wire>, std::less<>> inputs = {};  // by port; several wires where it is repeated
  Sizes sizes = {};                            // dims that the inputs do not show, or bounds above what they show
  std::map<std::string, double> scalars = {};  // coefficients; the others stand at their defaults
  std::map<std::string, Sizes> specials = {};  // by port: ids that its field names ("mask")
  // Inputs that get no gradient by design (labels, weights of rows). A distiller's `teacher...` inputs are such anyway.
  std::vector<std::string> constants = {};
  std::vector<std::string> unwanted = {};  // outputs that nobody reads
  // Each output row depends on its own row of the inputs only. Default: so for towers, fusions, rankers.
  std::optional<bool> rows_apart = std::nullopt;
  std::int64_t least_rows = 0;  // smaller batches are not tried
  std::int64_t elements = 40;   // of each tensor whose gradient is measured, evenly spread
};

// "" when all of this holds; otherwise one line per failure, each naming tensor and place:
//  * the component's ports with these values are those of its card
//  * outputs have the declared sizes at the case's rows and at 0, 1 and 3 rows; nothing is NaN or infinite
//  * what an output's mask hides is zero (losses and metrics: not looked at)
//  * the gradients of each floating input and each weight agree with finite differences in double, in evaluation and in
//    training; the tolerance is what the differences themselves say about their error
//  * what a mask hides changes no output, not by a bit, and gets no gradient
//  * with everything hidden, outputs and gradients are finite
//  * the same call gives the same bits, forward and backward; inputs are left as they are
//  * a row alone gives what it gives within the batch (`rows_apart`, to 1e-11), in training too: draws follow its key
//  * evaluation does not draw: no difference between steps
//  * LibTorch's global generator does not move
//  * no indexing by tensors inside (its gradient's bits differ from run to run): gather_rows or index_select
std::string check(const Case& test);

// The component's card: constructed without a recipe.
ComponentSchema describe(const std::string& component);

// A component at work: for golden values, and what check() is built of.
class Instance {
 public:
  // Makes the component and its weights, which start as it says.
  explicit Instance(const Case& test, at::ScalarType type = at::kFloat);
  ~Instance();

  Component& component() { return *component_; }
  // The weight declared as `name` ("layer.0.query.weight").
  at::Tensor& weight(std::string_view name);
  // Sets weight w (counted in the order of declaration) to scale * sin(0.7 * k + w), and adds 1 to weights that start
  // at one (gains of norms). tools/goldens/rankers.py (Weights) does the same.
  void fill(double scale = 0.3);

  struct Options {
    bool training = false;
    std::int64_t step = 0;
    std::uint64_t seed = 1;
  };
  // One call; outputs by name, those of a list parameter by its elements. Unset outputs are left out.
  using Outputs = std::map<std::string, Flow, std::less<>>;
  Outputs run() { return run(Options{}); }
  Outputs run(Options options);

  // By input port in the schema's order, then by wire: what run() hands over. Free to change.
  std::vector<std::vector<Flow>> inputs;
  at::Tensor keys;                                             // int64[rows]: of the rows, at first 1, 2, 3…
  const std::string& rows_axis() const { return rows_axis_; }  // the name of the axis that these rows are

 private:
  Case case_;
  std::unique_ptr<Component> component_;
  std::string rows_axis_;
};

// |a - b| <= tolerance * (1 + |b|) everywhere, sizes equal; otherwise a text that shows the worst place.
std::string differs(const at::Tensor& got, const at::Tensor& want, double tolerance = 1e-5);
std::string differs(const at::Tensor& got, const std::vector<double>& want, double tolerance = 1e-5);

}  // namespace braid::conform
