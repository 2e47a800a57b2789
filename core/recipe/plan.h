// A checked recipe: what the data plane, the graph and the trainer are built from. Plain data, no LibTorch.
//
// Everything is resolved: names are indices, paths are absolute or relative to the working folder, expressions are
// parsed, every wire says where its tensor comes from, on which axis it lives, and through which link it travels.
#pragma once

#include "braid/schema.h"
#include "recipe/expression.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::recipe {

inline constexpr int none = -1;

// Where a value was written. `file` is the recipe file as named by the user, or "--set a.b.c=value" with line 0.
struct Place {
  std::string file;
  int line = 0, column = 0;
};

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
  int table = none;
  std::string column;
  Place place;
};  // column: default the link's name
struct LabelPlan {
  std::string name;
  Expression value;
  std::string text;
  Place place;
};

struct ListPlan {
  std::string name;
  enum class What { history, draw, column, after } what = What::history;
  int table = none;         // whose entities stand in the list
  std::int64_t length = 0;  // bound of places: last = N, draw = N, or `last` for a column; that of `base`
  // history: the last `length` events with the same key, oldest first
  int of = none, by = none;  // links of this table: whose entity is listed; who has the history
  std::optional<Expression> where;
  std::string where_text;
  enum class Visible { train, earlier, all } visible = Visible::train;  // rows of which splits may stand in it
  bool always = false;  // true: all events of the key, whenever, the row itself among them
  // draw: `length` entities a row, fresh at each step
  bool by_popularity = false, exclude_seen = false;
  int per = none;  // draw for each place of that list
  // column: entity keys in a cell, of the row itself or of the entity that the link `through` reaches
  std::string column, separator = " ";
  int through = none;
  // after: for each place of the history `base`, whose places these are, what came next; for the last one the row's own
  int base = none;
  Place place;
};

struct SplitPlan {
  enum class By { all_train, hash, time, leave_last } by = By::all_train;
  std::vector<Expression> hash;           // one expression: `hash(user, item)`
  double train = 1, valid = 0, test = 0;  // hash: shares (8, 1, 1): bucket = value % sum. time: shares of rows
  int key = none;                         // leave_last: per this link. hash: none, or whose rows have these shares
  std::int64_t leave = 1;                 // leave_last: rows for valid and for test
  std::string text;
  Place place;
};

struct HoldOutPlan {
  std::string name;
  int link = none;
  Expression where;
  Place place;
};

struct TablePlan {
  std::string name;
  std::vector<std::string> files;
  Use reader;
  std::string key;       // entity tables; empty: an event table
  bool fit_all = false;  // entity tables: fields are fitted on every row, not on those that training rows reach alone
  int from = none;       // entity tables without files: one row for each different cell of column `key` of that table
  std::string order;     // event tables: a column, or empty (file order)
  std::vector<std::string> missing = {""};
  struct Join {
    std::string file, key;
    Use reader;
    Place place;
  };
  std::vector<Join> joins;
  std::optional<Expression> keep;
  std::vector<std::pair<int, std::int64_t>> at_least;  // links, and rows that each of their entities needs to be kept
  SplitPlan split;
  std::vector<HoldOutPlan> hold_out;
  struct Permute {
    std::vector<int> fields;
    Expression by;
    Place place;
  };
  std::optional<Permute> permute;
  enum class BadRows { error, skip } bad_rows = BadRows::error;
  std::vector<FieldPlan> fields;
  std::vector<LinkPlan> links;
  std::vector<LabelPlan> labels;
  std::vector<ListPlan> lists;
  Place place;
  bool event() const { return key.empty(); }
};

// An axis: which rows of a table stand in a batch. Every table has a default one with its own name and index.
struct AxisPlan {
  std::string name;
  int table = none;
  bool standard = true;  // the table's own: whatever is gathered from it
  struct From {
    int table, link, list;
  };                       // link or list of an event table (the other is none)
  std::vector<From> from;  // declared axes: through these only
  bool whole = false;      // every row of an entity table, every training row of an event table
  Place place;
};

// ---- wires and types ----

