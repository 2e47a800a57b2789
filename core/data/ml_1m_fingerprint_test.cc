// The rows, splits and histories of MovieLens-1M, row for row as the Python reference of the project counts them.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "braid/reader.h"
#include "tests/toys/components.h"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

using namespace braid::data;
using namespace braid::data::testing;
namespace recipe = braid::recipe;

namespace {

constexpr AnyId items{0}, users{1}, ratings{2}, listed{3};  // tables and axes; `listed` is what the histories name

// The blueprint's example, as far as rows go. `cold`: the tenth of the items that is held out.
recipe::Plan plan(const std::string& data, bool cold) {
  recipe::Plan p;
  const auto table = [&](const char* name, const char* file, const char* key) {
    recipe::TablePlan t;
    t.name = name;
    t.files = {data + "/ml-1m/" + file};
    t.key = key;
    t.reader = reader();
    p.tables.push_back(t);
  };
  table("items", "items.tsv.gz", "item");
  table("users", "users.tsv.gz", "user");
  table("ratings", "inter.tsv.gz", "");
  auto& events = p.tables[ratings];
  events.order = "pos";
  events.keep = expression("rating != 3");
  events.split.how = recipe::SplitPlan::ByHash{expression("hash(user, item)"), 8, 1, 1};
  events.links = {{"user", users, "user", {}}, {"item", items, "item", {}}};
  events.labels = {{"liked", expression("rating > 3"), "rating > 3", {}}};
  recipe::ListPlan::History history{.of = 1_id, .by = 0_id, .last = 20, .where = expression("rating > 3")};
  history.visible = recipe::ListPlan::History::Visible::all;
  events.lists = {{"history", items, history}};
  if (cold) events.hold_out = {{"cold", 1_id, expression("hash(49181, item) % 10 == 0"), {}}};
  own_axes(p);
  p.axes.push_back({"listed", items, false, {recipe::TableList{ratings, 0_id}}});
  p.train.rows = ratings;
  read_label(p, ratings, 0_id);
  through_link(p, items, ratings, 1_id);
  through_link(p, users, ratings, 0_id);
  through_list(p, listed, ratings, 0_id);
  return p;
}

struct Counts {
  std::int64_t rows = 0, positive = 0, history = 0, history_numbers = 0, user_x_item = 0;
};

Counts count(Source& source, const std::string& split, const std::vector<std::int64_t>& item_number,
             const std::vector<std::int64_t>& user_number) {
  Counts out;
  PassOptions options;
  options.split = split;
  options.batch = 8192;
  const auto pass = source.pass(options);
  while (const auto batch = pass->next()) {
    out.rows += batch->rows;
    for (const auto l : values<float>(batch->labels[0_id])) out.positive += l > 0;
    const auto item = values<std::int64_t>(batch->links[0_id].index),
               user = values<std::int64_t>(batch->links[1_id].index);
    for (std::size_t r = 0; r < item.size(); ++r)
      out.user_x_item += user_number[static_cast<std::size_t>(batch->axes[users].row.as<std::int64_t>()[user[r]])] *
                         item_number[static_cast<std::size_t>(batch->axes[items].row.as<std::int64_t>()[item[r]])];
    for (const auto place : values<std::int64_t>(batch->links[2_id].index)) {
      if (place < 0) continue;
      ++out.history;
      out.history_numbers += batch->axes[listed].row.as<std::int64_t>()[place];
    }
  }
  return out;
}

// First cells of a file's lines, as numbers; index 0 is the unknown entity.
std::vector<std::int64_t> numbers(const std::string& path) {
  const auto in = makers().reader(reader());
  in->open(path);
  std::vector<braid::Record> records;
  while (in->next(records, 4096)) {
  }
  std::vector<std::int64_t> out{0};
  for (const auto& r : records) out.push_back(std::stoll(r.cells[0]));
  return out;
}

}  // namespace

TEST_CASE("MovieLens-1M: rows, splits and histories to the digit") {
  const char* data = std::getenv("BRAID_DATA");
  if (!data || !std::filesystem::exists(std::string(data) + "/ml-1m/inter.tsv.gz")) {
    std::cout << "skipped: BRAID_DATA names no folder with ml-1m/\n";
    return;
  }
  const auto item_number = numbers(std::string(data) + "/ml-1m/items.tsv.gz");
  const auto user_number = numbers(std::string(data) + "/ml-1m/users.tsv.gz");
  const auto start = std::chrono::steady_clock::now();
  auto source = Source::open(plan(data, false), makers());
  std::cout << "loaded in " << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()
            << " s\n";

  CHECK(source->report().tables[ratings.index].rows == 1000209);
  CHECK(source->report().tables[ratings.index].kept == 739012);
  CHECK(source->report().tables[items.index].rows == 3883);
  CHECK(source->report().warnings.empty());
  CHECK(source->rows("train") == 591322);
  CHECK(source->rows("valid") == 73578);
  CHECK(source->rows("test") == 74112);

  const auto train = count(*source, "train", item_number, user_number);
  const auto valid = count(*source, "valid", item_number, user_number);
  const auto test = count(*source, "test", item_number, user_number);
  CHECK(train.positive == 460382);
  CHECK(valid.positive == 57432);
  CHECK(test.positive == 57467);
  CHECK(test.user_x_item == 411447268106);
  CHECK(train.history_numbers + valid.history_numbers + test.history_numbers == 23316173631);
  const auto mean = static_cast<double>(train.history + valid.history + test.history) / 739012.0;
  CHECK(std::round(mean * 1000) == 17848);

  auto with_slice = plan(data, true);
  with_slice.slices = {{"unseen", expression("train_count(item) == 0"), "", {}}};
  auto held = Source::open(with_slice, makers());
  CHECK(held->rows("cold") == 71189);
  CHECK(held->rows("train") + held->rows("valid") + held->rows("test") + held->rows("cold") == 739012);
  const auto& unseen = held->slice(0);
  std::vector<bool> cold_item(item_number.size(), false);
  PassOptions options;
  options.split = "cold";
  options.batch = 4096;
  const auto pass = held->pass(options);
  std::int64_t listed_cold = 0;
  while (const auto batch = pass->next()) {
    for (const auto row : values<std::int64_t>(batch->axes[items].row)) cold_item[static_cast<std::size_t>(row)] = true;
    for (const auto row : batch->row_numbers) CHECK_UNARY(unseen[static_cast<std::size_t>(row)]);
  }
  options.split = "train";
  const auto training = held->pass(options);
  while (const auto batch = training->next())
    for (const auto row : values<std::int64_t>(batch->axes[listed].row))
      listed_cold += cold_item[static_cast<std::size_t>(row)];
  CHECK(listed_cold == 0);
}

TEST_CASE("MovieLens-1M: 380 of the listed items are held out") {
  const char* data = std::getenv("BRAID_DATA");
  if (!data || !std::filesystem::exists(std::string(data) + "/ml-1m/items.tsv.gz")) return;
  // The items themselves as rows: those held out are the ones whose `hash(49181, item) % 10` is 0.
  recipe::Plan p;
  recipe::TablePlan t;
  t.name = "items";
  t.files = {std::string(data) + "/ml-1m/items.tsv.gz"};
  t.key = "item";
  t.reader = reader();
  t.keep = expression("hash(49181, item) % 10 == 0");
  p.tables = {t};
  own_axes(p);
  p.train.rows = 0_id;
  CHECK(Source::open(p, makers())->rows("train") == 380);
}
