// Golden values by hand. `braid conform my_field` looks at what every field must satisfy.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

TEST_CASE("my_field is log(1 + characters)") {
  const FieldAtWork field("my_field");
  CHECK(differs(field.read("tea"), {std::log(4.0)}) == "");
  CHECK(differs(field.read("thé"), {std::log(4.0)}) == "");  // four bytes, three characters
  CHECK(differs(field.read(""), {0.0}) == "");
  CHECK_FALSE(field.read({}).defined());  // a missing cell, which has a null pointer
}
