// Ranks over a catalogue: conformance, golden values (tools/goldens/catalogue_rank.py), ties, what is no candidate.
#include <braid/conform.h>

#include <limits>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

using Wholes = std::vector<std::int64_t>;
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Element k is (7 k + start) % 5 - 2: sums of products are exact, and ties are many.
Wire small(std::int64_t rows, std::int64_t dim, std::int64_t start) {
  std::vector<double> values;
  for (std::int64_t k = 0; k < rows * dim; ++k) values.push_back(static_cast<double>((7 * k * k + start * k) % 5 - 2));
  return numbers(values, {rows, dim});
}

// Keys out of order, half of them above 2^63; place 0 and, with `two`, place 5 are the unknown entity.
Wire keys(std::int64_t items, bool two = false) {
  Wholes out;
  for (std::int64_t j = 0; j < items; ++j)
    out.push_back(
        j == 0 || (two && j == 5) ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(j) * 0x9E3779B97F4A7C15u));
  return wholes(out, {items});
}

Case golden(std::int64_t rows, std::int64_t items, std::int64_t dim, std::int64_t width) {
  Case c{"catalogue_rank"};
  c.inputs["query"] = {small(rows, dim, 1)};
  c.inputs["item"] = {small(items, dim, 3)};
  c.inputs["key"] = {keys(items, true)};
  Wholes answer, seen;
  for (std::int64_t r = 0; r < rows; ++r) {
    answer.push_back((r * 31 + 7) % (items + 4) - 2);  // some are unknown, some out of range
    for (std::int64_t k = 0; k < width; ++k)
      seen.push_back((r * 13 + k * k * 5) % (items + 3) - 1);  // squares: many twice
  }
  c.inputs["answer"] = {wholes(answer, {rows})};
  std::vector<Wholes> holes;
  for (std::int64_t r = 0; r < rows; ++r)
    for (auto k = r % (width + 1); k < width; ++k) holes.push_back({r, k});
  if (width > 0) c.inputs["seen"] = {wholes(seen, {rows, width}).hide(holes)};
  return c;
}

Wholes ranks(const Case& c, at::ScalarType type = at::kFloat) {
  const auto out = Instance(c, type).run().at("rank").value.contiguous();
  CHECK((out.scalar_type() == at::kLong));
  return {out.const_data_ptr<std::int64_t>(), out.const_data_ptr<std::int64_t>() + out.numel()};
}

// Three items of scores 3, 2, 1 by the query 1, behind the unknown one.
Case three(Wholes answer, Wholes seen = {}) {
  const auto rows = static_cast<std::int64_t>(answer.size());
  Case c{"catalogue_rank"};
  c.inputs["query"] = {numbers(std::vector<double>(answer.size(), 1), {rows, 1})};
  c.inputs["item"] = {numbers({9, 3, 2, 1}, {4, 1})};
  c.inputs["key"] = {wholes({0, 30, 20, 10}, {4})};
  const auto width = rows > 0 ? static_cast<std::int64_t>(seen.size()) / rows : 0;
  if (!seen.empty()) c.inputs["seen"] = {wholes(seen, {rows, width})};
  c.inputs["answer"] = {wholes(answer, {rows})};
  return c;
}

}  // namespace

TEST_CASE("catalogue_rank conforms") {
  CHECK(check(golden(6, 11, 3, 4)) == "");
  CHECK(check(golden(4, 9, 2, 0)) == "");
}

TEST_CASE("catalogue_rank's golden values") {
  for (const auto type : {at::kFloat, at::kDouble}) {
    CHECK(ranks(golden(12, 11, 3, 4), type) == Wholes{9, 3, 7, 3, 7, 4, 8, 8, 8, 5, 9, 2});
    CHECK(ranks(golden(12, 11, 3, 0), type) == Wholes{9, 3, 8, 4, 8, 4, 9, 9, 9, 9, 9, 2});
    // Several blocks of rows, of which the last is smaller.
    std::int64_t sum = 0, weighted = 0, row = 0;
    for (const auto rank : ranks(golden(701, 1013, 6, 40), type)) sum += rank, weighted += ++row * rank;
    CHECK(sum == 352403);
    CHECK(weighted == 125989375);
  }
}

TEST_CASE("catalogue_rank counts candidates before the answer; the unknown item is none") {
  CHECK(ranks(three({1, 2, 3})) == Wholes{0, 1, 2});
  CHECK(ranks(three({})).empty());
  CHECK(ranks(golden(3, 0, 2, 2)) == Wholes{0, 0, 0});
}

TEST_CASE("a row that asks nothing: its answer stands behind all candidates, the seen ones left out") {
  auto c = three({1, 1, 3}, {2, 2, 1});
  c.inputs["query"] = {numbers({1, 1, 1}, {3, 1}).hide({{1}})};
  CHECK(ranks(c) == Wholes{0, 1, 1});
}

TEST_CASE("an answer that is no item, or whose score is NaN, stands behind all candidates") {
  CHECK(ranks(three({0, -1, 4, std::numeric_limits<std::int64_t>::max()})) == Wholes{3, 3, 3, 3});
  CHECK(ranks(three({0, 4, 0}, {1, 1, 0, -7, 3, 2})) == Wholes{2, 3, 1});
  auto c = three({1, 2, 3}, {1, 2, 3, 3, 1, 3});
  c.inputs["query"] = {numbers({not_a_number, not_a_number, 1}, {3, 1})};
  CHECK(ranks(c) == Wholes{1, 1, 1});  // beside the answer, one is seen in each row
  c.inputs["query"] = {numbers({1, 1, 1}, {3, 1})};
  c.inputs["item"] = {numbers({9, not_a_number, 2, 1}, {4, 1})};
  CHECK(ranks(c) == Wholes{1, 0, 1});  // item 1 stands before nobody
}

TEST_CASE("seen places are left out once, the answer stays, hidden places are not read") {
  CHECK(ranks(three({3, 3, 3, 3}, {1, 1, 1, 2, 3, 3, 0, 99})) == Wholes{1, 0, 2, 2});
  auto c = three({3, 3}, {1, 2, 1, 2});
  c.inputs["seen"][0] = c.inputs["seen"][0].hide({{0, 1}, {1, 0}, {1, 1}});
  c.inputs["key"] = {wholes({40, 30, 20, 10}, {4})};  // place 0, as which hidden places read, is an item here
  CHECK(ranks(c) == Wholes{2, 3});
}

TEST_CASE("ties go by key, as unsigned numbers") {
  auto c = three({1, 2, 3});
  c.inputs["item"] = {numbers({2, 2, 2, 2}, {4, 1})};
  CHECK(ranks(c) == Wholes{2, 1, 0});
  c.inputs["key"] = {wholes({0, -1, 7, 8}, {4})};  // -1 is the largest key
  CHECK(ranks(c) == Wholes{2, 0, 1});
}
