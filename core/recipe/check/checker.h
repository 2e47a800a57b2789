// What the parts of the checker share. Each part is a file of its own; check.cc calls them in this order.
#pragma once

#include "recipe/check/parameters.h"
#include "recipe/document/toml_text.h"

#include <map>
#include <set>
#include <variant>

namespace braid::recipe {

// A table's columns as its files' first lines tell them.
struct Columns {
  bool known = false;
  std::vector<std::string> names;
  std::string file;  // of the first file, for messages
  bool has(const std::string& name) const;
};

struct TableField {
  TableId table;
  FieldId field;
  auto operator<=>(const TableField&) const = default;
};

// A tensor's type with what tells two runs of places apart: two dims with the same text are as long in every batch.
struct Flow {
  bool known = false;  // false: an error on its way has been reported already
  Type type;
  std::vector<std::string> same;  // per dim; empty: fixed or unknown
  std::vector<bool> padded;       // per dim: places may be unused
};

struct NodeDraft;
using DraftId = Id<NodeDraft>;  // in the order of writing; the plan's nodes have numbers of their own

// A wire on its way through the checker: as the plan will have it, but that nodes are still drafts.
struct WireDraft {
  std::variant<std::monostate, OutputOf<DraftId>, FieldOutput, LabelOf, LinkKey, KeyOf, CountOf, RowOf> source;
  std::optional<AxisId> axis;
  std::optional<Via> via;
  bool stop = false;
  std::vector<int> inserted;
  std::string text;
  Place place;
  std::optional<AxisId> to_axis() const { return via ? via->rows : axis; }
  const OutputOf<DraftId>* node() const { return std::get_if<OutputOf<DraftId>>(&source); }
  const FieldOutput* field() const { return std::get_if<FieldOutput>(&source); }

  const Item* item = nullptr;     // the text; offset 0 of it is the wire's first byte
  bool known = false;             // its names are resolved
  std::string port_name;          // of the node's output or the field, for messages
  std::size_t via_at = 0;         // offset of '[' in the text
  std::vector<WireDraft> others;  // { first = [...] }: the ones after this
  Flow flow;                      // at the port, once typed
};

struct NodeDraft {
  Item* item = nullptr;
  Found found;  // of the component (of `same`'s target too)
  NodePlan plan;
  std::string same;  // name of the node whose component this one runs
  const Item* same_item = nullptr;
  std::string copy;             // name of the node whose weights are copied into this one's, ...
  std::int64_t copy_every = 0;  // ... how often
  const Item* copy_item = nullptr;
  std::vector<std::vector<WireDraft>> inputs;  // per input port
  std::vector<const PortSchema*> input_ports, output_ports;
  std::vector<std::vector<std::string>> output_names;  // per output port
  std::vector<Flow> flows;                             // per output, flat
  std::vector<std::string> flow_names;
  bool inputs_known = true;  // no error about its wires so far
  bool doubtful = false;     // errors in its values: sizes are not judged
  bool lacks_input = false;
  bool unknown_inputs = false;   // an input was misspelt: others may be missing for that
  std::optional<NodeId> number;  // in the plan, if anything needs it
};

struct MetricDraft {
  Item* item = nullptr;
  NodeDraft node;  // a metric takes wires as a node does
};

// An exported run that a node names (`run = "DIR"`). Its fields, lists, axes and nodes get names with a dot in them,
// "teacher.rank", which no user's has.
struct RunDraft {
  std::string name;        // of the node
  Item* item = nullptr;    // the node, and ...
  Item* folder = nullptr;  // ... its `run`: where all that is wrong with the run is told
  bool good = false;
  Plan plan;  // of its serve.toml
  // For each of its tables, their parts, axes and nodes, the number that it has here.
  Indexed<TableId, TableId> tables;
  Indexed<TableId, Indexed<FieldId, FieldId>> fields;
  Indexed<TableId, Indexed<LinkId, LinkId>> links;
  Indexed<TableId, Indexed<ListId, ListId>> lists;
  Indexed<AxisId, AxisId> axes;
  Indexed<NodeId, DraftId> nodes;
  std::string own(const std::string& inner) const { return name + "." + inner; }
};

struct Checker {
  Checker(World world_in, Fitted fitted_in)
      : world(std::move(world_in)), fitted(std::move(fitted_in)), cards(world), files(world.files) {}
  Checker(const Checker&) = delete;

  const World world;
  Fitted fitted;
  Report report;
  Document document;
  Cards cards;
  bool files;                        // false: neither files nor columns are looked at
  std::vector<std::string> said_in;  // files, then --set arguments: problems are told in this order
  Plan plan;
  std::unique_ptr<Item> resolved;  // the document without [vars], its paths absolute; only without errors

  Indexed<TableId, Columns> columns;
  std::map<TableField, std::vector<Flow>> field_outputs;   // per output, on the table's own axis
  std::set<TableField> doubtful_fields;                    // with errors in their values: sizes are not judged
  std::set<TableLink> broken_links;                        // whose table is not known
  std::set<std::string> broken_axes;                       // declared with errors: wires to them are not judged
  std::set<std::pair<TableId, std::string>> broken_names;  // declared with errors
  Indexed<DraftId, NodeDraft> nodes;
  std::vector<DraftId> node_order;  // as they can run
  std::vector<RunDraft> runs;
  std::vector<MetricDraft> metrics;
  std::optional<WireDraft> score, label, group;
  std::vector<WireDraft> serve;
  std::set<TableField> read_fields;  // by some wire
  std::set<AxisId> read_axes;
  std::vector<std::string> spare;     // globs of nodes and fields that may stay unused
  Indexed<DraftId, bool> used_nodes;  // needed by a loss, metric, [eval] or [serve]

