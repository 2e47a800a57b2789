// The inner product: conformance, and by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case three_rows() {
  Case c{"inner_product"};
  c.scalars = {{"scale", 0.5}};
  c.inputs["query"] = {numbers({1, 2, 3, 4, 5, 6}, {3, 2})};
  c.inputs["item"] = {numbers({1, 1, 0, -1, 2, 0}, {3, 2})};
  c.inputs["candidate"] = {numbers({1, 0, 0, 1, 1, 1, 2, 2, 0, 0, 1, -1}, {3, 2, 2})};
  return c;
}

Case hidden() {
  auto c = three_rows();
  c.inputs["item"] = {c.inputs["item"][0].hide({{1}})};
  c.inputs["query"] = {c.inputs["query"][0].hide({{2}})};
  c.inputs["candidate"] = {c.inputs["candidate"][0].hide({{0, 1}, {1, 0}, {1, 1}})};
  return c;
}

Case alone(Case c, const std::string& other, const std::vector<std::string>& unread) {
  c.inputs.erase(other);
  c.unwanted = unread;
  return c;
}

}  // namespace

TEST_CASE("inner_product conforms") {
  CHECK(check(three_rows()) == "");
  CHECK(check(hidden()) == "");
  CHECK(check(alone(three_rows(), "candidate", {"scores"})) == "");
  CHECK(check(alone(hidden(), "item", {"logit"})) == "");
}

TEST_CASE("inner products of an item and of candidates") {
  const auto out = Instance(three_rows()).run();
  CHECK(differs(out.at("logit").value, {1.5, -2, 5}) == "");
  CHECK(differs(out.at("scores").value, {0.5, 1, 3.5, 7, 0, -0.5}) == "");
  CHECK(!out.at("scores").mask.defined());
  const auto item = Instance(alone(three_rows(), "candidate", {"scores"})).run();
  CHECK(differs(item.at("logit").value, {1.5, -2, 5}) == "");
  const auto candidates = Instance(alone(three_rows(), "item", {"logit"})).run();
  CHECK(differs(candidates.at("scores").value, {0.5, 1, 3.5, 7, 0, -0.5}) == "");
}

TEST_CASE("what is absent scores 0; a candidate that is absent is none") {
  const auto out = Instance(hidden()).run();
  CHECK(differs(out.at("logit").value, {1.5, 0, 0}) == "");
  CHECK(differs(out.at("scores").value, {0.5, 0, 0, 0, 0, 0}) == "");
  CHECK(differs(out.at("scores").mask.to(at::kDouble), {1, 0, 0, 0, 1, 1}) == "");
}

TEST_CASE("what is read but not wired is refused") {
  auto c = alone(three_rows(), "candidate", {});
  CHECK_THROWS_WITH_AS(Instance(c).run(), doctest::Contains("'candidate', which is not wired"), Error);
  c = alone(three_rows(), "item", {});
  CHECK_THROWS_WITH_AS(Instance(c).run(), doctest::Contains("'item', which is not wired"), Error);
  c.inputs.erase("candidate");
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("nothing to score"), Error);
}
