// `[nodes.teacher] run = "DIR"`: an exported run's fields, lists, axes and nodes among the recipe's own, frozen.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"
#include "recipe/serving/serving.h"

#include <algorithm>
#include <filesystem>

namespace braid::recipe {

namespace {

std::string folder_of(const RunDraft& run) { return run.folder->text; }

void fail(Checker& c, RunDraft& run, std::string what, Notes notes = {}) {
  run.good = false;
  c.error(run.folder->place, "bad-run", "the run " + quote(folder_of(run)) + " " + what, std::move(notes));
}

// Reads DIR/serve.toml as the recipe that it is.
void load(Checker& c, RunDraft& run) {
  const auto file = (std::filesystem::path(folder_of(run)) / "serve.toml").string();
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    c.error(run.folder->place, "missing-file", "no exported run in " + quote(folder_of(run)) + ": it has no serve.toml",
            {"make one: braid export RUN --out DIR"});
    return;
  }
  auto checked = check(file, {}, c.world);
  if (!checked.plan) {
    Notes notes;
    for (const auto& problem : checked.problems)
      if (notes.lines.size() < 3) notes.push_back(problem.text().substr(0, problem.text().find('\n')));
    return fail(c, run, "cannot be used here", notes);
  }
  if (!checked.plan->serving || !checked.plan->train.rows)
    return fail(c, run, "is no exported run: its serve.toml does not say serving = true",
                {"make one: braid export RUN --out DIR"});
  run.plan = std::move(*checked.plan);
  run.good = true;
}

// ---- tables ----

class RunTables {
 public:
  RunTables(Checker& c, RunDraft& run) : c_(c), run_(run) {}

  void add() {
    const auto& theirs = run_.plan.tables;
    for (const auto& table : theirs)
      if (const auto found = ours(table)) run_.tables.push_back(*found);
    if (!run_.good) return;
    run_.fields.resize(theirs.size());
    run_.links.resize(theirs.size());
    run_.lists.resize(theirs.size());
    for (const auto t : theirs.ids()) {
      if (!theirs[t].labels.empty())
        fail(c_, run_, "reads a label of its table " + quote(theirs[t].name) + " and cannot stand here");
      for (const auto& link : theirs[t].links)
        if (const auto found = our_link(t, link)) run_.links[t].push_back(*found);
      if (!run_.good) return;
    }
    for (const auto t : theirs.ids())
      for (const auto& field : theirs[t].fields) add_field(t, field);
    for (const auto t : theirs.ids())
      for (const auto& list : theirs[t].lists)
        if (run_.good) add_list(t, list);
  }

 private:
  TablePlan& plan(TableId table) { return c_.plan.tables[table]; }

  std::optional<TableId> ours(const TablePlan& table) {
    const auto found = c_.table(table.name);
    if (!found) {
      Notes notes;
      note_choices(notes, table.name, c_.table_names());
      fail(c_, run_, "reads a table " + quote(table.name) + "; there is none here", notes);
    } else if (plan(*found).event() != table.event()) {
      fail(c_, run_,
           "has " + quote(table.name) + " as " + (table.event() ? "an event table" : "an entity table") +
               "; here it is " + (plan(*found).event() ? "an event table" : "an entity table"),
           {quote(table.name) + " is declared at " + text_of(plan(*found).place)});
    }
    return found;
  }

  std::optional<LinkId> our_link(TableId t, const LinkPlan& link) {
    const auto& table = plan(run_.tables[t]);
    const auto found = table.links.find(link.name);
    const auto& target = run_.plan.tables[link.table].name;
    const auto what =
        "goes through the link " + quote(run_.plan.tables[t].name + "." + link.name) + " to " + quote(target);
    if (!found) {
      Notes notes;
      std::vector<std::string> names;
      for (const auto& one : table.links) names.push_back(one.name);
      note_choices(notes, link.name, names);
      notes.push_back(quote(table.name) + " is declared at " + text_of(table.place));
      fail(c_, run_, what + "; " + quote(table.name) + " has no such link here", notes);
    } else if (const auto other = c_.target(TableLink{run_.tables[t], *found}); other && plan(*other).name != target) {
      fail(c_, run_, what + "; here it leads to " + quote(plan(*other).name),
           {"the link: " + text_of(table.links[*found].place)});
    }
    return found;
  }

