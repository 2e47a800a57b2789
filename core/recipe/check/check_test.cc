// Plans of good recipes: what the data plane, the graph and the trainer get.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/plan/shapes.h"
#include "tests/toys/cards.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace braid::recipe;

namespace {

const std::string folder = BRAID_GOOD_RECIPES;  // tests/errors/good

Plan plan_of(const std::string& name, const std::vector<std::string>& sets = {}, const Fitted& fitted = {}) {
  const auto checked = check(folder + "/" + name, sets, test_world(), fitted);
  for (const auto& p : checked.problems) MESSAGE(p.text());
  REQUIRE(checked.plan.has_value());
  return *checked.plan;
}

const NodePlan& node(const Plan& plan, const std::string& name) {
  for (const auto& n : plan.nodes)
    if (n.name == name) return n;
  FAIL("no node " << name);
  return plan.nodes[NodeId{0}];
}

std::string tags(const Checked& checked) {
  std::string out;
  for (const auto& p : checked.problems) out += p.tag + " ";
  for (const auto& p : checked.warnings) out += "(" + p.tag + ") ";
  return out;
}

// The base recipe with one text replaced.
Checked with(const std::string& more, const std::vector<std::string>& sets = {}, const Fitted& fitted = {}) {
  return check_text("include = [\"base.toml\"]\n" + more, folder + "/here.toml", sets, test_world(), fitted);
}

}  // namespace

TEST_CASE("tables, links, lists and splits of the MovieLens recipe") {
  const auto plan = plan_of("em3.toml");
  REQUIRE(plan.tables.size() == 3);
  const auto& ratings = plan.tables[TableId{2}];
  CHECK(plan.tables[TableId{0}].key == "item");
  CHECK_FALSE(plan.tables[TableId{0}].event());
  CHECK(ratings.event());
  CHECK(ratings.order == "pos");
  CHECK(ratings.reader.component == "tsv");
  CHECK(ratings.keep.has_value());
  CHECK(ratings.links[LinkId{0}].table == TableId{1});
  CHECK(ratings.links[LinkId{1}].column == "item");
  const auto& split = std::get<SplitPlan::ByHash>(ratings.split.how);
  CHECK(split.train == 8);
  CHECK(split.value.op == Expression::Op::hash);
  CHECK(ratings.split.has_valid());
  const auto& history = std::get<ListPlan::History>(ratings.lists[ListId{0}].how);
  CHECK(history.last == 20);
  CHECK(ratings.places(ListId{0}) == 20);
  CHECK(ratings.lists[ListId{0}].table == TableId{0});
  CHECK(history.visible == ListPlan::History::Visible::all);
  CHECK(plan.tables[TableId{0}].fields[FieldId{2}].from == std::vector<std::string>{"title", "plot_omdb"});
  CHECK(plan.tables[TableId{0}].fields[FieldId{3}].media.ends_with("posters_64x96.tar.gz:{item}.jpg"));
  CHECK(plan.tables[TableId{0}].fields[FieldId{3}].from.empty());
  REQUIRE(plan.axes.size() == 4);
  CHECK(plan.axes[AxisId{3}].name == "targets");
  CHECK_FALSE(plan.axes[AxisId{3}].standard);
  CHECK(plan.axes[AxisId{3}].from[0] == Way(TableLink{TableId{2}, LinkId{1}}));
}

TEST_CASE("wires know their axes, links and types") {
  const auto plan = plan_of("em3.toml");
  const auto& rank = node(plan, "rank");
  const auto& target = rank.inputs[0][0];
  REQUIRE(target.node());
  CHECK(plan.nodes[target.node()->node].name == "content");
  CHECK(target.axis == AxisId{0});
  CHECK(target.to_axis() == AxisId{2});
  REQUIRE(target.via);
  CHECK(*target.via == Via{AxisId{2}, TableLink{TableId{2}, LinkId{1}}});
  CHECK(target.type.dims.size() == 2);
  CHECK(target.type.axis() == AxisId{2});
  CHECK(target.type.dims[1] == Size(FixedSize{256}));
  CHECK(target.type.optional_rows);
  const auto& history = rank.inputs[1][1];
  const TableList list{TableId{2}, ListId{0}};
  CHECK(history.via == Via{AxisId{2}, list});
  REQUIRE(history.type.dims.size() == 3);
  CHECK(history.type.dims[1] == Size(ListPlaces{list, 20}));
  const auto& click = node(plan, "click");
  CHECK(is<LabelOf>(click.inputs[1][0].source));
  CHECK(click.trains);
  const auto& align = node(plan, "align");
  CHECK(align.inputs[0][0].via == Via{AxisId{3}, AxisRow{}});
  CHECK(align.inputs[0][0].to_axis() == AxisId{3});
  CHECK(std::get<ScalarPlan::Constant>(align.weight.how).value == doctest::Approx(0.1));
  REQUIRE(plan.eval.group);
  CHECK(is<LinkKey>(plan.eval.group->source));
  CHECK(plan.eval.group->type.dtype == braid::DType::key);
  CHECK(is<LinkKey>(plan.metrics[1].inputs[2][0].source));
  CHECK(plan.eval.splits == std::vector<std::string>{"valid", "test"});
  CHECK(plan.train.best);
  CHECK(plan.serve.size() == 1);
}

