// The parts of a run's page, each as HTML; nothing where a run has nothing to show.
#pragma once

#include "report/graph_picture.h"
#include "report/run_files.h"

#include <map>
#include <string>
#include <vector>

namespace braid::report {

// Reading JSON that may lack anything: not a number and -1 for a number, "" for a text, an empty object for an object
// or array.
double number_of(const Json& json, const char* key);
std::int64_t whole_of(const Json& json, const char* key);
std::string text_of(const Json& json, const char* key);
const Json& inner(const Json& json, const char* key);

// Names of all metrics in {split: figures}, in the order of the alphabet.
std::vector<std::string> metrics_of(const Json& splits);
// Splits and slices by metric. `spreads`: the same tree with {"mean", "spread"} in place of numbers, or empty.
std::string figures_table(const Json& splits, const Json& spreads);
std::string curves(const RunFiles& run);
std::string charts(const std::string& figures);  // in a grid
std::map<std::string, NodeFacts> node_facts(const Json& result);
std::string dead_warning(const Json& result);  // weights that got no gradient, loudly
std::string gradients(const Json& result);
std::string times(const Json& result);
std::string data_tables(const Json& result);
std::string recipe_texts(const RunFiles& run);

}  // namespace braid::report
