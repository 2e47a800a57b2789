// Files of weights: a run's own, an exported run's, and others' to start from.
//
// Rows of an embedding table mean nothing without the values that they belong to. A file of ours has them: for each
// field whose ids number rows, a tensor "ids/TABLE.FIELD" (U8: one value a line, line i for row i, `\\`, `\n` and `\r`
// inside a value written so), and in the metadata, under "rows", which table has the rows of which field, as JSON:
// {"item.rows": "ids/items.id"}.
#pragma once

#include "graph/model.h"
#include "model/safetensors.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace braid::model {

// Writes these weights of a graph, under their names, with what the rows of embedding tables stand for. Throws Error.
void save_weights(const std::string& file, const std::vector<graph::NamedWeight>& weights,
                  std::map<std::string, std::string> metadata);

// Copies weights into a graph by name. Every weight of the graph for which `wanted` holds (all without it) must stand
// in the file with its size, and every weight of the file in the graph. Returns the step that they are of. Throws Error
// naming `file`.
std::int64_t load_weights(graph::Model& graph, const std::string& file,
                          const std::function<bool(const graph::NamedWeight&)>& wanted = {});

// Gives the nodes of exported runs (`run = "DIR"`) their weights. Throws Error naming the file and what of it is
// missing or has another size.
void load_runs(const recipe::Plan& plan, graph::Model& graph);

// Gives the nodes that start from a file (`weights = { file, ... }`) their weights; learnt coefficients stay as they
// are. Rows of embedding tables follow the values of their field, never their place in the file; a value that the file
// lacks keeps the start that the recipe declares. Returns what there is to say of each such table, a line each. Throws
// Error at the recipe's place when a name is missing there (with the nearest ones), has another size, or when rows
// cannot be told apart.
std::vector<std::string> start_weights(const recipe::Plan& plan, graph::Model& graph);

}  // namespace braid::model
