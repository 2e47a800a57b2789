#include "places.h"
#include "log/log.h"

#include "cards/store.h"
#include "recipe/document/diagnostics.h"

#include <filesystem>
#include <iostream>

namespace braid::tools {

using Json = nlohmann::ordered_json;
using From = recipe::Explained::From;

std::string place_text(const recipe::Explained& value) {
  if (value.from != From::fallback) return recipe::text_of(value.place);
  if (value.component.empty()) return "default";
  return "default of " + (value.component == value.plugin ? value.component : value.plugin + "/" + value.component);
}

Json place_json(const recipe::Place& place) {
  if (place.line == 0) return Json{{"file", place.file}};
  return Json{{"file", place.file}, {"line", place.line}, {"column", place.column}};
}

Json place_json(const recipe::Explained& value) {
  static constexpr const char* names[] = {"recipe", "include", "set", "default"};
  Json out{{"from", names[static_cast<int>(value.from)]}};
  if (value.from != From::fallback) out.update(place_json(value.place));
  return out;
}

Json value_json(const recipe::Item& item) {
  using Kind = recipe::Item::Kind;
  switch (item.kind) {
    case Kind::text:
      return item.text;
    case Kind::whole:
      return item.whole;
    case Kind::number:
      return item.number;
    case Kind::boolean:
      return item.boolean;
    case Kind::array: {
      auto out = Json::array();
      for (const auto& one : item.items) out.push_back(value_json(*one));
      return out;
    }
    case Kind::table: {
      auto out = Json::object();
      for (const auto& one : item.items) out[one->key] = value_json(*one);
      return out;
    }
    case Kind::date:
      break;
  }
  return nullptr;
}

std::optional<recipe::Resolution> resolved(const std::string& file, const std::vector<std::string>& sets) {
  cards::Store store(cards::around_this_program());
  auto world = store.world(std::filesystem::path(file).parent_path().string());
  world.files = false;
  auto out = recipe::resolve(file, sets, world);
  for (const auto* all : {&out.checked.warnings, &out.checked.problems})
    for (const auto& p : *all) log::error(p.diagnostic());
  if (!out.checked.plan) return std::nullopt;
  return out;
}

}  // namespace braid::tools
