// What the rows of embedding tables stand for: the values of a field, as its ids number them, or numbers alone.
#pragma once

#include "recipe/plan/plan.h"
#include "sdk/state.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace braid::graph {

// A field of a table, with what it has learnt; given by the owner of the data.
using FieldOf = std::function<const Field&(recipe::TableId table, recipe::FieldId field)>;

// The ids that number a table's rows. `field` is nullptr where rows have no other name than their number: positions,
// hash buckets, ids that a node makes.
struct TableRows {
  const Field* field = nullptr;
  std::string name;  // "items.id"
};

// The rows of a weight of `node`. Throws Error when wires from fields whose ids mean different values share the table.
TableRows rows_of(const recipe::Plan& plan, const recipe::NodePlan& node, const WeightSchema& weight,
                  const FieldOf& field_of);

// Throws Error when `node`, which runs the component of `owner`, brings ids of another field to the owner's tables.
void same_rows(const recipe::Plan& plan, const recipe::NodePlan& node, const recipe::NodePlan& owner,
               const FieldOf& field_of);

// What each row's start is drawn by: a hash of its value's text, or its number. Two rows of one value start alike.
std::vector<std::uint64_t> start_keys(const TableRows& rows);

}  // namespace braid::graph
