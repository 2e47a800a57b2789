// Numbers with a type of their own, and what they look into.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/plan/ids.h"

#include "recipe/plan/plan.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>

using namespace braid::recipe;

namespace {

struct Thing {
  std::string name;
};
struct Other {};
using ThingId = Id<Thing>;

template <class Container, class Key>
concept looked_up = requires(Container& things, Key key) {
  things[key];
};

}  // namespace

TEST_CASE("a number is of one kind of thing, and of nothing else") {
  static_assert(!std::is_convertible_v<std::size_t, ThingId> && !std::is_convertible_v<ThingId, std::size_t>);
  static_assert(!std::is_convertible_v<Id<Other>, ThingId> && !std::is_constructible_v<ThingId, Id<Other>>);
  static_assert(!std::is_default_constructible_v<ThingId>);
  static_assert(!std::is_convertible_v<TableId, AxisId> && !std::is_constructible_v<AxisId, TableId>);
  static_assert(looked_up<Indexed<ThingId, Thing>, ThingId>);
  static_assert(!looked_up<Indexed<ThingId, Thing>, Id<Other>> && !looked_up<Indexed<ThingId, Thing>, std::size_t>);
  static_assert(sizeof(ThingId) == sizeof(std::size_t));
  CHECK(ThingId{2} < ThingId{3});
  CHECK(ThingId{2} == ThingId{2});
  CHECK(own_axis(TableId{2}) == AxisId{2});
}

TEST_CASE("things are found by number and by name, the first of several") {
  Indexed<ThingId, Thing> things{{"a"}, {"b"}};
  const auto last = things.add({"b"});
  CHECK(last == ThingId{2});
  CHECK(things.size() == 3);
  CHECK(things[last].name == "b");
  CHECK(things.find("a") == ThingId{0});
  CHECK(things.find("b") == ThingId{1});
  CHECK_FALSE(things.find("c"));
  CHECK(things.contains(last));
  CHECK_FALSE(things.contains(ThingId{3}));
  CHECK_THROWS_AS(things.at(ThingId{3}), std::out_of_range);
  things[last].name = "c";
  CHECK(things.find("c") == last);
}

TEST_CASE("a loop over numbers ends where it began to count, also when things are added on the way") {
  Indexed<ThingId, Thing> things{{"a"}, {"b"}};
  std::string seen;
  for (const auto id : things.ids()) {
    seen += things[id].name;
    things.push_back({"more"});
  }
  CHECK(seen == "ab");
  CHECK(things.size() == 4);
  for (const auto id : Indexed<ThingId, Thing>().ids()) FAIL("nothing has the number " << id.index());
}

TEST_CASE("marks of things are a row of bits") {
  Indexed<ThingId, bool> marks(3, false);
  marks[ThingId{1}] = true;
  CHECK(marks.items() == std::vector<bool>{false, true, false});
  CHECK(marks == Indexed<ThingId, bool>{false, true, false});
}

TEST_CASE("a list that comes after another has its places, its history and its bound") {
  TablePlan table;
  table.lists.push_back({"history", TableId{0}, ListPlan::History{.of = LinkId{1}, .by = LinkId{0}, .last = 7}});
  table.lists.push_back({"next", TableId{0}, ListPlan::After{ListId{0}}});
  table.lists.push_back({"shown", TableId{0}, ListPlan::Keys{.column = "shown"}});
  table.lists.push_back({"drawn", TableId{0}, ListPlan::Draw{.count = 3}});
  CHECK(table.places(ListId{1}) == 7);
  CHECK(table.history(ListId{1}) == table.history(ListId{0}));
  CHECK(table.history(ListId{1})->of == LinkId{1});
  CHECK_FALSE(table.places(ListId{2}));
  CHECK_FALSE(table.history(ListId{2}));
  CHECK(table.places(ListId{3}) == 3);
}

TEST_CASE("a wire's rows are those of what it is carried through, else its source's") {
  Wire wire{.source = KeyOf{}, .axis = AxisId{1}};
  CHECK(wire.to_axis() == AxisId{1});
  wire.via = Via{AxisId{4}, TableLink{TableId{2}, LinkId{0}}};
  CHECK(wire.to_axis() == AxisId{4});
  CHECK(wire.via->link()->table == TableId{2});
  CHECK_FALSE(wire.via->list());
  CHECK_FALSE(wire.via->axis_row());
  wire.axis.reset();
  wire.via.reset();
  CHECK_FALSE(wire.to_axis());  // one number for the batch
}
