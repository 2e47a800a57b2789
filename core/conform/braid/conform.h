// What a component must satisfy, for its own tests; `braid conform` says the same of any plugin without a test.
//
//   TEST_CASE("my_tower conforms") {
//     braid::conform::Case c{"my_tower"};
//     c.values = {{"dim", std::int64_t{8}}, {"queries", std::int64_t{2}}};
//     c.inputs["tokens"] = {braid::conform::wave({5, 3, 8}), braid::conform::wave({5, 2, 8}).hide({{1}, {3, 0}})};
//     CHECK(braid::conform::check(c) == "");
//   }
//
// Plugins are found through BRAID_PLUGIN_PATH. Tests use one thread of their own; a Case and an Instance are not shared
// between threads. Everything throws Error for what is wrong with a case. Link it with dependency('braid-conform').
#pragma once

#include <braid/field.h>
#include <braid/frame.h>
#include <braid/metric.h>
#include <braid/optimizer.h>
#include <braid/reader.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace braid::conform {

// One wire: a tensor and what the host would say about it.
struct BRAID_API Wire {
  Flow flow;
  std::int64_t id_rows = 0;  // dtype id: n

  // Hides places from the component, as the host does: their mask is false, they read zeros. A place is the beginning
  // of an index: {1} is all of row 1, {3, 0} place 0 of row 3. The mask covers as many dims as the longest place has.
  Wire hide(const std::vector<std::vector<std::int64_t>>& places) const;
  // The same through a list: the mask is the list's own too (`f.mask(port)` of a repeated port, `f.present`).
  Wire hide_in_list(const std::vector<std::vector<std::int64_t>>& places) const;
};

// double[sizes...] with element k = scale * sin(step * k + start), k counted through the tensor: easily said again in
// another language, for golden values: `scale * np.sin(step * np.arange(n) + start)`.
BRAID_API Wire wave(std::vector<std::int64_t> sizes, double start = 0, double step = 0.7, double scale = 1);
// int64[sizes...] with element k = (k * 7 + start) % n, for ports of dtype id(n). Give each wire of a port its n.
BRAID_API Wire ids(std::vector<std::int64_t> sizes, std::int64_t n, std::int64_t start = 1);
// A tensor as it is. bool, int64 (int, key), or double; floating ones are converted to what the check runs in.
BRAID_API Wire tensor(at::Tensor value);
BRAID_API Wire numbers(const std::vector<double>& values, std::vector<std::int64_t> sizes);       // double
BRAID_API Wire wholes(const std::vector<std::int64_t>& values, std::vector<std::int64_t> sizes);  // int64

struct Case {
  std::string component;                                              // as `use = ` says it
  Values values = {};                                                 // parameters
  std::map<std::string, std::vector<Wire>, std::less<>> inputs = {};  // by port; several wires where it is repeated
  Sizes sizes = {};                            // dims that the inputs do not show, or bounds above what they show
  std::map<std::string, double> scalars = {};  // coefficients; the others stand at their defaults
  std::map<std::string, Sizes> specials = {};  // by port: ids that its field names ("mask")
  // Inputs that get no gradient, beside those that are declared `constant` and a distiller's `teacher...` ones.
  std::vector<std::string> constants = {};
  std::vector<std::string> unwanted = {};  // outputs that nobody reads
  // Each output row depends on its own row of the inputs only. Default: so for towers, fusions, rankers.
  std::optional<bool> rows_apart = std::nullopt;
  std::int64_t least_rows = 0;  // smaller batches are not tried
  // Of each tensor whose gradient is measured, evenly spread; 0: all of them at once, along one direction.
  std::int64_t elements = 40;
  bool copied = false;  // each call gets copies of the inputs: for a component that writes to them
};

// "" when every quick check for components with `run` holds on this case (all but threads, memory and cost; declined
// ones left out); otherwise one line per failure with the check's name, the tensor and the place. A call that does not
// return is told alone.
BRAID_API std::string check(const Case& test);

// The component's card: constructed without a recipe.
BRAID_API ComponentSchema describe(const std::string& component);

// A component with `run` at work: for golden values.
class BRAID_API Instance {
 public:
  // Makes the component and its weights, which start as it says.
  explicit Instance(const Case& test, at::ScalarType type = at::kFloat);
  ~Instance();

  Component& component() { return *component_; }
  // The weight declared as `name` ("layer.0.query.weight").
  at::Tensor& weight(std::string_view name);
  std::vector<std::string> weights();  // their names, in the order of declaration
  // Sets weight w (counted in the order of declaration) to scale * sin(0.7 * k + w), and adds 1 to weights that start
  // at one (gains of norms).
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
  // Metrics: one call over all rows, then finish().
  double metric();

  // By input port in the schema's order, then by wire: what run() hands over. Free to change.
  std::vector<std::vector<Flow>> inputs;
  at::Tensor keys;                                             // int64[rows]: of the rows, at first 1, 2, 3…
  std::vector<at::Tensor> appended;                            // metrics: what the last run() appended, by state
  const std::string& rows_axis() const { return rows_axis_; }  // the name of the axis that these rows are

 private:
  Case case_;
  std::unique_ptr<Component> component_;
  std::string rows_axis_;
};

// An optimizer at work on one weight: for golden values. Everything is changed in place and free to look at.
class BRAID_API OptimizerAtWork {
 public:
  OptimizerAtWork(const std::string& component, const Values& values, at::Tensor start, bool table = false);
  ~OptimizerAtWork();
  void step(const at::Tensor& gradient, double learning_rate, bool decays = true);
  // Of a table only these rows, with a gradient row for each, as under rows = "touched".
  void step_rows(const std::vector<std::int64_t>& rows, const at::Tensor& gradient, double learning_rate,
                 bool decays = true);

  at::Tensor weight, steps;
  std::vector<std::pair<std::string, at::Tensor>> state;  // by name

 private:
  std::unique_ptr<Component> component_;
  Optimizer* optimizer_;
  bool table_;
};

// What a schedule multiplies the learning rate by.
BRAID_API double schedule_factor(const std::string& component, const Values& values, const RunPosition& position);

// A field at work: opened with these values, and fitted when it fits on `training` (each cell reached by one row; a
// nullptr view is a missing cell; a media field gets the text as the bytes of its file); or restored from `saved`.
class BRAID_API FieldAtWork {
 public:
  FieldAtWork(const std::string& component, const Values& values = {},
              const std::vector<std::string_view>& training = {}, const std::optional<std::string>& saved = {});
  ~FieldAtWork();
  Field& field() { return *field_; }
  // One row of the output: sizes of the fixed dims, a padded dim as long as it is filled. Undefined: the row is absent.
  // Throws the field's Error for a broken cell.
  at::Tensor read(std::string_view cell, const Draw& draw = {}) const;

 private:
  std::unique_ptr<Component> component_;
  Field* field_;
};

// Every record of a file with these bytes, called `name` ("a.tsv"), read by a reader `limit` at a time.
BRAID_API std::vector<Record> records(const std::string& component, const Values& values, const std::string& name,
                                      std::string_view bytes, std::size_t limit = 3);

// |a - b| <= tolerance * (1 + |b|) everywhere, sizes equal; otherwise a text that shows the worst place.
BRAID_API std::string differs(const at::Tensor& got, const at::Tensor& want, double tolerance = 1e-5);
BRAID_API std::string differs(const at::Tensor& got, const std::vector<double>& want, double tolerance = 1e-5);

}  // namespace braid::conform