  void need_column(const std::string& who, TableId table, const std::string& column) {
    const auto& columns = c_.columns[table];
    if (!columns.known || columns.has(column)) return;
    Notes notes;
    note_nearest(notes, column, columns.names);
    notes.push_back("columns: " + listed(columns.names));
    fail(c_, run_, "reads the column " + quote(column) + " in " + who + "; " + columns.file + " has none", notes);
  }

  void add_field(TableId t, const FieldPlan& theirs) {
    auto& table = plan(run_.tables[t]);
    auto field = theirs;
    const auto whole = run_.plan.tables[t].name + "." + theirs.name;
    field.name = run_.own(theirs.name);
    field.place = run_.folder->place;
    field.saved = (std::filesystem::path(folder_of(run_)) / "fields" / whole).string();
    field.still = true;
    for (const auto& text : run_.plan.tables[t].missing)
      if (std::find(table.missing.begin(), table.missing.end(), text) == table.missing.end())
        field.missing.push_back(text);
    const auto who = "its field " + quote(whole);
    for (const auto& column : field.from) need_column(who, run_.tables[t], column);
    if (!field.media.empty()) media(who, run_.tables[t], field);
    run_.fields[t].push_back(table.fields.add(std::move(field)));
  }

  // Where the files were when the run was trained; when they are gone, where a field of ours finds files by the same
  // columns.
  void media(const std::string& who, TableId table, FieldPlan& field) {
    const auto columns = [](const std::string& text) {
      const auto brace = text.find('{');
      return brace == std::string::npos ? text : text.substr(text.find_last_of("/:", brace) + 1);
    };
    for (auto at = field.media.find('{'); at != std::string::npos; at = field.media.find('{', at + 1))
      need_column(who, table, field.media.substr(at + 1, field.media.find('}', at) - at - 1));
    if (!c_.absent(media_root(field.media))) return;
    for (const auto& own : plan(table).fields)
      if (!own.media.empty() && own.saved.empty() && columns(own.media) == columns(field.media)) {
        field.media = own.media;
        return;
      }
    c_.error(run_.folder->place, "missing-file",
             "no " + quote(media_root(field.media)) + ", where " + who + " of the run " + quote(folder_of(run_)) +
                 " finds its files",
             {"a field of " + quote(plan(table).name) + " that reads " + quote(columns(field.media)) +
              " from another place would stand in"});
  }

  void add_list(TableId t, const ListPlan& theirs) {
    auto& table = plan(run_.tables[t]);
    auto list = theirs;
    list.name = run_.own(theirs.name);
    list.place = run_.folder->place;
    list.table = run_.tables[theirs.table];
    const auto who = "its list " + quote(run_.plan.tables[t].name + "." + theirs.name);
    std::visit(
        Cases{[&](ListPlan::History& history) {
                history.of = run_.links[t][history.of];
                history.by = run_.links[t][history.by];
                if (history.where) rename(who, t, *history.where);
              },
              [&](ListPlan::Draw& draw) {
                if (draw.per) draw.per = run_.lists[t][*draw.per];
              },
              [&](ListPlan::Keys& keys) {
                if (keys.through) keys.through = run_.links[t][*keys.through];
                const auto holder = keys.through ? c_.target(TableLink{run_.tables[t], *keys.through}) : run_.tables[t];
                if (holder) need_column(who, *holder, keys.column);
              },
              [&](ListPlan::After& after) { after.base = run_.lists[t][after.base]; }},
        list.how);
    run_.lists[t].push_back(table.lists.add(std::move(list)));
  }

