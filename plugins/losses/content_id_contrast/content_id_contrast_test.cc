// Content-id contrast: conformance, golden values (tools/goldens/losses.py), and what is drawn as a negative.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

Case items(const std::string& negatives) {
  Case c{"content_id_contrast"};
  c.values = {{"negatives", negatives}, {"dim", std::int64_t{4}}};
  c.inputs["content"] = {wave({5, 3})};
  c.inputs["id"] = {wave({5, negatives == "raw" ? 3 : 6}, 0.3, 0.9)};
  return c;
}

Case some(Case c) {  // items 2 and 3 have no content
  c.inputs["content"] = {c.inputs["content"][0].hide({{2}, {3}})};
  return c;
}

// Row i's loss when row r is drawn once, and three times.
const std::vector<double> once{0.6931471806,    0.04625757741,  3.358667066e-07, 0.3633749338,   0.0387361738,
                               0.2441621968,    0.6931471806,   0.004424004173,  0.001015001305, 0.351698662,
                               8.485466291e-07, 0.001727157615, 0.6931471806,    1.134499156,    0.4937887645,
                               8.078908872,     6.222032748,    8.891048471,     0.6931471806,   4.036175523,
                               6.457905888,     6.385383244,    10.52949638,     2.73802522,     0.6931471806};

// How often each row is drawn as row i's only negative over many steps: [5][5].
std::vector<std::vector<int>> drawn(Case c, int steps) {
  c.values["count"] = std::int64_t{1};
  Instance at_work(c);
  at_work.fill();
  std::vector<std::vector<int>> counts(5, std::vector<int>(5));
  for (int step = 0; step < steps; ++step) {
    const auto out = at_work.run({.training = true, .step = step}).at("loss");
    const auto* known = out.mask.defined() ? out.mask.const_data_ptr<bool>() : nullptr;
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t r = 0; r < 5; ++r)
        if ((!known || known[i]) &&
            std::abs(static_cast<double>(out.value.const_data_ptr<float>()[i]) - once[i * 5 + r]) < 1e-4)
          ++counts[i][r];
  }
  return counts;
}

}  // namespace

TEST_CASE("content_id_contrast conforms") {
  for (const auto* negatives : {"sampled", "in_batch", "raw"}) {
    CAPTURE(negatives);
    CHECK(check(items(negatives)) == "");
    CHECK(check(some(items(negatives))) == "");
  }
  auto c = some(items("sampled"));
  c.values["exclude_self"] = true;
  CHECK(check(c) == "");
}

TEST_CASE("content_id_contrast's golden values") {
  const auto loss = [](const Case& c) {
    Instance at_work(c);
    at_work.fill();
    return at_work.run().at("loss").value;
  };
  CHECK(differs(loss(items("in_batch")), {0.4046030429, 0.5986456964, 1.217866764, 16.03586496, 13.05933237}, 1e-4) ==
        "");
  CHECK(differs(loss(some(items("in_batch"))), {0.08169793224, 0.5954467228, 0, 0, 7.094451316}, 1e-4) == "");
  CHECK(differs(loss(items("raw")), {0.4157513143, 8.624131542, 16.41623712, 18.79646153, 22.48120906}, 1e-4) == "");
}

TEST_CASE("two rows that exclude themselves draw each other") {
  auto c = items("sampled");
  c.values["exclude_self"] = true;
  c.values["count"] = std::int64_t{3};
  c.inputs["content"] = {c.inputs["content"][0].hide({{2}, {3}, {4}})};
  Instance at_work(c);
  at_work.fill();
  CHECK(differs(at_work.run({.training = true}).at("loss").value, {0.1276836712, 0.5314773166, 0, 0, 0}, 1e-4) == "");
}

TEST_CASE("negatives are drawn uniformly, the same for both directions, from rows with content") {
  const int steps = 400;
  for (const bool exclude_self : {false, true}) {
    auto all = items("sampled"), few = some(items("sampled"));
    all.values["exclude_self"] = few.values["exclude_self"] = exclude_self;
    for (const auto& [c, pool] :
         {std::pair{all, std::vector<std::size_t>{0, 1, 2, 3, 4}}, std::pair{few, std::vector<std::size_t>{0, 1, 4}}}) {
      const auto counts = drawn(c, steps);
      for (const auto i : pool) {
        int seen = 0;
        const double choices = static_cast<double>(pool.size()) - (exclude_self ? 1 : 0);
        for (const auto r : pool) {
          CAPTURE(i);
          CAPTURE(r);
          seen += counts[i][r];
          const double want = exclude_self && r == i ? 0 : steps / choices;
          CHECK(std::abs(counts[i][r] - want) <= 6 * std::sqrt(want));  // six standard deviations
        }
        CHECK(seen == steps);  // each value seen is one that a single draw can give
      }
    }
  }
}

TEST_CASE("evaluation draws nothing: the only negative is the next row") {
  auto c = items("sampled");
  c.values["count"] = std::int64_t{1};
  Instance at_work(c);
  at_work.fill();
  CHECK(differs(at_work.run().at("loss").value, {once[1], once[7], once[13], once[19], once[20]}, 1e-4) == "");
}

TEST_CASE("raw needs one width") {
  auto c = items("raw");
  c.inputs["id"] = {wave({5, 6})};
  CHECK_THROWS_WITH_AS(Instance{c}, doctest::Contains("content has 3 numbers and id 6"), Error);
}
