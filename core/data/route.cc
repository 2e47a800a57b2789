#include "data/route.h"

#include "braid/component.h"
#include "recipe/plan/needed.h"

#include <algorithm>
#include <functional>

namespace braid::data {
namespace {

// Which uses the losses need; all where there is no loss.
recipe::Indexed<LinkUseId, bool> trained_uses(const recipe::Plan& plan, const LinkUses& uses) {
  const auto nodes = recipe::trained_nodes(plan);
  const bool any = std::find(nodes.begin(), nodes.end(), true) != nodes.end();
  recipe::Indexed<LinkUseId, bool> out(uses.size(), !any);
  for (const auto k : nodes.ids())
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port)
        if (const auto use = use_of(uses, wire); use && nodes[k]) out[*use] = true;
  return out;
}

// The axis of a gather's rows: those of the link's or list's table.
recipe::Via declared(const recipe::Way& way) {
  return std::visit([](const auto& one) { return recipe::Via{recipe::own_axis(one.table), one}; }, way);
}

// An axis behind those whose rows its own are gathered from. Throws Error for axes that need each other.
void order_axes(const recipe::Plan& plan, Route& route) {
  if (plan.train.rows && !route.axis_gathers[recipe::own_axis(*plan.train.rows)].empty()) {
    const auto& name = plan.driving().name;
    throw Error("axis-own", "axis '" + name + "'",
                "the rows of '" + name +
                    "' are the batch; what a link or list of theirs reaches in the same table needs an axis of its "
                    "own: [axes.NAME] table = \"" +
                    name + "\", from = [...]");
  }
  enum class State : std::uint8_t { fresh, open, done };
  PerAxis<State> state(plan.axes.size(), State::fresh);
  const std::function<void(recipe::AxisId)> visit = [&](recipe::AxisId axis) {
    if (state[axis] == State::done) return;
    if (state[axis] == State::open)
      throw Error("axis-cycle", "axis '" + plan.axes[axis].name + "'",
                  "its entities depend on themselves; declare an axis of its own for one of the links");
    state[axis] = State::open;
    if (!plan.axes[axis].whole)
      for (const auto g : route.axis_gathers[axis]) visit(route.gathers[g].rows);
    state[axis] = State::done;
    route.axis_order.push_back(axis);
  };
  for (const auto axis : plan.axes.ids()) visit(axis);
}

}  // namespace

Route make_route(const recipe::Plan& plan) {
  Route route;
  const auto axes = plan.axes.size();
  route.uses = link_uses(plan);
  route.axis_gathers.resize(axes);
  route.gather_after.resize(axes);
  const auto add = [&](const recipe::Via& gather) {
    for (const auto g : route.gathers.ids())
      if (route.gathers[g] == gather) return g;
    const auto made = route.gathers.add(gather);
    route.gather_after[gather.rows].push_back(made);
    return made;
  };
  const auto puts = [&](recipe::AxisId axis, GatherId gather) {
    auto& list = route.axis_gathers[axis];
    if (std::find(list.begin(), list.end(), gather) == list.end()) list.push_back(gather);
  };
  for (const auto& use : route.uses) {
    const auto gather = add(use.via);
    route.use_gather.push_back(gather);
    if (!use.via.axis_row() || use.via.rows != use.axis) puts(use.axis, gather);
  }
  std::vector<GatherId> always;  // stand there in any case
  for (const auto axis : plan.axes.ids())
    for (const auto& way : plan.axes[axis].from) {
      const auto gather = add(declared(way));
      puts(axis, gather);
      always.push_back(gather);
    }

  route.use_trains = trained_uses(plan, route.uses);
  route.gather_trains.assign(route.gathers.size(), false);
  for (const auto u : route.uses.ids())
    if (route.use_trains[u]) route.gather_trains[route.use_gather[u]] = true;
  for (const auto gather : always) route.gather_trains[gather] = true;

  order_axes(plan, route);
  return route;
}

}  // namespace braid::data