TEST_CASE("nodes stand in an order in which they can run, and unread outputs are not wanted") {
  const auto plan = plan_of("em3.toml");
  for (const auto k : plan.nodes.ids())
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port)
        if (wire.node()) CHECK(wire.node()->node < k);
  const auto& words = node(plan, "words");
  CHECK(words.wanted[0][0]);
  CHECK_FALSE(words.wanted[1][0]);
  CHECK(node(plan, "rank").wanted[1][0]);  // served
}

TEST_CASE("sizes: parameters, wires, expressions, sums, bounds") {
  const auto plan = plan_of("em3.toml", {}, {{"items.id", {{"n", 3884}}}});
  CHECK(node(plan, "words").sizes.at("tokens") == 64);
  CHECK(node(plan, "pixels").sizes.at("channels") == 3);
  const auto& content = node(plan, "content");
  CHECK(content.sizes.at("tokens.1.tokens") == 24);              // 96/16 * 64/16
  CHECK(content.outputs[0][0].dims[1] == Size(FixedSize{256}));  // queries * dim
  const auto& rank = node(plan, "rank");
  CHECK(rank.sizes.at("target.0.dim") == 256);
  CHECK(rank.sizes.at("target.1.dim") == 64);
  CHECK_FALSE(rank.sizes.contains("target.dim"));  // two wires
  CHECK(rank.sizes.at("other.other_dim") == 16);
  CHECK(rank.sizes.at("other.0.other_dim") == 16);
  CHECK(node(plan, "item_id").sizes.at("n") == 3884);
  CHECK_FALSE(node(plan_of("em3.toml"), "item_id").sizes.contains("n"));
}

TEST_CASE("one id fits a port of several by an inserted dim") {
  const auto plan = plan_of("em3.toml");
  CHECK(node(plan, "user").inputs[0][0].inserted == std::vector<int>{1});
  CHECK(node(plan, "item_facts").inputs[0][0].inserted.empty());
  CHECK(node(plan, "user").inputs[0][0].type.dims.size() == 2);
}

TEST_CASE("shared components, coefficients, schedules, first and stop") {
  const auto plan = plan_of("arms.toml");
  const auto& again = node(plan, "item_again");
  REQUIRE(again.same);
  CHECK(plan.nodes[*again.same].name == "item");
  CHECK(again.outputs[0][0].axis() == again.inputs[0][0].axis);
  const auto& align = node(plan, "align");
  CHECK(std::get<ScalarPlan::Learnt>(align.scalars[0].how).log);
  CHECK(std::get<ScalarPlan::Scheduled>(align.weight.how).steps == 500);
  const auto& either = node(plan, "either");
  CHECK(either.inputs[0][0].text == "item.vector[ratings.item]");
  CHECK(either.inputs[0][1].stop);
  CHECK(node(plan, "imitate").inputs[1][0].stop);  // a teacher
  CHECK(plan.train.groups.size() == 4);
  CHECK(plan.train.groups[GroupId{1}].touched);
  CHECK(plan.train.groups[GroupId{0}].schedule.component == "cosine");
  CHECK(plan.data.cache_bytes == 500'000'000);
  CHECK(plan.eval.splits.back() == "cold");
  CHECK(plan.tables[TableId{2}].hold_out[0].link == LinkId{1});
  CHECK_FALSE(plan.tables[TableId{0}].permute);
  CHECK(plan.tables[TableId{0}].joins.size() == 1);
  CHECK(std::get<ListPlan::Draw>(plan.tables[TableId{2}].lists[ListId{2}].how).by_popularity);
  CHECK(std::get<ListPlan::Draw>(plan.tables[TableId{2}].lists[ListId{3}].how).per == ListId{0});
}

