// Whether nodes and outputs can be where `serve` and [serve] want them.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"
#include "recipe/serving/serving.h"

#include <algorithm>

namespace braid::recipe {

namespace {

class ServeCheck {
 public:
  explicit ServeCheck(Checker& c) : c_(c) {}

  void nodes() {
    const auto each_wire = [&](DraftId k, const auto& visit) {
      for (const auto& port : c_.nodes[k].inputs)
        for (const auto& wire : port) visit(wire);
    };
    const auto can = alone<WireDraft, DraftId>(c_.plan, c_.nodes.size(), c_.node_order, each_wire, [&](DraftId k) {
      return c_.nodes[k].plan.serve != NodePlan::Serve::request;
    });
    for (const auto k : c_.nodes.ids()) {
      const auto& node = c_.nodes[k];
      if (node.plan.serve != NodePlan::Serve::ahead || can[k].can || !can[k].against) continue;
      const auto* item = node.item->find("serve");
      c_.error(item->place, "bad-serve",
               quote(node.plan.name) + " cannot be computed ahead: its wire " + quote(can[k].against->text) + " " +
                   why(can[k]),
               {"the wire: " + text_of(can[k].against->place),
                "ahead is what one entity table's fields and whole axes give; leave 'serve' out"});
    }
  }

  void outputs() {
    if (!c_.plan.train.rows) return;
    const auto rows = own_axis(*c_.plan.train.rows);
    for (const auto& wire : c_.serve) {
      if (!wire.known || !wire.flow.known) continue;
      const auto axis = wire.flow.type.axis();
      if (axis != rows) {
        Notes notes;
        if (axis && wire.node())
          notes.push_back("vectors of entities are exported with braid export --vectors " + wire.text);
        if (const auto ways = axis ? ways_to(c_, *axis, true, false) : std::vector<std::string>();
            !ways.empty() && !wire.via)
          notes.push_back("for the entity of each row: \"" + wire.text + "[" + ways[0] + "]\"");
        c_.error(wire.item->place, "not-served",
                 quote(wire.text) + " lives on " + (axis ? axis_words(c_, *axis) : "no rows") +
                     "; a served model answers for " + axis_words(c_, rows),
                 notes);
        continue;
      }
      seen_.assign(c_.nodes.size(), false);
      const auto* found = unservable(wire);
      if (found && found->node())
        c_.error(wire.item->place, "not-served", quote(wire.text) + " needs " + quote(found->text) + ", of another run",
                 {"the wire: " + text_of(found->place), "a teacher is not served: learn from it by a distiller"});
      else if (found)
        c_.error(wire.item->place, "not-served",
                 quote(wire.text) + " needs " + (is<LabelOf>(found->source) ? "the label " : "") + quote(found->text) +
                     ", which no request has",
                 {"the wire: " + text_of(found->place)});
    }
  }

 private:
  std::string why(const Alone<WireDraft>& node) const {
    const auto& wire = *node.against;
    if (is<LabelOf>(wire.source)) return "is a label";
    if (is<LinkKey>(wire.source)) return "is a key of event rows";
    const auto axis = wire.to_axis();
    if (!axis) return "is one number for a batch";
    if (wire.via && wire.via->link()) return "goes through a link";
    if (wire.via && wire.via->list()) return "goes through a list";
    if (c_.plan.table_of(*axis).event()) return "lives on " + axis_words(c_, *axis);
    if (wire.node() && node.table == c_.plan.axes[*axis].table) return "comes from a node that waits for a request";
    if (node.table && *node.table != c_.plan.axes[*axis].table)
      return "lives on " + axis_words(c_, *axis) + ", and another on rows of " +
             quote(c_.plan.tables[*node.table].name);
    return "comes from a node that waits for a request";
  }

  // The first wire to a label or to a node of another run among all that `draft` needs.
  const WireDraft* unservable(const WireDraft& draft) {
    if (is<LabelOf>(draft.source) || is<CountOf>(draft.source)) return &draft;
    const auto* from = draft.node();
    if (!from || seen_[from->node]) return nullptr;
    seen_[from->node] = true;
    const auto& node = c_.nodes[from->node];
    if (!node.plan.weights_file.empty()) return &draft;
    for (const auto& port : node.inputs)
      for (const auto& wire : port)
        if (const auto* found = wire.known ? unservable(wire) : nullptr) return found;
    return nullptr;
  }

  Checker& c_;
  Indexed<DraftId, bool> seen_;
};

}  // namespace

void check_serving(Checker& c) {
  for (const auto& node : c.nodes)  // what was not understood is not judged
    if (!node.item || !node.found || !node.inputs_known) return;
  ServeCheck check(c);
  check.nodes();
  check.outputs();
}

}  // namespace braid::recipe
