#include "recipe/document/toml_text.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <cmath>

namespace braid::recipe {

namespace {

std::string toml_text(const std::string& text) {
  std::string out = "\"";
  for (const char ch : text) {
    if (ch == '"' || ch == '\\') out += '\\', out += ch;
    else if (ch == '\n') out += "\\n";
    else if (ch == '\t') out += "\\t";
    else if (ch == '\r') out += "\\r";
    else if (static_cast<unsigned char>(ch) < 0x20 || ch == 0x7f) {
      static constexpr char hex[] = "0123456789ABCDEF";
      out += std::string("\\u00") + hex[(ch >> 4) & 15] + hex[ch & 15];
    } else out += ch;
  }
  return out + "\"";
}

}  // namespace

std::string toml_key(const std::string& key) {
  for (const char ch : key)
    if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'))
      return toml_text(key);
  return key.empty() ? "\"\"" : key;
}

namespace {

std::string toml_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  auto text = number_text(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string inline_toml(const Item& item) {
  switch (item.kind) {
    case Item::Kind::text:
      return toml_text(item.text);
    case Item::Kind::whole:
      return std::to_string(item.whole);
    case Item::Kind::number:
      return toml_number(item.number);
    case Item::Kind::boolean:
      return item.boolean ? "true" : "false";
    case Item::Kind::date:
      return toml_text("");
    case Item::Kind::array: {
      std::string out = "[";
      for (std::size_t k = 0; k < item.items.size(); ++k) out += (k ? ", " : "") + inline_toml(*item.items[k]);
      return out + "]";
    }
    case Item::Kind::table: {
      if (item.items.empty()) return "{}";
      std::string out = "{ ";
      for (std::size_t k = 0; k < item.items.size(); ++k)
        out += (k ? ", " : "") + toml_key(item.items[k]->key) + " = " + inline_toml(*item.items[k]);
      return out + " }";
    }
  }
  return "";
}

namespace {

// Tables down to `depth` get a heading of their own: [tables.items.fields]; deeper ones stand in one line.
void section(const Item& item, const std::string& path, int depth, std::string& out) {
  std::string own;
  for (const auto& inner : item.items)
    if (!inner->is(Item::Kind::table) || depth == 0) own += toml_key(inner->key) + " = " + inline_toml(*inner) + "\n";
  if (!own.empty() || item.items.empty()) out += "\n[" + path + "]\n" + own;
  if (depth > 0)
    for (const auto& inner : item.items)
      if (inner->is(Item::Kind::table)) section(*inner, path + "." + toml_key(inner->key), depth - 1, out);
}

}  // namespace

std::string toml_of(const Item& root) {
  std::string out;
  for (const auto& item : root.items)
    if (!item->is(Item::Kind::table)) out += toml_key(item->key) + " = " + inline_toml(*item) + "\n";
  for (const auto& item : root.items) {
    if (!item->is(Item::Kind::table)) continue;
    const int depth = item->key == "tables"                                                   ? 2
                      : item->key == "nodes" || item->key == "axes" || item->key == "metrics" ? 1
                                                                                              : 0;
    section(*item, toml_key(item->key), depth, out);
  }
  return out;
}

bool list_of_tables(const Item& item) {
  return item.is(Item::Kind::array) && !item.items.empty() &&
         std::all_of(item.items.begin(), item.items.end(), [](const auto& one) { return one->is(Item::Kind::table); });
}

void each_value(const Item& item, const std::string& path,
                const std::function<void(const Item& value, const std::string& key)>& visit) {
  const bool tables = list_of_tables(item);
  if (!tables && (!item.is(Item::Kind::table) || (item.items.empty() && !path.empty()))) return visit(item, path);
  for (std::size_t k = 0; k < item.items.size(); ++k) {
    const auto& inner = *item.items[k];
    each_value(inner,
               tables ? path + "[" + std::to_string(k) + "]" : (path.empty() ? "" : path + ".") + toml_key(inner.key),
               visit);
  }
}

}  // namespace braid::recipe
