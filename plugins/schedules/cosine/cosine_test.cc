// Values by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using braid::conform::schedule_factor;

TEST_CASE("half a cosine after the warm-up, down to `last`") {
  const braid::Values values{{"warm_up", std::int64_t{4}}, {"last", 0.1}};
  CHECK(schedule_factor("cosine", values, {1, 0, 14}) == 0.5);
  CHECK(schedule_factor("cosine", values, {4, 0, 14}) == doctest::Approx(1));
  CHECK(schedule_factor("cosine", values, {9, 0, 14}) == doctest::Approx(0.1 + 0.9 * 0.5));  // half way
  CHECK(schedule_factor("cosine", values, {14, 0, 14}) == doctest::Approx(0.1));
  CHECK(schedule_factor("cosine", values, {99, 0, 14}) == doctest::Approx(0.1));
  CHECK(schedule_factor("cosine", {}, {0, 0, 1}) == 1);
}
