#include "field_guess.h"

#include "column_names.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace braid::tools {
namespace {

using How = FieldGuess::How;

constexpr std::size_t longest_value = 40;  // bytes; longer parts are clauses of a text

std::string splits_by(const Column& column) {
  for (const auto* by : {" | ", "|", "; ", ";", ", ", ","}) {
    std::size_t with = 0, parts = 0, longest = 0;
    std::map<std::string, int> distinct;
    for (const auto& [cell, count] : column.values) {
      if (cell.find(by) != cell.npos) with += count;
      for (std::size_t at = 0; at <= cell.size();) {
        const auto end = std::min(cell.find(by, at), cell.size());
        parts += 1;
        longest = std::max(longest, end - at);
        distinct[cell.substr(at, end - at)] += 1;
        at = end + std::string_view(by).size();
      }
    }
    if (with * 5 >= column.there() && distinct.size() * 2 <= parts && longest <= longest_value) return by;
  }
  return "";
}

bool is_image(const std::string& cell) {
  for (const auto* ending : {".jpg", ".jpeg", ".png", ".JPG", ".PNG"})
    if (cell.ends_with(ending)) return true;
  return false;
}

}  // namespace

FieldGuess field_of(const Column& column, bool event) {
  FieldGuess out;
  out.column = column.name;
  const auto distinct = column.values.size(), there = column.there();
  const auto values = recipe::counted(distinct, "value") + " in " + recipe::counted(there, "row");
  const auto name = plain(column.header);
  if (distinct == 0) return out.why = "no cell of the sample has anything", out;
  if (distinct == 1) return out.why = "every cell of the sample has the same value", out;
  const bool few = distinct * 2 <= there || distinct <= 12;
  const bool code = name.ends_with("id") || name.ends_with("code") || name.starts_with("zip");
  const bool codes = column.wholes &&
                     (distinct <= 12 || (distinct <= 30 && distinct * 10 <= there) || (event && distinct * 3 <= there));
  if (column.numbers && !code && !codes) return out.how = How::number, out.why = "all cells are numbers", out;
  if (is_image(column.values.begin()->first)) return out.how = How::image, out.why = "names pictures", out;
  if (!column.numbers)
    if (const auto by = splits_by(column); !by.empty())
      return out.how = How::several, out.split = by, out.why = "several values a cell", out;
  if (sorts_as_date(column.values.begin()->first) && distinct > 12) return out.why = "looks like a date", out;
  if (column.words >= 3 || column.longest > 60) return out.how = How::text, out.why = "looks like text", out;
  if (few) return out.how = How::category, out.why = values, out;
  return out.why = "nearly as many values as rows: " + values, out;
}

}  // namespace braid::tools
