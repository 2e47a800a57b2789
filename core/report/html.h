// Pieces of a page that is both HTML and well-formed XML, so that any strict reader can check it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace braid::report {

// Text as it may stand between tags and inside quotes: & < > " ' escaped; bytes that are no UTF-8, and control
// characters that XML has no place for, become U+FFFD.
std::string escaped(std::string_view text);

// "0.7867", "12.35", "1.2e-05": a figure with four places, or four digits where that says more. Not finite: "–".
std::string figure(double value);
std::string counted(std::int64_t count);  // "125 633" with thin spaces
std::string duration(double seconds);     // "850 ms", "12.4 s", "3 min 20 s", "2 h 5 min"
std::string percent(double share);        // "12.3 %", "<0.1 %"
std::string coordinate(double x);         // for SVG: at most one decimal
std::string short_number(double value);   // for ticks: "20k", "0.25", "1e-05"

// Characters of UTF-8 text.
std::size_t letters_of(const std::string& text);

// A table's cell: text, and whether it is a number (set to the right).
struct Cell {
  std::string html;  // already escaped
  bool number = false;
  std::string style;  // class names, or empty
};
Cell text_cell(std::string_view text);
Cell number_cell(std::string_view text, std::string style = "");

// <div class="wide"><table>...: scrolls in its own box where a page is narrow.
std::string table(const std::vector<Cell>& head, const std::vector<std::vector<Cell>>& rows,
                  std::string_view style = "");

// The page around `body`. `title` is text.
std::string page(std::string_view title, std::string_view body);

}  // namespace braid::report
