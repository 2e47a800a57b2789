// The serving side: which nodes are ahead and on request, what is stored, and its text giving the same plan again.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/serving/serving.h"

#include "recipe/check/sizes.h"
#include "recipe/plan/shapes.h"
#include "tests/toys/cards.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace braid::recipe;

namespace {

const std::string folder = BRAID_GOOD_RECIPES;  // tests/errors/good

Checked with(const std::string& more, const std::vector<std::string>& sets = {},
             const std::string& base = "base.toml") {
  return check_text("include = [\"" + base + "\"]\n" + more, folder + "/here.toml", sets, test_world());
}

Plan plan_of(const Checked& checked) {
  for (const auto& p : checked.problems) MESSAGE(p.text());
  REQUIRE(checked.plan.has_value());
  return *checked.plan;
}

std::string tags(const Checked& checked) {
  std::string out;
  for (const auto& p : checked.problems) out += p.tag + " ";
  for (const auto& p : checked.warnings) out += "(" + p.tag + ") ";
  return out;
}

std::string names(const Plan& plan, const Indexed<NodeId, bool>& on) {
  std::vector<std::string> out;
  for (const auto k : plan.nodes.ids())
    if (on[k]) out.push_back(plan.nodes[k].name);
  std::sort(out.begin(), out.end());
  std::string text;
  for (const auto& name : out) text += name + " ";
  return text;
}

std::string stored(const Serving& side) {
  std::vector<std::string> out;
  for (const auto& one : side.stored) out.push_back(one.name);
  std::sort(out.begin(), out.end());
  std::string text;
  for (const auto& name : out) text += name + " ";
  return text;
}

// A world that fails the test when anybody looks at a file.
World blind_world() {
  auto world = test_world();
  world.exists = [](const std::string& path) {
    FAIL_CHECK("looked for " << path);
    return false;
  };
  world.header = [](const std::string& path, const TextForm&) -> std::variant<std::vector<std::string>, std::string> {
    FAIL_CHECK("read " << path);
    return std::string("not looked at");
  };
  return world;
}

std::string axis_name(const Plan& plan, std::optional<AxisId> axis) { return axis ? plan.axes[*axis].name : ""; }

std::string types_of(const Plan& plan, const Type& type) {
  std::string out = std::string(braid::name_of(type.dtype)) + (type.optional_rows ? "?" : "");
  if (type.id_rows) out += "(" + std::to_string(*type.id_rows) + ")";
  for (const auto& dim : type.dims)
    out += " " + std::to_string(dim.index()) + ":" + size_text(plan, dim) + "," +
           std::to_string(number_of(dim).value_or(-1));
  return out;
}

std::string wire_text(const Plan& plan, const Wire& w) {
  const auto from = w.node() ? output_name(plan.nodes[w.node()->node], w.node()->output) : "";
  return w.text + "|" + std::to_string(w.source.index()) + from + " on " + axis_name(plan, w.axis) + " to " +
         axis_name(plan, w.to_axis()) + (w.stop ? " stop " : " ") + types_of(plan, w.type) + " in" +
         std::to_string(w.inserted.size());
}

// The plan that the serving text gives, compared with the one that it was made of.
Plan round_trip(const Plan& plan, const Fitted& fitted = {}) {
  const auto text = serving_text(plan);
  INFO(text);
  const auto again = plan_of(check_text(text, "elsewhere/serve.toml", {}, blind_world(), fitted));
  CHECK(again.serving);
  const auto side = serving(plan), after = serving(again);
  CHECK(names(again, after.ahead) == names(plan, side.ahead));
  CHECK(names(again, after.request) == names(plan, side.request));
  CHECK(stored(after) == stored(side));
  REQUIRE(after.outputs.size() == side.outputs.size());
  for (std::size_t k = 0; k < side.outputs.size(); ++k)
    CHECK(wire_text(again, after.outputs[k]) == wire_text(plan, side.outputs[k]));
  CHECK(after.candidates.has_value() == side.candidates.has_value());
  if (side.candidates)
    CHECK(again.driving().links[*after.candidates].name == plan.driving().links[*side.candidates].name);
  for (const auto& node : again.nodes) {
    const auto old =
        std::find_if(plan.nodes.begin(), plan.nodes.end(), [&](const auto& n) { return n.name == node.name; });
    REQUIRE(old != plan.nodes.end());
    CHECK(node.use.component == old->use.component);
    CHECK(node.use.values == old->use.values);
    CHECK(node.sizes == old->sizes);
    CHECK(node.frozen == old->frozen);
    CHECK(node.scalars.size() == old->scalars.size());
    CHECK(node.same.has_value() == old->same.has_value());
    REQUIRE(node.inputs.size() == old->inputs.size());
    for (std::size_t p = 0; p < node.inputs.size(); ++p) {
      REQUIRE(node.inputs[p].size() == old->inputs[p].size());
      for (std::size_t k = 0; k < node.inputs[p].size(); ++k)
        CHECK(wire_text(again, node.inputs[p][k]) == wire_text(plan, old->inputs[p][k]));
    }
    REQUIRE(node.outputs.size() == old->outputs.size());
    for (std::size_t p = 0; p < node.outputs.size(); ++p)
      for (std::size_t k = 0; k < node.outputs[p].size(); ++k)
        CHECK(types_of(again, node.outputs[p][k]) == types_of(plan, old->outputs[p][k]));
  }
  for (const auto& table : again.tables) {
    const auto old =
        std::find_if(plan.tables.begin(), plan.tables.end(), [&](const auto& t) { return t.name == table.name; });
    REQUIRE(old != plan.tables.end());
    CHECK(table.key == old->key);
    CHECK(table.missing == old->missing);
    for (const auto& field : table.fields) {
      const auto was =
          std::find_if(old->fields.begin(), old->fields.end(), [&](const auto& f) { return f.name == field.name; });
      REQUIRE(was != old->fields.end());
      CHECK(field.use.component == was->use.component);
      CHECK(field.from == was->from);
      CHECK(field.missing == was->missing);
      for (const auto& [name, value] : was->use.values)
        if (!std::holds_alternative<braid::Path>(value)) CHECK(field.use.values.at(name) == value);
    }
  }
  CHECK(serving_text(again) == text);
  return again;
}

}  // namespace

