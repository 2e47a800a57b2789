// What a wire's text means, where a mistake in it is, and through what its tensor travels.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/check/checker.h"
#include "tests/toys/cards.h"
#include "tests/toys/ids.h"

#include <doctest/doctest.h>

using namespace braid;
using namespace braid::recipe;
using namespace braid::recipe::testing;

namespace {

// tests/errors/good/base.toml: items 0, users 1, ratings 2 (links user 0, item 1; label liked; list history), with an
// axis that takes the target items alone, drawn items, and a draw for each place of the history.
const std::string more = R"([tables.ratings.lists]
others = { draw = 3, of = "items", by = "uniform" }
each = { draw = 2, of = "items", by = "uniform", per = "history" }
[axes.targets]
table = "items"
from = ["ratings.item"]
)";

struct Recipe {
  Checker c{test_world(), {}};
  Recipe() {
    const auto text = "include = [\"base.toml\"]\n" + more;
    const auto checked = check_into(c, std::string(BRAID_GOOD_RECIPES) + "/here.toml", &text, {});
    for (const auto& problem : checked.problems) FAIL(problem.text());
    c.report = Report();
  }
  std::vector<WireDraft> all(const std::string& text) {
    items.push_back(std::make_unique<Item>());
    items.back()->kind = Item::Kind::text;
    items.back()->text = text;
    return read_wires(c, *items.back(), true);
  }
  WireDraft one(const std::string& text) {
    auto wires = all(text);
    REQUIRE(wires.size() == 1);
    return wires[0];
  }
  // Typed; REQUIREs that it can be.
  WireDraft typed(const std::string& text) {
    auto wire = one(text);
    REQUIRE(type_wire(c, wire));
    return wire;
  }
  std::vector<std::unique_ptr<Item>> items;
};

// The first mistake of a recipe whose ranker has this wire, as "tag column", counted in the wire from 0; "" for none.
std::string mistake(const std::string& wire) {
  const std::string before = "in.other = [\"";
  const auto text = "include = [\"base.toml\"]\n" + more + "[nodes.rank]\n" + before + wire + "\"]\n";
  const auto checked = check_text(text, std::string(BRAID_GOOD_RECIPES) + "/here.toml", {}, test_world());
  if (checked.problems.empty()) return "";
  const auto& first = checked.problems[0];
  return first.tag + " " + std::to_string(first.place.column - 1 - static_cast<int>(before.size()));
}

}  // namespace

TEST_CASE("names: an output, a field, a label, a link's key, a row's key, number and count") {
  Recipe r;
  const auto node = r.one("rank.probability");
  REQUIRE(node.node());
  CHECK(r.c.nodes[node.node()->node].plan.name == "rank");
  CHECK(node.node()->output == 1);
  CHECK(node.port_name == "probability");
  CHECK(r.one("item").node()->output == 0);  // its one output
  const auto field = r.one("items.text");
  REQUIRE(field.field());
  CHECK(field.field()->field == 1_id);
  CHECK(field.axis == AxisId(0_id));
  CHECK(is<LabelOf>(r.one("ratings.liked").source));
  CHECK(is<LinkKey>(r.one("ratings.user").source));
  CHECK(is<KeyOf>(r.one("items.key").source));
  CHECK(is<RowOf>(r.one("items.row").source));
  CHECK(is<CountOf>(r.one("items.count").source));
  CHECK(r.one("targets.id").axis == AxisId(3_id));
}

TEST_CASE("what stands in [ ]: a link, a list, another axis' rows") {
  Recipe r;
  const auto link = r.one("item.vector[ratings.item]");
  REQUIRE(link.via);
  CHECK(*link.via == Via{2_id, TableLink{2_id, 1_id}});
  CHECK(link.via_at == 11);
  CHECK(*r.one("item.vector[ratings.history]").via == Via{2_id, TableList{2_id, 0_id}});
  CHECK(*r.one("item.vector[targets.row]").via == Via{3_id, AxisRow{}});
}

