// Of a checked recipe: wires, each from a source to a port, and the types of what they carry.
#pragma once

#include "recipe/plan/table_plan.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace braid::recipe {

// The size of one dim as the checker knows it.
struct UnknownSize {
  bool operator==(const UnknownSize&) const = default;
};
struct AxisRows {  // as many as the batch has rows of the axis
  AxisId axis;
  bool operator==(const AxisRows&) const = default;
};
struct ListPlaces {  // as many as the longest of the batch, up to `most`
  TableList list;
  std::optional<std::int64_t> most;
  bool operator==(const ListPlaces&) const = default;
};
struct PaddedPlaces {  // of a component's own making
  std::optional<std::int64_t> most;
  bool operator==(const PaddedPlaces&) const = default;
};
struct FixedSize {
  std::int64_t value;
  bool operator==(const FixedSize&) const = default;
};
using Size = std::variant<UnknownSize, AxisRows, ListPlaces, PaddedPlaces, FixedSize>;

struct Type {
  DType dtype = DType::floating;
  bool optional_rows = false;
  std::optional<std::int64_t> id_rows;  // dtype id: n, when known
  std::vector<Size> dims;               // dims[0] is an axis
  // Whose rows it has; nothing: it is one number for the batch.
  std::optional<AxisId> axis() const;
};

// Where a wire's tensor comes from.
template <class Node>
struct OutputOf {
  Node node;
  std::size_t output;  // flat over ports and their names
  auto operator<=>(const OutputOf&) const = default;
};
using NodeOutput = OutputOf<NodeId>;
struct FieldOutput {  // of the axis' table
  FieldId field;
  std::size_t output = 0;
  auto operator<=>(const FieldOutput&) const = default;
};
struct LabelOf {
  LabelId label;
  auto operator<=>(const LabelOf&) const = default;
};
struct LinkKey {  // the key that stands in the link's column
  LinkId link;
  auto operator<=>(const LinkKey&) const = default;
};
struct KeyOf {  // of the axis' rows
  auto operator<=>(const KeyOf&) const = default;
};
struct CountOf {  // how many training rows reach each entity
  auto operator<=>(const CountOf&) const = default;
};
struct RowOf {  // number of each row in its table
  auto operator<=>(const RowOf&) const = default;
};
using Source = std::variant<NodeOutput, FieldOutput, LabelOf, LinkKey, KeyOf, CountOf, RowOf>;

// Through what a tensor is carried from its axis to other rows.
struct AxisRow {  // `AXIS.row`: from another axis of the same table
  auto operator<=>(const AxisRow&) const = default;
};
struct Via {
  AxisId rows;  // the axis of the result's rows: that of the link's or list's table, or AXIS
  std::variant<TableLink, TableList, AxisRow> through;
  const TableLink* link() const { return std::get_if<TableLink>(&through); }
  const TableList* list() const { return std::get_if<TableList>(&through); }
  bool axis_row() const { return is<AxisRow>(through); }
  auto operator<=>(const Via&) const = default;
};

// What travels through a wire, from its source to a port.
struct Wire {
  Source source;
  std::optional<AxisId> axis = {};  // whose rows the source has; nothing: it is one number for the batch
  std::optional<Via> via = {};
  bool stop = false;               // no gradient through here
  Type type = {};                  // at the port: after gathering, with the inserted dims
  std::vector<int> inserted = {};  // dims of size 1 to insert, ascending: padded dims of the port that
                                   // the tensor lacks (one value where several may stand)
  std::string text = {};           // as written: "content.vector[ratings.item]"
  Place place = {};
  // The axis of the result's rows.
  std::optional<AxisId> to_axis() const { return via ? via->rows : axis; }
  // The node or field that it comes from, if it does.
  const NodeOutput* node() const { return std::get_if<NodeOutput>(&source); }
  const FieldOutput* field() const { return std::get_if<FieldOutput>(&source); }
};

}  // namespace braid::recipe
