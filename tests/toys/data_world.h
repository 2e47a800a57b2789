// A small made world for this folder's tests, with the same histories found by a plain loop.
#pragma once

#include "data/hash.h"
#include "tests/toys/components.h"
#include "data/world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace braid::data::testing {

using Rows = std::vector<std::int64_t>;

// 300 events of 7 users (one unknown) and 23 items, times with ties; small enough for plain loops.
struct World3 {
  static constexpr AnyId users{0}, items{1}, events{2}, listed{3}, drawn{4}, all_items{5};
  struct Event {
    int user, item, rating, time;
  };
  Folder folder;
  std::vector<Event> rows;
  recipe::Plan plan;

  explicit World3(std::int64_t threads = 1) {
    std::uint64_t state = 7;
    const auto draw = [&](int n) { return static_cast<int>((state = mix64(state)) % static_cast<std::uint64_t>(n)); };
    std::string user_text = "user\tage\n", item_text = "item\twords\tprice\n",
                text = "user\titem\trating\ttime\tcands\n";
    for (int u = 1; u <= 6; ++u) user_text += std::to_string(u) + "\t" + (u == 4 ? "" : std::to_string(10 * u)) + "\n";
    const char* words[] = {"", "red", "red blue", "blue green red", "one two three four five", "red red"};
    for (int i = 1; i <= 23; ++i)
      item_text += std::to_string(i) + "\t" + words[i % 6] + "\t" + (i % 5 ? std::to_string(i) : "") + "\n";
    for (int k = 0; k < 300; ++k) {
      rows.push_back({draw(7), 1 + draw(23), 1 + draw(5), draw(60)});
      text += (rows[static_cast<std::size_t>(k)].user ? std::to_string(rows.back().user) : "") + "\t" +
              std::to_string(rows.back().item) + "\t" + std::to_string(rows.back().rating) + "\t" +
              std::to_string(rows.back().time) + "\t";
      for (int c = k % 4; c > 0; --c) text += std::to_string(1 + (k + 5 * c) % 25) + (c > 1 ? " " : "");
      text += "\n";
    }
    const auto table = [&](const char* name, const char* key, const std::string& content) {
      recipe::TablePlan t;
      t.name = name, t.key = key, t.reader = reader();
      t.files = {folder.write(name, content)};
      plan.tables.push_back(t);
    };
    table("users", "user", user_text);
    table("items", "item", item_text);
    table("events", "", text);
    plan.tables[users].fields = {field_plan("age", "number", {"age"})};
    plan.tables[items].fields = {field_plan("words", "words", {"words"}), field_plan("price", "number", {"price"})};
    plan.tables[items].missing = {"nothing"};  // an empty cell is a cell here
    plan.tables[items].fields[1_id].missing = {""};
    auto& e = plan.tables[events];
    e.links = {{"user", users, "user", {}}, {"item", items, "item", {}}};
    e.labels = {{"liked", expression("rating > 3"), "rating > 3", {}}};
    e.order = "time";
    e.keep = expression("rating != 3");
    e.split.how = recipe::SplitPlan::ByHash{expression("hash(user, item)"), 6, 2, 2};
    recipe::ListPlan::History history{.of = 1_id, .by = 0_id, .last = 5, .where = expression("rating >= 3")};
    e.lists = {{"history", items, history}};
    own_axes(plan);
    const auto axis = [&](const char* name, std::vector<recipe::Way> from, bool whole) {
      plan.axes.push_back({name, items, false, std::move(from), whole});
    };
    axis("listed", {recipe::TableList{events, 0_id}}, false);
    axis("drawn", {}, false);
    axis("all_items", {}, true);
    plan.train.rows = events;
    plan.data.threads = threads;
  }

  recipe::ListPlan::History& history_plan() {
    return std::get<recipe::ListPlan::History>(plan.tables[events].lists[0_id].how);
  }

  // What a reader would take for the history of row r, oldest first.
  Rows history(std::size_t r, bool all, const std::set<int>& held = {}) const {
    if (!rows[r].user) return {};
    std::vector<std::size_t> before;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const auto bucket =
          mix64((static_cast<std::uint64_t>(rows[k].user) << 32) + static_cast<std::uint64_t>(rows[k].item)) % 10;
      if (rows[k].user == rows[r].user && rows[k].time < rows[r].time && rows[k].rating >= 3 && (all || bucket < 6) &&
          !held.count(rows[k].item))
        before.push_back(k);
    }
    std::stable_sort(before.begin(), before.end(), [&](auto a, auto b) { return rows[a].time < rows[b].time; });
    Rows out;
    for (std::size_t k = before.size() > 5 ? before.size() - 5 : 0; k < before.size(); ++k)
      out.push_back(rows[before[k]].item);
    return out;
  }
};

// A list's rows as entity rows, without padding; checks mask and padding on the way.
inline std::vector<Rows> list_rows(const Batch& batch, const LinkBatch& link) {
  std::vector<Rows> out(static_cast<std::size_t>(batch.rows));
  const auto places = link.index.sizes.at(1);
  bool full = true;
  for (std::int64_t r = 0; r < batch.rows; ++r)
    for (std::int64_t p = 0; p < places; ++p) {
      const auto at = link.index.as<std::int64_t>()[r * places + p];
      full = full && at >= 0;
      if (link.masked) CHECK(link.mask.as<bool>()[r * places + p] == (at >= 0));
      if (at < 0) continue;
      CHECK(static_cast<std::int64_t>(out[static_cast<std::size_t>(r)].size()) == p);  // used places come first
      out[static_cast<std::size_t>(r)].push_back(batch.axes[link.axis].row.as<std::int64_t>()[at]);
    }
  CHECK(link.masked == !full);
  return out;
}

}  // namespace braid::data::testing
