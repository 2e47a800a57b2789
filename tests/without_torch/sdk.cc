// What is needed of the SDK beside the sources that need no LibTorch.
#include "data/hash.h"
#include "sdk/state.h"

namespace braid {

// sdk/random.cc has it beside LibTorch's calls. Other numbers than its: tests compare draws with draws.
double Draw::uniform(std::uint64_t place) const { return static_cast<double>(data::mixed(key, place) >> 11) * 0x1p-53; }

// Never reached, and nowhere defined: that is how a wrong declaration fails to compile. Some versions of clang call
// consteval constructors at run time and ask for them.
namespace detail {
void a_name_has_lower_case_letters_digits_and_underscores_and_is_no_word_of_the_recipe_language() {}
void this_text_is_not_a_shape_see_schema_h() {}
void this_text_is_not_a_dim_expression_see_schema_h() {}
}  // namespace detail

}  // namespace braid
