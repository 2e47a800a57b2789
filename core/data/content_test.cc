// What loading counts: content that is there, missing or broken; entities that training never shows.
#include "tests/toys/data_world.h"

#include "data/hash.h"

#include <doctest/doctest.h>

using namespace braid;
using namespace braid::data;
using namespace braid::data::testing;

namespace {

// Items with a picture and a price, driving.
struct Items {
  Folder f;
  recipe::Plan plan;
  explicit Items(const std::string& rows) {
    recipe::TablePlan t;
    t.name = "items", t.key = "item", t.reader = reader();
    t.files = {f.write("items", "item\tfile\tprice\n" + rows)};
    t.bad_rows = recipe::TablePlan::BadRows::skip;
    t.fields = {field_plan("pic", "length", {}, f.path() + "/pics/{file}.jpg"), field_plan("price", "number", {})};
    plan.tables = {t};
    own_axes(plan);
    plan.train.rows = 0_id;
    read_field(plan, 0_id, 0_id);
    read_field(plan, 0_id, 1_id);
    f.write("pics/a.jpg", "four");
  }
  std::string why() const {
    return message_of([&] { Source::open(plan, makers()); });
  }
};

}  // namespace

TEST_CASE("content: present, missing and broken rows of each field") {
  Items w("1\ta\t3\n2\tb\t\n3\t\t5\n4\tc\tmuch\n5\td\t1\n6\te\t1\n");
  w.f.write("pics/c.jpg", "broken");
  w.plan.tables[0_id].fields[1_id].missing = {"5"};
  const auto source = Source::open(w.plan, makers());
  auto report = source->report().content;
  REQUIRE(report.size() == 2);
  CHECK(report[0].table == "items");
  CHECK(report[0].field == "pic");
  CHECK(report[0].content.rows == 6);
  CHECK(report[0].content.missing == 4);  // b, d and e have no file, row 3 has no name
  CHECK(report[0].content.broken == 0);   // nothing was decoded yet
  CHECK(report[0].content.share == doctest::Approx(4.0 / 6));
  CHECK(report[0].content.examples ==
        std::vector<std::string>{w.f.path() + "/pics/b.jpg", w.f.path() + "/pics/d.jpg", w.f.path() + "/pics/e.jpg"});
  CHECK(report[1].content.missing == 2);
  CHECK(report[1].content.looked_for == "column 'price'");
  source->pass({})->next();
  source->pass({})->next();  // what is decoded again is counted once
  report = source->report().content;
  CHECK(report[0].content.broken == 1);
  CHECK(report[0].content.present() == 1);
  CHECK(report[1].content.broken == 1);
  CHECK(report[1].content.present() == 3);
}

TEST_CASE("content: a field that has nothing in all rows is an error before anything else") {
  const Items png("1\tx\t3\n2\ty\t1\n");
  CHECK(png.why().find("field 'items.pic' has nothing in all 2 rows of table 'items'; it looks for '" + png.f.path() +
                       "/pics/{file}.jpg', as '" + png.f.path() + "/pics/x.jpg', '" + png.f.path() +
                       "/pics/y.jpg' [content-missing]") != std::string::npos);
  const Items blank("1\ta\t\n2\ta\t\n");
  CHECK(blank.why().find("field 'items.price' has nothing in all 2 rows of table 'items'; it looks for column "
                         "'price' [content-missing]") != std::string::npos);
  Items unread("1\tx\t3\n2\ty\t1\n");
  unread.plan.nodes[0_id].inputs.erase(unread.plan.nodes[0_id].inputs.begin());  // the picture
  CHECK(unread.why() == "nothing was thrown");
}

TEST_CASE("unseen: rows of each split whose entity no training row shows") {
  Folder f;
  recipe::Plan p;
  recipe::TablePlan users, events;
  users.name = "users", users.key = "user", users.reader = reader();
  users.files = {f.write("users", "user\n1\n2\n3\n")};
  events.name = "events", events.reader = reader();
  // By time: rows 1 to 4 train, 5 to 8 test. 12.0 is no user, an empty cell is no mistake.
  events.files = {f.write("events", "user\tt\n1\t1\n1\t2\n2\t3\n1\t4\n1\t5\n3\t6\n2.0\t7\n\t8\n")};
  events.order = "t";
  events.links = {{"user", 0_id, "", {}}};
  events.split.how = recipe::SplitPlan::ByTime{0.5, 0, 0.5};
  p.tables = {users, events};
  own_axes(p);
  p.train.rows = 1_id;
  through_link(p, 0_id, 1_id, 0_id);
  const auto source = Source::open(p, makers());
  // The user of the empty cell is nobody; 3 and 2.0 are unseen, 1 is not.
  const auto& user = source->report().unseen.at("test").at("user");
  CHECK(user.rows == 3);
  CHECK(user.unseen == 2);
}
