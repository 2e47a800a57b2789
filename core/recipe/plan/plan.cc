#include "recipe/plan/plan.h"

namespace braid::recipe {

bool SplitPlan::has_valid() const {
  return std::visit(
      Cases{[](const AllTrain&) { return false; }, [](const ByHash& by) { return by.valid > 0; },
            [](const ByTime& by) { return by.valid > 0; }, [](const LeaveLast& last) { return last.rows > 0; }},
      how);
}

bool SplitPlan::has_test() const {
  return std::visit(
      Cases{[](const AllTrain&) { return false; }, [](const ByHash& by) { return by.test > 0; },
            [](const ByTime& by) { return by.test > 0; }, [](const LeaveLast& last) { return last.rows > 0; }},
      how);
}

const ListPlan::History* TablePlan::history(ListId list) const {
  const auto& how = lists[list].how;
  if (const auto* after = std::get_if<ListPlan::After>(&how)) return history(after->base);
  return std::get_if<ListPlan::History>(&how);
}

std::optional<std::int64_t> TablePlan::places(ListId list) const {
  using Places = std::optional<std::int64_t>;
  return std::visit(Cases{[](const ListPlan::History& history) { return Places(history.last); },
                          [](const ListPlan::Draw& draw) { return Places(draw.count); },
                          [](const ListPlan::Keys& keys) { return keys.last; },
                          [&](const ListPlan::After& after) { return places(after.base); }},
                    lists[list].how);
}

std::optional<AxisId> Type::axis() const {
  const auto* rows = dims.empty() ? nullptr : std::get_if<AxisRows>(&dims[0]);
  return rows ? std::optional(rows->axis) : std::nullopt;
}

TableId Plan::target(const Way& way) const {
  return std::visit([&](const auto& one) { return (*this)[one].table; }, way);
}

std::string Plan::name_of(const Way& way) const {
  return std::visit([&](const auto& one) { return tables[one.table].name + "." + (*this)[one].name; }, way);
}

}  // namespace braid::recipe
