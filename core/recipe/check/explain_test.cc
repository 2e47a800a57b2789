// Every value knows its place and its meaning; the filled recipe is one that filling does not change.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/check/explain.h"

#include "recipe/document/diagnostics.h"
#include "recipe/document/flat.h"
#include "tests/toys/cards.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace braid;
using namespace braid::recipe;

namespace {

const std::string folder = BRAID_GOOD_RECIPES;

const Explained& value(const Resolution& r, const std::string& key) {
  for (const auto& one : r.values)
    if (one.key == key) return one;
  FAIL("no value ", key);
  std::abort();
}

}  // namespace

TEST_CASE("every value of the good recipes has a place or a default, and a meaning") {
  const auto world = test_world();
  for (const auto* name : {"base.toml", "em3.toml", "arms.toml"}) {
    CAPTURE(name);
    const auto r = resolve(folder + "/" + name, {}, world);
    REQUIRE(r.checked.plan);
    std::size_t defaults = 0;
    for (const auto& one : r.values) {
      CAPTURE(one.key);
      CHECK((one.word != nullptr) + one.param.has_value() + one.scalar.has_value() + one.port.has_value() == 1);
      CHECK((one.from == Explained::From::fallback || one.place.line > 0));
      defaults += one.from == Explained::From::fallback;
    }
    CHECK(defaults > 10);
    // The keys are those that runs are compared by; variables are in the values that use them.
    const auto flat = flat_recipe(r.checked.plan->resolved, "r.toml");
    REQUIRE(flat);
    std::size_t same = 0;
    for (const auto& one : r.values)
      if (!one.key.starts_with("vars.")) {
        const auto found = flat->find(one.key);
        REQUIRE_MESSAGE(found != flat->end(), one.key);
        CHECK(found->second == (one.item->is(Item::Kind::text) ? one.item->text : one.value()));
        ++same;
      }
    CHECK(same == flat->size());
  }
}

TEST_CASE("a filled recipe is filled already, and says what the recipe said") {
  const auto world = test_world();
  for (const auto* name : {"base.toml", "em3.toml", "arms.toml"}) {
    CAPTURE(name);
    const auto once = resolve(folder + "/" + name, {}, world);
    REQUIRE(once.checked.plan);
    const auto twice = check_text(once.checked.plan->resolved, folder + "/" + name, {}, world);
    for (const auto& p : twice.problems) MESSAGE(p.text());
    REQUIRE(twice.plan);
    CHECK(twice.plan->resolved == once.checked.plan->resolved);
    // Without the defaults it is a recipe that fills to the same.
    CHECK(once.said.size() < once.checked.plan->resolved.size());
    const auto again = check_text(once.said, folder + "/" + name, {}, world);
    REQUIRE(again.plan);
    CHECK(changes(once.checked.plan->resolved, again.plan->resolved).empty());
  }
}

TEST_CASE("sections that a recipe leaves out are filled, with an optimizer") {
  const auto text = [](const std::string& train) {
    std::ifstream in(folder + "/base.toml");
    std::string all{std::istreambuf_iterator<char>(in), {}};
    return all.substr(0, all.find("[train]")) + train;
  };
  const auto world = test_world();
  const auto bare = check_text(text(""), folder + "/base.toml", {}, world);
  for (const auto& p : bare.problems) MESSAGE(p.text());
  REQUIRE(bare.plan);
  const auto flat = flat_recipe(bare.plan->resolved, "r.toml");
  REQUIRE(flat);
  CHECK(flat->at("train.batch") == "1024");
  CHECK(flat->at("train.optimizer[0].match") == "*");
  CHECK(flat->at("train.optimizer[0].rate") == "0.001");
  CHECK(flat->at("data.ahead") == "2");
  CHECK(flat->at("eval.batch") == "0");
  CHECK(flat->at("spare") == "[]");
  REQUIRE(bare.plan->train.groups.size() == 1);
  CHECK(bare.plan->train.groups[GroupId{0}].rate == 1e-3);
}

TEST_CASE("includes, --set and variables are told with what they took the place of") {
  namespace files = std::filesystem;
  const auto dir = files::temp_directory_path() / ("braid_explain_" + std::to_string(::getpid()));
  files::create_directories(dir);
  files::copy_file(folder + "/base.toml", dir / "base.toml", files::copy_options::overwrite_existing);
  std::ofstream(dir / "over.toml") << "include = [\"base.toml\"]\n[train]\nbatch = 77\n";
  const auto file = (dir / "over.toml").string();
  const auto r = resolve(file, {"train.epochs=9", "train.batch=5"}, test_world());
  for (const auto& p : r.checked.problems) MESSAGE(p.text());
  REQUIRE(r.checked.plan);
  const auto& batch = value(r, "train.batch");
  CHECK(batch.from == Explained::From::set);
  CHECK(text_of(batch.place) == "--set train.batch=5");
  REQUIRE(!batch.before.empty());
  CHECK(batch.before[0].value == "77");
  CHECK(text_of(batch.before[0].place) == file + ":3:9");
  const auto& rows = value(r, "train.rows");
  CHECK((rows.from == Explained::From::include || rows.from == Explained::From::fallback));
  CHECK(value(r, "braid").from == Explained::From::include);
  files::remove_all(dir);
}

TEST_CASE("keys are chosen by path, glob and index") {
  const auto r = resolve(folder + "/em3.toml", {}, test_world());
  REQUIRE(r.checked.plan);
  CHECK(chosen(r.values, "train.batch").size() == 1);
  CHECK(chosen(r.values, "train").size() > 10);
  CHECK(chosen(r.values, "trai").empty());
  CHECK(chosen(r.values, "*").size() == r.values.size());
  CHECK(chosen(r.values, "train.optimizer[0].rate").size() == 1);
  CHECK(chosen(r.values, "train.optimizer.0.rate").size() == 1);
  CHECK(chosen(r.values, "nodes.*.dim").size() > 1);
  CHECK(nearest_key(r.values, "train.bach") == "train.batch");
  CHECK(nearest_key(r.values, "nodes.word") == "nodes.words");
}

TEST_CASE("a recipe as a list of keys") {
  const auto flat = flat_recipe(R"(
braid = 1
empty = {}
[train]
batch = 1_024
rate = 8e-3
text = "a \"b\""
list = [1, 2]
on = true
optimizer = [{ rate = 0.5, match = "*" }, { rate = 1.0 }]
[tables."odd name".fields]
id = { use = "vocabulary", unknown = { drop = 0.1 } }
)",
                                "r.toml");
  REQUIRE(flat);
  CHECK(*flat == std::map<std::string, std::string>{{"braid", "1"},
                                                    {"empty", "{}"},
                                                    {"train.batch", "1024"},
                                                    {"train.rate", "0.008"},
                                                    {"train.text", "a \"b\""},
                                                    {"train.list", "[1, 2]"},
                                                    {"train.on", "true"},
                                                    {"train.optimizer[0].rate", "0.5"},
                                                    {"train.optimizer[0].match", "*"},
                                                    {"train.optimizer[1].rate", "1.0"},
                                                    {"tables.\"odd name\".fields.id.use", "vocabulary"},
                                                    {"tables.\"odd name\".fields.id.unknown.drop", "0.1"}});
  CHECK(flat_recipe("", "r.toml")->empty());
  CHECK(!flat_recipe("x = [", "r.toml"));
}
