// Loading, splits, held-out entities, permutation: on tiny files, against what a reader can count by hand.
#include <doctest/doctest.h>

#include "data/hash.h"
#include "tests/toys/components.h"
#include "data/world.h"

#include <algorithm>
#include <set>
#include <sstream>

using namespace braid::data;
using namespace braid::data::testing;
namespace recipe = braid::recipe;

namespace {

recipe::TablePlan entity(const std::string& name, const std::string& key, const std::string& file) {
  recipe::TablePlan t;
  t.name = name, t.key = key, t.files = {file}, t.reader = reader();
  return t;
}

recipe::TablePlan events(const std::string& file) {
  recipe::TablePlan t;
  t.name = "events", t.files = {file}, t.reader = reader();
  t.links = {{"user", 0_id, "", {}}, {"item", 1_id, "", {}}};
  return t;
}

recipe::Plan plan_of(const std::string& users, const std::string& items, const std::string& rows) {
  recipe::Plan p;
  p.tables = {entity("users", "user", users), entity("items", "item", items), events(rows)};
  own_axes(p);
  p.train.rows = 2_id;
  return p;
}

std::vector<std::int64_t> rows_of(Source& source, const std::string& split) {
  PassOptions o;
  o.split = split;
  o.batch = 3;
  std::vector<std::int64_t> out;
  const auto pass = source.pass(o);
  while (const auto batch = pass->next()) out.insert(out.end(), batch->row_numbers.begin(), batch->row_numbers.end());
  return out;
}

using Rows = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("the order column: exact numbers, dates as moments, other texts with a warning; a mix is an error") {
  Folder f;
  // The ranks of the cells, equal ones alike, as the order gives them; or the error.
  const auto ranks = [&](const std::vector<std::string>& cells) {
    recipe::TablePlan plan;
    plan.name = "events", plan.order = "t", plan.reader = reader();
    std::string text = "t\n";
    for (const auto& cell : cells) text += cell + "\n";
    plan.files = {f.write("e", text)};
    Table table;
    table.plan = &plan;
    Complaints complaints;
    std::string out;
    const auto what = message_of([&] {
      load_table(table, {"t"}, makers(), complaints);
      std::vector<std::int64_t> sorted(table.order);
      std::sort(sorted.begin(), sorted.end());
      sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
      for (const auto at : table.order)
        out += std::to_string(std::lower_bound(sorted.begin(), sorted.end(), at) - sorted.begin()) + " ";
      for (const auto& warning : complaints.warnings()) out += warning;
    });
    return what == "nothing was thrown" ? out : what;
  };
  CHECK(ranks({"3", "-1", "10", "3"}) == "1 0 2 1 ");
  CHECK(ranks({"0.5", "-2", "1e1", "+0.50"}) == "1 0 2 1 ");
  // Nanoseconds: doubles could not tell them apart.
  CHECK(ranks({"1700000000000000002", "1700000000000000001.0", "1700000000000000001", "1700000000000000000.5"}) ==
        "2 1 1 0 ");
  CHECK(ranks({"-1700000000000000001.5", "-1700000000000000002", "123456789012345678901234567890", "0.0"}) ==
        "1 0 3 2 ");
  CHECK(ranks({"0e9223372036854775807", "1.000000000000000001", "-0e-9223372036854775808", "-1"}) == "1 2 1 0 ");
  CHECK(ranks({"1.11e-322", "1.09e-322", "1.10e-322"}) == "2 0 1 ");  // doubles cannot tell these apart
  CHECK(ranks({"2026-9-30", "2026-10-01", "30.9.2026", "2026/09/29"}) == "1 2 1 0 ");
  CHECK(ranks({"2026-09-30T12:00:00Z", "2026-09-30 14:00+02:00", "2026-09-30 11:59:59.999999999", "2026-09-30"}) ==
        "2 2 1 0 ");
  CHECK(ranks({"b", "a", "b"}).find("1 0 1 ") == 0);
  CHECK(ranks({"b", "a"}).find("[order-text]") != std::string::npos);
  for (const std::vector<std::string>& mix : {std::vector<std::string>{"1", "2", "unknown"},
                                              {"1", "2", "2026-09-30"},
                                              {"2026-09-30", "2026-13-01", "2026-10-01"}}) {
    const auto what = ranks(mix);
    CHECK(what.find("[order-mixed]") != std::string::npos);
    CHECK(what.find("2 of 3 cells are") != std::string::npos);
  }
  // Whatever a cell holds, a message goes on to its end.
  const std::string zero("a\0\x1b[2J\x7f", 7);
  CHECK(ranks({"1", "2", zero}).find("is 'a\\x00\\x1b[2J\\x7f' here [order-mixed]") != std::string::npos);
  CHECK(ranks({"1", "2", "unknown"}).find("e:4: error: the order column 't' is 'unknown' here") != std::string::npos);
}

TEST_CASE("cells of another kind than most of the order column are bad rows, which leave the table") {
  Folder f;
  auto p = plan_of(f.write("u", "user\nann\nbob\n"), f.write("i", "item\n1\n2\n3\n"),
                   f.write("e", "user\titem\tt\nann\t1\t5\nann\t2\tunknown\nbob\t3\t4\n"));
  auto& e = p.tables[2_id];
  e.files.push_back(f.write("e2", "user\titem\tt\nzed\t1\t2026-09-30\nbob\t2\t3\nbob\t9\t1e999\nann\t3\t6\n"));
  e.order = "t";
  through_link(p, 0_id, 2_id, 0_id);
  through_link(p, 1_id, 2_id, 1_id);
  const auto message = message_of([&] { Source::open(p, makers()); });
  CHECK(message.find("e:3: error: the order column 't' is 'unknown' here [order-mixed]") == f.path().size() + 1);
  CHECK(message.find("4 of 7 cells are numbers") != std::string::npos);
  CHECK(message.find("bad_rows = \"skip\"") != std::string::npos);
  e.bad_rows = recipe::TablePlan::BadRows::skip;
  const auto source = Source::open(p, makers());
  const auto report = source->report();
  CHECK(report.tables[2].rows == 4);
  CHECK(report.tables[2].bad_rows == 3);
  CHECK(report.tables[2].dangling_links == 0);  // zed and 9 stand in bad rows
  REQUIRE(report.warnings.size() == 3);
  CHECK(report.warnings[0].find("e:3: skipped: the order column 't' is 'unknown' here [order-mixed]") !=
        std::string::npos);
  CHECK(report.warnings[1].find("e2:2: skipped: ") != std::string::npos);
  CHECK(report.warnings[2].find("e2:4: skipped: ") != std::string::npos);
  const auto batch = source->pass({})->next();
  const auto linked = [&](AnyId axis_and_link) {
    Rows out;
    const auto rows = values<std::int64_t>(batch->axes[axis_and_link].row);
    for (const auto at : values<std::int64_t>(batch->links[axis_and_link].index))
      out.push_back(rows[static_cast<std::size_t>(at)]);
    return out;
  };
  CHECK(linked(0_id) == Rows{1, 2, 2, 1});
  CHECK(linked(1_id) == Rows{1, 3, 2, 3});
  CHECK(source->row_name(2_id, 1) == f.path() + "/e:4");
  CHECK(source->row_name(2_id, 2) == f.path() + "/e2:3");
  // Half is not most, and texts are no order that numbers fall out of.
  for (const auto* cells : {"1\nx\n", "x\ny\n1\n"}) {
    std::string text = "user\titem\tt\n", line;
    for (std::istringstream lines(cells); std::getline(lines, line);) text += "ann\t1\t" + line + "\n";
    e.files = {f.write("e", text)};
    const auto what = message_of([&] { Source::open(p, makers()); });
    CHECK(what.find("[order-mixed]") != std::string::npos);
    CHECK(what.find("bad_rows") == std::string::npos);
  }
}

TEST_CASE("rows for which keep, the split or a label has no answer are bad rows, each counted once") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n1\n2\n"), f.write("i", "item\n1\n"),
                   f.write("e",
                           "user\titem\tr\tday\tw\n1\t1\t5\t0\t1\n1\t1\thigh\tx\tx\n2\t1\t4\tMon\t1\n1\t1\t1\tx\tx\n"
                           "2\t1\t4\t1\tx\n2\t1\t4\t1\t1e300\n2\t1\t4\t3\t1\n"));
  auto& e = p.tables[2_id];
  e.keep = expression("r > 2");
  e.split.how = recipe::SplitPlan::ByHash{expression("day % 2"), 1, 0, 1};
  e.split.text = "day % 2";
  e.labels = {{"w", expression("w"), "w", {}}};
  e.at_least = {{0_id, 2}};
  read_label(p, 2_id, 0_id);
  const auto message = message_of([&] { Source::open(p, makers()); });
  CHECK(message.find("e:3: error: keep: column 'r' is 'high', which is not a number [text-for-number]") !=
        std::string::npos);
  CHECK(message.find("e:4: error: split (day % 2): column 'day' is 'Mon'") != std::string::npos);
  CHECK(message.find("e:6: error: label 'w' (w) is no number [label-text]") != std::string::npos);
  CHECK(message.find("e:7: error: label 'w' (w) is beyond what 32-bit") != std::string::npos);
  CHECK(message.find("e:5") == std::string::npos);  // `keep` leaves it out
  CHECK(message.find("compare a text with a text in quotes") != std::string::npos);
  e.bad_rows = recipe::TablePlan::BadRows::skip;
  auto source = Source::open(p, makers());
  CHECK(source->report().tables[2].bad_rows == 4);
  CHECK(source->report().tables[2].rows == 3);
  CHECK(source->report().tables[2].kept == 0);  // one good row a user: bad ones do not count for at_least
  CHECK(source->report().warnings.back() == "skipped rows of 'events': 1 more, 4 in all");
  e.at_least.clear();
  source = Source::open(p, makers());
  CHECK(rows_of(*source, "train") == Rows{0});
  CHECK(rows_of(*source, "test") == Rows{6});
  e.keep = expression("day");  // a text is no condition
  source = Source::open(p, makers());
  CHECK(source->report().tables[2].bad_rows == 5);
  CHECK(rows_of(*source, "test") == Rows{6});
}

