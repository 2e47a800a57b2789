// Of a checked recipe: the tables with their fields, links, labels, lists and splits, and the axes of their rows.
#pragma once

#include "braid/schema.h"
#include "recipe/document/place.h"
#include "recipe/plan/expression.h"
#include "recipe/plan/ids.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace braid::recipe {

struct TablePlan;
struct FieldPlan;
struct LinkPlan;
struct LabelPlan;
struct ListPlan;
struct AxisPlan;
struct NodePlan;
struct GroupPlan;
using TableId = Id<TablePlan>;  // into Plan::tables
using FieldId = Id<FieldPlan>;  // this and the next three: of one table
using LinkId = Id<LinkPlan>;
using LabelId = Id<LabelPlan>;
using ListId = Id<ListPlan>;
using AxisId = Id<AxisPlan>;    // into Plan::axes
using NodeId = Id<NodePlan>;    // into Plan::nodes
using GroupId = Id<GroupPlan>;  // into TrainPlan::groups

// Every table has an axis of its own with its name and number.
constexpr AxisId own_axis(TableId table) { return AxisId{table.index()}; }

// What leads from the rows of a table to entities.
struct TableLink {
  TableId table;
  LinkId link;
  auto operator<=>(const TableLink&) const = default;
};
struct TableList {
  TableId table;
  ListId list;
  auto operator<=>(const TableList&) const = default;
};
using Way = std::variant<TableLink, TableList>;

// A component as a recipe uses it, with its card's plugin.
struct Use {
  std::string component, plugin, plugin_file;  // "NAME", "PLUGIN", ".../PLUGIN.so"
  ComponentSchema schema;
  Values values;  // every parameter, defaults filled in
};

struct FieldPlan {
  std::string name;
  Use use;
  std::vector<std::string> from;     // columns
  std::string media;                 // "posters.tar.gz:{item}.jpg" or "folder/{item}.jpg"; empty: cells
  std::vector<std::string> missing;  // texts that count as missing, besides the table's
  std::string saved;                 // of an exported run: a file with the fitted state; where there is none, the field
                                     // has no state but what its parameters name
  bool still = false;                // placed as in evaluation, also in training steps
  Place place;
};

struct LinkPlan {
  std::string name;
  TableId table;       // whose entities it points to
  std::string column;  // default the link's name
  Place place = {};
};
struct LabelPlan {
  std::string name;
  Expression value;
  std::string text;
  Place place;
};

struct ListPlan {
  // The last events with the same key, oldest first.
  struct History {
    LinkId of, by;          // links of this table: whose entity is listed; who has the history
    std::int64_t last = 0;  // places
    std::optional<Expression> where = {};
    std::string where_text = {};
    enum class Visible { train, earlier, all } visible = Visible::train;  // rows of which splits may stand in it
    bool always = false;  // true: all events of the key, whenever, the row itself among them
  };
  // Entities, fresh at each step.
  struct Draw {
    std::int64_t count = 0;  // for a row, or for each place of the list `per`
    bool by_popularity = false, exclude_seen = false;
    std::optional<ListId> per = {};
  };
  // Entity keys in a cell, of the row itself or of the entity that the link `through` reaches.
  struct Keys {
    std::string column, separator = " ";
    std::optional<LinkId> through = {};
    std::optional<std::int64_t> last = {};  // that many at most
  };
  // For each place of the history `base`, whose places these are, what came next; for the last one the row's own.
  struct After {
    ListId base;
  };
  std::string name;
  TableId table;  // whose entities stand in the list
  std::variant<History, Draw, Keys, After> how;
  Place place = {};
};

struct SplitPlan {
  struct AllTrain {};
  struct ByHash {
    Expression value;                       // `hash(user, item)`
    double train = 1, valid = 0, test = 0;  // shares (8, 1, 1): bucket = value % sum
    std::optional<LinkId> per = {};         // whose rows have these shares, each
  };
  struct ByTime {
    double train = 1, valid = 0, test = 0;  // shares of rows
  };
  struct LeaveLast {
    LinkId key;             // whose rows
    std::int64_t rows = 1;  // for valid, and as many for test
  };
  std::variant<AllTrain, ByHash, ByTime, LeaveLast> how;
  std::string text;
  Place place;
  // Whether it gives rows to them.
  bool has_valid() const;
  bool has_test() const;
};

struct HoldOutPlan {
  std::string name;
  LinkId link;
  Expression where;
  Place place;
};

struct TablePlan {
  std::string name;
  std::vector<std::string> files;
  Use reader;
  std::string key;       // entity tables; empty: an event table
  bool fit_all = false;  // entity tables: fields are fitted on every row, not on those that training rows reach alone
  std::optional<TableId> from;  // entity tables without files: one row for each different cell of column `key` of it
  std::string order;            // event tables: a column, or empty (file order)
  std::vector<std::string> missing = {""};
  struct Join {
    std::string file, key;
    Use reader;
    Place place;
  };
  std::vector<Join> joins;
  std::optional<Expression> keep;
  struct AtLeast {
    LinkId link;
    std::int64_t rows;  // that each of its entities needs to be kept
  };
  std::vector<AtLeast> at_least;
  SplitPlan split;
  std::vector<HoldOutPlan> hold_out;
  struct Permute {
    std::vector<FieldId> fields;
    Expression by;
    Place place;
  };
  std::optional<Permute> permute;
  enum class BadRows { error, skip } bad_rows = BadRows::error;
  Indexed<FieldId, FieldPlan> fields;
  Indexed<LinkId, LinkPlan> links;
  Indexed<LabelId, LabelPlan> labels;
  Indexed<ListId, ListPlan> lists;
  Place place;
  bool event() const { return key.empty(); }
  // The history whose places a list has: its own, or of the one that it comes after. Null: it is a draw, or from cells.
  const ListPlan::History* history(ListId list) const;
  // The bound of a list's places; nothing: as many as a cell has.
  std::optional<std::int64_t> places(ListId list) const;
};

// An axis: which rows of a table stand in a batch.
struct AxisPlan {
  std::string name;
  TableId table;
  bool standard = true;        // the table's own: whatever is gathered from it
  std::vector<Way> from = {};  // declared axes: through these links and lists of event tables only
  bool whole = false;          // every row of an entity table, every training row of an event table
  Place place = {};
};

}  // namespace braid::recipe
