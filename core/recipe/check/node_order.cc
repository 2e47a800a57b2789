// An order in which nodes can run, or the cycles that forbid one.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <functional>

namespace braid::recipe {

namespace {

void sources_of(const NodeDraft& node, std::vector<const WireDraft*>& out) {
  for (const auto& port : node.inputs)
    for (const auto& wire : port) {
      if (wire.known && wire.node()) out.push_back(&wire);
      for (const auto& other : wire.others)
        if (other.known && other.node()) out.push_back(&other);
    }
}

class Order {
 public:
  explicit Order(Checker& c) : c_(c), state_(c.nodes.size(), State::fresh) {}

  // Depth first in the order of writing: the result keeps to it wherever wires allow.
  void visit(DraftId k) {
    state_[k] = State::open;
    path_.push_back(k);
    std::vector<const WireDraft*> sources;
    sources_of(c_.nodes[k], sources);
    for (const auto* wire : sources) {
      const auto next = wire->node()->node;
      if (state_[next] == State::fresh) visit(next);
      else if (state_[next] == State::open) cycle(wire);
    }
    path_.pop_back();
    state_[k] = State::done;
    c_.node_order.push_back(k);
  }

  bool fresh(DraftId k) const { return state_[k] == State::fresh; }

 private:
  enum class State { fresh, open, done };

  void cycle(const WireDraft* wire) {
    const auto from = std::find(path_.begin(), path_.end(), wire->node()->node);
    std::vector<std::string> names;
    for (auto at = path_.end(); at != from;) names.push_back(c_.nodes[*--at].plan.name);
    std::string loop = names[0];
    for (std::size_t k = 1; k < names.size(); ++k) loop += " <- " + names[k];
    loop += " <- " + names[0];
    for (auto at = from; at != path_.end(); ++at) c_.nodes[*at].inputs_known = false;
    c_.error(
        wire->item->place, "cycle",
        names.size() == 1 ? quote(names[0]) + " reads its own output" : "nodes read each other in a circle: " + loop,
        {"a node's inputs come from fields and from nodes that do not need its output"});
  }

  Checker& c_;
  Indexed<DraftId, State> state_;
  std::vector<DraftId> path_;
};

}  // namespace

void order_nodes(Checker& c) {
  Order order(c);
  for (const auto k : c.nodes.ids())
    if (order.fresh(k)) order.visit(k);
}

}  // namespace braid::recipe