TEST_CASE("other bytes than UTF-8 are bad rows, with column, offset and a hint") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n1\n"), f.write("i", "item\tx\n1\tMis\xE9rables\n2\tMis\xC3\xA9rables\n"),
                   f.write("e", "user\titem\n1\t1\n1\t2\n"));
  const auto what = message_of([&] { Source::open(p, makers()); });
  CHECK(what.find("i:2: error: byte 3 of column 'x' is 0xE9, which is not UTF-8") != std::string::npos);
  CHECK(what.find("encoding = \"latin-1\"") != std::string::npos);
  p.tables[1_id].bad_rows = recipe::TablePlan::BadRows::skip;
  CHECK(Source::open(p, makers())->report().tables[1].bad_rows == 1);
}

TEST_CASE("keys, dangling and missing links, keys of links") {
  Folder f;
  auto p = plan_of(f.write("u", "user\tage\nann\t3\nbob\t\n"), f.write("i", "item\n5\n05\n"),
                   f.write("e", "user\titem\tr\nann\t5\t1\nzed\t05\t0\n\t9\t1\nbob\t5\t0\n"));
  through_link(p, 0_id, 2_id, 0_id);
  through_link(p, 1_id, 2_id, 1_id);
  read_link(p, 2_id, 0_id);
  auto source = Source::open(p, makers());
  CHECK(source->report().tables[2].dangling_links == 2);  // zed, 9; a missing user is no mistake
  CHECK(source->report().warnings.size() == 2);
  CHECK(source->report().warnings[0].find("e:4: warning: 'events.item' points at '9'") != std::string::npos);
  CHECK(source->report().warnings[1].find("e:3: warning: 'events.user' points at 'zed'") != std::string::npos);
  const auto batch = source->pass({})->next();
  CHECK(values<std::int64_t>(batch->axes[0_id].row) == Rows{0, 1, 2});
  CHECK(values<std::uint64_t>(batch->axes[0_id].key) == std::vector<std::uint64_t>{0, key_of("ann"), key_of("bob")});
  CHECK(values<std::int64_t>(batch->links[0_id].index) == Rows{1, 0, 0, 2});
  CHECK(values<std::int64_t>(batch->links[1_id].index) == Rows{1, 2, 0, 1});  // "05" is another key than "5"
  CHECK(values<std::uint64_t>(batch->link_keys[0_id]) ==
        std::vector<std::uint64_t>{key_of("ann"), key_of("zed"), 0, key_of("bob")});
  CHECK(batch->link_keys[1_id].sizes.empty());
  const auto keys = values<std::uint64_t>(batch->axes[2_id].key);
  CHECK(std::set(keys.begin(), keys.end()).size() == 4);
}

