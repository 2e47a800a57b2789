// Whether nodes and outputs can be where `serve` and [serve] want them.
#include "recipe/checker.h"
#include "recipe/serving.h"
#include "recipe/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

std::size_t index(int k) { return static_cast<std::size_t>(k); }

class ServeCheck {
 public:
  explicit ServeCheck(Checker& c) : c_(c) {}

  void nodes() {
    const auto can = alone(
        c_.plan, c_.node_order,
        [&](int k, const auto& visit) {
          for (const auto& port : c_.nodes[index(k)].inputs)
            for (const auto& draft : port) visit(draft.wire);
        },
        [&](int k) { return c_.nodes[index(k)].plan.serve != NodePlan::Serve::request; });
    for (std::size_t k = 0; k < c_.nodes.size(); ++k) {
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
    const int rows = c_.plan.train.rows;
    for (const auto& draft : c_.serve) {
      const auto& wire = draft.wire;
      if (!draft.known || !draft.flow.known || rows == none) continue;
      if (wire.to_axis != rows || draft.flow.type.dims.empty()) {
        std::vector<std::string> notes;
        if (!draft.flow.type.dims.empty() && wire.source == Wire::Source::node)
          notes.push_back("vectors of entities are exported with braid export --vectors " + wire.text);
        if (const auto ways =
                draft.flow.type.dims.empty() ? std::vector<std::string>() : ways_to(c_, wire.to_axis, true, false);
            !ways.empty() && !wire.via.any())
          notes.push_back("for the entity of each row: \"" + wire.text + "[" + ways[0] + "]\"");
        c_.error(draft.item->place, "not-served",
                 quote(wire.text) + " lives on " +
                     (draft.flow.type.dims.empty() ? "no rows" : axis_words(c_, wire.to_axis)) +
                     "; a served model answers for " + axis_words(c_, rows),
                 notes);
        continue;
      }
      seen_.assign(c_.nodes.size(), false);
      const auto* found = unservable(draft);
      if (found && found->wire.source == Wire::Source::node)
        c_.error(draft.item->place, "not-served",
                 quote(wire.text) + " needs " + quote(found->wire.text) + ", of another run",
                 {"the wire: " + text_of(found->wire.place), "a teacher is not served: learn from it by a distiller"});
      else if (found)
        c_.error(draft.item->place, "not-served",
                 quote(wire.text) + " needs " + (found->wire.source == Wire::Source::label ? "the label " : "") +
                     quote(found->wire.text) + ", which no request has",
                 {"the wire: " + text_of(found->wire.place)});
    }
  }

 private:
  std::string why(const Alone& node) const {
    const auto& wire = *node.against;
    if (wire.source == Wire::Source::label) return "is a label";
    if (wire.source == Wire::Source::link) return "is a key of event rows";
    if (wire.to_axis == none) return "is one number for a batch";
    if (wire.via.link != none) return "goes through a link";
    if (wire.via.list != none) return "goes through a list";
    if (c_.plan.tables[index(c_.plan.axes[index(wire.to_axis)].table)].event())
      return "lives on " + axis_words(c_, wire.to_axis);
    if (wire.source == Wire::Source::node && node.table == c_.plan.axes[index(wire.to_axis)].table)
      return "comes from a node that waits for a request";
    if (node.table != none && node.table != c_.plan.axes[index(wire.to_axis)].table)
      return "lives on " + axis_words(c_, wire.to_axis) + ", and another on rows of " +
             quote(c_.plan.tables[index(node.table)].name);
    return "comes from a node that waits for a request";
  }

  // The first wire to a label or to a node of another run among all that `draft` needs.
  const WireDraft* unservable(const WireDraft& draft) {
    if (draft.wire.source == Wire::Source::label || draft.wire.source == Wire::Source::count) return &draft;
    if (draft.wire.source != Wire::Source::node || seen_[index(draft.wire.node)]) return nullptr;
    seen_[index(draft.wire.node)] = true;
    const auto& node = c_.nodes[index(draft.wire.node)];
    if (!node.plan.weights_file.empty()) return &draft;
    for (const auto& port : node.inputs)
      for (const auto& wire : port)
        if (const auto* found = wire.known ? unservable(wire) : nullptr) return found;
    return nullptr;
  }

  Checker& c_;
  std::vector<bool> seen_;
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
