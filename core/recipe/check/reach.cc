// What nothing reads, losses that reach no weight, weights that no optimizer group updates.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"
#include "recipe/plan/groups.h"

#include <algorithm>
#include <functional>

namespace braid::recipe {

namespace {

class Reach {
 public:
  explicit Reach(Checker& c)
      : c_(c), used_(c.nodes.size(), false), read_by_(c.nodes.size(), false), trained_(c.nodes.size(), false) {}

  void run() {
    mark();
    if (c_.plan.serving) return;  // what is served was chosen by the export
    read_spare();
    if (!all_known()) return;  // a wire that was not understood may be the missing one
    unused_nodes();
    unused_runs();
    unused_fields();
    unused_axes();
    losses();
    groups();
  }

  const Indexed<DraftId, bool>& used() const { return used_; }

 private:
  template <class Visit>
  static void each_wire(const NodeDraft& node, Visit visit) {
    for (const auto& port : node.inputs)
      for (const auto& wire : port) {
        visit(wire);
        for (const auto& other : wire.others) visit(other);
      }
  }

  void use(const WireDraft& wire) {
    if (!wire.known) return;
    if (const auto* from = wire.node()) return use_node(from->node);
    if (wire.axis) c_.read_axes.insert(*wire.axis);
  }

  void use_node(DraftId k) {
    if (used_[k]) return;
    used_[k] = true;
    each_wire(c_.nodes[k], [&](const WireDraft& wire) { use(wire); });
    const auto& node = c_.nodes[k];  // the component lives in its owner, a copy's weights come from another
    for (const auto& name : {node.same, node.copy})
      if (const auto other = name.empty() ? std::nullopt : c_.nodes.find(name)) use_node(*other);
  }

  void note_axes(const WireDraft& wire) {
    if (wire.via) c_.read_axes.insert(wire.via->rows);
    if (wire.axis) c_.read_axes.insert(*wire.axis);
  }

  void mark() {
    const auto field = [&](const WireDraft& wire) {
      note_axes(wire);
      if (!wire.known) return;
      if (const auto* from = wire.field()) c_.read_fields.insert({c_.plan.axes[*wire.axis].table, from->field});
      if (const auto* from = wire.node()) read_by_[from->node] = true;
    };
    for (const auto k : c_.nodes.ids()) {
      each_wire(c_.nodes[k], field);
      if (c_.nodes[k].plan.trains) use_node(k);
    }
    for (const auto& metric : c_.metrics)
      each_wire(metric.node, [&](const WireDraft& wire) { field(wire), use(wire); });
    for (const auto* wire : {&c_.score, &c_.label, &c_.group})
      if (*wire) field(**wire), use(**wire);
    for (const auto& wire : c_.serve) field(wire), use(wire);
  }

  bool all_known() const {
    bool known = true;
    const auto look = [&](const WireDraft& wire) { known = known && wire.known; };
    for (const auto& node : c_.nodes) {
      if (!node.item || !node.found || node.unknown_inputs || node.lacks_input) return false;
      each_wire(node, look);
    }
    for (const auto& metric : c_.metrics) {
      if (!metric.node.found || metric.node.unknown_inputs || metric.node.lacks_input) return false;
      each_wire(metric.node, look);
    }
    for (const auto* wire : {&c_.score, &c_.label, &c_.group})
      if (*wire) look(**wire);
    for (const auto& wire : c_.serve) look(wire);
    return known;
  }

  // Nodes and fields that only some arms of the recipe use: what `spare` names may stay unused.
  void read_spare() {
    auto* item = c_.document.root().find("spare");
    if (!item) return;
    std::vector<std::string> names;
    for (const auto& node : c_.nodes) names.push_back(node.plan.name);
    for (const auto& run : c_.runs) names.push_back(run.name);
    for (const auto& table : c_.plan.tables)
      for (const auto& field : table.fields) names.push_back(table.name + "." + field.name);
    for (const auto& [table, name] : c_.broken_names) names.push_back(c_.plan.tables[table].name + "." + name);
    const auto read = [&](const Item& one) {
      if (!demand(c_.report, one, Item::Kind::text, "'spare'")) return;
      c_.spare.push_back(one.text);
      if (std::any_of(names.begin(), names.end(),
                      [&](const std::string& name) { return glob_matches(one.text, name); }))
        return;
      Notes notes;
      note_choices(notes, one.text, names);
      c_.error(one.place, "unknown-node", "no node or field is called " + quote(one.text), notes);
    };
    if (item->is(Item::Kind::array))
      for (const auto& one : item->items) read(*one);
    else read(*item);
  }

  bool spared(const std::string& name) const {
    return std::any_of(c_.spare.begin(), c_.spare.end(),
                       [&](const std::string& glob) { return glob_matches(glob, name); });
  }

