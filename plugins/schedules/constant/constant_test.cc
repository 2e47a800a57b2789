// Values by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using braid::conform::schedule_factor;

TEST_CASE("the rate grows over the warm-up and stays") {
  const braid::Values four{{"warm_up", std::int64_t{4}}};
  CHECK(schedule_factor("constant", four, {0, 0, 14}) == 0.25);
  CHECK(schedule_factor("constant", four, {3, 0, 14}) == 1);
  CHECK(schedule_factor("constant", four, {9, 3, 14}) == 1);
  CHECK(schedule_factor("constant", {}, {0, 0, 1}) == 1);
}