TEST_CASE("spare nodes leave the plan when nothing needs them") {
  const auto plan = plan_of("arms.toml");
  for (const auto& n : plan.nodes) CHECK(n.name != "facts");
  const auto arm = plan_of("arms.toml", {"nodes.easy.in.inputs=[\"facts.vector[ratings.item]\", \"either.vector\"]"});
  CHECK(node(arm, "facts").inputs[0].size() == 2);
  // A field that cannot be had is told once, not again where it is spared.
  CHECK(tags(with("", {"spare=[\"items.genres\"]", "tables.items.fields.genres.use=nothing"})) == "unknown-component ");
}

TEST_CASE("--set reaches everything and is checked like text") {
  CHECK(plan_of("base.toml", {"train.epochs=7"}).train.epochs == 7);
  CHECK(plan_of("base.toml", {"vars.data=elsewhere"}).tables[TableId{0}].files[0] == "elsewhere/items.tsv.gz");
  CHECK(plan_of("base.toml").tables[TableId{0}].files[0] == folder + "/data/items.tsv.gz");
  CHECK(plan_of("base.toml", {"train.optimizer.0.rate=0.5"}).train.groups[GroupId{0}].rate == 0.5);
  CHECK(plan_of("base.toml", {"train.keep=last"}).train.best == false);
  CHECK(plan_of("arms.toml", {"tables.items.permute.on=true"}).tables[TableId{0}].permute.has_value());
  CHECK(plan_of("arms.toml", {"nodes.align.weight=0"}).nodes.size() == plan_of("arms.toml").nodes.size());
  CHECK(tags(with("", {"train.epochs=many"})) == "wrong-type ");
  CHECK(tags(with("", {"nodes.rank.hidden=[64"})) == "bad-set ");
}

TEST_CASE("the resolved recipe gives the same plan from anywhere") {
  for (const std::string name : {"base.toml", "em3.toml", "arms.toml"}) {
    const auto plan = plan_of(name);
    const auto again = check_text(plan.resolved, "/elsewhere/resolved.toml", {}, test_world());
    for (const auto& p : again.problems) MESSAGE(p.text());
    REQUIRE(again.plan);
    CHECK(again.plan->resolved == plan.resolved);
    CHECK(again.plan->nodes.size() == plan.nodes.size());
    for (const auto k : plan.nodes.ids()) {
      CHECK(again.plan->nodes[k].name == plan.nodes[k].name);
      CHECK(again.plan->nodes[k].sizes == plan.nodes[k].sizes);
    }
  }
}

TEST_CASE("fitted sizes find what the recipe alone cannot") {
  const std::string more =
      "[axes.targets]\ntable = \"items\"\nfrom = [\"ratings.item\"]\n[nodes.again]\nsame = \"item\"\nin.id = "
      "\"users.id\"\n"
      "[nodes.rank]\nin.target = [\"item.vector[ratings.item]\", \"words.vector[ratings.item]\", "
      "\"again.vector[ratings.user]\"]\n[tables.ratings]\n";
  CHECK(tags(with(more)) == "(unused-axis) ");
  CHECK(tags(with(more, {}, {{"items.id", {{"n", 10}}}, {"users.id", {{"n", 20}}}})) == "size-conflict ");
  CHECK(tags(with(more, {}, {{"items.id", {{"n", 10}}}, {"users.id", {{"n", 10}}}})) == "(unused-axis) ");
}

std::string types_of(const Plan& plan) {
  std::string out;
  for (const auto& node : plan.nodes) {
    out += node.name;
    for (const auto& port : node.inputs)
      for (const auto& wire : port) out += " " + wire.text + " " + type_text(plan, wire.type);
    for (const auto& port : node.outputs)
      for (const auto& type : port) out += " -> " + type_text(plan, type);
    for (const auto& [name, size] : node.sizes) out += " " + name + "=" + std::to_string(size);
    out += "\n";
  }
  for (const auto* wire : {&plan.eval.score, &plan.eval.label, &plan.eval.group})
    if (*wire) out += type_text(plan, (*wire)->type) + "\n";
  for (const auto& wire : plan.serve) out += type_text(plan, wire.type) + "\n";
  return out;
}