TEST_CASE("bad rows: all named, or skipped and counted") {
  Folder f;
  const auto items = f.write("i", "item\tx\n1\ta\n2\n1\tb\n\tc\n3\td\n");
  auto p = plan_of(f.write("u", "user\n1\n"), items, f.write("e", "user\titem\tpos\n1\t1\t1\n1\t3\t\n1\t3\t4\n"));
  p.tables[2_id].order = "pos";
  const auto message = message_of([&] { Source::open(p, makers()); });
  CHECK(message.find(items + ":3: error: 1 cells [bad-row]") != std::string::npos);
  CHECK(message.find(items + ":4: error: key '1' stands in " + items + ":2 too [key-duplicate]") != std::string::npos);
  CHECK(message.find(items + ":5: error: the key 'item' is missing") != std::string::npos);
  CHECK(message.find("e:3: error: the order column 'pos' is missing") != std::string::npos);
  for (auto& t : p.tables) t.bad_rows = recipe::TablePlan::BadRows::skip;
  auto source = Source::open(p, makers());
  CHECK(source->report().tables[1].rows == 2);
  CHECK(source->report().tables[1].bad_rows == 3);
  CHECK(source->rows("train") == 2);
  CHECK(source->report().warnings.size() == 4);

  std::string many = "item\tx\n";
  for (int k = 0; k < 50; ++k) many += "1\n";
  p.tables[1_id].bad_rows = recipe::TablePlan::BadRows::error;
  f.write("i", many);
  CHECK(message_of([&] { Source::open(p, makers()); }).find("and 30 more; 50 in all") != std::string::npos);
  p.tables[1_id].files = {f.path() + "/none"};
  CHECK(message_of([&] { Source::open(p, makers()); }).find("/none: error: cannot open") != std::string::npos);
}

