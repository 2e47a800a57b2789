// For tests and fuzz targets of requests: a served model without its graph.
#pragma once

#include "tests/toys/components.h"
#include "serve/request.h"

#include <memory>
#include <string>
#include <vector>

namespace braid::serve::testing {

using namespace data::testing;

inline constexpr AnyId users{0}, items{1}, events{2};

// Events of users and items, with a history of two items, a number of their own, and files of items. Nobody may come
// inline as a user.
struct RequestWorld {
  recipe::Plan plan;
  Fields fields{std::vector<TableFields>(3)};
  std::unique_ptr<data::RequestBatcher> known;
  std::unique_ptr<RequestReader> reader;

  // `files`: the folder below which requests may name files.
  explicit RequestWorld(const std::string& files) {
    plan.tables.resize(3);
    const char* names[] = {"users", "items", "events"};
    for (const auto t : plan.tables.ids()) plan.tables[t].name = names[t.index()];
    plan.tables[users].key = "user";
    plan.tables[items].key = "item";
    plan.tables[items].fields = {field_plan("price", "number", {}),
                                 field_plan("photo", "length", {}, "photos/{item}.jpg"),
                                 field_plan("unused", "number", {})};
    plan.tables[items].fields[0_id].missing = {"none"};
    auto& e = plan.tables[events];
    e.links = {{"user", users, "", {}}, {"item", items, "item_id", {}}, {"seller", users, "", {}}};
    e.lists = {{"history", items, recipe::ListPlan::History{.of = 1_id, .by = 0_id, .last = 2}}};
    e.fields = {field_plan("hour", "number", {"hour"})};
    own_axes(plan);
    plan.train.rows = events;
    through_link(plan, users, events, 0_id);
    through_link(plan, items, events, 1_id);
    through_list(plan, items, events, 0_id);
    for (const auto t : plan.tables.ids())
      for (const auto& field : plan.tables[t].fields)
        fields[t].push_back({makers().field(field.use), field.name != "unused"});
    data::EntityKeys keys(3);
    keys[users] = {0, 11};
    keys[items] = {0, 21, 22};
    recipe::Indexed<recipe::FieldId, data::RequestBatcher::EventField> event_fields(1);
    event_fields[0_id].component = fields[events][0_id].component.get();
    event_fields[0_id].layout = data::layout_of(e.fields[0_id], *fields[events][0_id].component);
    known = std::make_unique<data::RequestBatcher>(plan, keys, std::move(event_fields));
    reader = std::make_unique<RequestReader>(plan, 1_id, *known, fields, Closed{"users are closed", "", ""}, files);
  }
};

}  // namespace braid::serve::testing