TEST_CASE("one table's towers are ahead, rankers and table lookups on request") {
  const auto plan = plan_of(check(folder + "/em3.toml", {}, test_world(), {}));
  const auto side = serving(plan);
  CHECK(side.trouble.empty());
  CHECK(names(plan, side.ahead) == "content pixels words ");
  CHECK(names(plan, side.request) == "item_facts item_id rank user ");  // click and align in neither
  CHECK(stored(side) == "content.vector items.genres items.id users.age users.gender users.id users.occupation ");
  REQUIRE(side.outputs.size() == 1);
  CHECK(side.outputs[0].text == "rank.probability");
  CHECK(plan.tables[TableId{2}].links[*side.candidates].name == "item");
  for (const auto& one : side.stored) {
    CHECK_FALSE(one.wire.via);
    CHECK(one.wire.axis == own_axis(one.table));
    CHECK(one.wire.type.axis() == own_axis(one.table));
    if (one.name == "content.vector") CHECK(one.wire.type.dims.size() == 2);
    if (one.name == "users.gender") CHECK(one.wire.type.dims.size() == 1);  // without the inserted dim
    if (one.name == "items.genres") CHECK(one.wire.type.dims.size() == 2);
  }
  const auto again = round_trip(plan);
  CHECK(again.nodes.size() == 7);
  CHECK(again.axes.size() == 3);  // no targets
  CHECK(again.tables[TableId{2}].labels.empty());
  CHECK(again.tables[TableId{0}].fields.size() == 4);
  round_trip(plan, {});
  const Fitted fitted{{"items.id", {{"n", 3884}}}, {"items.genres", {{"n", 19}}}};
  const auto sized = plan_of(check(folder + "/em3.toml", {}, test_world(), fitted));
  const auto cut = round_trip(sized, fitted);
  CHECK(std::any_of(cut.nodes.begin(), cut.nodes.end(),
                    [](const auto& n) { return n.name == "item_id" && n.sizes.at("n") == 3884; }));
}

