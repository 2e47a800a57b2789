// Amounts with units: "2GiB", "500ms", "10k". Which ones fit is told by the unit that a parameter declares:
//   "bytes"                                  B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024)
//   "microseconds", "milliseconds",          us, ms, s, min, h, d; the value is what the declared unit counts
//   "seconds", "minutes", "hours", "days"
//   any other, as "rows" or "tokens"         a count: k, M, G (powers of 1000)
// Without a declared unit no text is an amount, and a text without a unit is none: a number needs no quotes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace braid::recipe {

struct Amount {
  double value = 0;
  std::optional<std::int64_t> whole;  // when it is one, exactly: "1.5k" is, "1.5" is not
};

// What `text` says in `unit`s; nullopt when it is no such amount or too large (2^63 and more).
std::optional<Amount> amount(std::string_view text, std::string_view unit);
// "a number, or a text with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: \"2GiB\"", as messages and pages say it.
std::string amount_forms(std::string_view unit);
// "10k", "2GiB" or "500ms".
std::string amount_example(std::string_view unit);
// What such texts look like, as a regular expression that editors understand.
std::string amount_pattern(std::string_view unit);

}  // namespace braid::recipe
