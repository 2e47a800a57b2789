#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "sdk/state.h"
#include "vocabulary.cc"

namespace {

using Texts = std::vector<std::string_view>;
using Ids = std::vector<std::int64_t>;

struct Rows final : braid::FitRows {
  std::vector<std::pair<Texts, std::int64_t>> rows;
  void each(const std::function<void(const braid::Cell&, std::int64_t)>& visit) const override {
    for (const auto& [texts, count] : rows) visit({texts, std::nullopt}, count);
  }
};

std::unique_ptr<braid::Field> field(const braid::Values& values, const Rows& rows = {}) {
  auto made = braid::construct([]() -> std::unique_ptr<braid::Component> { return std::make_unique<Vocabulary>(); },
                               values, {});
  std::unique_ptr<braid::Field> f(static_cast<braid::Field*>(made.release()));
  f->fit(rows);
  return f;
}

Ids ids(const braid::Field& f, const Texts& texts, braid::Draw draw = {}) {
  braid::Bytes bytes;
  REQUIRE(f.decode({texts, std::nullopt}, bytes));
  Ids out(f.places(bytes));
  f.place(bytes, {reinterpret_cast<std::byte*>(out.data()), out.size()}, draw);
  return out;
}

Rows rows(std::vector<std::pair<Texts, std::int64_t>> of) {
  Rows out;
  out.rows = std::move(of);
  return out;
}

TEST_CASE("ids in the order of first appearance; unseen and missing are 0") {
  const auto f = field({}, rows({{{"b"}, 1}, {{"a"}, 5}, {{std::string_view()}, 9}, {{"b"}, 2}, {{"c"}, 1}}));
  CHECK(f->sizes().at("n") == 4);
  CHECK(ids(*f, {"b"}) == Ids{1});
  CHECK(ids(*f, {"a"}) == Ids{2});
  CHECK(ids(*f, {"c"}) == Ids{3});
  CHECK(ids(*f, {"B"}) == Ids{0});
  CHECK(ids(*f, {std::string_view()}) == Ids{0});
  CHECK(ids(*field({}), {"b"}) == Ids{0});  // fitted on nothing
  CHECK(field({})->sizes().at("n") == 1);
}

TEST_CASE("min_count counts training rows, not entities") {
  const auto f = field({{"min_count", std::int64_t{3}}}, rows({{{"a"}, 2}, {{"b"}, 2}, {{"c"}, 3}, {{"b"}, 1}}));
  CHECK(ids(*f, {"a"}) == Ids{0});
  CHECK(ids(*f, {"b"}) == Ids{1});
  CHECK(ids(*f, {"c"}) == Ids{2});
  CHECK(f->sizes().at("n") == 3);
}

TEST_CASE("several values: parted, empty ones left out, cut, none for a missing cell") {
  const auto f = field({{"split", std::string("|")}, {"max_values", std::int64_t{3}}},
                       rows({{{"x|y"}, 1}, {{"z||x|"}, 1}, {{std::string_view()}, 1}}));
  CHECK(f->sizes().at("n") == 4);
  CHECK(ids(*f, {"z|x|y"}) == Ids{3, 1, 2});
  CHECK(ids(*f, {"|y||q|"}) == Ids{2, 0});
  CHECK(ids(*f, {"y|y|y|z"}) == Ids{2, 2, 2});
  CHECK(ids(*f, {""}) == Ids{});
  CHECK(ids(*f, {std::string_view()}) == Ids{});
  const auto wide = field({{"split", std::string(", ")}}, rows({{{"one, two words,three"}, 1}}));
  CHECK(ids(*wide, {"two words,three, one"}) == Ids{2, 1});
  CHECK(f->state().outputs[0].dims[1].only_if == "split");
}

TEST_CASE("several columns make one value") {
  const auto f = field({}, rows({{{"a", "b"}, 1}, {{"ab", ""}, 1}, {{"a", std::string_view()}, 1}}));
  CHECK(ids(*f, {"a", "b"}) == Ids{1});
  CHECK(ids(*f, {"ab", ""}) == Ids{2});
  CHECK(ids(*f, {"a", ""}) == Ids{3});
  CHECK(ids(*f, {"", "ab"}) == Ids{0});
}

TEST_CASE("dropped while training: the asked share, the same for the same draw") {
  const auto f = field({{"unknown.drop", 0.2}}, rows({{{"a"}, 1}}));
  int dropped = 0;
  for (std::uint64_t key = 0; key < 10000; ++key) {
    const auto got = ids(*f, {"a"}, {true, key * 0x9e3779b97f4a7c15u});
    CHECK(got == ids(*f, {"a"}, {true, key * 0x9e3779b97f4a7c15u}));
    dropped += got[0] == 0;
    REQUIRE(ids(*f, {"a"}, {false, key}) == Ids{1});
  }
  CHECK(dropped == doctest::Approx(2000).epsilon(0.08));  // 4 deviations of 40
}

TEST_CASE("saved and loaded") {
  const auto f = field({}, rows({{{"a\nb\\n"}, 1},
                                 {{""}, 1},
                                 {{"é"}, 1},
                                 {{"a\\"}, 1},
                                 {{"a\r"}, 1},
                                 {{"\xEF\xBB\xBF"
                                   "a"},
                                  1}}));
  const auto again = field({});
  again->load(f->save());
  CHECK(again->sizes() == f->sizes());
  for (const auto* text : {"a\nb\\n", "", "é", "a\\", "a\r",
                           "\xEF\xBB\xBF"
                           "a",
                           "a", "\n"})
    CHECK(ids(*again, {text}) == ids(*f, {text}));
  CHECK(again->save() == f->save());
  again->load("");
  CHECK(again->sizes().at("n") == 1);
  CHECK_THROWS_AS(again->load("a\nb"), braid::Error);
  CHECK_THROWS_AS(again->load("a\na\n"), braid::Error);
}

}  // namespace
