#include "sample.h"

#include "kernels/text/number.h"
#include "kernels/text/records.h"
#include "recipe/document/words.h"

#include <braid/diagnostic.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>

namespace braid::tools {
namespace {

constexpr std::size_t most_rows = 20'000, most_bytes = 8u << 20;

using Row = std::vector<std::string>;

struct Unreadable : std::runtime_error {  // what the text layer throws; it names the file
  using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& file, const std::string& what, const std::string& tag,
                       const std::string& note) {
  throw Failure(tag, file, what, {note});
}

void demand_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    fail(path, "no such file", "missing-file", "paths are seen from the working folder");
  if (std::filesystem::is_directory(path, error))
    fail(path, "it is a folder", "missing-file", "name the tables in it: " + path + "/*.csv");
}

// What the file's first bytes are: UTF-16 by its mark or its zeros, else UTF-8, else one byte for each character.
text::Encoding encoding_of(const std::string& path) {
  using text::Encoding;
  text::ByteStream<Unreadable> bytes(path);
  std::string block(most_bytes, '\0');
  block.resize(bytes.read(block.data(), block.size()));
  for (const auto encoding : {Encoding::utf_16, Encoding::utf_16le, Encoding::utf_16be}) {
    std::size_t mark = 0;
    bool big = false;
    const auto head = std::string_view(block).substr(0, 512);
    if (!text::wrong_encoding(head, Encoding::utf_8, mark, big).empty() &&
        text::wrong_encoding(head, encoding, mark, big).empty())
      return encoding;
  }
  const auto at = text::not_utf8(block);
  if (at == std::string::npos || (block.size() == most_bytes && at + 4 > block.size())) return Encoding::utf_8;
  const bool windows = std::any_of(block.begin(), block.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 && static_cast<unsigned char>(c) < 0xA0;
  });
  return windows ? Encoding::windows_1252 : Encoding::latin_1;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++n;
  return n;
}

// What stands between cells: what the file's ending says if its first line has one, else what its first lines have
// equally often.
std::string separator_of(const std::vector<std::string>& lines, bool commas) {
  const std::string usual = commas ? "," : "\t";
  if (lines.empty() || occurrences(lines[0], usual)) return usual;
  std::string best = usual;
  std::size_t most = 0;
  for (const auto* candidate : {"\t", "::", ";", "|", ","}) {
    const auto count = occurrences(lines[0], candidate);
    const bool even = std::all_of(lines.begin(), lines.end(), [&](const auto& line) {
      const auto n = occurrences(line, candidate);
      return n == count || (n > count && line.find('"') != line.npos);
    });
    if (even && count > most) best = candidate, most = count;
  }
  return best;
}

// How the file is written, by its first lines.
text::Form form_of(const std::string& path) {
  text::Form out{"", '\0', encoding_of(path)};
  const bool csv = text::is_csv(path);
  text::Lines<Unreadable> lines(path, out.encoding);
  std::vector<std::string> first;
  bool quotes = false;
  for (std::string_view line; lines.mark().offset < static_cast<std::int64_t>(most_bytes) && lines.peek(line);) {
    if (first.size() < 20) first.emplace_back(line);
    quotes = quotes || line.find('"') != line.npos;
    lines.take();
  }
  out.separator = separator_of(first, csv);
  if (csv || ((out.separator == "," || out.separator == ";") && quotes)) out.quote = '"';
  return out;
}

// A first line of data: a number stands where numbers stand below.
bool is_data(const Row& first, const std::vector<Row>& rows) {
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (!number_in(first[k])) continue;
    std::size_t there = 0, numbers = 0;
    for (const auto& row : rows)
      if (k < row.size() && !row[k].empty()) ++there, numbers += number_in(row[k]).has_value();
    if (rows.empty() || numbers * 10 > there * 9) return true;
  }
  return false;
}

void name_columns(Sample& out, const Row& first) {
  std::set<std::string> names(first.begin(), first.end()), taken;
  for (std::size_t k = 0; k < first.size(); ++k) {
    Column column;
    if (out.named) column.header = first[k];
    auto name = out.named ? first[k] : "";
    if (name.find_first_not_of(" \t") == std::string::npos) name = "column_" + std::to_string(k + 1);
    const auto once = name;
    for (int n = 2; taken.count(name) || (name != column.header && names.count(name)); ++n)
      name = once + "_" + std::to_string(n);
    taken.insert(name);
    out.renamed = out.renamed || (out.named && name != first[k]);
    column.name = name;
    out.columns.push_back(std::move(column));
  }
}

