// Lists against plain loops, entities once per axis, fields with masks, threads, order, media.
#include <doctest/doctest.h>

#include "data/hash.h"
#include "tests/toys/data_world.h"
#include "data/world.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <archive.h>
#include <archive_entry.h>

using namespace braid::data;
using namespace braid::data::testing;
namespace recipe = braid::recipe;

namespace {

std::vector<std::string> all_bytes(const recipe::Plan& plan, PassOptions options) {
  auto source = Source::open(plan, makers());
  const auto pass = source->pass(options);
  std::vector<std::string> out;
  while (const auto batch = pass->next()) out.push_back(bytes_of(*batch));
  CHECK_FALSE(pass->more());
  return out;
}

void write_tar(const std::string& path, bool gzip, const std::vector<std::pair<std::string, std::string>>& files) {
  auto* out = archive_write_new();
  if (gzip) archive_write_add_filter_gzip(out);
  archive_write_set_format_ustar(out);
  archive_write_open_filename(out, path.c_str());
  for (const auto& [name, text] : files) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<std::int64_t>(text.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(out, entry);
    archive_write_data(out, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
}

}  // namespace

TEST_CASE("histories equal a plain loop: visible train and all, ties, unknown users, held-out items") {
  for (const bool all : {false, true})
    for (const bool held : {false, true})
      for (const std::int64_t size : {1, 7, 300}) {
        World3 w;
        using Visible = recipe::ListPlan::History::Visible;
        w.history_plan().visible = all ? Visible::all : Visible::train;
        if (held) w.plan.tables[World3::events].hold_out = {{"cold", 1_id, expression("item in [3, 8, 20]"), {}}};
        through_list(w.plan, World3::listed, World3::events, 0_id);
        auto source = Source::open(w.plan, makers());
        std::int64_t seen = 0;
        for (const auto* split : {"train", "valid", "test", "cold"}) {
          if (split == std::string("cold") && !held) continue;
          const auto pass = source->pass({.split = split, .batch = size});
          while (const auto batch = pass->next()) {
            const auto lists = list_rows(*batch, batch->links[0_id]);
            for (std::size_t r = 0; r < lists.size(); ++r, ++seen)
              CHECK(lists[r] == w.history(static_cast<std::size_t>(batch->row_numbers[r]), all,
                                          held ? std::set<int>{3, 8, 20} : std::set<int>{}));
          }
        }
        CHECK(seen == std::count_if(w.rows.begin(), w.rows.end(), [](const auto& e) { return e.rating != 3; }));
      }
}

TEST_CASE("each touched entity stands once on its axis, ascending; links and axis rows find it") {
  World3 w;
  through_link(w.plan, World3::items, World3::events, 1_id);
  through_link(w.plan, World3::users, World3::events, 0_id);
  through_list(w.plan, World3::listed, World3::events, 0_id);
  through_rows(w.plan, World3::items, World3::listed);  // puts the listed entities on the items' own axis, too
  through_link(w.plan, World3::all_items, World3::events, 1_id);
  read_label(w.plan, World3::events, 0_id);
  auto source = Source::open(w.plan, makers());
  const auto pass = source->pass({.batch = 13, .shuffle = true});
  std::int64_t entities = 0, rows = 0;
  while (const auto batch = pass->next()) {
    std::set<std::int64_t> items, listed, users;
    for (std::size_t r = 0; r < batch->row_numbers.size(); ++r) {
      const auto at = static_cast<std::size_t>(batch->row_numbers[r]);
      items.insert(w.rows[at].item), users.insert(w.rows[at].user);
      for (const auto i : w.history(at, false)) listed.insert(i);
      CHECK(batch->labels[0_id].as<float>()[r] == (w.rows[at].rating > 3));
      CHECK(batch->axes[0_id].row.as<std::int64_t>()[batch->links[1_id].index.as<std::int64_t>()[r]] ==
            w.rows[at].user);
      CHECK(batch->axes[1_id].row.as<std::int64_t>()[batch->links[0_id].index.as<std::int64_t>()[r]] ==
            w.rows[at].item);
      CHECK(batch->links[4_id].index.as<std::int64_t>()[r] == w.rows[at].item);
    }
    items.insert(listed.begin(), listed.end());
    CHECK(values<std::int64_t>(batch->axes[0_id].row) == Rows(users.begin(), users.end()));
    CHECK(values<std::int64_t>(batch->axes[1_id].row) == Rows(items.begin(), items.end()));
    CHECK(values<std::int64_t>(batch->axes[3_id].row) == Rows(listed.begin(), listed.end()));
    CHECK(batch->axes[5_id].rows == 24);  // whole: the unknown entity and all 23
    CHECK(batch->axes[4_id].rows == 0);
    for (std::int64_t k = 0; k < batch->axes[3_id].rows; ++k)
      CHECK(batch->axes[1_id].row.as<std::int64_t>()[batch->links[3_id].index.as<std::int64_t>()[k]] ==
            batch->axes[3_id].row.as<std::int64_t>()[k]);
    entities += batch->axes[1_id].rows, rows += batch->rows;
  }
  CHECK(source->encoded()[1_id] == std::pair(entities, rows));
  CHECK(source->encoded()[4_id] == std::pair<std::int64_t, std::int64_t>(0, 0));
}

TEST_CASE("fields: trimmed places, masks, absent rows, draws by step and key") {
  World3 w;
  through_link(w.plan, World3::items, World3::events, 1_id);
  read_field(w.plan, World3::items, 0_id);
  read_field(w.plan, World3::items, 1_id);
  auto source = Source::open(w.plan, makers());
  const auto batch = source->pass({.batch = 300})->next();
  const auto& axis = batch->axes[World3::items];
  const auto& words = axis.fields[0_id];
  CHECK(words.values[0].sizes == Rows{axis.rows, 4});
  const std::int64_t used[] = {0, 1, 2, 3, 4, 2};
  for (std::int64_t k = 0; k < axis.rows; ++k) {
    const auto item = axis.row.as<std::int64_t>()[k];
    for (std::int64_t p = 0; p < 4; ++p) {
      const bool holds = p < used[item % 6];
      CHECK(words.mask.as<bool>()[k * 4 + p] == holds);
      if (!holds) CHECK(words.values[0].as<std::int64_t>()[k * 4 + p] == 0);
    }
    CHECK(axis.fields[1_id].mask.as<bool>()[k] == (item % 5 != 0));
    CHECK(axis.fields[1_id].values[0].as<float>()[2 * k + 1] == (item % 5 ? 2.0f * static_cast<float>(item) : 0.0f));
  }
  // A batch of one row is as wide as its own cell, and an item without words still has a place, masked.
  const auto pass = source->pass({.batch = 1});
  while (const auto one = pass->next()) {
    const auto item = one->axes[World3::items].row.as<std::int64_t>()[0];
    const auto& f = one->axes[World3::items].fields[0_id];
    CHECK(f.values[0].sizes == Rows{1, std::max<std::int64_t>(1, used[item % 6])});
    CHECK(f.masked == (item % 6 == 0));
  }
  const auto drawn = [&](std::int64_t step, std::uint64_t seed) {
    return bytes_of(*source->pass({.batch = 300, .training = true, .seed = seed, .first_step = step})->next());
  };
  CHECK(drawn(5, 1) == drawn(5, 1));
  CHECK(drawn(5, 1) != drawn(6, 1));
  CHECK(drawn(5, 1) != drawn(5, 2));
}

TEST_CASE("a field of another run has that run's state and no draws") {
  World3 w;
  through_link(w.plan, World3::items, World3::events, 1_id);
  read_field(w.plan, World3::items, 0_id);
  const auto step = [](const recipe::Plan& plan, bool training) {
    return Source::open(plan, makers())->pass({.batch = 300, .training = training, .first_step = 5})->next();
  };
  const auto ids = [](const Batch& batch) {
    return values<std::int64_t>(batch.axes[World3::items].fields[0_id].values[0]);
  };
  auto& field = w.plan.tables[World3::items].fields[0_id];
  const auto own = ids(*step(w.plan, false));
  CHECK(ids(*step(w.plan, true)) != own);
  field.still = true;
  CHECK(ids(*step(w.plan, true)) == own);

  field.saved = w.folder.write("items.words", "red 77\n");
  const auto theirs = ids(*step(w.plan, true));
  CHECK(std::count(theirs.begin(), theirs.end(), 77) > 0);
  CHECK(std::all_of(theirs.begin(), theirs.end(), [](auto id) { return id == 0 || id == 77; }));
  // What this run saved of it counts first.
  const auto later = Source::open(w.plan, makers(), {{"items.words", "red 5\n"}})->pass({.batch = 300})->next();
  const auto mine = ids(*later);
  CHECK(std::count(mine.begin(), mine.end(), 5) > 0);
  field.saved = w.folder.path() + "/absent";
  CHECK(message_of([&] { step(w.plan, false); }).find("/absent' cannot be read [field-failed]") != std::string::npos);
  field.use.schema.fits = false;  // nothing was fitted, so nothing is missed
  CHECK(message_of([&] { step(w.plan, false); }) == "nothing was thrown");
}

TEST_CASE("neither threads, nor the cache, nor what is prepared ahead change a byte") {
  World3 w;
  through_link(w.plan, World3::items, World3::events, 1_id);
  through_list(w.plan, World3::items, World3::events, 0_id);
  read_field(w.plan, World3::items, 0_id);
  read_field(w.plan, World3::items, 1_id);
  read_label(w.plan, World3::events, 0_id);
  read_link(w.plan, World3::events, 0_id);
  const PassOptions options{.batch = 11, .training = true, .shuffle = true, .seed = 3, .epoch = 1, .first_step = 40};
  const auto expect = all_bytes(w.plan, options);
  CHECK(expect.size() > 5);
  for (const std::int64_t threads : {2, 4}) {
    auto p = w.plan;
    p.data.threads = threads;
    CHECK(all_bytes(p, options) == expect);
  }
  auto p = w.plan;
  p.data.cache_bytes = 0;
  CHECK(all_bytes(p, options) == expect);
  p.data.cache_bytes = 500;
  CHECK(all_bytes(p, options) == expect);
  for (const std::int64_t ahead : {0, 1, 9}) {
    p = w.plan;
    p.data.ahead = ahead;
    CHECK(all_bytes(p, options) == expect);
  }
  auto rest = options;  // resumed after three batches
  {
    const auto first = Source::open(w.plan, makers())->pass(options);
    for (int k = 0; k < 3; ++k) first->next();
    CHECK(first->more());
    rest.cursor = first->cursor();
    rest.first_step = 43;
  }
  CHECK(all_bytes(w.plan, rest) == std::vector(expect.begin() + 3, expect.end()));
  auto saved = Source::open(w.plan, makers())->save();
  CHECK(saved.size() == 1);
  auto again = Source::open(w.plan, makers(), saved);
  CHECK(bytes_of(*again->pass(options)->next()) == expect[0]);
}

TEST_CASE("shuffling: every row once, another order each epoch, the same one each time") {
  World3 w;
  auto source = Source::open(w.plan, makers());
  const auto rows = [&](bool shuffle, std::int64_t epoch, std::int64_t batch) {
    Rows out;
    const auto pass = source->pass({.batch = batch, .shuffle = shuffle, .epoch = epoch});
    while (const auto b = pass->next()) out.insert(out.end(), b->row_numbers.begin(), b->row_numbers.end());
    return out;
  };
  const auto plain = rows(false, 0, 10);
  CHECK(std::is_sorted(plain.begin(), plain.end()));
  const auto first = rows(true, 0, 10);
  CHECK(first == rows(true, 0, 64));
  CHECK(first != rows(true, 1, 10));
  CHECK(first != plain);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == plain);
  const auto unfinished = source->pass({.batch = 1});  // left while batches are being prepared
  unfinished->next();
  CHECK(unfinished->waited_seconds() >= 0);
}

TEST_CASE("lists from a column and draws") {
  World3 w;
  auto& e = w.plan.tables[World3::events];
  using Draw = recipe::ListPlan::Draw;
  e.lists.push_back({"candidates", World3::items, recipe::ListPlan::Keys{.column = "cands", .last = 2}});
  e.lists.push_back({"negatives", World3::items, Draw{.count = 6, .exclude_seen = true}});
  e.lists.push_back({"popular", World3::items, Draw{.count = 6, .by_popularity = true}});
  e.lists.push_back({"each", World3::items, Draw{.count = 3, .exclude_seen = true, .per = 1_id}});
  e.hold_out = {{"cold", 1_id, expression("item in [3, 8, 20]"), {}}};
  for (std::size_t l = 1; l <= 4; ++l) through_list(w.plan, World3::drawn, World3::events, AnyId{l});
  auto source = Source::open(w.plan, makers());
  CHECK(source->report().warnings.at(0).find("'events.candidates' names '2") != std::string::npos);  // 24 or 25

  const auto batch = source->pass({.batch = 300, .training = true})->next();
  const auto candidates = list_rows(*batch, batch->links[0_id]);
  for (std::size_t r = 0; r < candidates.size(); ++r) {
    Rows expect;
    const auto k = static_cast<int>(batch->row_numbers[r]);
    for (int c = k % 4; c > 0; --c) {
      const int item = 1 + (k + 5 * c) % 25;
      if (item != 3 && item != 8 && item != 20) expect.push_back(item > 23 ? 0 : item);
    }
    if (expect.size() > 2) expect.erase(expect.begin(), expect.end() - 2);
    CHECK(candidates[r] == expect);
  }
  std::set<int> train_items;
  std::map<int, std::set<int>> seen;
  for (const auto r : batch->row_numbers) {
    const auto& row = w.rows[static_cast<std::size_t>(r)];
    train_items.insert(row.item);
    if (row.user) seen[row.user].insert(row.item);
  }
  const auto negatives = list_rows(*batch, batch->links[1_id]), popular_ones = list_rows(*batch, batch->links[2_id]);
  for (std::size_t r = 0; r < negatives.size(); ++r) {
    const auto& row = w.rows[static_cast<std::size_t>(batch->row_numbers[r])];
    CHECK((negatives[r].size() == 6 || seen[row.user].size() >= 20));
    for (const auto n : negatives[r])
      CHECK((n > 0 && n != row.item && !seen[row.user].count(static_cast<int>(n)) && n != 3 && n != 8 && n != 20));
    for (const auto n : popular_ones[r]) CHECK(train_items.count(static_cast<int>(n)));
  }
  CHECK(batch->links[3_id].index.sizes == Rows{batch->rows, 2, 3});  // three for each of up to two candidates

  const auto bytes = [&](bool training, std::int64_t step) {
    return bytes_of(*source->pass({.split = "valid", .batch = 50, .training = training, .first_step = step})->next());
  };
  CHECK(bytes(true, 1) != bytes(true, 2));
  CHECK(bytes(false, 1) == bytes(false, 2));  // evaluation asks the same questions every time
}

TEST_CASE("media: from a tar, a compressed tar and a folder; absent and broken files") {
  Folder f;
  const std::string big(200000, 'x');
  f.write("pics/a.bin", "four");
  f.write("pics/b.bin", big);
  write_tar(f.path() + "/pics.tar", false, {{"a.bin", "four"}, {"./b.bin", big}});
  write_tar(f.path() + "/pics.tar.gz", true, {{"a.bin", "old"}, {"b.bin", big}, {"a.bin", "four"}});
  recipe::Plan p;
  recipe::TablePlan t;
  t.name = "items", t.key = "item", t.reader = reader();
  t.files = {f.write("items", "item\tfile\n1\ta\n2\tb\n3\tc\n4\t\n")};
  t.fields = {field_plan("pic", "length", {}, "")};
  p.tables = {t};
  own_axes(p);
  p.train.rows = 0_id;
  read_field(p, 0_id, 0_id);
  for (const std::string media : {"/pics/{file}.bin", "/pics.tar:{file}.bin", "/pics.tar.gz:{file}.bin"}) {
    p.tables[0_id].fields[0_id].media = f.path() + media;
    const auto batch = Source::open(p, makers())->pass({})->next();
    CHECK(values<std::int64_t>(batch->axes[0_id].fields[0_id].values[0]) == Rows{4, 200000, 0, 0});
    CHECK(values<bool>(batch->axes[0_id].fields[0_id].mask) == std::vector<bool>{true, true, false, false});
  }
  f.write("pics/a.bin", "broken");
  p.tables[0_id].fields[0_id].media = f.path() + "/pics/{file}.bin";
  for (const std::int64_t ahead : {0, 2}) {
    p.data.ahead = ahead;
    const auto message = message_of([&] { Source::open(p, makers())->pass({})->next(); });
    CHECK(message.find(p.tables[0_id].files[0] + ":2: error: file '" + f.path() +
                       "/pics/a.bin' of field 'pic': not an image [cell-broken]") == 0);
  }
  p.tables[0_id].bad_rows = recipe::TablePlan::BadRows::skip;
  p.data.cache_bytes = 0;  // decoded twice, told once
  auto source = Source::open(p, makers());
  CHECK(values<bool>(source->pass({})->next()->axes[0_id].fields[0_id].mask) ==
        std::vector<bool>{false, true, false, false});
  source->pass({})->next();
  CHECK(source->report().warnings.size() == 1);
  p.tables[0_id].fields[0_id].media = f.path() + "/none/{file}.bin";
  CHECK(message_of([&] { Source::open(p, makers()); }).find("there is no such folder") != std::string::npos);
  p.tables[0_id].fields[0_id].media = f.write("bad.tar.gz", "this is no archive") + ":{file}.bin";
  CHECK(message_of([&] { Source::open(p, makers()); }).find("bad.tar.gz: error: ") != std::string::npos);
}

TEST_CASE("axes that cannot be filled are refused") {
  World3 w;
  through_link(w.plan, World3::events, World3::events, 1_id);
  CHECK(message_of([&] { Source::open(w.plan, makers()); }).find("needs an axis of its own") != std::string::npos);
}

TEST_CASE("memory of arrays is used again") {
  void* first;
  {
    const auto a = braid::data::new_array(braid::DType::floating, {100, 1000});
    first = a.bytes.get();
    CHECK(reinterpret_cast<std::uintptr_t>(first) % 64 == 0);
  }
  CHECK(braid::data::new_array(braid::DType::floating, {100, 1001}).bytes.get() == first);
  CHECK(braid::data::new_array(braid::DType::boolean, {0}).count() == 0);
}
