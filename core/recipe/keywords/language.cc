#include "recipe/keywords/language_parts.h"

#include <stdexcept>

namespace braid::recipe {

namespace {

using Is = Word::Is;

Section top() {
  return {
      "top",
      "A recipe: tables, components and losses of a model.",
      {{.name = "braid",
        .is = Is::whole,
        .low = 1,
        .high = 1,
        .required = true,
        .help = "Version of the recipe language: 1."},
       {.name = "include",
        .is = Is::texts,
        .help = "Files that are read first, in order. Tables merge by key; anything else is replaced by what is said "
                "later."},
       {.name = "spare",
        .is = Is::texts,
        .help = "Nodes (\"facts\") and fields (\"items.year\"), or globs of them, that may stay unused."},
       {.name = "serving",
        .is = Is::boolean,
        .fallback = false,
        .help = "In exported recipes only: this is the part of a model that answers requests."},
       {.name = "lookup_only",
        .is = Is::boolean,
        .fallback = false,
        .help = "In exported recipes only: what only new entities need was left out."},
       {.name = "vars",
        .is = Is::values,
        .help = "Texts, numbers and booleans; `${name}` in any text is replaced by the value."},
       {.name = "tables", .is = Is::named, .section = "table", .help = "What is read."},
       {.name = "axes",
        .is = Is::named,
        .section = "axis",
        .help = "Sets of rows in a batch, besides each table's own."},
       {.name = "nodes", .is = Is::named, .section = "node", .help = "Components at work."},
       {.name = "train", .is = Is::table, .section = "train", .help = "How the model learns."},
       {.name = "data", .is = Is::table, .section = "data", .help = "The data plane. No figure depends on it."},
       {.name = "eval",
        .is = Is::table,
        .section = "eval",
        .help = "What metrics read, and which splits are evaluated."},
       {.name = "metrics", .is = Is::named, .section = "metric", .help = "Figures of every split and slice."},
       {.name = "slices",
        .is = Is::expressions,
        .help =
            "Parts of the rows by expressions, as rare = \"train_count(item) < 50\". Every metric is told for each."},
       {.name = "serve", .is = Is::table, .section = "serve", .help = "What a served model answers with."}}};
}

}  // namespace

const Word* Section::find(std::string_view word) const {
  for (const auto& one : words)
    if (one.name == word) return &one;
  return nullptr;
}

const std::vector<Section>& all_sections() {
  static const auto all = [] {
    std::vector<Section> out{top()};
    for (const auto part : {words_of_tables, words_of_nodes, words_of_training})
      for (auto& one : part()) out.push_back(std::move(one));
    return out;
  }();
  return all;
}

const Section& section(std::string_view name) {
  for (const auto& one : all_sections())
    if (one.name == name) return one;
  throw std::logic_error("the recipe language has no section " + std::string(name));
}

}  // namespace braid::recipe
