#include "sample.h"

#include "kernels/number_text.h"

#include "options.h"
#include "recipe/words.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

namespace braid::tools {
namespace {

constexpr std::size_t most_rows = 20'000, most_bytes = 8u << 20;

using Row = std::vector<std::string>;

[[noreturn]] void fail(const std::string& file, const std::string& what, const std::string& tag,
                       const std::string& note) {
  throw Usage(file + ": error: " + what + " [" + tag + "]\n  " + note);
}

bool utf8(std::string_view text) {
  for (std::size_t k = 0; k < text.size();) {
    const auto c = static_cast<unsigned char>(text[k]);
    const std::size_t more = c < 0x80                ? 0
                             : c >= 0xC2 && c < 0xE0 ? 1
                             : c >= 0xE0 && c < 0xF0 ? 2
                             : c >= 0xF0 && c < 0xF5 ? 3
                                                     : 9;
    if (more == 9 || k + more >= text.size()) return false;
    for (std::size_t j = 1; j <= more; ++j)
      if ((static_cast<unsigned char>(text[k + j]) & 0xC0) != 0x80) return false;
    k += more + 1;
  }
  return true;
}

// The file's beginning as text; `whole`: there is no more.
std::string beginning(const std::string& path, bool& whole) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    fail(path, "no such file", "missing-file", "paths are seen from the working folder");
  if (std::filesystem::is_directory(path, error))
    fail(path, "it is a folder", "missing-file", "name the tables in it: " + path + "/*.csv");
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);  // plain files too
  if (!file)
    fail(path, std::string("it cannot be opened: ") + std::strerror(errno), "missing-file", "may you read it?");
  std::string text(most_bytes, '\0');
  const auto got = gzread(file.get(), text.data(), static_cast<unsigned>(text.size()));
  int code = Z_OK;
  const std::string why = gzerror(file.get(), &code);
  if (got < 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR))
    fail(path, "it cannot be read: " + why, "bad-header", "is the file damaged?");
  text.resize(static_cast<std::size_t>(got));
  whole = text.size() < most_bytes;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    fail(path, "it is UTF-16", "bad-header", "convert it: iconv -f UTF-16 -t UTF-8");
  if (text.find('\0') != std::string::npos)
    fail(path, "it is no text table", "bad-header",
         "csv, tsv and other text is read, gzip'd or not; export it as one of these");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    fail(path, "it is empty", "bad-header", "a table has a first line that names its columns, and rows");
  return text;
}

// One record from `at` on, which moves behind it. False: none that is complete is left (`whole`: the end ends one).
bool next_record(const std::string& text, std::size_t& at, const std::string& separator, bool quotes, bool whole,
                 Row& row) {
  while (at < text.size() && (text[at] == '\n' || (text[at] == '\r' && text.substr(at, 2) == "\r\n"))) ++at;
  row.clear();
  if (at >= text.size()) return false;
  std::string cell;
  bool quoted = false, was_quoted = false;
  const auto close = [&] {
    row.push_back(std::move(cell));
    cell.clear();
    was_quoted = false;
  };
  for (auto k = at; k < text.size(); ++k) {
    const char c = text[k];
    if (quotes && c == '"' && (quoted || (cell.empty() && !was_quoted))) {
      if (quoted && k + 1 < text.size() && text[k + 1] == '"') cell += text[k++];
      else quoted = !quoted, was_quoted = true;
    } else if (quoted) {
      cell += c;
    } else if (c == '\n') {
      if (!was_quoted && cell.ends_with('\r')) cell.pop_back();
      close();
      at = k + 1;
      return true;
    } else if (text.compare(k, separator.size(), separator) == 0) {
      close();
      k += separator.size() - 1;
    } else if (!(was_quoted && c == '\r')) {
      cell += c;
    }
  }
  if (!whole || quoted) return false;
  close();
  at = text.size();
  return true;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++n;
  return n;
}

// What stands between cells: what the file's ending says if its first line has one, else what its first lines have
// equally often.
std::string separator_of(const std::string& text, bool commas) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size() && lines.size() < 20;) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > 1 && text.size() >= most_bytes) lines.pop_back();
  const std::string usual = commas ? "," : "\t";
  if (occurrences(lines[0], usual)) return usual;
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

Sample sample(const std::string& file) {
  if (!utf8(file)) fail("a file", "its name is not UTF-8, and a recipe is", "command-line", "rename it");
  Sample out;
  out.file = file;
  const auto text = beginning(file, out.whole);
  std::error_code error;
  out.size = static_cast<std::size_t>(std::filesystem::file_size(file, error));
  auto ending = file;
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (ending.ends_with(".gz")) ending.resize(ending.size() - 3);
  const bool csv = ending.ends_with(".csv");
  out.separator = separator_of(text, csv);
  out.quotes = csv || ((out.separator == "," || out.separator == ";") && text.find('"') != text.npos);

  std::size_t at = 0;
  Row first;
  if (!next_record(text, at, out.separator, out.quotes, out.whole, first))
    fail(file, "its first line does not end, or a quote in it does not", "bad-header",
         "a table has a first line that names its columns");
  std::vector<Row> rows;
  for (Row row; rows.size() < most_rows && next_record(text, at, out.separator, out.quotes, out.whole, row);)
    rows.push_back(row);
  if (out.whole && at < text.size() && rows.size() < most_rows)
    fail(file, "a quote that is opened after row " + std::to_string(rows.size()) + " is not closed", "bad-header",
         "a quote inside a quoted cell is written twice");
  out.whole = out.whole && at >= text.size();
  for (const auto& cell : first)
    if (!utf8(cell))
      fail(file, "its first line is not UTF-8", "bad-header",
           "convert it, from Latin 1 as in: iconv -f LATIN1 -t UTF-8");
  out.named = !is_data(first, rows);
  name_columns(out, first);
  if (!out.named) rows.insert(rows.begin(), first);
  if (rows.empty())
    fail(file, "it has a line of names and no rows", "bad-header", "guesses need rows: give a file that has some");
  out.rows = rows.size();
  for (const auto& row : rows) out.ragged += row.size() != first.size();
  if (out.ragged * 2 > out.rows)
    fail(file, "most rows have another number of cells than the first line, which has " + std::to_string(first.size()),
         "bad-header",
         "is " + recipe::quote(out.separator == "\t" ? "tab" : out.separator) + " what stands between cells?");
  out.missing = missing_words(rows, first.size());
  for (std::size_t k = 0; k < out.columns.size(); ++k) look_at(out.columns[k], k, rows, out.missing);
  return out;
}

}  // namespace braid::tools
