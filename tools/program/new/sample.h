// The first rows of a text table, and what its columns look like. What `braid new recipe` guesses from.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace braid::tools {

// What the sampled cells of one column look like.
struct Column {
  std::string name;                           // unique in its table, never empty
  std::string header;                         // as the file says it; empty in files without a line of names
  std::map<std::string, std::size_t> values;  // rows by cell; missing cells are left out
  std::size_t missing = 0;                    // rows
  std::size_t rows = 0;
  bool numbers = false, wholes = false;  // all cells that are there
  double low = 0, high = 0;              // of numbers
  std::size_t longest = 0;               // bytes
  double words = 0;                      // a cell, on average
  std::size_t there() const { return rows - missing; }
  bool unique() const { return rows > 0 && missing == 0 && values.size() == rows; }
};

struct Sample {
  std::string file;      // as given
  std::string encoding;  // as the parameter `encoding` of readers has it
  std::string separator;
  bool quotes = false;               // '"' opens a quoted cell
  bool named = true;                 // the first line has the columns' names
  bool renamed = false;              // columns whose names are missing or twice there have others
  bool whole = false;                // these are all rows
  std::size_t size = 0;              // bytes of the file
  std::vector<std::string> missing;  // texts that stand for a missing cell, besides the empty one
  std::vector<Column> columns;
  std::size_t rows = 0;
  std::size_t ragged = 0;  // rows with another number of cells than the first line, or with wrong quotes
  const Column* find(const std::string& name) const;
};

// Reads the first 20,000 rows, or 8 MiB, as the reader `delimited` does. Throws Failure: no such file, empty, no text.
Sample sample(const std::string& file);

// The number that a text is.
std::optional<double> number_in(const std::string& text);
// Whether a text is a date that sorts as text: 2024-05-31, with or without a time.
bool sorts_as_date(const std::string& text);

}  // namespace braid::tools
