// The transformer over histories: conformance, golden values (tools/goldens/towers.py), what no event may see.
#include <braid/conform.h>
#include <braid/ops.h>

#include <ATen/core/Tensor.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

// Full, short and with a gap, empty, one event.
const std::vector<std::vector<std::int64_t>> padding = {{1, 2}, {1, 4}, {2, 0}, {2, 1}, {2, 2}, {2, 3},
                                                        {2, 4}, {3, 1}, {3, 2}, {3, 3}, {3, 4}};

Case histories() {
  Case c{"sasrec"};
  c.inputs["history"] = {wave({4, 5, 8}).hide_in_list(padding)};
  return c;
}

Case narrow() {
  Case c{"sasrec"};
  c.values = {{"layers", std::int64_t{1}},
              {"heads", std::int64_t{1}},
              {"hidden", std::int64_t{5}},
              {"scale", false},
              {"drop", 0.5}};
  c.inputs["history"] = {wave({2, 3, 8})};
  return c;
}

struct Filled : Instance {
  explicit Filled(const Case& c) : Instance(c) { fill(); }
};

Flow& history_of(Instance& one) { return one.inputs[0][0]; }

}  // namespace

TEST_CASE("sasrec conforms: gaps, empty rows, nothing hidden, no layers, one output") {
  CHECK(check(histories()) == "");
  auto n = narrow();
  n.elements = 0;
  CHECK(check(n) == "");
  auto c = histories();
  c.inputs["history"] = {wave({4, 5, 8}).hide(padding)};
  c.elements = 0;
  c.unwanted = {"states"};
  CHECK(check(c) == "");
  c.unwanted = {"vector"};
  c.values["layers"] = std::int64_t{0};
  CHECK(check(c) == "");
}

TEST_CASE("sasrec's golden values: each event again from what precedes it alone") {
  Filled one(histories());
  const auto out = one.run();
  // Errors of about 2^-24 a sum, some 60 deep, each scaled by at most about 3 in the norms.
  CHECK(differs(out.at("vector").value,
                {-0.797162897,
                 -0.1673734864,
                 -1.640004945,
                 1.432342044,
                 -0.6325751155,
                 1.357275449,
                 -0.1535536287,
                 0.09153301599,
                 0.9177976904,
                 0.5580868094,
                 2.326654691,
                 -1.084765999,
                 0.7986470241,
                 -1.847485631,
                 -0.4093062187,
                 -0.6158498681,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0.3105339271,
                 1.651171144,
                 0.2864176632,
                 -1.277228088,
                 0.2782651076,
                 -1.860354176,
                 0.8800854232,
                 -0.4733263923},
                2e-5) == "");
  CHECK(differs(out.at("states").value[1],
                {-0.6455440053,
                 0.7749865947,
                 -2.224770626,
                 0.3235982223,
                 -0.7746979958,
                 0.4592551441,
                 0.8325695705,
                 0.1925489726,
                 -0.2184019428,
                 1.602490548,
                 -0.7620425803,
                 -0.9227815543,
                 0.09682701008,
                 -1.295333938,
                 1.248775376,
                 -0.3338108748,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0.9177976904,
                 0.5580868094,
                 2.326654691,
                 -1.084765999,
                 0.7986470241,
                 -1.847485631,
                 -0.4093062187,
                 -0.6158498681,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0,
                 0},
                2e-5) == "");
  CHECK(out.at("states").mask.equal(history_of(one).mask));
  CHECK(out.at("vector").mask.equal(history_of(one).mask.any(1)));

  Filled other(narrow());
  const auto all = other.run();
  CHECK(differs(all.at("vector").value,
                {-0.7961372023, -0.2190022161, 1.412667314, 1.275196426, 0.9039221819, -0.07910375514, -0.7851749071,
                 -1.105592981, -0.3629793388, -0.6473772261, -1.824262037, -0.9077641524, -0.3570530695, 0.3540292974,
                 0.918902886, 0.8907165891},
                2e-5) == "");
  CHECK(all.at("vector").value.equal(all.at("states").value.select(1, 2)));
  CHECK_FALSE(all.at("vector").mask.defined());
}

TEST_CASE("a later event never changes an earlier state, and is changed by earlier ones") {
  Filled one(histories());
  const auto before = one.run({.training = true}).at("states").value;
  for (std::int64_t place = 0; place < 5; ++place) {
    Filled again(histories());
    auto& value = history_of(again).value;
    value = value.clone();
    value[0][place].add_(0.5);
    const auto after = again.run({.training = true}).at("states").value;
    CHECK(after[0].narrow(0, 0, place).equal(before[0].narrow(0, 0, place)));
    for (auto later = place; later < 5; ++later) CHECK_FALSE(after[0][later].equal(before[0][later]));
    CHECK(after.narrow(0, 1, 3).equal(before.narrow(0, 1, 3)));
  }
}

TEST_CASE("a place without an item is as if it had not been, in training too") {
  const auto gaps = wave({2, 5, 8}).hide_in_list({{0, 1}, {1, 0}, {1, 3}, {1, 4}});
  Case a{"sasrec"}, b{"sasrec"};
  a.inputs["history"] = {gaps};
  auto close = wave({2, 4, 8}).hide_in_list({{1, 2}, {1, 3}});
  const auto& from = gaps.flow.value;
  close.flow.value.zero_();
  close.flow.value[0].copy_(cat({from[0].narrow(0, 0, 1), from[0].narrow(0, 2, 3)}, 0));
  close.flow.value[1].narrow(0, 0, 2).copy_(from[1].narrow(0, 1, 2));
  b.inputs["history"] = {close};
  b.sizes["places"] = 5;  // the same bound, so the same weights
  Instance x(a), y(b);
  for (const bool training : {false, true})
    CHECK(x.run({.training = training}).at("vector").value.equal(y.run({.training = training}).at("vector").value));
}

TEST_CASE("no rows, no places, a history longer than its list promised") {
  Case c{"sasrec"};
  c.inputs["history"] = {wave({3, 0, 8})};
  c.sizes["places"] = 4;
  Instance none(c);
  const auto out = none.run({.training = true});
  CHECK(out.at("vector").value.equal(zeros({3, 8}, out.at("vector").value)));
  CHECK_FALSE(out.at("vector").mask.any().item<bool>());
  CHECK(out.at("states").value.sizes() == at::IntArrayRef{3, 0, 8});

  c.inputs["history"] = {wave({0, 4, 8})};
  Instance empty(c);
  CHECK(empty.run().at("vector").value.sizes() == at::IntArrayRef{0, 8});

  c.inputs["history"] = {wave({2, 5, 8})};
  CHECK_THROWS_AS(Instance(c).run(), Error);
}