  // A column that a link of theirs stands in may have another name here.
  void rename(const std::string& who, TableId t, Expression& e) {
    for (auto& arg : e.args) rename(who, t, arg);
    if (e.op != Expression::Op::column) return;
    const auto& theirs = run_.plan.tables[t];
    const auto& table = plan(run_.tables[t]);
    for (const auto k : theirs.links.ids())
      if (theirs.links[k].column == e.name) {
        e.name = table.links[run_.links[t][k]].column;
        return;
      }
    const auto& columns = c_.columns[run_.tables[t]];
    const auto dot = e.name.find('.');
    const auto link = dot == std::string::npos || (columns.known && columns.has(e.name))
                          ? std::nullopt
                          : table.links.find(e.name.substr(0, dot));
    if (!link) need_column(who, run_.tables[t], e.name);
    else if (const auto other = c_.target(TableLink{run_.tables[t], *link}))
      need_column(who, *other, e.name.substr(dot + 1));
  }

  Checker& c_;
  RunDraft& run_;
};

// ---- nodes ----

class RunNodes {
 public:
  RunNodes(Checker& c, RunDraft& run) : c_(c), run_(run) {}

  void add() {
    for (const auto theirs : run_.plan.nodes.ids()) run_.nodes.push_back(DraftId{c_.nodes.size() + theirs.index()});
    for (const auto& theirs : run_.plan.nodes) add(theirs);
  }

 private:
  void add(const NodePlan& theirs) {
    NodeDraft node;
    node.item = run_.item;
    node.found = found(theirs.use);
    node.plan.name = run_.own(theirs.name);
    node.plan.place = run_.folder->place;
    node.plan.use = theirs.use;
    node.plan.scalars = theirs.scalars;
    node.plan.frozen = true;
    node.plan.weights_file = (std::filesystem::path(folder_of(run_)) / "weights.safetensors").string();
    node.plan.weights_prefix = theirs.name;
    if (theirs.same) {
      node.same = run_.own(run_.plan.nodes[*theirs.same].name);
      node.same_item = run_.folder;
    }
    setup_ports(node);
    for (std::size_t p = 0; p < theirs.inputs.size(); ++p)
      for (const auto& wire : theirs.inputs[p]) node.inputs[p].push_back(draft(wire));
    c_.nodes.push_back(std::move(node));
  }

  // The checker of their recipe has seen the same cards.
  Found found(const Use& use) const {
    for (const auto& [file, plugin] : c_.world.plugins)
      if (file == use.plugin_file && plugin.name == use.plugin)
        for (const auto& component : plugin.components)
          if (component.name == use.component) return {&component, &plugin, &file};
    return {};
  }

  WireDraft draft(const Wire& theirs) const {
    WireDraft out;
    out.item = run_.folder;
    out.known = true;
    const auto table = theirs.axis ? std::optional(run_.plan.axes[*theirs.axis].table) : std::nullopt;
    std::visit(Cases{[&](const NodeOutput& from) {
                       out.source = OutputOf<DraftId>{run_.nodes[from.node], from.output};
                     },
                     [&](const FieldOutput& from) {
                       out.source = FieldOutput{run_.fields[*table][from.field], from.output};
                     },
                     [&](const LinkKey& from) { out.source = LinkKey{run_.links[*table][from.link]}; },
                     [&](const auto& from) { out.source = from; }},
               theirs.source);
    if (theirs.axis) out.axis = run_.axes[*theirs.axis];
    if (theirs.via) {
      out.via = Via{run_.axes[theirs.via->rows], AxisRow{}};
      if (const auto* link = theirs.via->link()) out.via->through = ours(*link);
      if (const auto* list = theirs.via->list()) out.via->through = ours(*list);
    }
    out.stop = theirs.stop;
    out.text = text_of_wire(theirs);
    out.via_at = out.text.find('[');
    out.place = run_.folder->place;
    return out;
  }