// The size of one dim as the checker knows it.
struct Size {
  enum class Kind { axis, list, padded, fixed, unknown } kind = Kind::unknown;
  std::int64_t value = 0;         // fixed: the size. padded, list: the upper bound of places
  int axis = none;                // axis: index into Plan::axes
  int table = none, list = none;  // list: which one
};

struct Type {
  DType dtype = DType::floating;
  bool optional_rows = false;
  std::optional<std::int64_t> id_rows;  // dtype id: n, when known
  std::vector<Size> dims;               // dims[0] is an axis
};

// What travels through a wire, from its source to a port.
struct Wire {
  enum class Source { node, field, label, key, link, rows, count } source = Source::node;
  int node = none;                              // index into Plan::nodes
  int port = none;                              // node or field: output number, flat over ports and their names
  int axis = none;                              // where the value lives before gathering
  int field = none, label = none, link = none;  // of the axis' table. link: its key[rows] used as a value
  // Through what it is gathered, if anything: a link or a list of `table` (of its rows on the axis `from`, where that
  // is not the table's own), or `AXIS.row` (axis).
  struct Via {
    int table = none, link = none, list = none, axis = none, from = none;
    // The axis of the result's rows; a table's own axis has its number.
    int rows() const { return axis != none ? axis : from != none ? from : table; }
    bool operator==(const Via&) const = default;
    bool any() const { return table != none || axis != none; }
  };
  Via via;
  int to_axis = none;         // the axis of the result's rows (== axis without via)
  bool stop = false;          // no gradient through here
  Type type;                  // at the port: after gathering, with the inserted dims
  std::vector<int> inserted;  // dims of size 1 to insert, ascending: padded dims of the port that
                              // the tensor lacks (one value where several may stand)
  std::string text;           // as written: "content.vector[ratings.item]"
  Place place;
};

// ---- nodes ----

// A coefficient as the recipe gives it.
struct ScalarPlan {
  enum class How { constant, learnt, scheduled } how = How::constant;
  double value = 0;         // constant, or start
  bool log = false;         // learnt: the logarithm is what is learnt
  double from = 0, to = 0;  // scheduled: linear over `steps` steps, then `to`
  std::int64_t steps = 0;
  std::optional<double> low, high;
};

struct NodePlan {
  std::string name;
  Use use;                      // of `same`'s target for a node that shares it
  int same = none;              // node whose component object this one runs
  int copy = none;              // node whose weights are copied into this one's, frozen, ...
  std::int64_t copy_every = 0;  // ... before step 0 and before every step that this divides
  std::string weights_file;     // a node of an exported run: where its weights are ...
  std::string weights_prefix;   // ... and its name there
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
  ScalarPlan weight{ScalarPlan::How::constant, 1.0, false, 0, 0, 0, {}, {}};  // losses and distillers
  bool trains = false;                                                        // a loss or distiller
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
  int rows = none;                                   // table
  int each = none;                                   // a link of it: of each entity's training rows the last alone
  std::int64_t batch = 1024, epochs = 1, steps = 0;  // steps > 0: stop after as many
  std::int64_t accumulate = 1;                       // batches a step
  std::vector<GroupPlan> groups;
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
  std::vector<TablePlan> tables;
  std::vector<AxisPlan> axes;   // the tables' own first, in the tables' order
  std::vector<NodePlan> nodes;  // in an order in which they can run
  TrainPlan train;
  DataPlan data;
  EvalPlan eval;
  std::vector<MetricPlan> metrics;
  std::vector<SlicePlan> slices;  // over rows of train.rows
  std::vector<Wire> serve;        // [serve] outputs
  int candidates = none;          // [serve] candidates: a link of train.rows; none: not said
  bool serving = false;           // the serving side of an exported run (`serving = true`): nothing can be trained
  bool lookup_only = false;       // and its towers were left out of the export
  std::string resolved;           // the whole recipe as TOML, includes merged, --set applied, defaults filled in
};

// Sizes that only data can tell: fitted fields' dims, by "table.field" and dim name.
using Fitted = std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>>;

}  // namespace braid::recipe