TEST_CASE("missing labels are NaN, texts for labels are bad rows; a column that is nowhere is an error") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n1\n"), f.write("i", "item\n1\n"),
                   f.write("e", "user\titem\tw\n1\t1\t4\n1\t1\t\n1\t1\thigh\n1\t1\t6\n"));
  p.tables[2_id].labels = {{"half", expression("w / 4"), "w / 4", {}}, {"raw", expression("w"), "w", {}}};
  read_label(p, 2_id, 0_id);
  CHECK(message_of([&] {
          Source::open(p, makers());
        }).find("e:4: error: label 'half' (w / 4): column 'w' is 'high', which is not a number [text-for-number]") !=
        std::string::npos);
  p.tables[2_id].bad_rows = recipe::TablePlan::BadRows::skip;
  const auto half = values<float>(Source::open(p, makers())->pass({})->next()->labels[0_id]);
  CHECK(half[0] == 1.0f);
  CHECK(half[1] != half[1]);
  CHECK(half[2] == 1.5f);
  // Each record of the file is a row or a bad one.
  CHECK(Source::open(p, makers())->report().tables[2].rows == 3);
  CHECK(Source::open(p, makers())->report().tables[2].bad_rows == 1);
  p.tables[2_id].bad_rows = recipe::TablePlan::BadRows::error;
  p.tables[2_id].labels[0_id] = p.tables[2_id].labels[1_id];
  CHECK(message_of([&] { Source::open(p, makers()); }).find("e:4: error: label 'raw' (w) is no number") !=
        std::string::npos);
  p.tables[2_id].bad_rows = recipe::TablePlan::BadRows::skip;
  auto source = Source::open(p, makers());
  CHECK(rows_of(*source, "train") == Rows{0, 1, 3});
  p.tables[2_id].keep = expression("nobody > 1");
  CHECK(message_of([&] { Source::open(p, makers()); }).find("no column 'nobody'") != std::string::npos);
}

