// `braid schema`.
#include "commands.h"
#include "components/catalogue.h"
#include "print.h"
#include "schema.h"

#include <iostream>

namespace braid::tools {
namespace {

struct Schema : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "schema", "Prints the recipe language, with the components that are there, as a JSON Schema for editors.",
      "Write it to a file (`braid schema > braid.schema.json`) and say `#:schema braid.schema.json` in a recipe's "
      "first "
      "line: an editor with a TOML language server completes keys, shows help and underlines mistakes."};
};

int print_schema(const Schema&) {
  cards::Store store(cards::around_this_program());
  const auto found = store.all(here());
  std::vector<const PluginSchema*> plugins;
  for (const auto& f : found) {
    if (f.card) plugins.push_back(&f.card->schema);
    else std::cerr << "warning: " << f.file << " is left out: " << f.refused << '\n';
  }
  print(recipe_schema(plugins));
  return 0;
}

}  // namespace

Command schema_command() { return command_of<Schema, print_schema>(); }

}  // namespace braid::tools