TEST_CASE("sizes that data tell go into the same plan, and a check with them from the start gives no other") {
  const Fitted fitted{{"items.id", {{"n", 40}}}, {"users.id", {{"n", 20}}}, {"items.genres", {{"n", 19}}}};
  for (const std::string name : {"base.toml", "em3.toml", "arms.toml"}) {
    const auto world = test_world();
    const auto first = check(folder + "/" + name, {}, world);
    REQUIRE(first.plan);
    const auto sized = with_sizes(first, fitted);
    REQUIRE(sized.plan);
    CHECK(types_of(*sized.plan) != types_of(*first.plan));
    CHECK(types_of(*sized.plan) == types_of(plan_of(name, {}, fitted)));
    REQUIRE(sized.plan->nodes.size() == first.plan->nodes.size());
    for (const auto k : first.plan->nodes.ids()) {
      const auto &was = first.plan->nodes[k], &is = sized.plan->nodes[k];
      CHECK(is.name == was.name);
      CHECK(is.same == was.same);
      CHECK(is.wanted == was.wanted);
      for (std::size_t p = 0; p < was.inputs.size(); ++p)
        for (std::size_t w = 0; w < was.inputs[p].size(); ++w) {
          CHECK(is.inputs[p][w].source == was.inputs[p][w].source);
          CHECK(is.inputs[p][w].via == was.inputs[p][w].via);
          CHECK(is.inputs[p][w].inserted == was.inputs[p][w].inserted);
        }
    }
    // And again: nothing is left of the sizes before.
    CHECK(types_of(*with_sizes(sized, {}).plan) == types_of(*first.plan));
  }
}

TEST_CASE("a conflict of sizes that only data show is told, and the recipe's file is not read again") {
  const auto first = with(
      "[nodes.again]\nsame = \"item\"\nin.id = \"users.id\"\n[nodes.rank]\nin.target = "
      "[\"item.vector[ratings.item]\", \"words.vector[ratings.item]\", \"again.vector[ratings.user]\"]\n");
  REQUIRE(first.plan);
  CHECK(tags(with_sizes(first, {{"items.id", {{"n", 10}}}, {"users.id", {{"n", 20}}}})) == "size-conflict ");
  CHECK(tags(with_sizes(first, {{"items.id", {{"n", 10}}}, {"users.id", {{"n", 10}}}})).empty());
  CHECK_THROWS_AS(with_sizes(with("", {"train.epochs=many"}), {}), std::logic_error);
}

TEST_CASE("outputs named by a list parameter") {
  const auto checked = with(
      "[nodes.tasks]\nuse = \"multi_task\"\ntasks = [\"click\", \"like\"]\nin.x = \"words.vector[ratings.item]\"\n"
      "[nodes.second]\nuse = \"binary_cross_entropy\"\nin = { logit = \"tasks.like\", label = \"ratings.liked\" }\n");
  REQUIRE(checked.plan);
  const auto& second = node(*checked.plan, "second");
  CHECK(second.inputs[0][0].node()->output == 1);
  CHECK(node(*checked.plan, "tasks").wanted[0] == std::vector<bool>{false, true});
  CHECK(tags(with("[nodes.tasks]\nuse = \"multi_task\"\ntasks = [\"click\"]\nin.x = "
                  "\"words.vector[ratings.item]\"\n[serve]\noutputs = [\"tasks.like\"]\n")) == "unknown-output ");
}

TEST_CASE("globs over fields, ranges of names, fields with several outputs") {
  const auto checked = with(
      "[tables.ratings.fields]\npart = { use = \"vocabulary\", names = \"C{1..3}\" }\n[nodes.parts]\nuse = "
      "\"feature_embedding\"\nin.features = \"ratings.C*\"\n"
      "[nodes.rank]\nin.other = [\"parts.vector\", \"user.vector[ratings.user]\"]\n");
  CHECK(tags(checked) == "unknown-column unknown-column unknown-column ");  // C1 to C3, each told
  const auto users = with("[nodes.user]\nin.features = \"users.*\"\n");
  REQUIRE(users.plan);
  CHECK(node(*users.plan, "user").inputs[0].size() == 2);
  CHECK(node(*users.plan, "user").inputs[0][1].text == "users.age");
  const auto pair = with(
      "[tables.items.fields]\nboth = { use = \"clip_pair\", media = \"data/pairs/{item}.npy\" }\n[nodes.rank]\n"
      "in.target = [\"items.both.right[ratings.item]\", \"items.both.left[ratings.item]\", "
      "\"item.vector[ratings.item]\", \"words.vector[ratings.item]\"]\n");
  REQUIRE(pair.plan);
  CHECK(node(*pair.plan, "rank").inputs[0][0].field()->output == 1);
}