TEST_CASE("several files and joins") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n1\n2\n"), f.write("i", "item\tx\n1\ta\n2\tb\n3\tc\n"),
                   f.write("e1", "user\titem\tr\n1\t1\t1\n2\t2\t2\n"));
  p.tables[2_id].files.push_back(f.write("e2", "r\tuser\titem\n3\t1\t3\n4\t2\t9\n"));  // another order of columns
  p.tables[1_id].joins = {{f.write("j", "x\tprice\tid\nq\t10\t3\nq\t20\t1\nq\t30\t77\n"), "id", reader(), {}}};
  p.tables[1_id].fields = {field_plan("price", "number", {"price"}), field_plan("x", "words", {"x"})};
  p.tables[2_id].keep = expression("r > 1");
  through_link(p, 1_id, 2_id, 1_id);
  read_field(p, 1_id, 0_id);
  read_field(p, 1_id, 1_id);
  auto source = Source::open(p, makers());
  CHECK(source->report().warnings.at(0).find("e2:3: warning") != std::string::npos);
  const auto batch = source->pass({})->next();
  CHECK(batch->row_numbers == Rows{1, 2, 3});
  CHECK(values<std::int64_t>(batch->axes[1_id].row) == Rows{0, 2, 3});
  CHECK(values<float>(batch->axes[1_id].fields[0_id].values[0]) == std::vector<float>{0, 0, 0, 0, 10, 20});
  CHECK(values<bool>(batch->axes[1_id].fields[0_id].mask) == std::vector<bool>{false, false, true});
  CHECK(source->fitted().at("items.x").at("n") == 3);  // the table's own x, not the joined one: b and c are reached
  f.write("j", "id\tprice\n1\t10\n1\t11\n");
  CHECK(message_of([&] { Source::open(p, makers()); }).find("j:3: error: key '1' stands in line 2 too") !=
        std::string::npos);
}

TEST_CASE("splits by hash, by time, leave-last") {
  Folder f;
  std::string text = "user\titem\tt\tr\n";
  for (int k = 0; k < 40; ++k)
    text += std::to_string(1 + k % 3) + "\t" + std::to_string(1 + k % 7) + "\t" + std::to_string(k / 2 * 1.5) + "\t" +
            std::to_string(k % 5) + "\n";
  auto p = plan_of(f.write("u", "user\n1\n2\n3\n"), f.write("i", "item\n1\n2\n3\n4\n5\n6\n7\n"), f.write("e", text));
  auto& e = p.tables[2_id];
  CHECK(Source::open(p, makers())->rows("train") == 40);

  e.split.how = recipe::SplitPlan::ByHash{expression("hash(user, item)"), 3, 1, 2};
  Rows expect[3];
  for (int k = 0; k < 40; ++k) {
    const auto bucket =
        mix64((static_cast<std::uint64_t>(1 + k % 3) << 32) + static_cast<std::uint64_t>(1 + k % 7)) % 6;
    expect[bucket < 3 ? 0 : bucket < 4 ? 1 : 2].push_back(k);
  }
  auto source = Source::open(p, makers());
  CHECK(rows_of(*source, "train") == expect[0]);
  CHECK(rows_of(*source, "valid") == expect[1]);
  CHECK(rows_of(*source, "test") == expect[2]);
  CHECK(message_of([&] { source->pass({.split = "cold"}); }).find("train, valid, test") != std::string::npos);

  e.order = "t";
  e.split.how = recipe::SplitPlan::ByTime{0.775, 0.125, 0.1};
  source = Source::open(p, makers());  // the cut at row 31 falls between two rows of one time: both go on
  CHECK(source->rows("train") == 30);
  CHECK(rows_of(*source, "valid") == Rows{30, 31, 32, 33, 34, 35});
  CHECK(rows_of(*source, "test") == Rows{36, 37, 38, 39});

  e.split.how = recipe::SplitPlan::LeaveLast{0_id, 2};
  source = Source::open(p, makers());
  CHECK(rows_of(*source, "test") == Rows{34, 35, 36, 37, 38, 39});
  CHECK(rows_of(*source, "valid") == Rows{28, 29, 30, 31, 32, 33});
  e.split.how = recipe::SplitPlan::LeaveLast{0_id, 7};  // 13 or 14 rows a user: too few to train on what is left
  source = Source::open(p, makers());
  CHECK(source->rows("train") == 40);
  CHECK(source->rows("test") == 0);
}

