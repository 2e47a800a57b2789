// A checked recipe: what the data plane, the graph and the trainer are built from. Plain data, no LibTorch.
//
// Everything is resolved: names are numbers (ids.h), paths are absolute or relative to the working folder, expressions
// are parsed, every wire says where its tensor comes from, on which axis it lives, and through which link it travels.
// What is one of several is a std::variant: each kind of list, split, size or source has the members that it needs.
#pragma once

#include "recipe/plan/wire.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace braid::recipe {

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
