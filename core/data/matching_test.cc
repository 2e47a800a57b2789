// What matching models ask of the data: what came next, all of a user's events, entities without a file of their own,
// whole axes of events, counts, one row for each user.
#include <doctest/doctest.h>

#include "tests/toys/data_world.h"

using namespace braid::data;
using namespace braid::data::testing;
namespace recipe = braid::recipe;

namespace {

recipe::ListPlan after_history() { return {"next", World3::items, recipe::ListPlan::After{0_id}}; }

recipe::Wire& last_wire(recipe::Plan& plan) { return plan.nodes[0_id].inputs.back().back(); }

}  // namespace

TEST_CASE("after a history: what came next, and at its end the row's own") {
  World3 w;
  w.plan.tables[World3::events].lists.push_back(after_history());
  through_list(w.plan, World3::all_items, World3::events, 0_id);
  through_list(w.plan, World3::all_items, World3::events, 1_id);
  auto source = Source::open(w.plan, makers());
  const auto batch = source->pass({.batch = 300})->next();
  const auto history = list_rows(*batch, batch->links[0_id]), next = list_rows(*batch, batch->links[1_id]);
  std::size_t full = 0;
  for (std::size_t r = 0; r < history.size(); ++r) {
    auto expect = history[r];
    if (!expect.empty()) {
      expect.erase(expect.begin());
      expect.push_back(w.rows[static_cast<std::size_t>(batch->row_numbers[r])].item);
    }
    CHECK(next[r] == expect);
    full += history[r].size() == 5;
  }
  CHECK(full > 10);
}

TEST_CASE("a history of all events, whenever they were: the row's own among them") {
  World3 w;
  auto& list = w.history_plan();
  list.always = true, list.last = 1000;
  through_list(w.plan, World3::all_items, World3::events, 0_id);
  auto source = Source::open(w.plan, makers());
  for (const auto* split : {"train", "test"}) {
    const auto batch = source->pass({.split = split, .batch = 300})->next();
    const auto all = list_rows(*batch, batch->links[0_id]);
    for (std::size_t r = 0; r < all.size(); ++r) {
      const auto& own = w.rows[static_cast<std::size_t>(batch->row_numbers[r])];
      Rows expect;
      for (const auto& row : w.rows) {
        const auto bucket =
            mix64((static_cast<std::uint64_t>(row.user) << 32) + static_cast<std::uint64_t>(row.item)) % 10;
        if (own.user && row.user == own.user && row.rating >= 3 && bucket < 6) expect.push_back(row.item);
      }
      auto got = all[r];
      std::sort(got.begin(), got.end());
      std::sort(expect.begin(), expect.end());
      CHECK(got == expect);
    }
  }
}

TEST_CASE("a history of earlier splits: test rows see valid ones, valid rows see what trains") {
  World3 w;
  auto& list = w.history_plan();
  list.always = true, list.last = 1000, list.visible = recipe::ListPlan::History::Visible::earlier;
  through_list(w.plan, World3::all_items, World3::events, 0_id);
  auto source = Source::open(w.plan, makers());
  for (const auto& [split, first] : std::map<std::string, std::uint64_t>{{"train", 6}, {"valid", 6}, {"test", 8}}) {
    const auto batch = source->pass({.split = split, .batch = 300})->next();
    const auto all = list_rows(*batch, batch->links[0_id]);
    for (std::size_t r = 0; r < all.size(); ++r) {
      const auto user = w.rows[static_cast<std::size_t>(batch->row_numbers[r])].user;
      std::vector<std::pair<int, int>> expect;  // time, item: by order, then by row
      for (const auto& row : w.rows) {
        const auto bucket =
            mix64((static_cast<std::uint64_t>(row.user) << 32) + static_cast<std::uint64_t>(row.item)) % 10;
        if (user && row.user == user && row.rating >= 3 && bucket < first) expect.emplace_back(row.time, row.item);
      }
      std::stable_sort(expect.begin(), expect.end(), [](auto a, auto b) { return a.first < b.first; });
      Rows items;
      for (const auto& [time, item] : expect) items.push_back(item);
      CHECK(all[r] == items);
    }
  }
  list.last = 3;  // the last ones that are visible
  auto three = Source::open(w.plan, makers());
  const auto some = three->pass({.split = "test", .batch = 300})->next(),
             whole = source->pass({.split = "test", .batch = 300})->next();
  const auto last = list_rows(*some, some->links[0_id]), every = list_rows(*whole, whole->links[0_id]);
  for (std::size_t r = 0; r < last.size(); ++r)
    CHECK(last[r] == Rows(every[r].end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, every[r].size())),
                          every[r].end()));
}

