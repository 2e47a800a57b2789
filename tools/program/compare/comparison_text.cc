// A comparison as text: aligned columns, in blocks that fit the width.
#include "comparison.h"
#include "report/html.h"
#include "wrap.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace braid::tools {
namespace {

using report::letters_of;

// With `places` after the point, the spread too; very small values as they are.
std::string text_of(const Figure& figure, int places) {
  const bool tiny = places > 0 && figure.value != 0 && std::fabs(figure.value) < 1e-3;
  const auto text = [&](double value) {
    char out[64];
    std::snprintf(out, sizeof out, tiny ? "%.*g" : "%.*f", tiny ? 3 : places, value);
    return std::string(out);
  };
  return text(figure.value) + (figure.spread && (places > 0 || *figure.spread > 0) ? " ± " + text(*figure.spread) : "");
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width > letters_of(text) ? width - letters_of(text) : 0, ' ') + text;
}
std::string left(const std::string& text, std::size_t width) {
  return text + std::string(width > letters_of(text) ? width - letters_of(text) : 0, ' ');
}

// A line of the table; a heading has no cells.
struct Row {
  std::string name;
  std::vector<std::string> cells;
};

// Rows of one part: "test" or "test/cold".
void add_part(std::vector<Row>& rows, const Comparison& comparison, const std::string& part) {
  const auto slash = part.find('/');
  const std::string indent(slash == std::string::npos ? 2 : 4, ' ');
  rows.push_back({slash == std::string::npos ? part : "  " + part.substr(slash + 1), {}});
  std::set<std::string> metrics;
  for (const auto& column : comparison.columns)
    if (const auto at = column.figures.find(part); at != column.figures.end())
      for (const auto& [metric, figure] : at->second) metrics.insert(metric);
  if (metrics.erase("rows")) metrics.insert("~rows");  // the last one
  for (const auto& listed : metrics) {
    const auto metric = listed == "~rows" ? std::string("rows") : listed;
    const auto best = best_of(comparison, part, metric);
    Row row{indent + metric, {}};
    for (std::size_t c = 0; c < comparison.columns.size(); ++c) {
      std::string cell = "-";
      if (const auto at = comparison.columns[c].figures.find(part); at != comparison.columns[c].figures.end())
        if (const auto found = at->second.find(metric); found != at->second.end())
          cell = text_of(found->second, metric == "rows" ? 0 : 4);
      row.cells.push_back(cell + (std::find(best.begin(), best.end(), c) != best.end() ? "*" : " "));
    }
    rows.push_back(std::move(row));
  }
}

void add_costs(std::vector<Row>& rows, const Comparison& comparison) {
  bool heading = false;
  for (const auto& [name, key, places] : costs) {
    Row row{std::string("  ") + name, {}};
    bool any = false;
    for (const auto& column : comparison.columns) {
      const auto found = column.costs.find(name);
      any = any || found != column.costs.end();
      row.cells.push_back((found == column.costs.end() ? "-" : text_of(found->second, places)) + " ");
    }
    if (!any) continue;
    if (!heading) rows.push_back({"cost", {}}), heading = true;
    rows.push_back(std::move(row));
  }
}

std::string heading_of(const Column& column) { return column.folder.empty() ? "mean " + column.letter : column.letter; }

// Blocks of as many columns as fit.
std::string blocks(const std::vector<Row>& rows, const Comparison& comparison, std::size_t width) {
  std::size_t name_width = 0;
  for (const auto& row : rows) name_width = std::max(name_width, letters_of(row.name));
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < comparison.columns.size(); ++c) {
    auto most = letters_of(heading_of(comparison.columns[c])) + 1;
    for (const auto& row : rows)
      if (!row.cells.empty()) most = std::max(most, letters_of(row.cells[c]));
    widths.push_back(most);
  }
  std::string out;
  for (std::size_t from = 0; from < widths.size();) {
    std::size_t to = from, used = name_width;
    do used += 2 + widths[to++];
    while (to < widths.size() && used + 2 + widths[to] <= width);
    std::string head(name_width, ' ');
    for (std::size_t c = from; c < to; ++c) head += "  " + right(heading_of(comparison.columns[c]) + " ", widths[c]);
    const auto put = [&out](std::string line) {
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    };
    put(head);
    for (const auto& row : rows) {
      auto line = left(row.name, name_width);
      if (!row.cells.empty())
        for (std::size_t c = from; c < to; ++c) line += "  " + right(row.cells[c], widths[c]);
      put(line);
    }
    out += "\n";
    from = to;
  }
  return out;
}

// "train.batch  1024 | 512"; where that is too long, one line for each value with the runs that have it.
std::string differences_text(const char* title, const Differences& all, const Comparison& comparison,
                             std::size_t width) {
  if (all.empty()) return "";
  std::size_t key_width = 0;
  for (const auto& [key, values] : all)
    if (key.size() <= 40) key_width = std::max(key_width, key.size());
  std::string out = std::string(title) + "\n";
  for (const auto& [key, values] : all) {
    std::string joined;
    for (std::size_t c = 0; c < values.size(); ++c) joined += (c ? " | " : "") + values[c].value_or("-");
    const auto line = "  " + left(key, key_width) + "  " + joined;
    if (letters_of(line) <= width) {
      out += line + "\n";
      continue;
    }
    out += "  " + key + "\n";
    std::vector<std::optional<std::string>> done;
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (std::find(done.begin(), done.end(), values[c]) != done.end()) continue;
      done.push_back(values[c]);
      std::string who;
      for (std::size_t d = c; d < values.size(); ++d)
        if (values[d] == values[c]) who += (who.empty() ? "" : " ") + comparison.columns[d].letter;
      out += "    " + wrapped(who + "  " + values[c].value_or("-"), 6, width - 4) + "\n";
    }
  }
  return out + "\n";
}

}  // namespace

std::string comparison_text(const Comparison& comparison, std::size_t width) {
  std::string out;
  std::size_t letters = 0, folders = 0;
  for (const auto& column : comparison.columns) {
    letters = std::max(letters, column.letter.size());
    folders = std::max(folders, column.folder.size());
  }
  for (const auto& column : comparison.columns)
    out += left(column.letter, letters) + "  " + (column.folder.empty() ? "" : left(column.folder, folders) + "  ") +
           column.about + "\n";
  out += "\n";

  std::set<std::string> parts;
  bool marked = false;
  for (const auto& column : comparison.columns)
    for (const auto& [part, figures] : column.figures) {
      parts.insert(part);
      for (const auto& [metric, figure] : figures) marked = marked || !best_of(comparison, part, metric).empty();
    }
  std::vector<Row> rows;
  for (const auto& part : parts) add_part(rows, comparison, part);
  add_costs(rows, comparison);
  if (rows.empty()) out += "no run has figures yet\n\n";
  else out += blocks(rows, comparison, width);
  if (marked) out += "* the best of the runs\n";
  const bool spreads = std::any_of(comparison.columns.begin(), comparison.columns.end(),
                                   [](const Column& c) { return c.seeds.size() > 1; });
  if (spreads) out += "± the sample standard deviation over seeds\n";
  if (marked || spreads) out += "\n";
  if (comparison.runs < 2) return out;

  const auto recipe = differences(comparison, &Column::recipe), lock = differences(comparison, &Column::lock);
  out += differences_text("recipe", recipe, comparison, width);
  out += differences_text("plugins, data and machine", lock, comparison, width);
  if (recipe.empty()) out += "the recipes are the same\n";
  if (lock.empty()) out += "plugins, data and machine are the same\n";
  return out;
}

}  // namespace braid::tools
