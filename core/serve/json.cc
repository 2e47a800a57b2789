#include "serve/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace braid::serve {
namespace {

using Json = nlohmann::json;

// Builds a Value from nlohmann's events. False ends the parse.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Value root;
  std::string why;

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add({Value::Kind::boolean, value ? "true" : "false", {}, {}}); }
  // Below zero by its sign: of these 0 alone is not written as its text, "-0".
  bool number_integer(number_integer_t value) override { return add(number(value ? std::to_string(value) : "-0")); }
  bool number_unsigned(number_unsigned_t value) override { return add(number(std::to_string(value))); }
  bool number_float(number_float_t, const string_t& text) override { return add(number(text)); }
  bool string(string_t& text) override { return add({Value::Kind::text, std::move(text), {}, {}}); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value::Kind::object); }
  bool start_array(std::size_t) override { return open(Value::Kind::array); }
  bool end_object() override { return open_.pop_back(), true; }
  bool end_array() override { return open_.pop_back(), true; }
  bool key(string_t& name) override {
    auto& names = open_.back()->names;
    if (names.size() == widest) return why = "an object has more than " + std::to_string(widest) + " names", false;
    if (std::find(names.begin(), names.end(), name) != names.end())
      return why = "the name " + json_text(name) + " stands twice in one object", false;
    names.push_back(std::move(name));
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& e) override {
    why = e.what();
    // The JSON library's words: without its own name and number.
    if (const auto end = why.find("] "); end != std::string::npos) why.erase(0, end + 2);
    return false;
  }

 private:
  static Value number(std::string text) { return {Value::Kind::number, std::move(text), {}, {}}; }
  bool add(Value value) {
    if (open_.empty()) root = std::move(value);
    else open_.back()->items.push_back(std::move(value));
    return true;
  }
  bool open(Value::Kind kind) {
    if (open_.size() == deepest)
      return why = "lists and objects stand more than " + std::to_string(deepest) + " deep", false;
    add({kind, {}, {}, {}});
    open_.push_back(open_.empty() ? &root : &open_.back()->items.back());
    return true;
  }
  std::vector<Value*> open_;  // an item that is open is the last of its parent, so that none of these moves
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (std::size_t k = 0; k < names.size(); ++k)
    if (names[k] == name) return &items[k];
  return nullptr;
}

const char* Value::word() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::text:
      return "a text";
    case Kind::array:
      return "a list";
    case Kind::object:
      return "an object";
  }
  return "";
}

std::optional<Value> parse_json(std::string_view text, std::string& why) {
  Builder builder;
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
  why = std::move(builder.why);
  return std::nullopt;
}

std::string json_text(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
    case Value::Kind::number:
      return value.text;
    case Value::Kind::text:
      return json_text(value.text);
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  const bool object = value.kind == Value::Kind::object;
  std::string out(1, object ? '{' : '[');
  for (std::size_t k = 0; k < value.items.size(); ++k) {
    if (k) out += ',';
    if (object) out += json_text(value.names[k]) + ":";
    out += dump(value.items[k]);
  }
  return out += object ? '}' : ']';
}

void append_number(std::string& out, float x) {
  if (!std::isfinite(x)) {
    out += "null";
    return;
  }
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
}

}  // namespace braid::serve