TEST_CASE("at least so many rows: until users and items all have them") {
  World3 w;
  auto& e = w.plan.tables[World3::events];
  e.at_least = {{0_id, 30}, {1_id, 6}};
  through_link(w.plan, World3::all_items, World3::events, 1_id);
  auto source = Source::open(w.plan, makers());
  std::set<std::size_t> kept;  // by plain loops
  for (std::size_t r = 0; r < w.rows.size(); ++r)
    if (w.rows[r].rating != 3 && w.rows[r].user) kept.insert(r);
  for (bool changed = true; changed;) {
    std::map<int, int> users, items;
    for (const auto r : kept) ++users[w.rows[r].user], ++items[w.rows[r].item];
    changed =
        std::erase_if(kept, [&](std::size_t r) { return users[w.rows[r].user] < 30 || items[w.rows[r].item] < 6; }) > 0;
  }
  std::set<std::size_t> got;
  for (const auto* split : {"train", "valid", "test"}) {
    const auto batch = source->pass({.split = split, .batch = 300})->next();
    for (const auto r : batch->row_numbers) got.insert(static_cast<std::size_t>(r));
  }
  CHECK(got == kept);
  CHECK(got.size() == 175);
}

TEST_CASE("shares of each user's rows: whole numbers of them") {
  World3 w;
  auto& e = w.plan.tables[World3::events];
  std::get<recipe::SplitPlan::ByHash>(e.split.how).per = 0_id;
  through_link(w.plan, World3::all_items, World3::events, 1_id);
  auto source = Source::open(w.plan, makers());
  std::map<int, std::vector<std::pair<std::uint64_t, std::size_t>>> of_user;
  std::map<std::string, std::set<std::size_t>> expect;
  for (std::size_t r = 0; r < w.rows.size(); ++r) {
    const auto& row = w.rows[r];
    if (row.rating == 3) continue;
    if (!row.user) expect["train"].insert(r);
    else
      of_user[row.user].emplace_back(
          mix64((static_cast<std::uint64_t>(row.user) << 32) + static_cast<std::uint64_t>(row.item)), r);
  }
  for (auto& [user, rows] : of_user) {
    std::sort(rows.begin(), rows.end());
    const auto tenth = rows.size() * 2 / 10;
    for (std::size_t k = 0; k < rows.size(); ++k)
      expect[k + tenth >= rows.size()       ? "test"
             : k + 2 * tenth >= rows.size() ? "valid"
                                            : "train"]
          .insert(rows[k].second);
  }
  for (const auto& [split, rows] : expect) {
    std::set<std::size_t> got;
    const auto batch = source->pass({.split = split, .batch = 300})->next();
    for (const auto r : batch->row_numbers) got.insert(static_cast<std::size_t>(r));
    CHECK(got == rows);
  }
}

TEST_CASE("a list in a cell of a linked entity") {
  World3 w;
  auto& e = w.plan.tables[World3::events];
  // 10 to 60: those to 20 are items, others dangle.
  e.lists.push_back({"liked", World3::items, recipe::ListPlan::Keys{.column = "age", .through = 0_id}});
  through_list(w.plan, World3::all_items, World3::events, 1_id);
  auto source = Source::open(w.plan, makers());
  const auto batch = source->pass({.batch = 300})->next();
  const auto lists = list_rows(*batch, batch->links[0_id]);
  for (std::size_t r = 0; r < lists.size(); ++r) {
    const auto user = w.rows[static_cast<std::size_t>(batch->row_numbers[r])].user;
    CHECK(lists[r] == (user == 0 || user == 4 ? Rows{} : user <= 2 ? Rows{10 * user} : Rows{0}));
  }
}

TEST_CASE("entities from a column of events: each once, in the order in which they appear") {
  World3 w, plain;
  auto& items = w.plan.tables[World3::items];
  items.files.clear();
  items.from = World3::events;
  items.fields.clear();
  through_link(w.plan, World3::all_items, World3::events, 1_id);
  auto source = Source::open(w.plan, makers());
  const auto batch = source->pass({.batch = 300})->next();
  Rows order;  // by plain loop
  for (const auto& row : w.rows)
    if (std::find(order.begin(), order.end(), row.item) == order.end()) order.push_back(row.item);
  CHECK(source->table_rows(World3::items) == static_cast<std::int64_t>(order.size()) + 1);
  for (std::size_t r = 0; r < batch->row_numbers.size(); ++r) {
    const auto at = batch->links[0_id].index.as<std::int64_t>()[r];
    REQUIRE(at > 0);
    CHECK(order[static_cast<std::size_t>(at) - 1] == w.rows[static_cast<std::size_t>(batch->row_numbers[r])].item);
  }
  CHECK(source->row_name(World3::items, 1) == std::to_string(order[0]) + " (items)");
}

