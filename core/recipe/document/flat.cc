#include "recipe/document/flat.h"

#include "recipe/document/document.h"
#include "recipe/document/toml_text.h"

namespace braid::recipe {

std::optional<std::map<std::string, std::string>> flat_recipe(const std::string& text, const std::string& name) {
  Report report;
  Document document;
  if (!document.load(name, &text, report)) return std::nullopt;
  std::map<std::string, std::string> out;
  each_value(document.root(), "", [&](const Item& item, const std::string& key) {
    out[key] = item.is(Item::Kind::text) ? item.text : inline_toml(item);
  });
  return out;
}

std::vector<Change> changes(const std::string& was, const std::string& is) {
  const auto before = flat_recipe(was, "the recipe as it was"), now = flat_recipe(is, "the recipe as it is");
  if (!before || !now)
    return {{"", before ? std::nullopt : std::optional<std::string>("no TOML"),
             now ? std::nullopt : std::optional<std::string>("no TOML")}};
  std::vector<Change> out;
  const auto value = [](const auto& keys, const std::string& key) {
    const auto at = keys.find(key);
    return at == keys.end() ? std::nullopt : std::optional(at->second);
  };
  for (const auto& [key, text] : *before)
    if (const auto other = value(*now, key); other != text) out.push_back({key, text, other});
  for (const auto& [key, text] : *now)
    if (!before->count(key)) out.push_back({key, std::nullopt, text});
  return out;
}

}  // namespace braid::recipe
