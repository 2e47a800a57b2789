// A checked recipe: what the data plane, the graph and the trainer are built from. Plain data, no LibTorch.
//
// Everything is resolved: names are numbers (ids.h), paths are absolute or relative to the working folder, expressions
// are parsed, every wire says where its tensor comes from, on which axis it lives, and through which link it travels.
// What is one of several is a std::variant: each kind of list, split, size or source has the members that it needs.
#pragma once

#include "braid/schema.h"
#include "recipe/expression.h"
#include "recipe/ids.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace braid::recipe {

// Where a value was written. `file` is the recipe file as named by the user, or "--set a.b.c=value" with line 0.
struct Place {
  std::string file;
  int line = 0, column = 0;
};

// ---- numbers ----

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

// ---- tables ----

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

// ---- wires and types ----

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

// ---- nodes ----

// A coefficient as the recipe gives it.
struct ScalarPlan {
  struct Constant {
    double value;
  };
  struct Learnt {
    double start;
    bool log;  // the logarithm is what is learnt
  };
  struct Scheduled {  // linear over `steps` steps, then `to`
    double from, to;
    std::int64_t steps;
  };
  std::variant<Constant, Learnt, Scheduled> how;
  std::optional<double> low = {}, high = {};
};

struct NodePlan {
  std::string name;
  Use use;                     // of `same`'s target for a node that shares it
  std::optional<NodeId> same;  // node whose component object this one runs
  struct Copy {
    NodeId of;
    std::int64_t every;
  };
  std::optional<Copy> copy;  // weights that are copied into this one's, frozen, before step 0 and each that it divides
  std::string weights_file;  // a node of an exported run: where its weights are ...
  std::string weights_prefix;  // ... and its name there
  // What its weights start as, instead of being drawn.
  struct Weights {
    std::string file;                          // empty: they are drawn
    std::string prefix;                        // in front of the file's names
    std::map<std::string, std::string> names;  // own name, "hidden.0.weight", to the file's, where these differ
    std::map<std::string, std::string> keys;   // own name of an embedding table to a file with its rows' values
    bool transpose = false;                    // matrices stand there as [in, out]
    Place place;
  } weights;
  std::vector<std::vector<Wire>> inputs;   // per input port of the schema, in its order; empty: not wired
  std::vector<std::vector<Type>> outputs;  // per output port; several where a list parameter names them
  std::vector<std::vector<bool>> wanted;   // per output, whether anybody reads it
  std::vector<ScalarPlan> scalars;         // per scalar of the schema
  // Dims by name: "dim", and by port and wire "tokens.dim" (one wire), "tokens.0.dim"; whole-number parameters too.
  // What is known; a padded dim counts with its upper bound.
  std::map<std::string, std::int64_t, std::less<>> sizes;
  bool frozen = false;
  // Where it runs in serving (serving.h); `automatic`: as its wires say.
  enum class Serve { automatic, ahead, request } serve = Serve::automatic;
  ScalarPlan weight{ScalarPlan::Constant{1}};  // losses and distillers
  bool trains = false;                         // a loss or distiller
  Place place;
};

// ---- training ----

// Weights with one optimizer, schedule and learning rate.
struct GroupPlan {
  std::string match = "*";  // glob over weight names; '*' matches dots
  Use optimizer, schedule;
  double rate = 1e-3;
  bool decay_all = false;  // decay biases, norms and scalars too
  bool touched = false;    // tables: rows = "touched"
  Place place;
};

struct TrainPlan {
  std::optional<TableId> rows;                       // the driving table; a checked recipe names it
  std::optional<LinkId> each;                        // a link of it: of each entity's training rows the last alone
  std::int64_t batch = 1024, epochs = 1, steps = 0;  // steps > 0: stop after as many
  std::int64_t accumulate = 1;                       // batches a step
  Indexed<GroupId, GroupPlan> groups;
  double clip = 0;  // global gradient norm; 0: off
  std::uint64_t seed = 1;
  std::int64_t validate = 0;     // every n steps; 0: after each epoch
  std::string keep_best;         // metric on valid; empty: the first one
  std::int64_t patience = 0;     // early stop after as many validations without gain; 0: off
  bool best = true;              // false: the last weights are kept
  std::int64_t checkpoint = 0;   // every n steps; 0: every five minutes. At the end of each epoch in any case
  bool skip_not_finite = false;  // a step whose loss or gradient is no number is left out, instead of ending the run
  Place place;
};

struct DataPlan {
  std::int64_t threads = 0, cache_bytes = 2LL << 30, ahead = 2;
  double warn_missing = 0.05;  // share of missing content, or of unseen entities, from which on a warning is given
};                             // [data]; threads 0: all cores less one

struct MetricPlan {
  std::string name;
  Use use;
  std::vector<std::vector<Wire>> inputs;
  Place place;
};

struct SlicePlan {
  std::string name;
  Expression where;
  std::string text;
  Place place;
};

struct EvalPlan {
  std::optional<Wire> score, label, group;
  std::int64_t batch = 0;           // 0: train.batch
  std::uint64_t seed = 1;           // what draws of evaluation depend on, besides keys
  std::vector<std::string> splits;  // all that are evaluated, held-out ones too
};

struct Plan {
  std::string recipe;              // the file as given
  std::vector<std::string> files;  // with all includes, in order
  Indexed<TableId, TablePlan> tables;
  Indexed<AxisId, AxisPlan> axes;   // the tables' own first, in the tables' order
  Indexed<NodeId, NodePlan> nodes;  // in an order in which they can run
  TrainPlan train;
  DataPlan data;
  EvalPlan eval;
  std::vector<MetricPlan> metrics;
  std::vector<SlicePlan> slices;     // over rows of train.rows
  std::vector<Wire> serve;           // [serve] outputs
  std::optional<LinkId> candidates;  // [serve] candidates: a link of train.rows
  bool serving = false;              // the serving side of an exported run (`serving = true`): nothing can be trained
  bool lookup_only = false;          // and its towers were left out of the export
  std::string resolved;              // the whole recipe as TOML, includes merged, --set applied, defaults filled in

  const TablePlan& driving() const { return tables.at(*train.rows); }
  const TablePlan& table_of(AxisId axis) const { return tables[axes[axis].table]; }
  const LinkPlan& operator[](const TableLink& way) const { return tables[way.table].links[way.link]; }
  const ListPlan& operator[](const TableList& way) const { return tables[way.table].lists[way.list]; }
  // The table that a link or list reaches, and its name, "ratings.item".
  TableId target(const Way& way) const;
  std::string name_of(const Way& way) const;
};

// Sizes that only data can tell: fitted fields' dims, by "table.field" and dim name.
using Fitted = std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>>;

}  // namespace braid::recipe