TEST_CASE("a glob gives a wire for each field, in their order") {
  Recipe r;
  const auto wires = r.all("users.*[ratings.user]");
  REQUIRE(wires.size() == 2);
  CHECK(wires[0].text == "users.id[ratings.user]");
  CHECK(wires[1].text == "users.age[ratings.user]");
  CHECK(wires[1].via_at == 9);
}

TEST_CASE("a mistake has its column inside the text") {
  CHECK(mistake("user.vector[ratings.user]") == "");
  CHECK(mistake("") == "bad-wire 0");
  CHECK(mistake("user.") == "bad-wire 5");
  CHECK(mistake("user..vector") == "bad-wire 5");
  CHECK(mistake("user.vector[ratings.user") == "bad-wire 24");
  CHECK(mistake("user.vector[ratings]") == "bad-wire 12");
  CHECK(mistake("user.vector[ratings.user]x") == "bad-wire 25");
  CHECK(mistake("user.vector.a.b") == "bad-wire 14");
  CHECK(mistake("user vector") == "bad-wire 4");
  CHECK(mistake("usr.vector[ratings.user]") == "unknown-node 0");
  CHECK(mistake("user.vectr[ratings.user]") == "unknown-output 5");
  CHECK(mistake("user.vector[rating.user]") == "unknown-axis 12");
  CHECK(mistake("user.vector[ratings.usr]") == "unknown-link 20");
  CHECK(mistake("users.idd[ratings.user]") == "unknown-field 6");
  CHECK(mistake("ratings.history") == "bad-wire 8");
}

TEST_CASE("a tensor lives on the rows that its link belongs to; a list puts its places behind them") {
  Recipe r;
  const auto link = r.typed("item.vector[ratings.item]");
  REQUIRE(link.flow.type.dims.size() == 2);
  CHECK(link.flow.type.dims[0] == Size(AxisRows{2_id}));
  CHECK(link.flow.type.dims[1] == Size(FixedSize{64}));
  const auto list = r.typed("item.vector[ratings.history]");
  REQUIRE(list.flow.type.dims.size() == 3);
  CHECK(list.flow.type.dims[1] == Size(ListPlaces{{2_id, 0_id}, 20}));
  CHECK(list.flow.padded == std::vector<bool>{false, true, false});
  CHECK(list.flow.same[1] == "list ratings.history");
  const auto each = r.typed("item.vector[ratings.each]");  // a draw for each place: places, then draws
  REQUIRE(each.flow.type.dims.size() == 4);
  CHECK(each.flow.type.dims[1] == Size(ListPlaces{{2_id, 0_id}, 20}));
  CHECK(each.flow.type.dims[2] == Size(ListPlaces{{2_id, 2_id}, 2}));
  CHECK(r.typed("item.vector[targets.row]").flow.type.dims[0] == Size(AxisRows{3_id}));
  const auto key = r.typed("ratings.user");
  CHECK(key.flow.type.dtype == DType::key);
  CHECK(key.flow.type.dims == std::vector<Size>{AxisRows{2_id}});
  CHECK(r.typed("items.row").flow.type.dtype == DType::whole);
  CHECK(r.typed("items.count").flow.type.dtype == DType::floating);
}

TEST_CASE("a link reaches one table, and an axis holds the rows that it takes") {
  CHECK(mistake("user.vector[ratings.item]") == "wrong-table 12");
  CHECK(mistake("rank.logit[ratings.item]") != "");
  Recipe r;
  CHECK(ways_to(r.c, 0_id, true, false) == std::vector<std::string>{"ratings.item"});
  CHECK(ways_to(r.c, 0_id, false, true) ==
        std::vector<std::string>{"ratings.history", "ratings.others", "ratings.each"});
  CHECK(ways_to(r.c, 3_id, true, true) == std::vector<std::string>{"ratings.item"});  // of the targets alone
  auto wire = r.one("targets.id[ratings.history]");
  CHECK_FALSE(type_wire(r.c, wire));
  std::vector<Problem> problems, warnings;
  r.c.report.hand_over({}, problems, warnings);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].tag == "axis-not-covering");
}
