// What every distiller must satisfy, and golden values by hand.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

Case three_rows() {
  Case c{"my_distiller"};
  c.inputs["student"] = {numbers({1, -2, 0.5}, {3})};
  c.inputs["teacher"] = {numbers({3, -2, 7}, {3}).hide({{2}})};  // the teacher says nothing about the third row
  return c;
}

}  // namespace

TEST_CASE("my_distiller conforms") { CHECK(check(three_rows()) == ""); }

TEST_CASE("my_distiller is half the squared difference") {
  CHECK(differs(Instance(three_rows()).run().at("loss").value, {2, 0, 0}) == "");
}