TEST_CASE("leave-last and time splits see all earlier rows by default") {
  const auto last = with("", {"tables.ratings.split={ by = \"leave_last\", key = \"user\", rows = 2 }"});
  REQUIRE(last.plan);
  const auto& of_last = last.plan->driving();
  CHECK(std::get<SplitPlan::LeaveLast>(of_last.split.how).rows == 2);
  CHECK(of_last.history(ListId{0})->visible == ListPlan::History::Visible::all);
  const auto time = with("", {"tables.ratings.split={ by = \"time\", train = 8, valid = 1, test = 1 }"});
  REQUIRE(time.plan);
  CHECK(std::get<SplitPlan::ByTime>(time.plan->driving().split.how).train == doctest::Approx(0.8));
  CHECK(plan_of("base.toml").driving().history(ListId{0})->visible == ListPlan::History::Visible::train);
}

TEST_CASE("files are not looked at when that is asked") {
  auto world = test_world();
  world.files = false;
  world.header = nullptr;
  world.exists = nullptr;
  const auto checked = check(folder + "/em3.toml", {"vars.data=absent"}, world);
  CHECK(checked.plan.has_value());
}

TEST_CASE("the MovieLens recipe is checked in under 20 ms") {
  const auto world = test_world();
  double best = 1e9;
  for (int k = 0; k < 5; ++k) {
    const auto start = std::chrono::steady_clock::now();
    (void)check(folder + "/em3.toml", {}, world);
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
#if defined(__SANITIZE_ADDRESS__)
  CHECK(best < 200);  // sanitizers cost a multiple
#else
  CHECK(best < 20);
#endif
}

TEST_CASE("an optimizer group: keys of other components, a schedule as a name or as a table, all mistakes at once") {
  const auto told = [](const std::string& group) {
    const auto checked = check_text("include = [\"base.toml\"]\n[train]\noptimizer = [" + group + "]\n",
                                    std::string(BRAID_GOOD_RECIPES) + "/here.toml", {}, test_world());
    std::string out;
    for (const auto& p : checked.problems) out += p.what + "\n";
    return out;
  };
  CHECK(told("{ schedule = \"cosine\", last = 0.1, warm_up = 3 }").empty());
  CHECK(told("{ schedule = { use = \"cosine\", last = 0.1, warm_up = 3 } }").empty());
  CHECK(told("{ momentum = 0.9, factor = 0.5, mometum = 1 }") ==
        "'momentum' is a parameter of sgd\n'factor' is a parameter of exponential\nan optimizer group has no key "
        "'mometum'\n");
  // With a schedule that is not found its keys are not judged; the optimizer's are.
  CHECK(told("{ schedule = \"cosin\", last = 0.1, momentum = 0.9, anything = 1 }") ==
        "no component 'cosin'\n'momentum' is a parameter of sgd\n");
  CHECK(told("{ use = \"adamm\", momentum = 0.9, factor = 0.5 }") ==
        "no component 'adamm'\n'factor' is a parameter of exponential\n");
  CHECK(told("{ schedule = { use = \"cosine\" }, warm_up = 3 }") ==
        "'warm_up' is a parameter of the schedule, which has a table of its own here\n");
  CHECK(told("{ schedule = 3 }") == "'schedule' is a whole number; a schedule's name or a table is wanted\n");
  CHECK(told("{ use = \"cosine\" }") == "'cosine' is a schedule, but an optimizer is expected\n");
}

TEST_CASE("a component that the source tree has and that is not built is told with its command") {
  auto world = test_world();
  world.not_built = {{"later", "ninja -C build plugins/later.so"}};
  const auto checked =
      check_text("include = [\"base.toml\"]\n[nodes.item]\nuse = \"later\"\n", folder + "/here.toml", {}, world);
  REQUIRE_FALSE(checked.problems.empty());
  CHECK(
      checked.problems[0].text().ends_with("no component 'later' [unknown-component]\n  the source tree has it, not "
                                           "built yet: ninja -C build plugins/later.so"));
}
