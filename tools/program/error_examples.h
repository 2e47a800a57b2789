// An example for each error tag of the checker. They name components, so they stand outside of the core.
#pragma once

#include <string>
#include <string_view>

namespace braid {

// The example of a tag of the checker, as lines of a difference: those that start with '-' are the mistake, with '+'
// its fix, with ' ' both. They are a recipe together with tests/errors/good/base.toml, or alone where they start with
// `braid = 1` and a table. "#
// --set a=b" stands for one on the command line. Empty where a tag has none.
std::string_view example_of(std::string_view tag);
// The recipe's part with the mistake ('-') or with the fix ('+').
std::string side_of(std::string_view change, char side);

}  // namespace braid
