// Sampled softmax: conformance, golden values (tools/goldens/losses.py), who is a negative and what counts.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case plain() {
  Case c{"sampled_softmax"};
  c.scalars = {{"temperature", 0.5}};
  c.inputs["query"] = {wave({3, 4, 3})};
  c.inputs["item"] = {wave({3, 4, 3}, 0.5, 0.9)};
  c.inputs["negative"] = {wave({3, 5, 3}, 1, 0.6)};
  return c;
}

// Row 0's place 1 is its negatives 0 and 3; all negatives of row 2 are its first two places' answer.
Case keyed(Case c) {
  c.inputs["item_key"] = {wholes({1, 2, 3, 4, 1, 2, 3, 4, 7, 7, 8, 8}, {3, 4})};
  c.inputs["negative_key"] = {wholes({2, 9, 8, 2, 7, 9, 9, 8, 7, 6, 7, 7, 7, 7, 7}, {3, 5})};
  return c;
}

Case counted(Case c) {
  c.inputs["item_count"] = {wave({3, 4}, 2, 0.5)};
  c.inputs["negative_count"] = {wave({3, 5}, 3, 0.4)};
  for (const auto* port : {"item_count", "negative_count"}) {
    auto& value = c.inputs[port][0].flow.value;
    value = value.abs().mul(20).masked_fill(value.lt(-0.9), 0);  // 0: not known
  }
  return c;
}

// Row 0 lacks a query and an answer, row 1 three negatives, row 2 all.
Case hidden(Case c) {
  c.inputs["query"] = {c.inputs["query"][0].hide({{0, 3}})};
  c.inputs["item"] = {c.inputs["item"][0].hide({{0, 0}})};
  const std::vector<std::vector<std::int64_t>> none{{1, 0}, {1, 2}, {1, 4}, {2, 0}, {2, 1}, {2, 2}, {2, 3}, {2, 4}};
  for (const auto* port : {"negative", "negative_key", "negative_count"})
    if (c.inputs.contains(port)) c.inputs[port] = {c.inputs[port][0].hide(none)};
  return c;
}

Case normalized(Case c) {
  c.values = {{"normalize", true}};
  return c;
}

at::Tensor loss(const Case& c) { return Instance(c, at::kDouble).run().at("loss").value; }

}  // namespace

TEST_CASE("sampled_softmax conforms") {
  CHECK(check(plain()) == "");
  CHECK(check(hidden(normalized(plain()))) == "");
  CHECK(check(keyed(counted(plain()))) == "");
  CHECK(check(hidden(keyed(counted(plain())))) == "");
}

TEST_CASE("sampled_softmax's golden values") {
  CHECK(differs(loss(plain()),
                {1.203056126, 2.797319111, 5.667843444, 5.34321926, 4.309128204, 7.770617253, 5.070025812, 1.382691038,
                 1.36955432, 1.35233971, 1.124460888, 2.494537304},
                1e-9) == "");
  CHECK(differs(loss(normalized(plain())),
                {1.256489301, 2.632551422, 3.236629543, 4.005955266, 3.891898834, 4.625325109, 3.31452681, 1.430049766,
                 1.043311097, 1.245626155, 1.088048789, 1.486798353},
                1e-9) == "");
  CHECK(differs(loss(counted(plain())),
                {2.497816638, 4.73163452, 4.276272346, 5.963743333, 5.855473552, 7.200083402, 2.908171277, 2.694072714,
                 0.6008389969, 0.623242073, 0.9810491642, 2.440503595},
                1e-9) == "");
}

TEST_CASE("a negative that is the answer, or that a row lacks, is none; without any a place is left out") {
  const auto by_key = Instance(keyed(plain()), at::kDouble).run().at("loss");
  CHECK(differs(by_key.mask.to(at::kDouble).flatten(), {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1}) == "");
  CHECK(differs(by_key.value,
                {1.203056126, 2.382805423, 5.667843444, 5.34321926, 4.309128204, 7.770617253, 5.070025812, 1.382691038,
                 0, 0, 1.124460888, 2.494537304},
                1e-9) == "");
  const auto all = Instance(hidden(keyed(counted(plain()))), at::kDouble).run().at("loss");
  CHECK(differs(all.mask.to(at::kDouble).flatten(), {0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0}) == "");
  CHECK(differs(all.value,
                {0, 4.534976949, 4.276272346, 0, 5.359558493, 3.661123611, 0.9198170305, 2.248878721, 0, 0, 0, 0},
                1e-9) == "");
}

TEST_CASE("a negative whose key is absent is no answer, though both read as 0") {
  auto absent = keyed(plain()), other = keyed(plain());
  for (auto* c : {&absent, &other}) c->inputs["item_key"][0].flow.value.select(0, 0).select(0, 1).zero_();
  absent.inputs["negative_key"] = {absent.inputs["negative_key"][0].hide({{0, 0}})};
  other.inputs["negative_key"][0].flow.value.select(0, 0).select(0, 0).fill_(9);
  CHECK(differs(loss(absent), loss(other), 1e-12) == "");
}

TEST_CASE("counts matter up to a factor only") {
  auto scaled = counted(plain());
  auto twice = scaled, shares = scaled;
  for (const auto* port : {"item_count", "negative_count"}) {
    auto& value = scaled.inputs[port][0].flow.value;
    value = value.clamp_min(0.5);
    twice.inputs[port] = {tensor(value.mul(3))};
    shares.inputs[port] = {tensor(value.div(1e5))};  // of the draws
  }
  CHECK(differs(loss(twice), loss(scaled), 1e-12) == "");
  CHECK(differs(loss(shares), loss(scaled), 1e-12) == "");
}
