// JSON as requests are written: numbers keep their text, so that a key is what the line says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::serve {

struct Value {
  enum class Kind { null, boolean, number, text, array, object } kind = Kind::null;
  std::string text;                // as written; of a text, what it says
  std::vector<std::string> names;  // of an object, beside its items
  std::vector<Value> items;

  const Value* find(std::string_view name) const;
  const char* word() const;  // "a number"
};

inline constexpr std::size_t deepest = 32;   // lists and objects in one another
inline constexpr std::size_t widest = 1000;  // names in one object

// One JSON text. On failure nothing, and `why` says what is wrong and where: no JSON, invalid UTF-8, a name twice, too
// deep, too wide. Safe from many threads.
std::optional<Value> parse_json(std::string_view text, std::string& why);

std::string json_text(std::string_view text);  // as a JSON string; bytes that are no UTF-8 are replaced
std::string dump(const Value& value);
// A number that reads back as the same float; null where it is not finite.
void append_number(std::string& out, float x);

}  // namespace braid::serve