TEST_CASE("held-out entities leave the splits and are unknown to fitted fields; permuted cells move on") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n1\n2\n"), f.write("i", "item\tname\tsort\n1\ta\t3\n2\tb\t1\n3\tc\t2\n4\td\t\n"),
                   f.write("e", "user\titem\n1\t1\n1\t2\n2\t3\n2\t1\n"));
  p.tables[1_id].fields = {field_plan("name", "words", {"name"})};
  through_link(p, 1_id, 2_id, 1_id);
  read_field(p, 1_id, 0_id);
  p.tables[2_id].hold_out = {{"cold", 1_id, expression("name == 'b'"), {}}};
  p.slices = {{"warm", expression("train_count(item) >= 2 and item.name == 'a'"), "", {}}};
  auto source = Source::open(p, makers());
  CHECK(rows_of(*source, "cold") == Rows{1});
  CHECK(rows_of(*source, "train") == Rows{0, 2, 3});
  CHECK(source->fitted().at("items.name").at("n") == 3);       // a, c
  CHECK(source->fitted().at("items.name").at("fitted") == 3);  // rows: 1 twice, 3 once
  CHECK(values<std::int64_t>(source->pass({.split = "cold"})->next()->axes[1_id].fields[0_id].values[0]) == Rows{0});
  CHECK(source->report().splits.at("cold") == 1);
  CHECK(source->slice(0) == std::vector<bool>{true, false, false, true});
  CHECK(&source->slice(0) == &source->slice(0));  // found once a run
  p.slices.clear();

  p.tables[2_id].hold_out.clear();
  p.tables[1_id].permute = recipe::TablePlan::Permute{{0_id}, expression("sort"), {}};
  const auto other = Source::open(p, makers());
  CHECK(other->fingerprint() != source->fingerprint());
  // Ascending sort: 2, 3, 1; item 2 takes c, 3 takes a, 1 takes b. In the order of fitting: b (by 1), c (by 2), a (by
  // 3).
  CHECK(values<std::int64_t>(other->pass({})->next()->axes[1_id].fields[0_id].values[0]) == Rows{1, 2, 3});
  CHECK(other->save().at("items.name").find("b 1") != std::string::npos);
}

TEST_CASE("entity tables as rows, empty files, fingerprints") {
  Folder f;
  auto p = plan_of(f.write("u", "user\n"), f.write("i", "item\tname\n1\ta\n2\tb\n"), f.write("e", "user\titem\n"));
  auto source = Source::open(p, makers());
  CHECK(source->rows("train") == 0);
  CHECK(source->pass({})->next() == nullptr);
  CHECK_FALSE(source->pass({})->more());
  const auto first = source->fingerprint();
  f.write("i", "item\tname\n1\ta\n2\tc\n");
  CHECK(Source::open(p, makers())->fingerprint() != first);
  p.train.rows = 1_id;
  p.tables[1_id].fields = {field_plan("name", "words", {"name"})};
  read_field(p, 1_id, 0_id);
  source = Source::open(p, makers());
  CHECK(rows_of(*source, "train") == Rows{1, 2});
  CHECK(source->fitted().at("items.name").at("n") == 3);
}