// Texts that mean "nothing here" in a column that otherwise has numbers, or mean it everywhere.
std::vector<std::string> missing_words(const std::vector<Row>& rows, std::size_t columns) {
  constexpr std::array always{"\\N", "NULL"};
  constexpr std::array by_numbers{"NA", "N/A", "n/a", "na", "null", "nan", "NaN", "None", "none", "-", "?"};
  std::set<std::string> out;
  for (std::size_t k = 0; k < columns; ++k) {
    std::set<std::string> words;
    std::size_t numbers = 0, others = 0;
    for (const auto& row : rows) {
      if (k >= row.size() || row[k].empty()) continue;
      const auto& cell = row[k];
      if (std::find(always.begin(), always.end(), cell) != always.end()) out.insert(cell);
      else if (std::find(by_numbers.begin(), by_numbers.end(), cell) != by_numbers.end()) words.insert(cell);
      else if (number_in(cell)) ++numbers;
      else ++others;
    }
    if (numbers > 0 && others == 0) out.insert(words.begin(), words.end());
  }
  return {out.begin(), out.end()};
}

void look_at(Column& column, std::size_t k, const std::vector<Row>& rows, const std::vector<std::string>& missing) {
  column.numbers = column.wholes = true;
  std::size_t words = 0;
  for (const auto& row : rows) {
    ++column.rows;
    if (k >= row.size() || row[k].empty() || std::find(missing.begin(), missing.end(), row[k]) != missing.end()) {
      ++column.missing;
      continue;
    }
    const auto& cell = row[k];
    const auto number = number_in(cell);
    if (!number) column.numbers = column.wholes = false;
    else {
      column.wholes = column.wholes && *number == std::floor(*number) && cell.find_first_of(".eE") == cell.npos;
      column.low = column.values.empty() ? *number : std::min(column.low, *number);
      column.high = column.values.empty() ? *number : std::max(column.high, *number);
    }
    ++column.values[cell];
    column.longest = std::max(column.longest, cell.size());
    words += occurrences(cell, " ") + 1;
  }
  if (column.there() == 0) column.numbers = column.wholes = false;
  else column.words = static_cast<double>(words) / static_cast<double>(column.there());
}

}  // namespace

const Column* Sample::find(const std::string& name) const {
  for (const auto& c : columns)
    if (c.name == name) return &c;
  return nullptr;
}

std::optional<double> number_in(const std::string& text) {
  using kernels::NumberText;
  const auto number = kernels::read_number(text);
  if (number.kind != NumberText::integer_number && number.kind != NumberText::real_number) return {};
  return number.real;
}

bool sorts_as_date(const std::string& text) {
  constexpr std::string_view form = "0000-00-00";
  if (text.size() < form.size()) return false;
  for (std::size_t k = 0; k < form.size(); ++k)
    if (form[k] == '0' ? text[k] < '0' || text[k] > '9' : text[k] != form[k]) return false;
  return text.size() == form.size() || text[form.size()] == ' ' || text[form.size()] == 'T';
}

Sample sample(const std::string& file) try {
  if (text::not_utf8(file) != std::string::npos)
    fail("a file", "its name is not UTF-8, and a recipe is", "command-line", "rename it");
  demand_file(file);
  Sample out;
  out.file = file;
  std::error_code error;
  out.size = static_cast<std::size_t>(std::filesystem::file_size(file, error));
  const auto form = form_of(file);
  out.encoding = text::encoding_names[static_cast<std::size_t>(form.encoding)];
  out.separator = form.separator;
  out.quotes = form.quote != '\0';
  text::Records<Unreadable> records(file, form);
  const auto first = records.header().cells;
  std::vector<Row> rows;
  while (rows.size() + out.ragged < most_rows &&
         records.lines().mark().offset < static_cast<std::int64_t>(most_bytes)) {
    text::Record record;
    if (!records.read(record, first.size())) {
      out.whole = true;
      break;
    }
    if (record.error.empty() && record.cells.size() == first.size()) rows.push_back(std::move(record.cells));
    else ++out.ragged;
  }
  out.named = !is_data(first, rows);
  name_columns(out, first);
  if (!out.named) rows.insert(rows.begin(), first);
  if (rows.empty() && out.ragged == 0)
    fail(file, "it has a line of names and no rows", "bad-header", "guesses need rows: give a file that has some");
  out.rows = rows.size() + out.ragged;
  if (out.ragged * 2 > out.rows)
    fail(file, "most rows have another number of cells than the first line, which has " + std::to_string(first.size()),
         "bad-header",
         "is " + recipe::quote(out.separator == "\t" ? "tab" : out.separator) + " what stands between cells?");
  out.missing = missing_words(rows, first.size());
  for (std::size_t k = 0; k < out.columns.size(); ++k) look_at(out.columns[k], k, rows, out.missing);
  return out;
} catch (const Unreadable& e) {
  fail(file, e.what(), "bad-header", "");
}

}  // namespace braid::tools
