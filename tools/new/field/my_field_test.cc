// Golden values by hand. `braid conform my_field` looks at what every field must satisfy.
#include <braid/conform.h>

#include <cmath>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;

namespace {

// What the field makes of a cell; no value: the cell is missing.
std::optional<float> value_of(std::string_view text) {
  Instance at_work(Case{"my_field"});
  const auto& field = dynamic_cast<const braid::Field&>(at_work.component());
  const std::string_view texts[] = {text};
  braid::Bytes decoded;
  if (!field.decode({texts, std::nullopt}, decoded)) return {};
  float value = -1;
  field.place(decoded, {reinterpret_cast<std::byte*>(&value), 1}, {});
  return value;
}

}  // namespace

TEST_CASE("my_field is log(1 + characters)") {
  CHECK(*value_of("tea") == doctest::Approx(std::log(4.0)));
  CHECK(*value_of("thé") == doctest::Approx(std::log(4.0)));  // four bytes, three characters
  CHECK(*value_of("") == 0);
  CHECK_FALSE(value_of(std::string_view()));  // a missing cell has a null pointer
}
