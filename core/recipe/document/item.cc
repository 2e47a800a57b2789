#include "recipe/document/item.h"

namespace braid::recipe {

Item* Item::find(std::string_view name) {
  if (kind != Kind::table) return nullptr;
  for (const auto& item : items)
    if (item->key == name) return item.get();
  return nullptr;
}

Item& Item::add(std::string name, std::unique_ptr<Item> item) {
  item->key = std::move(name);
  if (kind == Kind::table)
    for (auto& old : items)
      if (old->key == item->key) {
        item->instead = std::move(old);
        return *(old = std::move(item));
      }
  return *items.emplace_back(std::move(item));
}

std::string_view name_of(Item::Kind kind) {
  switch (kind) {
    case Item::Kind::table:
      return "a table";
    case Item::Kind::array:
      return "a list";
    case Item::Kind::text:
      return "text";
    case Item::Kind::whole:
      return "a whole number";
    case Item::Kind::number:
      return "a number";
    case Item::Kind::boolean:
      return "true or false";
    case Item::Kind::date:
      return "a date";
  }
  return "";
}

std::unique_ptr<Item> copy(const Item& item) {
  auto out = std::make_unique<Item>();
  out->kind = item.kind;
  out->key = item.key;
  out->key_place = item.key_place;
  out->place = item.place;
  out->folder = item.folder;
  out->text = item.text;
  out->whole = item.whole;
  out->number = item.number;
  out->boolean = item.boolean;
  out->vars = item.vars;
  if (item.instead) out->instead = copy(*item.instead);
  out->written = item.written;
  out->from_set = item.from_set;
  out->filled_in = item.filled_in;
  for (const auto& inner : item.items) out->items.push_back(copy(*inner));
  return out;
}

}  // namespace braid::recipe
