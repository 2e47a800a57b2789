#include "data/requests.h"

#include "data/hash.h"
#include "tests/toys/components.h"

#include <doctest/doctest.h>

using namespace braid;
using namespace braid::data;
using namespace braid::data::testing;

namespace {

constexpr AnyId users{0}, items{1}, events{2}, all_items{3};

// Four events of three users and five items, with histories; every item on a whole axis too.
recipe::Plan plan_of(const Folder& folder) {
  recipe::Plan plan;
  plan.tables.resize(3);
  const char* names[] = {"users", "items", "events"};
  const char* texts[] = {"user\nu1\nu2\nu3\n", "item\tprice\ni1\t1\ni2\t\ni3\t3\ni4\t4\ni5\t5\n",
                         "user\titem\thour\nu1\ti1\t7\nu1\ti3\t\nu2\ti9\t8\nu1\ti5\t9\n"};
  for (const auto t : plan.tables.ids()) {
    plan.tables[t].name = names[t.index()];
    plan.tables[t].files = {folder.write(names[t.index()], texts[t.index()])};
    plan.tables[t].reader = reader();
  }
  plan.tables[users].key = "user";
  plan.tables[items].key = "item";
  plan.tables[items].fields = {field_plan("price", "number", {"price"})};
  auto& e = plan.tables[events];
  e.links = {{"user", users, "user", {}}, {"item", items, "item", {}}};
  e.fields = {field_plan("hour", "number", {"hour"})};
  e.lists = {{"history", items, recipe::ListPlan::History{.of = 1_id, .by = 0_id, .last = 2}}};
  own_axes(plan);
  plan.axes.push_back({"all_items", items, false, {}, true});
  plan.train.rows = events;
  read_field(plan, items, 0_id);
  read_field(plan, events, 0_id);
  read_link(plan, events, 0_id);
  through_link(plan, users, events, 0_id);
  through_link(plan, items, events, 1_id);
  through_list(plan, items, events, 0_id);
  through_rows(plan, all_items, items);
  return plan;
}

recipe::Indexed<recipe::FieldId, Decoded> decoded(const Field& field, const std::string& text) {
  recipe::Indexed<recipe::FieldId, Decoded> out(1);
  const std::string_view view = text.empty() ? std::string_view() : std::string_view(text);
  Cell cell;
  cell.texts = {&view, 1};
  out[0_id].present = field.decode(cell, out[0_id].bytes);
  return out;
}

}  // namespace