  void error(const Place& place, std::string tag, std::string what, Notes notes = {}) {
    report.error(place, std::move(tag), std::move(what), std::move(notes));
  }
  std::optional<TableId> table(const std::string& name) const { return plan.tables.find(name); }
  // The table that a link reaches; nothing when it is not known, which was reported.
  std::optional<TableId> target(const TableLink& link) const;
  std::optional<TableId> target(const Way& way) const;
  // A link or list of a table by its name.
  std::optional<Way> way(TableId table, const std::string& name) const;
  const Place& place_of(const Way& way) const;
  std::vector<std::string> table_names() const;
  // Whether a file or folder that the recipe names is known to be missing.
  bool absent(const std::string& path) const { return files && world.exists && !world.exists(path); }
  // A table of the recipe's top, nullptr when it is not there (or no table, which is reported).
  Item* section(const std::string& name);
};

// Names that users choose: letters, digits, '_' and '-', not starting with a digit.
bool good_name(Checker& c, const Item& item, const std::string& what);

// check.cc: all of the work below in its order, on `file` or on `text` in its place. The tree that it leaves in
// `c.document` has every default filled in.
Checked check_into(Checker& c, const std::string& file, const std::string* text, const std::vector<std::string>& sets);

void read_runs(Checker& c);                               // runs.cc: exported runs that nodes name; the next three
void add_run_tables(Checker& c);                          // put their fields and lists,
void add_run_axes(Checker& c);                            // axes
void add_run_nodes(Checker& c);                           // and nodes among ours
void check_runs(Checker& c);                              // runs.cc: whether what is needed of them is there
void read_tables(Checker& c);                             // tables.cc: files, keys, links; calls the next three
void read_fields(Checker& c, TableId table, Keys& keys);  // field_keys.cc
void read_lists(Checker& c, TableId table, Keys& keys);   // list_keys.cc
void read_rows(Checker& c, TableId table, Keys& keys);  // row_keys.cc: keep, labels, splits, held-out entities, permute
void read_axes(Checker& c);                             // axes.cc
void read_nodes(Checker& c);                            // nodes.cc
void read_inputs(Checker& c, NodeDraft& node, Keys& keys);  // nodes.cc, for metrics too
void setup_ports(NodeDraft& node);
void order_nodes(Checker& c);                                          // node_order.cc
void type_nodes(Checker& c);                                           // types.cc
void type_node(Checker& c, NodeDraft& node, const std::string& what);  // node_types.cc; `what`: "node 'rank'"
void read_train(Checker& c);                                           // train.cc: [train], [data]
void read_eval(Checker& c);                                            // eval.cc: [eval], metrics, [serve]
void read_slices(Checker& c);    // eval.cc: slices, splits and [serve] candidates, after [train]
void type_eval(Checker& c);      // types.cc: metrics' wires
void check_reach(Checker& c);    // reach.cc
void check_serving(Checker& c);  // serve.cc: whether nodes and outputs can be where the recipe wants them
void make_plan(Checker& c);      // check.cc: drafts to the plan, ...
void put_types(Checker& c);      // ... and the types and sizes of its wires and nodes, once they have numbers
std::unique_ptr<Item> resolved_tree(Checker& c);  // resolved.cc

// ---- columns.cc ----

// Reports a column that the table's files do not have.
bool need_column(Checker& c, TableId table, const std::string& name, const Place& place);
// Reads the first lines of a table's files.
Columns read_columns(Checker& c, const std::vector<Item*>& items, const std::vector<std::string>& files,
                     const Use& reader);
// Parses an expression over the columns of `table` and those of its linked entities. Link names become column names.
std::optional<Expression> read_expression(Checker& c, const Item& item, TableId table, bool counts = false);
// Chooses and reads a reader for files, with the parameters in `keys`.
std::optional<Use> read_reader(Checker& c, Keys& keys, const Item& file);

// ---- wires.cc ----

// A wire's value (text, list of them, { from, stop }, { first }) to drafts; globs give several.
std::vector<WireDraft> read_wires(Checker& c, const Item& item, bool list_allowed);

// ---- wire_flow.cc ----

// Types a wire whose source node is typed. False: an error was reported now or before.
bool type_wire(Checker& c, WireDraft& draft);
// Links (or lists) through which events reach entities on `axis`: "ratings.item".
std::vector<std::string> ways_to(const Checker& c, AxisId axis, bool links, bool lists);
// "rows of 'items'", with the axis when it is not the table's own.
std::string axis_words(const Checker& c, AxisId axis);
// The file or folder in front of a media text: "posters.tar.gz" of "posters.tar.gz:{item}.jpg". field_keys.cc
std::string media_root(const std::string& text);

// ---- types.cc ----

std::string type_text(const Checker& c, const Flow& flow);  // "float[items, 64]"
// Types a field's outputs on its table's axis.
void type_field(Checker& c, TableId table, FieldId field);

}  // namespace braid::recipe