  TableLink ours(const TableLink& link) const { return {run_.tables[link.table], run_.links[link.table][link.link]}; }
  TableList ours(const TableList& list) const { return {run_.tables[list.table], run_.lists[list.table][list.list]}; }

  // As a recipe here would write it: "teacher.item.vector[ratings.teacher.history]".
  std::string text_of_wire(const Wire& theirs) const {
    auto source = theirs.text.substr(0, theirs.text.find('['));
    if (theirs.node()) source = run_.own(source);
    else if (const auto dot = source.find('.'); theirs.field())
      source = axis_name(*theirs.axis) + "." + run_.own(source.substr(dot + 1));
    if (!theirs.via) return source;
    const auto way = Cases{
        [&](const TableLink& link) { return run_.plan.name_of(link); },
        [&](const TableList& list) { return run_.plan.tables[list.table].name + "." + run_.own(run_.plan[list].name); },
        [&](const AxisRow&) { return axis_name(theirs.via->rows) + ".row"; }};
    return source + "[" + std::visit(way, theirs.via->through) + "]";
  }
  std::string axis_name(AxisId axis) const { return c_.plan.axes[run_.axes[axis]].name; }

  Checker& c_;
  RunDraft& run_;
};

}  // namespace

void read_runs(Checker& c) {
  auto* nodes = c.document.root().find("nodes");
  if (!nodes || !nodes->is(Item::Kind::table)) return;
  for (const auto& item : nodes->items) {
    auto* folder = item->find("run");
    if (!folder || item->find("use")) continue;
    Keys keys(c.report, *item, "node " + quote(item->key), &section("run"));
    RunDraft run;
    run.name = item->key;
    run.item = item.get();
    run.folder = keys.find("run", Item::Kind::text);
    for (const auto* name : {"frozen", "weight", "in", "serve"})
      keys.refuse(name, "unknown-key",
                  quote(name) + " is not said of a run: all its nodes are frozen and wired already");
    keys.finish();
    if (run.folder) {
      folder->text = joined_path(folder->folder, folder->text);
      folder->folder.clear();
      folder->written.clear();
      if (c.plan.serving) fail(c, run, "is named by an exported recipe, which stands by itself");
      else load(c, run);
    }
    c.runs.push_back(std::move(run));
  }
}

void add_run_tables(Checker& c) {
  for (auto& run : c.runs)
    if (run.good) RunTables(c, run).add();
}

void add_run_axes(Checker& c) {
  for (auto& run : c.runs) {
    if (!run.good) continue;
    for (const auto& theirs : run.plan.axes) {
      if (theirs.standard) {
        run.axes.push_back(own_axis(run.tables[theirs.table]));
        continue;
      }
      auto axis = theirs;
      axis.name = run.own(theirs.name);
      axis.place = run.folder->place;
      axis.table = run.tables[theirs.table];
      for (auto& way : axis.from)
        std::visit(Cases{[&](TableLink& one) {
                           one = {run.tables[one.table], run.links[one.table][one.link]};
                         },
                         [&](TableList& one) {
                           one = {run.tables[one.table], run.lists[one.table][one.list]};
                         }},
                   way);
      run.axes.push_back(c.plan.axes.add(std::move(axis)));
    }
  }
}

void add_run_nodes(Checker& c) {
  for (auto& run : c.runs)
    if (run.good) RunNodes(c, run).add();
}

void check_runs(Checker& c) {
  for (auto& run : c.runs) {
    if (!run.good || !run.plan.lookup_only) continue;
    const auto side = serving(run.plan);
    for (const auto k : run.plan.nodes.ids()) {
      const auto& node = run.plan.nodes[k];
      if (side.request[k] || node.use.schema.weights.empty() || node.same) continue;
      if (!c.used_nodes[run.nodes[k]]) continue;
      fail(c, run, "has no weights of " + quote(node.name) + ": it was exported with --lookup-only",
           {"export it without: a teacher's towers run on what the recipe here reads"});
      break;
    }
  }
}

}  // namespace braid::recipe