TEST_CASE("rows as requests make the batch that the data make") {
  const Folder folder;
  const auto plan = plan_of(folder);
  const auto source = Source::open(plan, makers());
  const auto pass = source->pass({});
  const auto batch = pass->next();
  REQUIRE(batch->rows == 4);

  const auto hour = makers().field(plan.tables[events].fields[0_id].use);
  EntityKeys keys(3);
  keys[users] = {0, key_of("u1"), key_of("u2"), key_of("u3")};
  keys[items] = {0, key_of("i1"), key_of("i2"), key_of("i3"), key_of("i4"), key_of("i5")};
  RequestBatcher requests(plan, keys, {{hour.get(), layout_of(plan.tables[events].fields[0_id], *hour)}});
  CHECK(requests.known(items) == 6);
  CHECK(requests.row_of(items, "i4") == 4);
  CHECK(requests.row_of(items, "i9") == 0);
  CHECK(requests.reads_link(0_id));
  CHECK(requests.reads_list(0_id));

  const char* user[] = {"u1", "u1", "u2", "u1"};
  const char* item[] = {"i1", "i3", "i9", "i5"};
  const char* hours[] = {"7", "", "8", "9"};
  const recipe::Indexed<recipe::ListId, std::vector<std::int32_t>> lists[] = {{{}}, {{1}}, {{}}, {{1, 3}}};
  std::vector<recipe::Indexed<recipe::FieldId, Decoded>> cells;
  for (const auto* h : hours) cells.push_back(decoded(*hour, h));
  std::vector<RequestRow> rows;
  for (std::size_t r = 0; r < 4; ++r)
    rows.push_back(
        {{requests.row_of(users, user[r]), requests.row_of(items, item[r])}, {user[r], item[r]}, &lists[r], &cells[r]});
  const auto made = requests.make(rows, {{}, {}, {}});
  REQUIRE(made.axes.size() == batch->axes.size());
  for (const auto a : made.axes.ids()) {
    CHECK(values<std::int64_t>(made.axes[a].row) == values<std::int64_t>(batch->axes[a].row));
    if (a != recipe::AxisId(events))
      CHECK(values<std::uint64_t>(made.axes[a].key) == values<std::uint64_t>(batch->axes[a].key));
  }
  for (const auto l : made.links.ids()) {
    CHECK(made.links[l].index.sizes == batch->links[l].index.sizes);
    CHECK(values<std::int64_t>(made.links[l].index) == values<std::int64_t>(batch->links[l].index));
    CHECK(made.links[l].masked == batch->links[l].masked);
  }
  CHECK(values<std::uint64_t>(made.link_keys[0_id]) == values<std::uint64_t>(batch->link_keys[0_id]));
  const auto &ours = made.axes[events].fields[0_id], &theirs = batch->axes[events].fields[0_id];
  CHECK(values<float>(ours.values[0]) == values<float>(theirs.values[0]));
  CHECK(ours.masked);
  CHECK(values<bool>(ours.mask) == values<bool>(theirs.mask));

  // Entities that came inline stand after the known ones, and on no whole axis; the next batch knows nothing of them.
  rows.resize(1);
  rows[0].links[1_id] = 7;
  const auto more = requests.make(rows, {{}, {5, 6}, {}});
  CHECK(values<std::int64_t>(more.axes[items].row) == std::vector<std::int64_t>{7});
  CHECK(values<std::uint64_t>(more.axes[items].key) == std::vector<std::uint64_t>{6});
  CHECK(more.axes[all_items].rows == 6);
  const auto alone = requests.inline_entities(items, 0, 2);
  CHECK(values<std::int64_t>(alone.axes[items].row) == std::vector<std::int64_t>{6, 7});
  CHECK(values<std::uint64_t>(alone.axes[items].key) == std::vector<std::uint64_t>{5, 6});
  CHECK(alone.axes[users].rows == 0);
  CHECK(alone.axes[all_items].rows == 6);
  rows[0].links[1_id] = 2;
  CHECK(values<std::int64_t>(requests.make(rows, {{}, {}, {}}).axes[items].row) == std::vector<std::int64_t>{2});
}

TEST_CASE("some rows of one table, with the fields that are read") {
  const Folder folder;
  const auto plan = plan_of(folder);
  const auto source = Source::open(plan, makers());
  const auto batch = source->entities(items, 2, 3, reads(plan));
  CHECK(values<std::int64_t>(batch->axes[items].row) == std::vector<std::int64_t>{2, 3, 4});
  CHECK(values<float>(batch->axes[items].fields[0_id].values[0]) == std::vector<float>{0, 0, 3, 6, 4, 8});
  CHECK(values<bool>(batch->axes[items].fields[0_id].mask) == std::vector<bool>{false, true, true});
  CHECK(batch->axes[users].rows == 0);
  CHECK(batch->axes[all_items].rows == 6);
  CHECK(source->entities(items, 2, 3, reads_of(plan, {}))->axes[items].fields[0_id].values.empty());
  CHECK(source->table_rows(items) == 6);
  CHECK(source->cell(items, "price", 3) == "3");
  CHECK(!source->cell(items, "price", 2));
  CHECK_THROWS(source->cell(items, "colour", 2));
  CHECK(source->linked({events, 1_id}, 3) == 5);
  CHECK(source->listed({events, 0_id}, 3) == std::vector<std::int32_t>{1, 3});
}
