// Expected values: tools/goldens/number.py.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "number.cc"
#include "sdk/state.h"

namespace {

using Texts = std::vector<std::string_view>;
using Training = std::vector<std::pair<Texts, std::int64_t>>;

struct Rows final : braid::FitRows {
  Training rows;
  explicit Rows(Training of) : rows(std::move(of)) {}
  void each(const std::function<void(const braid::Cell&, std::int64_t)>& visit) const override {
    for (const auto& [texts, count] : rows) visit({texts, std::nullopt}, count);
  }
};

template <class T>
std::unique_ptr<braid::Field> made(const braid::Values& values, Training rows) {
  auto component =
      braid::construct([]() -> std::unique_ptr<braid::Component> { return std::make_unique<T>(); }, values, {});
  std::unique_ptr<braid::Field> f(static_cast<braid::Field*>(component.release()));
  f->fit(Rows(std::move(rows)));
  return f;
}

std::vector<float> values(const braid::Field& f, const Texts& texts) {
  braid::Bytes bytes;
  REQUIRE(f.decode({texts, std::nullopt}, bytes));
  std::vector<float> out(texts.size());
  f.place(bytes, {reinterpret_cast<std::byte*>(out.data()), out.size()}, {});
  return out;
}

std::int64_t id(const braid::Field& f, std::string_view text) {
  const Texts texts{text};
  braid::Bytes bytes;
  REQUIRE(f.decode({texts, std::nullopt}, bytes));
  std::int64_t out = -1;
  f.place(bytes, {reinterpret_cast<std::byte*>(&out), 1}, {});
  return out;
}

const Training times{{{"978300760"}, 1},  {{" 978300761.5"}, 3}, {{"978824351.25 "}, 2}, {{std::string_view()}, 7},
                     {{"+975768738"}, 5}, {{"9.7830076e8"}, 1},  {{"soon"}, 4}};

TEST_CASE("standardised over training rows, to the last digits of a float") {
  const float expected[] = {0.7252587f, 0.72525984f, 1.1176552f, -1.1723214f, 0.7252587f};
  const float with_log[] = {0.72544366f, 0.7254448f, 1.117272f, -1.1723531f, 0.72544366f};
  const float in_range[] = {0.8286461f, 0.8286466f, 1.0f, 0.0f, 0.8286461f};
  const auto standard = made<Number>({}, times), log = made<Number>({{"log", true}}, times);
  const auto range = made<Number>({{"scale", std::string("range")}}, times),
             none = made<Number>({{"scale", std::string("none")}}, times);
  int k = 0;
  for (const auto* text : {"978300760", "978300761.5", "978824351.25", "975768738", "978300760.0"}) {
    CHECK(values(*standard, {text})[0] == doctest::Approx(expected[k]).epsilon(1e-6));
    CHECK(values(*log, {text})[0] == doctest::Approx(with_log[k]).epsilon(1e-6));
    CHECK(values(*range, {text})[0] == doctest::Approx(in_range[k]).epsilon(1e-6));
    CHECK(values(*none, {text})[0] == std::stof(text));
    ++k;
  }
}

TEST_CASE("what 32 bits do not hold is a broken cell, whatever the scale, and does not enter the fit") {
  const auto what = [](const braid::Field& f, std::string_view text) -> std::string {
    braid::Bytes bytes;
    const Texts texts{text};
    try {
      f.decode({texts, std::nullopt}, bytes);
    } catch (const braid::Error& e) {
      return e.what();
    }
    return "";
  };
  const Training rows{{{"1"}, 1}, {{"3"}, 1}, {{"1e300"}, 5}, {{"-1e39"}, 5}};
  for (const auto* scale : {"standard", "range", "none"}) {
    CAPTURE(scale);
    const auto f = made<Number>({{"scale", std::string(scale)}}, rows);
    CHECK(what(*f, "1e300").find("'1e300' is beyond what 32-bit floating point holds, 3.4") == 0);
    CHECK(what(*f, "-1e39").find("beyond") != std::string::npos);
    CHECK(what(*f, "1e999").find("out of the range of numbers") != std::string::npos);
    CHECK(values(*f, {"3"})[0] == (std::string(scale) == "none" ? 3.0f : 1.0f));
  }
  const auto tiny = made<Number>({{"scale", std::string("range")}}, {{{"0"}, 1}, {{"1e-30"}, 1}});
  CHECK(what(*tiny, "1e30").find("beyond") != std::string::npos);  // 1e60 of such units
  CHECK(values(*made<Number>({{"log", true}, {"scale", std::string("none")}}, {}), {"1e300"})[0] ==
        doctest::Approx(690.7755));                                         // ln of it
  CHECK(id(*made<Bucket>({}, {{{"1"}, 1}, {{"1e300"}, 1}}), "1e300") > 0);  // a bucket is no 32-bit number
}

TEST_CASE("several columns are scaled each on its own; a row with a hole is absent") {
  const auto f = made<Number>({}, {{{"1", "10"}, 1}, {{"3", "30"}, 1}, {{std::string_view(), "20"}, 2}});
  CHECK(f->sizes().at("values") == 2);
  CHECK(values(*f, {"1", "20"}) == std::vector<float>{-1, 0});
  CHECK(values(*f, {"3", "30"})[1] == doctest::Approx(std::sqrt(2.0)));
  braid::Bytes bytes;
  const Texts hole{"1", std::string_view()}, short_row{"1"};
  CHECK_FALSE(f->decode({hole, std::nullopt}, bytes));
  CHECK_THROWS_AS(f->decode({short_row, std::nullopt}, bytes), braid::Error);
}

TEST_CASE("no rows, one value: 0, not a division by zero") {
  CHECK(values(*made<Number>({}, {}), {"5"})[0] == 5);
  CHECK(values(*made<Number>({}, {{{"5"}, 3}}), {"5"})[0] == 0);
  CHECK(values(*made<Number>({}, {{{"5"}, 3}}), {"7"})[0] == 2);
  CHECK(id(*made<Bucket>({}, {}), "5") == 1);
}

TEST_CASE("what is no number is named") {
  const auto f = made<Number>({}, times);
  const auto log = made<Number>({{"log", true}}, times);
  braid::Bytes bytes;
  for (const auto* text : {"soon", "", "1,5", "0x10", "1e999", "nan", "inf", "1 2", "--1", "+-1"}) {
    const Texts texts{text};
    CHECK_THROWS_AS(f->decode({texts, std::nullopt}, bytes), braid::Error);
  }
  const Texts soon{"soon"}, low{"-1"};
  CHECK_THROWS_WITH_AS(f->decode({soon, std::nullopt}, bytes), "'soon' is no number", braid::Error);
  CHECK_THROWS_WITH_AS(log->decode({low, std::nullopt}, bytes), "-1 has no log(1 + x); values above -1 have one",
                       braid::Error);
}

TEST_CASE("buckets end at the quantiles of the training rows") {
  const Training rows{
      {{"3"}, 1}, {{"1"}, 2}, {{"4"}, 1}, {{"1"}, 1}, {{"5"}, 3}, {{"9"}, 1}, {{"2"}, 1}, {{"6"}, 2},
      {{"5"}, 1}, {{"3"}, 1}, {{"5"}, 1}, {{"8"}, 4}, {{"9"}, 1}, {{"7"}, 1}, {{"9"}, 2}, {{std::string_view()}, 50}};
  const std::map<std::int64_t, std::vector<std::int64_t>> expected{{1, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
                                                                   {2, {1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2}},
                                                                   {4, {1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4}},
                                                                   {7, {1, 1, 1, 1, 2, 2, 3, 4, 5, 5, 6, 7}}};
  for (const auto& [buckets, ids] : expected) {
    const auto f = made<Bucket>({{"buckets", buckets}}, rows);
    for (int x = -1; x <= 10; ++x) {
      INFO(buckets << " buckets, value " << x);
      CHECK(id(*f, std::to_string(x)) == ids[static_cast<std::size_t>(x + 1)]);
    }
    CHECK(id(*f, std::string_view()) == 0);
  }
}

TEST_CASE("saved and loaded to the bit") {
  const auto f = made<Number>({}, times), again = made<Number>({}, {});
  again->load(f->save());
  CHECK(values(*again, {"978300777.125"}) == values(*f, {"978300777.125"}));
  const auto b = made<Bucket>({}, times), other = made<Bucket>({}, {});
  other->load(b->save());
  CHECK(other->save() == b->save());
  CHECK(id(*other, "978300761") == id(*b, "978300761"));
  CHECK_THROWS_AS(again->load("1\n2\n3\n"), braid::Error);
}

}  // namespace