TEST_CASE("the serving text holds nothing of training") {
  const auto text = serving_text(plan_of(check(folder + "/em3.toml", {}, test_world(), {})));
  for (const auto* word : {"inter.tsv", "items.tsv", "hash(", "keep", "labels", "optimizer", "metrics", "eval", "vars",
                           "click", "align", "targets", "order", "reader", "epochs"})
    CHECK_MESSAGE(text.find(word) == std::string::npos, word << " stands in\n" << text);
}

TEST_CASE("shared components, whole axes, declared axes, first and stop") {
  const auto plan = plan_of(check(folder + "/arms.toml", {"nodes.easy_loss.weight=0.5"}, test_world(), {}));
  // Scored by rank alone: shared lookups on other axes feed only losses.
  const auto side = serving(plan);
  CHECK(names(plan, side.ahead) == "words ");
  CHECK(names(plan, side.request) == "item rank user ");
  round_trip(plan);
  // Served by the other ranker: a whole axis is ahead though it is a lookup; the rest is wired over rows.
  const auto easy = plan_of(check(folder + "/arms.toml", {"serve.outputs=[\"easy.logit\"]"}, test_world(), {}));
  const auto other = serving(easy);
  CHECK(names(easy, other.ahead) == "everything ");
  CHECK(names(easy, other.request) == "easy either item ");
  CHECK(stored(other) == "everything.vector items.id ");
  const auto again = round_trip(easy);
  CHECK(again.axes.size() == 3);  // the catalogue's, too
  CHECK(again.axes.back().whole);
  CHECK(again.tables.size() == 2);  // no wire reads users: their link is gone
}

TEST_CASE("a node that shares a component keeps the component's owner") {
  const auto plan = plan_of(
      with("[axes.targets]\ntable = \"items\"\nfrom = [\"ratings.item\"]\n[nodes.again]\nsame = \"words\"\nin.tokens = "
           "\"targets.text\"\n[nodes.apart]\nuse = \"similarity\"\nin = { a = \"item.vector[targets.row]\", b = "
           "\"item2.vector\" }\n"
           "[nodes.item2]\nsame = \"item\"\nin.id = \"targets.id\"\n[nodes.rank]\nin.target = "
           "[\"item.vector[ratings.item]\", \"dense.vector[ratings.item]\"]\n[nodes.dense]\nuse = \"dense\"\nin.x = "
           "\"again.vector\"\n"
           "[nodes.l]\nuse = \"content_id_contrast\"\nin = { content = \"item2.vector\", id = "
           "\"item.vector[targets.row]\" }\n"
           "[nodes.l2]\nuse = \"binary_cross_entropy\"\nin = { logit = \"apart.score\", label = \"apart.score\" }\n"));
  const auto side = serving(plan);
  CHECK(names(plan, side.ahead) == "again dense ");
  CHECK(names(plan, side.request) == "item rank user ");
  const auto again = round_trip(plan);  // words is there for its weights, in no part
  CHECK(names(again, Indexed<NodeId, bool>(again.nodes.size(), true)) == "again dense item rank user words ");
}

TEST_CASE("an axis' rows gathered from the table's own axis stay ahead") {
  const auto plan = plan_of(with(
      "[axes.targets]\ntable = \"items\"\nfrom = [\"ratings.item\"]\n[nodes.dense]\nuse = \"dense\"\ndim = 64\nin.x = "
      "\"words.vector[targets.row]\"\n[nodes.rank]\nin.target = [\"dense.vector[ratings.item]\"]\n"));
  const auto side = serving(plan);
  CHECK(names(plan, side.ahead) == "dense words ");
  CHECK(stored(side) == "dense.vector items.id users.age users.id ");  // history reads item
  CHECK(side.stored[0].name == "dense.vector");
  CHECK(side.stored[0].wire.axis == AxisId{3});
  CHECK(side.stored[0].table == TableId{0});
  round_trip(plan);
}

