// What tables mean, guessed from their first rows: which are entities, what links to them, what there is to learn.
// Every guess has its reason, which stands in the recipe.
#pragma once

#include "sample.h"

#include <string>
#include <vector>

namespace braid::tools {

struct FieldGuess {
  enum class How { id, category, several, number, text, image, left_out };
  How how = How::left_out;
  std::string name, column;
  std::string split;  // several: what parts a cell's values
  std::string why;
};

struct TableGuess {
  std::string name;
  std::vector<const Sample*> files;  // of one header
  std::string key, why;              // entities: the column that names the row
  std::vector<FieldGuess> fields;
  const Sample& first() const { return *files[0]; }
};

struct LinkGuess {
  std::string name, column, why;
  std::size_t table = 0;  // of Guess::entities
};

struct Guess {
  std::vector<TableGuess> entities;
  TableGuess rows;  // what is learnt from: each row is an event, or just a row
  std::vector<LinkGuess> links;
  std::string label, label_column, label_why;  // the expression; empty: nothing to learn a label from
  std::string keep;                            // the rows that have a label; empty: all
  std::string order, order_why;                // empty: no column that tells which row came first
  std::string split;                           // without an order: the expression that deals rows
  std::vector<std::string> left_out;           // files that nothing links to, and why
};

// `samples` outlive the guess. Throws Failure [no-guess] with what was seen, when there is nothing to learn from.
Guess guess(const std::vector<Sample>& samples);

}  // namespace braid::tools
