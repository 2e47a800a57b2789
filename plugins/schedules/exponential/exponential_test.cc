// Values by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using braid::conform::schedule_factor;

TEST_CASE("the factor after each epoch, beside the warm-up") {
  CHECK(schedule_factor("exponential", {{"factor", 0.5}}, {0, 3, 14}) == 0.125);
  CHECK(schedule_factor("exponential", {{"factor", 0.5}, {"warm_up", std::int64_t{10}}}, {4, 1, 14}) == 0.25);
  CHECK(schedule_factor("exponential", {}, {7, 7, 14}) == 1);
}