TEST_CASE("serve moves nodes, and a node on request takes its readers along") {
  const auto ahead = plan_of(with("", {"nodes.item.serve=ahead"}));
  CHECK(names(ahead, serving(ahead).ahead) == "item words ");
  CHECK(stored(serving(ahead)) == "item.vector users.age users.id words.vector ");
  round_trip(ahead);
  const auto later = plan_of(with("", {"nodes.words.serve=request"}));
  CHECK(names(later, serving(later).ahead).empty());
  CHECK(names(later, serving(later).request) == "item rank user words ");
  CHECK(stored(serving(later)) == "items.id items.text users.age users.id ");
  round_trip(later);
  const std::string chain =
      "[nodes.dense]\nuse = \"dense\"\nin.x = \"words.vector\"\n[nodes.rank]\nin.target = "
      "[\"item.vector[ratings.item]\", \"dense.vector[ratings.item]\"]\n";
  const auto both = plan_of(with(chain, {"nodes.words.serve=request"}));
  CHECK(names(both, serving(both).request) == "dense item rank user words ");
  CHECK(tags(with(chain, {"nodes.words.serve=request", "nodes.dense.serve=ahead"})) == "bad-serve ");
  // A lookup that an ahead node and a request node read stands in both parts.
  const auto twice = plan_of(
      with("[nodes.dense]\nuse = \"dense\"\nin.x = \"item.vector\"\n[nodes.rank]\nin.target = "
           "[\"item.vector[ratings.item]\", \"dense.vector[ratings.item]\", \"words.vector[ratings.item]\"]\n"));
  CHECK(names(twice, serving(twice).ahead) == "dense item words ");
  CHECK(names(twice, serving(twice).request) == "item rank user ");
  round_trip(twice);
}

TEST_CASE("what the recipe wants of serving and cannot have") {
  CHECK(tags(with("", {"nodes.rank.serve=ahead"})) == "bad-serve ");
  CHECK(with("", {"nodes.rank.serve=ahead"}).problems[0].what.find("'item.vector[ratings.item]' goes through a link") !=
        std::string::npos);
  CHECK(tags(with("", {"nodes.rank.serve=never"})) == "bad-choice ");
  CHECK(tags(with("", {"nodes.click.serve=request"})) == "unknown-key ");
  CHECK(tags(with("", {"serve.outputs=[\"item.vector\"]"})) == "not-served ");
  CHECK(with("", {"serve.outputs=[\"item.vector\"]"}).problems[0].text().find("braid export --vectors item.vector") !=
        std::string::npos);
  CHECK(tags(with("", {"serve.outputs=[\"click.loss\"]"})) == "not-served ");
  CHECK(tags(with("", {"serve.outputs=[\"ratings.liked\"]"})) == "not-served ");
  CHECK(tags(with("", {"serve.outputs=[\"item.vector[ratings.item]\"]"})).empty());
  CHECK(tags(with("", {"serve.candidates=itme"})) == "unknown-link ");
  CHECK(with("", {"serve.candidates=itme"}).problems[0].text().find("did you mean 'item'?") != std::string::npos);
}

TEST_CASE("outputs and candidates that the recipe does not say") {
  const auto plan = plan_of(with(""));
  CHECK(serving(plan).outputs[0].text == "rank.logit");
  CHECK(serving(plan).candidates == LinkId{1});  // the history is of items
  CHECK(serving(plan_of(with("", {"serve.candidates=user"}))).candidates == LinkId{0});
  const auto plain = plan_of(with("", {"nodes.rank.in.history=[]"}));
  CHECK(serving(plain).candidates == LinkId{1});  // the last link that is read
  const auto users = plan_of(with("", {"serve.outputs=[\"user.vector[ratings.user]\"]"}));
  CHECK(serving(users).candidates == LinkId{0});
  round_trip(users);
  auto none_said = plan;
  none_said.eval.score.reset();
  CHECK_FALSE(serving(none_said).trouble.empty());
  CHECK(serving(none_said).outputs.empty());
  none_said = plan;
  none_said.eval.score = plan.eval.label;
  CHECK(serving(none_said).trouble.find("liked") != std::string::npos);
}

