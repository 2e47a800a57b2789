#include "recipe/document/toml_items.h"

#include <algorithm>

namespace braid::recipe {

namespace {

Place place_of(const toml::source_region& region, const From& from) {
  if (from.set) return {from.file, 0, 0};
  return {from.file, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

}  // namespace

std::unique_ptr<Item> converted(const toml::node& node, const From& from) {
  auto item = std::make_unique<Item>();
  item->place = item->key_place = place_of(node.source(), from);
  item->folder = from.folder;
  item->from_set = from.set;
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      auto inner = converted(value, from);
      inner->key_place = place_of(key.source(), from);
      inner->key = key.str();
      item->items.push_back(std::move(inner));  // the keys of a parsed table differ: no search for each
    }
    // toml++ sorts keys by name; the order of writing is the order of the recipe.
    std::stable_sort(item->items.begin(), item->items.end(), [](const auto& a, const auto& b) {
      return std::pair(a->key_place.line, a->key_place.column) < std::pair(b->key_place.line, b->key_place.column);
    });
  } else if (const auto* array = node.as_array()) {
    item->kind = Item::Kind::array;
    for (const auto& value : *array) item->items.push_back(converted(value, from));
  } else if (const auto* text = node.as_string()) {
    item->kind = Item::Kind::text;
    item->text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    item->kind = Item::Kind::whole;
    item->whole = whole->get();
    item->number = static_cast<double>(item->whole);
  } else if (const auto* number = node.as_floating_point()) {
    item->kind = Item::Kind::number;
    item->number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    item->kind = Item::Kind::boolean;
    item->boolean = boolean->get();
  } else {
    item->kind = Item::Kind::date;
  }
  return item;
}

}  // namespace braid::recipe
