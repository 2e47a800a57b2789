// Golden values by hand. `braid conform my_reader` looks at what every reader must satisfy.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;
using Cells = std::vector<std::string>;

TEST_CASE("my_reader cuts lines where the names start") {
  const auto read = records("my_reader", {}, "a.fixed", "user   item\nanna   a bag of tea\nbob\n\njo     soap\r\n");
  REQUIRE(read.size() == 3);  // an empty line is none
  CHECK(read[0].cells == Cells{"anna", "a bag of tea"});
  CHECK(read[1].cells == Cells{"bob", ""});  // a short line has empty cells
  CHECK(read[2].cells == Cells{"jo", "soap"});
  CHECK(read[2].line == 5);
}

TEST_CASE("my_reader says what is wrong with a file") {
  CHECK_THROWS_AS(records("my_reader", {}, "empty.fixed", ""), braid::Error);
}
