// For tests and fuzz targets of requests: a served model without its graph.
#pragma once

#include "data/testing.h"
#include "serve/request.h"

#include <memory>
#include <string>
#include <vector>

namespace braid::serve::testing {

using namespace data::testing;

inline constexpr int users = 0, items = 1, events = 2;

// Events of users and items, with a history of two items, a number of their own, and files of items. Nobody may come
// inline as a user.
struct RequestWorld {
  recipe::Plan plan;
  std::vector<std::vector<FieldOf>> fields{3};
  std::unique_ptr<data::RequestBatcher> known;
  std::unique_ptr<RequestReader> reader;

  // `files`: the folder below which requests may name files.
  explicit RequestWorld(const std::string& files) {
    plan.tables.resize(3);
    const char* names[] = {"users", "items", "events"};
    for (std::size_t t = 0; t < 3; ++t) plan.tables[t].name = names[t];
    plan.tables[users].key = "user";
    plan.tables[items].key = "item";
    plan.tables[items].fields = {field_plan("price", "number", {}),
                                 field_plan("photo", "length", {}, "photos/{item}.jpg"),
                                 field_plan("unused", "number", {})};
    plan.tables[items].fields[0].missing = {"none"};
    auto& e = plan.tables[events];
    e.links = {{"user", users, "", {}}, {"item", items, "item_id", {}}, {"seller", users, "", {}}};
    recipe::ListPlan list;
    list.name = "history";
    list.table = items;
    list.length = 2;
    list.of = 1;
    list.by = 0;
    e.lists = {list};
    e.fields = {field_plan("hour", "number", {"hour"})};
    own_axes(plan);
    plan.train.rows = events;
    through_link(plan, users, events, 0);
    through_link(plan, items, events, 1);
    through_list(plan, items, events, 0);
    for (std::size_t t = 0; t < 3; ++t)
      for (const auto& field : plan.tables[t].fields)
        fields[t].push_back({makers().field(field.use), field.name != "unused"});
    std::vector<std::vector<std::uint64_t>> keys(3);
    keys[users] = {0, 11};
    keys[items] = {0, 21, 22};
    std::vector<data::RequestBatcher::EventField> event_fields(1);
    event_fields[0].component = fields[events][0].component.get();
    event_fields[0].layout = data::layout_of(e.fields[0], *fields[events][0].component);
    known = std::make_unique<data::RequestBatcher>(plan, keys, std::move(event_fields));
    reader =
        std::make_unique<RequestReader>(plan, 1, *known, fields, std::vector<std::string>{"users are closed", "", ""},
                                        files);
  }
};

}  // namespace braid::serve::testing
