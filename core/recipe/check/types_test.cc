// Sizes of a component from its parameters and wires; what of a wire fits a port.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/check/sizes.h"
#include "tests/toys/cards.h"
#include "tests/toys/ids.h"

#include <doctest/doctest.h>

using namespace braid;
using namespace braid::recipe;
using namespace braid::recipe::testing;

namespace {

Use component(const std::string& name) {
  for (const auto& [file, plugin] : test_plugins())
    for (const auto& schema : plugin.components) {
      if (schema.name != name) continue;
      Use use{name, plugin.name, file, schema, {}};
      for (const auto& param : schema.params) use.values[param.name] = param.fallback;
      return use;
    }
  FAIL("no component " << name);
  return {};
}

const PortSchema& output(const Use& use, const std::string& name) {
  for (const auto& one : use.schema.ports)
    if (one.output && one.name == name) return one;
  FAIL("no output " << name);
  return use.schema.ports[0];
}

Known fixed(std::int64_t size) { return {FixedSize{size}, "", "a test"}; }

// The tag of the first mistake in the good base recipe (tests/errors/good) with `more`; "" for none.
std::string tag(const std::string& more) {
  const auto checked = check_text("include = [\"base.toml\"]\n" + more, std::string(BRAID_GOOD_RECIPES) + "/here.toml",
                                  {}, test_world());
  return checked.problems.empty() ? "" : checked.problems[0].tag;
}

}  // namespace

TEST_CASE("a name is bound once, and a second size that differs is told with the first") {
  Dims dims(component("dense"), nullptr, false);
  CHECK(std::get<FixedSize>(dims.find("dim")->size).value == 32);  // a parameter
  CHECK(dims.bind("width", fixed(8), nullptr));
  CHECK(dims.bind("width", fixed(8), nullptr));
  Known before;
  CHECK_FALSE(dims.bind("width", {FixedSize{9}, "", "another"}, &before));
  CHECK(std::get<FixedSize>(before.size).value == 8);
  CHECK(before.origin == "a test");
}

TEST_CASE("expressions of dims: sums over wires, products, divisions with and without remainder, rules") {
  Dims dims(component("concat"), nullptr, false);
  dims.count_wires("inputs", 2);
  CHECK_FALSE(dims.value("sum(inputs.dim)"));  // not known yet
  dims.bind_wire("inputs", 0, 2, "dim", fixed(3));
  dims.bind_wire("inputs", 1, 2, "dim", fixed(4));
  CHECK(dims.value("sum(inputs.dim)") == 7);
  CHECK(dims.value("inputs.0.dim * inputs.1.dim + 1") == 13);
  bool inexact = false;
  CHECK(dims.value("inputs.1.dim / 2", &inexact) == 2);
  CHECK_FALSE(inexact);
  (void)dims.value("inputs.0.dim / 2", &inexact);
  CHECK(inexact);
  std::string numbers;
  CHECK(dims.holds("inputs.1.dim % 2 == 0", &numbers) == true);
  CHECK(dims.holds("inputs.0.dim % 2 == 0", &numbers) == false);
  CHECK_FALSE(dims.holds("inputs.0.dim % other == 0", &numbers));
}

TEST_CASE("a dim that a parameter switches on is there with it alone") {
  auto vocabulary = component("vocabulary");
  CHECK(effective_shape(vocabulary, output(vocabulary, "id")).dims.size() == 1);
  vocabulary.values["split"] = std::string("|");
  const auto shape = effective_shape(vocabulary, output(vocabulary, "id"));
  REQUIRE(shape.dims.size() == 2);
  CHECK(shape.dims[1].padded);
}

TEST_CASE("the type of an output") {
  const auto tower = component("text_transformer");
  Dims dims(tower, nullptr, false);
  dims.bind("rows", {AxisRows{1_id}, "", "a wire"}, nullptr);
  dims.bind("tokens", {ListPlaces{{2_id, 0_id}, 20}, "list ratings.history", "a wire"}, nullptr);
  const auto flow = output_flow(tower, output(tower, "tokens"), dims, "words");
  CHECK(flow.known);
  CHECK(flow.type.optional_rows);
  REQUIRE(flow.type.dims.size() == 3);
  CHECK(flow.type.dims[0] == Size(AxisRows{1_id}));
  CHECK(flow.type.dims[1] == Size(ListPlaces{{2_id, 0_id}, 20}));  // the same places as the wire's
  CHECK(flow.same[1] == "list ratings.history");
  CHECK(flow.type.dims[2] == Size(FixedSize{64}));
  const auto image = component("patch_transformer");
  Dims patches(image, nullptr, false);
  patches.bind("height", fixed(96), nullptr);
  patches.bind("width", fixed(64), nullptr);
  const auto tokens = output_flow(image, output(image, "tokens"), patches, "pixels");
  CHECK(tokens.type.dims[1] == Size(PaddedPlaces{24}));  // 96 / 16 * (64 / 16), places of its own making
  CHECK(tokens.same[1].starts_with("pixels:"));
}

TEST_CASE("what of a wire does not fit a port") {
  CHECK(tag("") == "");
  CHECK(tag("[nodes.rank]\nin.other = [\"users.age[ratings.user]\"]\n") == "wrong-dtype");
  CHECK(tag("[nodes.rank]\nin.other = [\"item.vector[ratings.history]\"]\n") == "mask-left");
  CHECK(tag("[nodes.rank]\nin.other = [\"user.vector\"]\n") == "wrong-axis");
  CHECK(tag("[nodes.click]\nin.logit = \"user.vector[ratings.user]\"\n") == "wrong-rank");
  CHECK(tag("[nodes.words]\nheads = 5\n") == "requirement");
  CHECK(tag("[nodes.both]\nuse = \"sum\"\nin.inputs = [\"item.vector[ratings.item]\", \"user.vector[ratings.user]\"]\n"
            "[nodes.rank]\nin.other = [\"both.vector\"]\n") == "size-conflict");  // 64 and 16
  CHECK(tag("[nodes.one]\nuse = \"similarity\"\nin = { a = \"item.vector[ratings.item]\", b = "
            "\"words.vector[ratings.item]\" }\n[nodes.click]\nin.logit = \"one.score\"\n") ==
        "mask-left");  // a text may be absent
}