TEST_CASE("fitted on all rows: items that nobody trains on have ids too, held-out ones have not") {
  World3 w;
  auto& items = w.plan.tables[World3::items];
  items.fields[0_id].from = {"item"};  // "words": one id for each item
  w.plan.tables[World3::events].keep = expression("rating != 3 and item < 5");
  w.plan.tables[World3::events].hold_out = {{"cold", 1_id, expression("item == 23"), {}}};
  read_field(w.plan, World3::all_items, 0_id);
  const auto ids = [&](bool all) {
    items.fit_all = all;
    const auto fitted = Source::open(w.plan, makers())->fitted();
    return fitted.at("items.words").at("n");
  };
  CHECK(ids(false) == 1 + 4);
  CHECK(ids(true) == 1 + 22);
}

TEST_CASE("a whole axis of events: the rows that train, the same in every batch, and its links") {
  World3 w;
  const auto axis = w.plan.axes.add({"edges", World3::events, false, {}, true});
  through_link(w.plan, World3::all_items, World3::events, 1_id);
  last_wire(w.plan).via->rows = axis;
  auto source = Source::open(w.plan, makers());
  const auto check = [&](const PassOptions& options) {
    const auto pass = source->pass(options);
    std::size_t batches = 0;
    while (const auto batch = pass->next()) {
      ++batches;
      Rows expect, places;
      for (std::size_t r = 0; r < w.rows.size(); ++r) {
        const auto& row = w.rows[r];
        const auto bucket =
            mix64((static_cast<std::uint64_t>(row.user) << 32) + static_cast<std::uint64_t>(row.item)) % 10;
        if (row.rating != 3 && (row.user == 0 || bucket < 6))
          expect.push_back(static_cast<std::int64_t>(r)), places.push_back(row.item);
      }
      const auto& all = batch->axes[axis];
      CHECK(values<std::int64_t>(all.row) == expect);
      CHECK(values<std::int64_t>(batch->links[0_id].index) == places);
    }
    CHECK(batches > 1);
  };
  check({.batch = 50, .training = true, .shuffle = true});
  check({.split = "test", .batch = 20});
}

TEST_CASE("counts: training rows that reach an entity") {
  World3 w;
  read_field(w.plan, World3::all_items, 0_id);
  last_wire(w.plan).source = recipe::CountOf{};
  auto source = Source::open(w.plan, makers());
  std::vector<float> expect(24, 0);
  const auto train = source->pass({.batch = 300})->next();
  for (const auto r : train->row_numbers) ++expect[static_cast<std::size_t>(w.rows[static_cast<std::size_t>(r)].item)];
  CHECK(values<float>(train->axes[World3::all_items].count) == expect);
}

TEST_CASE("one row for each: of a user's training rows the last in order") {
  World3 w, all;
  w.plan.train.each = 0_id;
  through_list(w.plan, World3::all_items, World3::events, 0_id);
  through_list(all.plan, World3::all_items, World3::events, 0_id);
  auto source = Source::open(w.plan, makers()), whole = Source::open(all.plan, makers());
  std::map<int, std::int64_t> last;
  std::set<std::int64_t> expect;
  const auto every = whole->pass({.batch = 300})->next();
  for (const auto r : every->row_numbers) {
    const auto& row = w.rows[static_cast<std::size_t>(r)];
    if (!row.user) expect.insert(r);  // nobody's: each on its own
    else if (const auto [at, fresh] = last.try_emplace(row.user, r);
             !fresh && row.time >= w.rows[static_cast<std::size_t>(at->second)].time)
      at->second = r;
  }
  for (const auto& [user, r] : last) expect.insert(r);
  const auto batch = source->pass({.batch = 300, .training = true})->next();
  CHECK(std::set<std::int64_t>(batch->row_numbers.begin(), batch->row_numbers.end()) == expect);
  CHECK(source->rows("train") == static_cast<std::int64_t>(expect.size()));
  CHECK(source->rows("test") == whole->rows("test"));
  // Lists, counts and whole axes know the other rows all the same.
  const auto lists = list_rows(*batch, batch->links[0_id]);
  for (std::size_t r = 0; r < lists.size(); ++r)
    CHECK(lists[r] == w.history(static_cast<std::size_t>(batch->row_numbers[r]), false));
}
