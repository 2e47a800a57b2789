// Deep Interest Network: conformance, golden values (tools/goldens/rankers.py), the fused unit against the operators.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

using Wholes = std::vector<std::int64_t>;

// Row 1 has one place of history, row 2 none.
Wire listed(const Wire& wire) {
  return wire.hide_in_list({{0, 0}, {1, 0}, {1, 1}, {1, 3}, {2, 0}, {2, 1}, {2, 2}, {2, 3}});
}

// A place whose item lacks this stream alone: it stays in the list.
Wire lacking(Wire wire, std::initializer_list<std::pair<int, int>> places) {
  auto& flow = wire.flow;
  flow.value = flow.value.clone();
  flow.mask = flow.mask.clone();
  for (const auto& [row, place] : places) {
    flow.value.select(0, row).select(0, place).zero_();
    flow.mask.select(0, row).select(0, place).fill_(false);
  }
  flow.present = flow.mask;
  return wire;
}

Case one_stream(std::int64_t dim, Wholes hidden, Wholes attention) {
  Case c{"din"};
  c.values = {{"hidden", hidden}, {"attention", attention}};
  c.inputs["target"] = {wave({4, dim}, 0)};
  c.inputs["history"] = {listed(wave({4, 4, dim}, 2))};
  return c;
}

// Two streams of which the second lacks the target of row 3 and two places; a user; the dot product.
Case two_streams(std::int64_t first, std::int64_t second) {
  Case c{"din"};
  c.values = {{"hidden", Wholes{6, 4}}, {"attention", Wholes{5}}, {"dot", true}};
  c.inputs["target"] = {wave({4, first}, 0), wave({4, second}, 1).hide({{3}})};
  c.inputs["history"] = {listed(wave({4, 4, first}, 2)), lacking(listed(wave({4, 4, second}, 3)), {{0, 2}, {3, 1}})};
  c.inputs["other"] = {wave({4, 3}, 5), wave({4, 2}, 6)};
  return c;
}

// The same numbers from float (fused where the sizes allow it) and double (operators).
void golden(const Case& c, const std::vector<double>& want) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    Instance at_work(c, type);
    at_work.fill();
    const auto out = at_work.run();
    CHECK(differs(out.at("logit").value, want) == "");
    CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
  }
}

}  // namespace

TEST_CASE("din conforms") {
  CHECK(check(one_stream(3, {5}, {6})) == "");
  CHECK(check(two_streams(3, 2)) == "");
  auto zeros = two_streams(3, 2);
  zeros.values["absent"] = std::string("zeros");
  zeros.inputs["other"][1] = zeros.inputs["other"][1].hide({{2}});
  CHECK(check(zeros) == "");
  zeros.values["absent"] = std::string("learned");
  CHECK(check(zeros) == "");
  auto none = one_stream(3, {}, {4, 3});
  none.values["attention_norm"] = std::string("none");
  none.values["activation"] = std::string("gelu");
  CHECK(check(none) == "");
  auto bare = one_stream(3, {5}, {});
  bare.values["activation"] = std::string("silu");
  CHECK(check(bare) == "");
}

TEST_CASE("din without history is a perceptron over target and other") {
  auto c = two_streams(3, 2);
  c.inputs.erase("history");
  CHECK(check(c) == "");
  c.inputs.erase("other");
  c.values["dot"] = false;
  CHECK(check(c) == "");
}

TEST_CASE("din's golden values") {
  golden(one_stream(3, {}, {7}), {-0.687158809, -0.3412542297, 0.3512652304, -0.7103898961});
  golden(two_streams(8, 16), {0.09146752383, -0.3253278752, -1.021328568, -0.2072814638});
  golden(two_streams(3, 2), {-0.3273851443, 0.02801049017, -0.2240869124, -0.1036445531});
  auto none = one_stream(8, {6}, {5});
  none.values["attention_norm"] = std::string("none");
  golden(none, {0.7185248297, 0.5338673365, 0.6270615819, 1.109670705});
  auto deep = one_stream(4, {6}, {5, 3});
  deep.values["activation"] = std::string("gelu");
  golden(deep, {0.3034244139, -0.09098905993, 0.2727741209, 0.1972196078});
  auto linear = one_stream(4, {}, {});
  linear.values["attention_norm"] = std::string("none");
  golden(linear, {-0.7619421187, -0.6231387762, -0.718453779, -2.335555511});
}

TEST_CASE("din's fused unit has the operators' gradients") {
  Instance fused(two_streams(8, 16), at::kFloat), operators(two_streams(8, 16), at::kDouble);
  for (auto* at_work : {&fused, &operators}) {
    at_work->fill();
    for (auto& port : at_work->inputs)
      for (auto& wire : port) wire.value.set_requires_grad(true);
    at_work->run().at("logit").value.square().sum().backward();
  }
  for (const auto& weight : fused.weights()) {
    CAPTURE(weight);
    const auto& got = fused.weight(weight).grad();
    const auto& want = operators.weight(weight).grad();
    REQUIRE(want.defined() == got.defined());
    if (want.defined()) CHECK(differs(got, want.to(at::kFloat), 1e-4) == "");
  }
  for (std::size_t port = 0; port < fused.inputs.size(); ++port)
    for (std::size_t k = 0; k < fused.inputs[port].size(); ++k) {
      CAPTURE(port);
      CHECK(differs(fused.inputs[port][k].value.grad(), operators.inputs[port][k].value.grad().to(at::kFloat), 1e-4) ==
            "");
    }
}

TEST_CASE("din's fused unit reads nothing where the list has no place") {
  Instance at_work(two_streams(8, 16));
  at_work.fill();
  const auto want = at_work.run().at("logit").value;
  for (auto& wire : at_work.inputs[1])
    wire.value = wire.value.masked_fill(wire.list_mask.logical_not().unsqueeze(2), 1e3);
  CHECK(at_work.run().at("logit").value.equal(want));
}

TEST_CASE("din refuses wires that do not pair") {
  auto fewer = two_streams(3, 2);
  fewer.inputs["history"].pop_back();
  CHECK_THROWS_WITH_AS(Instance{fewer}, doctest::Contains("history has 1 wires and target 2"), Error);
  auto wider = two_streams(3, 2);
  wider.inputs["history"][1] = listed(wave({4, 4, 5}));
  CHECK_THROWS_WITH_AS(Instance{wider}, doctest::Contains("wire 1 of history has 5 numbers and that of target 2"),
                       Error);
  auto alone = one_stream(3, {5}, {6});
  alone.values["dot"] = true;
  CHECK_THROWS_WITH_AS(Instance{alone}, doctest::Contains("other is not wired"), Error);
}
