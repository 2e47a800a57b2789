#include "command/options.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace braid::command {
namespace {

std::int64_t number(const std::string& option, const std::string& text, const Range& range) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < range.low || value > range.high)
    throw WrongValue{option, "is '" + text + "'; it is a whole number from " + std::to_string(range.low) + " to " +
                                 std::to_string(range.high)};
  return value;
}

}  // namespace

std::optional<std::vector<std::string>> Options::values(const Declaration& of) const {
  return source_ ? source_->values(of) : std::nullopt;
}

std::optional<std::string> Options::value(const Declaration& of) const {
  const auto given = values(of);
  return given && !given->empty() ? std::optional(given->back()) : std::nullopt;
}

std::string Options::argument(const char* name, Need need) const {
  return value({name, name, "", true, false, need == Need::required}).value_or("");
}

std::vector<std::string> Options::arguments(const char* name, Need need) const {
  return values({name, name, "", true, true, need == Need::required}).value_or(std::vector<std::string>{});
}

bool Options::flag(const char* name, const char* help) const { return values({name, "", help}).has_value(); }

std::string Options::text(const char* name, const char* stands, const char* help, Need need,
                          const char* otherwise) const {
  return value({name, stands, help, false, false, need == Need::required}).value_or(otherwise);
}

std::vector<std::string> Options::texts(const char* name, const char* stands, const char* help) const {
  return values({name, stands, help, false, true}).value_or(std::vector<std::string>{});
}

std::int64_t Options::whole(const char* name, const char* stands, const char* help, Range range,
                            std::int64_t otherwise) const {
  return optional_whole(name, stands, help, range).value_or(otherwise);
}

std::optional<std::int64_t> Options::optional_whole(const char* name, const char* stands, const char* help,
                                                    Range range) const {
  const auto given = value({name, stands, help});
  return given ? std::optional(number(name, *given, range)) : std::nullopt;
}

std::vector<std::string> Options::set_option() const {
  return texts("set", "KEY=VALUE",
               "change a value of the recipe, as in --set train.epochs=3; paths are relative to the working folder");
}

std::vector<std::string> Options::split_option() const {
  return texts("split", "NAME", "evaluate this split only: valid, test, or a held-out one");
}

std::vector<std::uint64_t> Options::seeds_option(const char* help) const {
  const auto text = value({"seeds", "1,2,3", help});
  std::vector<std::uint64_t> out;
  if (!text) return out;
  for (std::size_t at = 0; at <= text->size();) {
    const auto comma = std::min(text->find(',', at), text->size());
    const auto seed = static_cast<std::uint64_t>(
        number("seeds", text->substr(at, comma - at), {0, std::numeric_limits<std::int64_t>::max()}));
    if (std::find(out.begin(), out.end(), seed) != out.end())
      throw WrongValue{"seeds",
                       "has " + std::to_string(seed) + " twice",
                       {"the same seed gives the same run; it would count twice in means and spreads"}};
    out.push_back(seed);
    at = comma + 1;
  }
  return out;
}

int Options::threads_option() const {
  return static_cast<int>(
      whole("threads", "N", "threads of LibTorch; without it OMP_NUM_THREADS, else all cores", {1, 4096}, 0));
}

bool Options::json_option(const char* help) const { return flag("json", help); }

}  // namespace braid::command
