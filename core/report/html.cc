#include "report/html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace braid::report {
namespace {

constexpr std::string_view style_sheet =
#include "report/graph_style.inc"
#include "report/palette.inc"
#include "report/style.inc"
    ;

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Length of the UTF-8 character at `at`; 0: there is none. Overlong forms, surrogates and the two non-characters of
// the base plane are none.
std::size_t character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t k) { return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5   ? 4
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xc2 && first < 0xe0 ? 2
                                                             : 0;
  unsigned code = length == 4 ? first & 7 : length == 3 ? first & 15 : first & 31;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(k) & 0x3f);
  }
  const bool bad = (length == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000) || code >= 0xfffe)) ||
                   (length == 4 && (code < 0x10000 || code > 0x10ffff));
  return bad ? 0 : length;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto length = character(text, at);
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
    if (length == 0 || control) out += "\xef\xbf\xbd";
    else if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::fabs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return formatted("%.3g", value);
  return formatted(size >= 1000 ? "%.0f" : size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : "%.4f", value);
}

std::string counted(std::int64_t count) {
  auto digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), "\xe2\x80\x89");
  return digits;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  if (seconds < 1) return formatted("%.0f ms", seconds * 1e3);
  if (seconds < 60) return formatted("%.1f s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string percent(double share) { return share > 0 && share < 0.0005 ? "<0.1 %" : formatted("%.1f %%", 100 * share); }

std::string coordinate(double x) {
  auto text = formatted("%.1f", x);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::size_t letters_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size >= 1e6) return formatted("%.4g", value / 1e6) + "M";
  if (size >= 1e4) return formatted("%.4g", value / 1e3) + "k";
  return formatted("%.4g", size < 1e-12 ? 0 : value);
}

Cell text_cell(std::string_view text) { return {escaped(text), false, ""}; }
Cell number_cell(std::string_view text, std::string style) { return {escaped(text), true, std::move(style)}; }

std::string table(const std::vector<Cell>& head, const std::vector<std::vector<Cell>>& rows, std::string_view style) {
  const auto cell = [](const Cell& c, const char* tag) {
    auto classes = c.style;
    if (c.number) classes += classes.empty() ? "n" : " n";
    return std::string("<") + tag + (classes.empty() ? "" : " class=\"" + classes + "\"") + ">" + c.html + "</" + tag +
           ">";
  };
  std::string out = "<div class=\"wide\"><table";
  if (!style.empty()) out += " class=\"" + std::string(style) + "\"";
  out += "><thead><tr>";
  for (const auto& c : head) out += cell(c, "th");
  out += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const auto& c : row) out += cell(c, "td");
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string page(std::string_view title, std::string_view body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>";
  out += escaped(title);
  out += "</title>\n<style>\n";
  out += style_sheet;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += body;
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace braid::report
