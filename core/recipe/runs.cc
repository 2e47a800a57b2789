// `[nodes.teacher] run = "DIR"`: an exported run's fields, lists, axes and nodes among the recipe's own, frozen.
#include "recipe/checker.h"
#include "recipe/serving.h"
#include "recipe/words.h"

#include <algorithm>
#include <filesystem>

namespace braid::recipe {

namespace {

std::size_t index(int k) { return static_cast<std::size_t>(k); }

std::string folder_of(const RunDraft& run) { return run.folder->text; }

void fail(Checker& c, RunDraft& run, std::string what, std::vector<std::string> notes = {}) {
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
    std::vector<std::string> notes;
    for (const auto& problem : checked.problems)
      if (notes.size() < 3) notes.push_back(problem.text().substr(0, problem.text().find('\n')));
    return fail(c, run, "cannot be used here", notes);
  }
  if (!checked.plan->serving || checked.plan->train.rows == none)
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
    for (const auto& table : theirs) run_.tables.push_back(ours(table));
    run_.fields.resize(theirs.size());
    run_.links.resize(theirs.size());
    run_.lists.resize(theirs.size());
    for (std::size_t t = 0; t < theirs.size() && run_.good; ++t) {
      if (!theirs[t].labels.empty())
        fail(c_, run_, "reads a label of its table " + quote(theirs[t].name) + " and cannot stand here");
      for (const auto& link : theirs[t].links) run_.links[t].push_back(our_link(theirs[t], t, link));
    }
    if (!run_.good) return;
    for (std::size_t t = 0; t < theirs.size(); ++t)
      for (const auto& field : theirs[t].fields) add_field(t, field);
    for (std::size_t t = 0; t < theirs.size() && run_.good; ++t)
      for (const auto& list : theirs[t].lists) add_list(t, list);
  }

 private:
  TablePlan& plan(int table) { return c_.plan.tables[index(table)]; }

  int ours(const TablePlan& table) {
    const int found = c_.table(table.name);
    if (found == none) {
      std::vector<std::string> notes;
      note_choices(notes, table.name, c_.table_names());
      fail(c_, run_, "reads a table " + quote(table.name) + "; there is none here", notes);
    } else if (plan(found).event() != table.event()) {
      fail(c_, run_,
           "has " + quote(table.name) + " as " + (table.event() ? "an event table" : "an entity table") +
               "; here it is " + (plan(found).event() ? "an event table" : "an entity table"),
           {quote(table.name) + " is declared at " + text_of(plan(found).place)});
    }
    return found;
  }

  int our_link(const TablePlan& theirs, std::size_t t, const LinkPlan& link) {
    const auto& table = plan(run_.tables[t]);
    const int found = link_of(table, link.name);
    const auto& target = run_.plan.tables[index(link.table)].name;
    const auto what = "goes through the link " + quote(theirs.name + "." + link.name) + " to " + quote(target);
    if (found == none) {
      std::vector<std::string> notes, names;
      for (const auto& one : table.links) names.push_back(one.name);
      note_choices(notes, link.name, names);
      notes.push_back(quote(table.name) + " is declared at " + text_of(table.place));
      fail(c_, run_, what + "; " + quote(table.name) + " has no such link here", notes);
    } else if (const int other = table.links[index(found)].table; other != none && plan(other).name != target) {
      fail(c_, run_, what + "; here it leads to " + quote(plan(other).name),
           {"the link: " + text_of(table.links[index(found)].place)});
    }
    return found;
  }

  void need_column(const std::string& who, int table, const std::string& column) {
    const auto& columns = c_.columns[index(table)];
    if (!columns.known || columns.has(column)) return;
    std::vector<std::string> notes;
    note_nearest(notes, column, columns.names);
    notes.push_back("columns: " + listed(columns.names));
    fail(c_, run_, "reads the column " + quote(column) + " in " + who + "; " + columns.file + " has none", notes);
  }

  void add_field(std::size_t t, const FieldPlan& theirs) {
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
    run_.fields[t].push_back(static_cast<int>(table.fields.size()));
    table.fields.push_back(std::move(field));
  }

