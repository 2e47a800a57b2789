// A card: a plugin's schema as JSON, with what tells whether it still belongs to the plugin's file.
#pragma once

#include "braid/abi.h"
#include "braid/schema.h"
#include "cards/file.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <variant>

namespace braid::cards {

inline constexpr int card_format = 2;  // raised when the meaning of a key changes; others are made again

struct Card {
  PluginSchema schema;
  FileFacts file;  // of the plugin when the card was made
};

std::string to_text(const Card& card);
// The card, or why the text is none (damaged, another format).
std::variant<Card, std::string> from_text(const std::string& text);

// The parts, for `--json`. Throw nlohmann::json::exception on reading what was not written here.
nlohmann::ordered_json to_json(const ComponentSchema& component);
nlohmann::ordered_json to_json(const PluginSchema& plugin);
PluginSchema plugin_from_json(const nlohmann::ordered_json& json);

}  // namespace braid::cards
