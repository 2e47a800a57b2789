// Ranks among listed candidates: conformance, ties, masks, NaN; values by hand.
#include <braid/conform.h>

#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

using Wholes = std::vector<std::int64_t>;
const double not_a_number = std::numeric_limits<double>::quiet_NaN(),
             infinite = std::numeric_limits<double>::infinity();

Case rows(const std::vector<double>& answers, const std::vector<double>& candidates) {
  const auto count = static_cast<std::int64_t>(answers.size());
  const auto width = count > 0 ? static_cast<std::int64_t>(candidates.size()) / count : 3;
  Case c{"candidate_rank"};
  c.inputs["answer"] = {numbers(answers, {count})};
  c.inputs["candidate"] = {numbers(candidates, {count, width})};
  return c;
}

Wholes ranks(const Case& c, at::ScalarType type = at::kFloat) {
  const auto out = Instance(c, type).run().at("rank").value.contiguous();
  CHECK((out.scalar_type() == at::kLong));
  return {out.const_data_ptr<std::int64_t>(), out.const_data_ptr<std::int64_t>() + out.numel()};
}

}  // namespace

TEST_CASE("candidate_rank conforms") {
  auto c = rows({0.3, -0.2, 0, 0.9}, {0.1, 0.5, 0.4, 0.7, -0.2, -0.9, 0, 0, 0, 1, 1, 1});
  CHECK(check(c) == "");
  c.inputs["candidate"][0] = c.inputs["candidate"][0].hide({{0, 2}, {2, 1}, {2, 2}, {3}});
  CHECK(check(c) == "");
}

TEST_CASE("candidates of at least the answer's score stand before it") {
  for (const auto type : {at::kFloat, at::kDouble}) {
    CHECK(ranks(rows({0.3, -0.2, 0}, {0.1, 0.5, 0.4, 0.7, -0.2, -0.9, 0, -0.0, 0}), type) == Wholes{2, 2, 3});
    CHECK(ranks(rows({5, -5}, {1, 2, 3, 4}), type) == Wholes{0, 2});
    CHECK(ranks(rows({1, 2}, {}), type) == Wholes{0, 0});
    CHECK(ranks(rows({}, {}), type).empty());
  }
}

TEST_CASE("hidden candidates do not count, whatever the answer") {
  auto c = rows({-1, not_a_number, 0, 0}, {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3});
  c.inputs["candidate"][0] = c.inputs["candidate"][0].hide({{0, 2}, {1, 0}, {2}});
  CHECK(ranks(c) == Wholes{2, 2, 0, 3});
}

TEST_CASE("by its key a candidate that is the answer itself is passed over") {
  auto c = rows({1, 1, 2}, {1, 3, 1, 1, 0, 2});
  c.inputs["answer_key"] = {wholes({7, 7, -3}, {3})};
  c.inputs["candidate_key"] = {wholes({7, 8, 9, 9, -3, -3}, {3, 2})};
  CHECK(check(c) == "");
  CHECK(ranks(c) == Wholes{1, 2, 0});
}

TEST_CASE("NaN as an answer is behind all, as a candidate before nobody; infinities are numbers") {
  CHECK(ranks(rows({not_a_number, 0, infinite, -infinite},
                   {not_a_number, 1, 2, not_a_number, 1, 2, infinite, 0, -infinite, -infinite, 0, not_a_number})) ==
        Wholes{3, 2, 1, 2});
}