TEST_CASE("fields of events, ranges of names, lists in cells and draws for their places") {
  auto world = test_world();
  world.header = nullptr;
  const auto plan = plan_of(check_text(
      "include = [\"base.toml\"]\n[tables.ratings]\nmissing = [\"\", \"-1\"]\n[tables.ratings.fields]\npart = { use = "
      "\"vocabulary\", names = \"C{1..3}\", min_count = 2 }\n[tables.ratings.lists]\nshown = { column = "
      "\"candidates\", of = "
      "\"items\", last = 9, separator = \"|\" }\nothers = { draw = 2, of = \"items\", per = \"shown\" "
      "}\n[nodes.parts]\nuse = "
      "\"feature_embedding\"\nin.features = [\"ratings.C1\", \"ratings.C3\"]\n[nodes.all]\nuse = "
      "\"feature_embedding\"\n"
      "in.features = \"ratings.C*\"\n[nodes.l]\nuse = \"soft_label\"\nin = { student = \"m.logit\", teacher = "
      "\"ratings.liked\" }\n[nodes.m]\nuse = \"mlp\"\nin.inputs = [\"all.vector\"]\n[nodes.rank]\nin.other = "
      "[\"parts.vector\", \"user.vector[ratings.user]\"]\nin.history = [\"item.vector[ratings.shown]\"]\n",
      folder + "/here.toml", {}, world));
  const auto again = round_trip(plan);
  const auto& ratings = again.tables[TableId{2}];
  REQUIRE(ratings.fields.size() == 2);
  CHECK(ratings.fields[FieldId{1}].name == "C3");
  CHECK(std::get<std::int64_t>(ratings.fields[FieldId{1}].use.values.at("min_count")) == 2);
  REQUIRE(ratings.lists.size() == 1);
  CHECK(ratings.places(ListId{0}) == 9);
  CHECK(std::get<ListPlan::Keys>(ratings.lists[ListId{0}].how).separator == "|");
}

TEST_CASE("lists that are made of a link or of another list take it along") {
  const auto plan = plan_of(with(
      "[tables.ratings.lists]\nnext = { after = \"history\" }\nnear = { column = \"user.gender\", of = \"items\" "
      "}\n[nodes.rank]\nin.history = [\"item.vector[ratings.next]\"]\n[nodes.near]\nuse = \"mean_pool\"\nin.tokens = "
      "\"item.vector[ratings.near]\"\n[nodes.again]\nuse = \"mlp\"\nin.inputs = [\"near.vector\", "
      "\"item.vector[ratings.item]\"]\n[nodes.l]\nuse = \"binary_cross_entropy\"\nin = { logit = \"again.logit\", "
      "label = \"ratings.liked\" }\n[serve]\noutputs = [\"rank.logit\", \"again.logit\"]\n"));
  const auto again = round_trip(plan);
  const auto& ratings = again.driving();
  const auto next = ratings.lists.find("next"), near = ratings.lists.find("near");
  REQUIRE(next);
  REQUIRE(near);
  CHECK(ratings.lists[std::get<ListPlan::After>(ratings.lists[*next].how).base].name == "history");
  CHECK(ratings.links[std::get<ListPlan::Keys>(ratings.lists[*near].how).through.value()].name == "user");
}

TEST_CASE("a recipe's serving text is read as such only") {
  const std::string text = serving_text(plan_of(with("")));
  CHECK_FALSE(plan_of(with("")).serving);
  const auto marked = check_text("lookup_only = true\n" + text, "serve.toml", {}, blind_world());
  CHECK(plan_of(marked).lookup_only);
  CHECK(tags(with("lookup_only = true\n")) == "unknown-key ");
  CHECK(tags(check_text("serving = 1\n" + text.substr(text.find("serving")).substr(15), "x.toml", {}, test_world()))
            .find("wrong-type ") != std::string::npos);
}