  // Whether a --set took away a wire that named it: then it is an arm of an experiment, not a slip.
  bool unwired_by_set(const std::string& name) const {
    return std::any_of(c_.document.replaced().begin(), c_.document.replaced().end(), [&](const std::string& text) {
      const auto start = text.substr(0, text.find('['));
      return start == name || start.starts_with(name + ".") ||
             (start.find('*') != std::string::npos && glob_matches(start, name));
    });
  }

  void say(bool mild, const Place& place, const char* tag, std::string what, Notes notes) {
    if (mild) c_.report.warning(place, tag, std::move(what), std::move(notes));
    else c_.error(place, tag, std::move(what), std::move(notes));
  }

  void unused_nodes() {
    for (const auto k : c_.nodes.ids()) {
      const auto& node = c_.nodes[k];
      if (used_[k] || read_by_[k] || spared(node.plan.name) || !node.plan.weights_file.empty())
        continue;  // of a chain that leads nowhere, its end is named
      say(unwired_by_set(node.plan.name), node.plan.place, "unused-node",
          "no loss, metric or served output needs node " + quote(node.plan.name),
          {"wire " + quote(node.flow_names.empty() ? node.plan.name : node.plan.name + "." + node.flow_names[0]) +
           " into a node, or remove it"});
    }
  }

  // Of another run some part is wanted.
  void unused_runs() {
    for (const auto& run : c_.runs) {
      if (!run.good) continue;  // its nodes were never added
      bool used = spared(run.name);
      for (const auto node : run.nodes) used = used || used_[node];
      if (used) continue;
      say(unwired_by_set(run.name), run.item->key_place, "unused-node",
          "no loss, metric or served output needs the run " + quote(run.name),
          {"wire one of its outputs into a node, such as " +
           (run.plan.nodes.empty() ? "none" : quote(run.own(run.plan.nodes.back().name))) + ", or remove it"});
    }
  }

  void unused_fields() {
    for (const auto t : c_.plan.tables.ids())
      for (const auto f : c_.plan.tables[t].fields.ids()) {
        if (c_.read_fields.contains({t, f})) continue;
        const auto& field = c_.plan.tables[t].fields[f];
        const auto name = c_.plan.tables[t].name + "." + field.name;
        if (spared(name) || field.still) continue;
        bool mild = unwired_by_set(name);
        for (const auto& axis : c_.plan.axes)
          if (axis.table == t) mild = mild || unwired_by_set(axis.name + "." + field.name);
        say(mild, field.place, "unused-field", "no node reads field " + quote(name),
            {"wire " + quote(name) + " into a tower, or remove it"});
      }
  }

  void unused_axes() {
    for (const auto k : c_.plan.axes.ids())
      if (!c_.plan.axes[k].standard && !c_.read_axes.contains(k) && c_.plan.axes[k].name.find('.') == std::string::npos)
        c_.report.warning(c_.plan.axes[k].place, "unused-axis",
                          "nothing stands on the axis " + quote(c_.plan.axes[k].name), {});
  }

  static bool learns(const NodeDraft& node) {
    if (node.plan.frozen) return false;
    if (!node.found.schema->weights.empty()) return true;
    if (is<ScalarPlan::Learnt>(node.plan.weight.how)) return true;
    return std::any_of(node.plan.scalars.begin(), node.plan.scalars.end(),
                       [](const ScalarPlan& s) { return is<ScalarPlan::Learnt>(s.how); });
  }

  // Follows gradients back from node k; true when they meet a weight.
  bool follow(DraftId k, Indexed<DraftId, bool>& seen) {
    if (seen[k]) return false;
    seen[k] = true;
    const auto& node = c_.nodes[k];
    if (node.plan.frozen) {
      ends_.push_back("node " + quote(node.plan.name) + " is frozen, " + text_of(node.plan.place));
      return false;
    }
    trained_[k] = true;
    bool found = learns(node);
    for (std::size_t p = 0; p < node.inputs.size(); ++p)
      for (const auto& wire : node.inputs[p])
        if (!wire.node()) continue;
        else if (wire.stop) ends_.push_back("no gradient passes " + quote(wire.text) + ", " + text_of(wire.place));
        else found = follow(wire.node()->node, seen) || found;
    return found;
  }

  void losses() {
    bool any = false;
    for (const auto k : c_.nodes.ids()) {
      const auto& node = c_.nodes[k];
      if (!node.plan.trains) continue;
      any = true;
      if (c_.plan.train.accumulate > 1) accumulated(node);
      Indexed<DraftId, bool> seen(c_.nodes.size(), false);
      ends_.clear();
      if (follow(k, seen)) continue;
      auto notes = ends_;
      notes.push_back("wire it to something that learns, or remove it");
      c_.error(node.plan.place, "loss-reaches-nothing",
               "the loss " + quote(node.plan.name) + " reaches no weight that learns", notes);
    }
    if (!any && c_.document.root().find("train") && c_.plan.train.epochs > 0)
      c_.error(c_.plan.train.place, "no-loss", "nothing to learn from: no node is a loss",
               {"losses: " + listed(c_.cards.names({Kind::loss, Kind::distiller}), 8)});
    for (const auto k : c_.nodes.ids()) {
      const auto& node = c_.nodes[k];
      if (!any || !used_[k] || trained_[k] || !learns(node) || owner_trained(k)) continue;
      c_.report.warning(node.plan.place, "untrained-node",
                        "no loss trains the weights of node " + quote(node.plan.name),
                        {"say frozen = true when that is meant"});
    }
  }

