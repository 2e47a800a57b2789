// Values by hand. `braid conform my_schedule` looks at what every schedule must satisfy.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using braid::conform::schedule_factor;

TEST_CASE("my_schedule rises to its peak and falls to zero") {
  const braid::Values values{{"peak", 0.5}};
  CHECK(schedule_factor("my_schedule", values, {0, 0, 8}) == 0.25);
  CHECK(schedule_factor("my_schedule", values, {3, 0, 8}) == 1);
  CHECK(schedule_factor("my_schedule", values, {5, 0, 8}) == 0.5);
  CHECK(schedule_factor("my_schedule", values, {7, 0, 8}) == 0);
}