  // Where the files were when the run was trained; when they are gone, where a field of ours finds files by the same
  // columns.
  void media(const std::string& who, int table, FieldPlan& field) {
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

  void add_list(std::size_t t, const ListPlan& theirs) {
    auto& table = plan(run_.tables[t]);
    auto list = theirs;
    list.name = run_.own(theirs.name);
    list.place = run_.folder->place;
    list.table = run_.tables[index(theirs.table)];
    if (theirs.of != none) list.of = run_.links[t][index(theirs.of)];
    if (theirs.by != none) list.by = run_.links[t][index(theirs.by)];
    if (theirs.per != none) list.per = run_.lists[t][index(theirs.per)];
    const auto who = "its list " + quote(run_.plan.tables[t].name + "." + theirs.name);
    if (!list.column.empty()) need_column(who, run_.tables[t], list.column);
    if (list.where) rename(who, t, *list.where);
    run_.lists[t].push_back(static_cast<int>(table.lists.size()));
    table.lists.push_back(std::move(list));
  }

  // A column that a link of theirs stands in may have another name here.
  void rename(const std::string& who, std::size_t t, Expression& e) {
    for (auto& arg : e.args) rename(who, t, arg);
    if (e.op != Expression::Op::column) return;
    const auto& theirs = run_.plan.tables[t];
    const auto& table = plan(run_.tables[t]);
    for (std::size_t k = 0; k < theirs.links.size(); ++k)
      if (theirs.links[k].column == e.name) {
        e.name = table.links[index(run_.links[t][k])].column;
        return;
      }
    const auto& columns = c_.columns[index(run_.tables[t])];
    const auto dot = e.name.find('.');
    const int link = dot == std::string::npos || (columns.known && columns.has(e.name))
                         ? none
                         : link_of(table, e.name.substr(0, dot));
    if (link == none) need_column(who, run_.tables[t], e.name);
    else if (const int other = table.links[index(link)].table; other != none)
      need_column(who, other, e.name.substr(dot + 1));
  }

  Checker& c_;
  RunDraft& run_;
};

// ---- nodes ----

class RunNodes {
 public:
  RunNodes(Checker& c, RunDraft& run) : c_(c), run_(run) {}

  void add() {
    run_.first_node = static_cast<int>(c_.nodes.size());
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
    if (theirs.same != none) {
      node.same = run_.own(run_.plan.nodes[index(theirs.same)].name);
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
    auto& wire = out.wire = theirs;
    const int table = theirs.axis == none ? none : run_.plan.axes[index(theirs.axis)].table;
    if (theirs.node != none) wire.node = run_.first_node + theirs.node;
    if (theirs.field != none) wire.field = run_.fields[index(table)][index(theirs.field)];
    if (theirs.link != none) wire.link = run_.links[index(table)][index(theirs.link)];
    if (theirs.axis != none) wire.axis = run_.axes[index(theirs.axis)];
    if (theirs.via.table != none) {
      wire.via.table = run_.tables[index(theirs.via.table)];
      if (theirs.via.link != none) wire.via.link = run_.links[index(theirs.via.table)][index(theirs.via.link)];
      if (theirs.via.list != none) wire.via.list = run_.lists[index(theirs.via.table)][index(theirs.via.list)];
    }
    if (theirs.via.axis != none) wire.via.axis = run_.axes[index(theirs.via.axis)];
    if (theirs.via.from != none) wire.via.from = run_.axes[index(theirs.via.from)];
    wire.inserted.clear();
    wire.text = text_of_wire(theirs);
    out.via_at = wire.text.find('[');
    wire.place = run_.folder->place;
    return out;
  }

  // As a recipe here would write it: "teacher.item.vector[ratings.teacher.history]".
  std::string text_of_wire(const Wire& theirs) const {
    auto source = theirs.text.substr(0, theirs.text.find('['));
    if (theirs.source == Wire::Source::node) source = run_.own(source);
    else if (const auto dot = source.find('.'); theirs.source == Wire::Source::field)
      source = axis_name(theirs.axis) + "." + run_.own(source.substr(dot + 1));
    if (theirs.via.axis != none) return source + "[" + axis_name(theirs.via.axis) + ".row]";
    if (theirs.via.table == none) return source;
    const auto& table = run_.plan.tables[index(theirs.via.table)];
    return source + "[" + table.name + "." +
           (theirs.via.link != none ? table.links[index(theirs.via.link)].name
                                    : run_.own(table.lists[index(theirs.via.list)].name)) +
           "]";
  }
  std::string axis_name(int axis) const { return c_.plan.axes[index(run_.axes[index(axis)])].name; }

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
        run.axes.push_back(run.tables[index(theirs.table)]);
        continue;
      }
      auto axis = theirs;
      axis.name = run.own(theirs.name);
      axis.place = run.folder->place;
      axis.table = run.tables[index(theirs.table)];
      for (auto& from : axis.from) {
        if (from.link != none) from.link = run.links[index(from.table)][index(from.link)];
        if (from.list != none) from.list = run.lists[index(from.table)][index(from.list)];
        from.table = run.tables[index(from.table)];
      }
      run.axes.push_back(static_cast<int>(c.plan.axes.size()));
      c.plan.axes.push_back(std::move(axis));
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
    for (std::size_t k = 0; k < run.plan.nodes.size(); ++k) {
      const auto& node = run.plan.nodes[k];
      if (side.request[k] || node.use.schema.weights.empty() || node.same != none) continue;
      if (!c.used_nodes[index(run.first_node) + k]) continue;
      fail(c, run, "has no weights of " + quote(node.name) + ": it was exported with --lookup-only",
           {"export it without: a teacher's towers run on what the recipe here reads"});
      break;
    }
  }
}

}  // namespace braid::recipe