  // A loss for which several batches of a step are not one large batch.
  void accumulated(const NodeDraft& node) {
    const auto warn = [&](const std::string& why) {
      c_.report.warning(
          node.plan.place, "accumulate-differs",
          "with [train] accumulate = " + std::to_string(c_.plan.train.accumulate) + " the loss " +
              quote(node.plan.name) + " is not that of one large batch: " + why,
          {"it is summed over the step's batches, each taken by itself; accumulate = 1 and a larger batch "
           "avoid that"});
    };
    for (const auto& decline : node.found.schema->declines)
      if (decline.check == "row-alone") return warn(decline.reason);
    if (node.flows.empty()) return;
    const auto& dims = node.flows[0].type.dims;
    if (dims.empty()) return warn("it has one value for a batch, whatever the number of rows");
    if (const auto axis = node.flows[0].type.axis();
        axis && !(c_.plan.train.rows && *axis == own_axis(*c_.plan.train.rows)))
      warn("its axis " + quote(c_.plan.axes[*axis].name) +
           " has each entity once a batch, so an entity of several batches counts several times");
  }

  // Whether some node that runs the same component gets a gradient.
  bool owner_trained(DraftId k) const {
    const auto owner = c_.nodes[k].same.empty() ? c_.nodes[k].plan.name : c_.nodes[k].same;
    for (const auto n : c_.nodes.ids())
      if (trained_[n] && (c_.nodes[n].plan.name == owner || c_.nodes[n].same == owner)) return true;
    return false;
  }

  // Weight names are known for the parameters' defaults; other values may make more or fewer.
  static bool as_described(const NodeDraft& node) {
    for (const auto& param : node.found.schema->params) {
      const auto value = node.plan.use.values.find(param.name);
      if (param.type != ParamType::text && param.type != ParamType::path &&
          (value == node.plan.use.values.end() || value->second != param.fallback))
        return false;
    }
    return true;
  }

  bool matched(const std::string& weight) { return group_of(c_.plan.train, weight).has_value(); }

  void groups() {
    std::vector<std::string> all;
    for (const auto k : c_.nodes.ids()) {
      const auto& node = c_.nodes[k];
      if (!used_[k] || !node.same.empty() || !learns(node)) continue;
      const auto& schema = *node.found.schema;
      std::vector<std::string> missed;
      std::size_t names = 0;
      const bool may = std::any_of(c_.plan.train.groups.begin(), c_.plan.train.groups.end(),
                                   [&](const GroupPlan& g) { return glob_may_start(g.match, node.plan.name + "."); });
      for (const auto& weight : schema.weights) {
        ++names;
        all.push_back(node.plan.name + "." + weight.name);
        if (!matched(all.back())) missed.push_back(all.back());
      }
      if (!as_described(node) && may && missed.size() < names) missed.clear();
      for (std::size_t s = 0; s < node.plan.scalars.size(); ++s) {
        if (!is<ScalarPlan::Learnt>(node.plan.scalars[s].how)) continue;
        all.push_back(node.plan.name + "." + schema.scalars[s].name);
        if (!matched(all.back())) missed.push_back(all.back());
      }
      if (missed.empty()) continue;
      std::vector<std::string> globs;
      for (const auto& group : c_.plan.train.groups) globs.push_back("\"" + group.match + "\"");
      const auto* optimizer =
          c_.document.root().find("train") ? c_.document.root().find("train")->find("optimizer") : nullptr;
      c_.error(optimizer ? optimizer->key_place : node.plan.place, "weight-in-no-group",
               "no optimizer group matches " + listed(missed, 3),
               {"groups: " + (globs.empty() ? "none" : listed(globs)) + "; node " + quote(node.plan.name) +
                    " is declared at " + text_of(node.plan.place),
                "add { match = \"*\" } at the end, or frozen = true to the node"});
    }
    if (all.empty()) return;
    for (const auto& group : c_.plan.train.groups) {
      const bool could = std::any_of(c_.nodes.begin(), c_.nodes.end(), [&](const NodeDraft& n) {
        return learns(n) && glob_may_start(group.match, n.plan.name + ".");
      });
      if (!could)
        c_.report.warning(group.place, "unused-group", "no weight's name is like " + quote(group.match),
                          {"weights are called like " + listed(all, 3)});
    }
  }

  Checker& c_;
  Indexed<DraftId, bool> used_, read_by_, trained_;
  std::vector<std::string> ends_;  // where gradients stopped on the way
};

}  // namespace

void check_reach(Checker& c) {
  Reach reach(c);
  reach.run();
  c.used_nodes = reach.used();
}

}  // namespace braid::recipe
