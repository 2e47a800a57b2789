// A recipe with its data and its graph, ready to run; and a run folder's model again.
#pragma once

#include "data/source.h"
#include "graph/execution.h"
#include "recipe/check/check.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace braid::model {

// What a run needs from the host.
struct RuntimeServices {
  std::function<recipe::World(const std::string& recipe_file)> world;
  graph::MakeComponent component;
  data::Makers makers;
  std::function<std::string(const std::string& file)> digest;  // of a plugin's bytes, for the lock
  int threads = 0;
};

// The plan with the sizes that the data told, its data and its graph.
struct Assembly {
  recipe::Plan plan;
  std::unique_ptr<data::Source> source;
  std::unique_ptr<graph::Model> graph;
  bool other_data = false;  // of a run: the data are not those that it was trained on; in these tables
  std::vector<std::string> changed_tables;
  graph::Mode mode;  // evaluation at the step whose weights these are: coefficients on a schedule are those of then
};

// nullptr when the recipe has problems, which are printed. `saved`: fitted fields by "table.field", instead of fitting.
// `started`: the weights are in the run's folder. `found_right` is called when the recipe has none, before data is
// read.
std::unique_ptr<Assembly> assemble(const std::string& recipe, const std::vector<std::string>& sets,
                                   const RuntimeServices& services, const std::map<std::string, std::string>& saved,
                                   bool started = false, const std::function<void()>& found_right = {});

// A run folder's fitted fields, by "table.field". Throws Error.
std::map<std::string, std::string> saved_fields(const std::string& run);

// The model of a run folder with its weights and its fields' saved state. Warns when the data are not those that the
// run was trained on. Throws Error when RUN is no run folder.
std::unique_ptr<Assembly> load_run(const std::string& run, const std::vector<std::string>& sets,
                                   const RuntimeServices& services);

// A whole file's bytes. Throws Error.
std::string read_file(const std::string& file);
// What the checker found, on the terminal.
void print(const std::vector<recipe::Problem>& problems);

}  // namespace braid::model
