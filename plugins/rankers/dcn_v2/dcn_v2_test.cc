// The deep & cross network: conformance, golden values (tools/goldens/rankers.py).
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case two_wires(std::int64_t rank, const std::string& structure) {
  Case c{"dcn_v2"};
  c.values = {{"layers", std::int64_t{2}},
              {"rank", rank},
              {"structure", structure},
              {"hidden", std::vector<std::int64_t>{4, 3}}};
  c.inputs["inputs"] = {wave({4, 3}), wave({4, 2}, 1).hide({{1}})};
  return c;
}

}  // namespace

TEST_CASE("dcn_v2 conforms: full and thin matrices, stacked and parallel, without hidden layers") {
  CHECK(check(two_wires(0, "stacked")) == "");
  CHECK(check(two_wires(2, "parallel")) == "");
  auto c = two_wires(0, "stacked");
  c.values["hidden"] = std::vector<std::int64_t>{};
  CHECK(check(c) == "");
}

TEST_CASE("dcn_v2's golden values") {
  const auto logit = [](std::int64_t rank, const std::string& structure) {
    Instance at_work(two_wires(rank, structure));
    at_work.fill();
    const auto out = at_work.run();
    CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid()) == "");
    return out.at("logit").value;
  };
  CHECK(differs(logit(0, "stacked"), {0.2486523545, 0.2698130513, 0.2609708566, 0.2635422622}) == "");
  CHECK(differs(logit(2, "stacked"), {-0.4077379759, -0.3344708313, -0.3367477951, -0.3358748071}) == "");
  CHECK(differs(logit(0, "parallel"), {-0.2550451044, 0.04531058334, 0.8532803384, -0.1460297361}) == "");
}
