// The words of the recipe language: which keys stand in which table, what may be said, what holds when nothing is said,
// and what it means. The checker reads tables by these lists (keys.h), and editors get them as a schema, so that
// neither knows a key which the other does not.
#pragma once

#include "braid/schema.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::recipe {

// One key of one table.
struct Word {
  enum class Is {
    whole,        // a whole number in [low, high], or a text with a unit where `unit` knows some (units.h)
    number,       // a number in [low, high]
    boolean,      // true or false
    text,         // a text
    texts,        // a text or a list of texts
    choice,       // one of `choices`
    expression,   // a text: an expression over columns
    component,    // the name of a component of one of `kinds`, or a table of the words of `section` where it names one
    wires,        // a wire, or a list of them
    coefficient,  // a number, { learn, start, log } or { from, to, steps }
    inputs,       // a table: wires by the component's ports
    values,       // a table: texts, numbers and booleans by names of the user's own
    table,        // a table of the words of `section`
    tables,       // the same, or a list of such tables
    named,        // a table of such tables by names of the user's own
    links,        // the same; a text alone is the linked table
    expressions,  // a table: expressions by names of the user's own
  };
  std::string name;
  Is is = Is::text;
  Value fallback = {};  // monostate: none, or one that depends on other keys (the help says which)
  std::optional<double> low = {}, high = {};
  std::vector<std::string> choices = {};
  std::string unit = {};
  std::string section = {};
  std::vector<Kind> kinds = {};
  bool required = false;
  std::string help;
};

// A table of the language. Components' parameters may stand beside these words (nodes, metrics, fields, readers).
struct Section {
  std::string name;  // "train", "node": for section(); no word of the language
  std::string help;
  std::vector<Word> words;
  const Word* find(std::string_view word) const;
};

// The list of that name; std::logic_error when there is none.
const Section& section(std::string_view name);
const std::vector<Section>& all_sections();

}  // namespace braid::recipe
