#include "report/sections.h"

#include "report/chart.h"
#include "report/html.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace braid::report {

double number_of(const Json& json, const char* key) {
  return json.contains(key) && json.at(key).is_number() ? json.at(key).get<double>() : std::nan("");
}
std::int64_t whole_of(const Json& json, const char* key) {
  const auto value = number_of(json, key);
  return std::isfinite(value) ? static_cast<std::int64_t>(value) : -1;
}
std::string text_of(const Json& json, const char* key) {
  return json.contains(key) && json.at(key).is_string() ? json.at(key).get<std::string>() : "";
}
const Json& inner(const Json& json, const char* key) {
  static const Json none = Json::object();
  return json.contains(key) && (json.at(key).is_object() || json.at(key).is_array()) ? json.at(key) : none;
}

namespace {

using Cells = std::vector<Cell>;

double value_or_nan(const Json& value) { return value.is_number() ? value.get<double>() : std::nan(""); }

// A bar as long as `share` of its cell.
Cell bar_cell(double share, const std::string& style = "") {
  return {"<i" + (style.empty() ? "" : " class=\"" + style + "\"") +
              " style=\"width:" + coordinate(100 * std::clamp(share, 0.0, 1.0)) + "%\"></i>",
          false, "bar"};
}

}  // namespace

// ---- figures ----

// Names of all metrics in splits and slices, in the order of the alphabet; "rows" and "slices" are none.
std::vector<std::string> metrics_of(const Json& splits) {
  std::vector<std::string> out;
  const auto add = [&out](const Json& figures) {
    for (const auto& [name, value] : figures.items())
      if (name != "rows" && name != "slices" && std::find(out.begin(), out.end(), name) == out.end())
        out.push_back(name);
  };
  for (const auto& [split, figures] : splits.items()) add(figures);
  std::sort(out.begin(), out.end());
  return out;
}

std::string figures_table(const Json& splits, const Json& spreads) {
  if (splits.empty()) return "";
  const auto metrics = metrics_of(splits);
  Cells titles{text_cell("")};
  for (const auto& name : metrics) titles.push_back(number_cell(name));
  titles.push_back(number_cell("rows"));
  std::vector<Cells> rows;
  const auto row = [&](const std::string& name, const char* style, const Json& figures, const Json& spread) {
    Cells cells{{escaped(name), false, style}};
    for (const auto& metric : metrics) {
      auto text = figure(figures.contains(metric) ? value_or_nan(figures.at(metric)) : std::nan(""));
      if (const auto& s = inner(spread, metric.c_str()); s.contains("spread"))
        text += " ± " + figure(number_of(s, "spread"));
      cells.push_back(number_cell(text));
    }
    cells.push_back(number_cell(counted(whole_of(figures, "rows"))));
    rows.push_back(std::move(cells));
  };
  for (const auto& [split, figures] : splits.items()) {
    const auto& spread = inner(spreads, split.c_str());
    row(split, "split", figures, spread);
    for (const auto& [slice, part] : inner(figures, "slices").items())
      row(slice, "slice", part, inner(inner(spread, "slices"), slice.c_str()));
  }
  return table(titles, rows);
}

// ---- curves ----

namespace {
std::string last_of(const Series& s) { return s.x.empty() ? "" : "last " + figure(s.y.back()); }

}  // namespace

std::string charts(const std::string& inside) {
  return inside.empty() ? "" : "<div class=\"charts\">\n" + inside + "</div>\n";
}

std::string curves(const RunFiles& run) {
  const auto& h = run.history;
  std::string train, valid;
  const auto chart = [&h](const std::string& title, const Series& s, const std::string& unit) {
    return chart_html({title, last_of(s), {{title, s}}, true, -1, unit, h.epoch_starts});
  };
  for (const auto& [node, series] : h.losses) train += chart("loss of " + node, series, "");
  train += chart("gradient norm", h.gradient_norm, "");
  train += chart("speed", h.rows_per_second, "rows/s");
  const auto best = whole_of(run.result, "best_step");
  for (const auto& [metric, series] : h.valid) {
    auto comment = last_of(series);
    if (const int better = run.better(metric); better != 0 && !series.y.empty()) {
      const auto at = better > 0 ? std::max_element(series.y.begin(), series.y.end())
                                 : std::min_element(series.y.begin(), series.y.end());
      comment += (better > 0 ? ", highest " : ", lowest ") + figure(*at) + " at step " +
                 short_number(series.x[static_cast<std::size_t>(at - series.y.begin())]);
    }
    valid += chart_html({metric, comment, {{metric, series}}, false, best, "", h.epoch_starts});
  }
  std::string out;
  if (!valid.empty())
    out += "<h3>Validation" + std::string(best >= 0 ? "; the dot marks the chosen weights" : "") + "</h3>\n" +
           charts(valid);
  if (!train.empty())
    out +=
        "<h3>Training; marks on the axis: epochs; long runs are smoothed, over the single steps</h3>\n" + charts(train);
  return out;
}

// ---- weights ----

std::map<std::string, NodeFacts> node_facts(const Json& result) {
  std::map<std::string, NodeFacts> out;
  for (const auto& row : inner(result, "gradients"))
    out[text_of(row, "node")] = {std::max<std::int64_t>(whole_of(row, "parameters"), 0),
                                 !inner(row, "without_gradient").empty()};
  return out;
}

namespace {
std::vector<std::string> dead_weights(const Json& result) {
  std::vector<std::string> out;
  for (const auto& row : inner(result, "gradients"))
    for (const auto& name : inner(row, "without_gradient")) out.push_back(name.get<std::string>());
  return out;
}

}  // namespace

std::string dead_warning(const Json& result) {
  const auto dead = dead_weights(result);
  if (dead.empty()) return "";
  std::string out = "<div class=\"warn\"><p><strong>" + std::to_string(dead.size()) +
                    (dead.size() == 1 ? " weight" : " weights") +
                    " got no gradient in the first steps.</strong> They stayed as they started: ";
  for (std::size_t k = 0; k < dead.size() && k < 6; ++k)
    out += (k ? ", <code>" : "<code>") + escaped(dead[k]) + "</code>";
  if (dead.size() > 6) out += " and " + std::to_string(dead.size() - 6) + " more";
  return out + " (<a href=\"#gradients\">table</a>).</p></div>\n";
}

std::string gradients(const Json& result) {
  const auto& all = inner(result, "gradients");
  if (all.empty()) return "";
  double most = 0;
  for (const auto& row : all) most = std::max(most, std::max(0.0, number_of(row, "parameters")));
  const bool any_dead = !dead_weights(result).empty();
  Cells titles{text_cell("node")};
  if (any_dead) titles.push_back(text_cell("weights without gradient"));
  for (const auto* title : {"parameters", "gradient norm"}) titles.push_back(number_cell(title));
  titles.push_back(text_cell(""));
  std::vector<Cells> rows;
  for (const auto& row : all) {
    std::string dead;
    for (const auto& name : inner(row, "without_gradient"))
      dead += (dead.empty() ? "" : "<br/>") + escaped(name.get<std::string>());
    Cells cells{{escaped(text_of(row, "node")), false, "mono"}};
    if (any_dead) cells.push_back({dead, false, "warn-cell mono"});
    cells.push_back(number_cell(counted(whole_of(row, "parameters"))));
    cells.push_back(number_cell(figure(number_of(row, "norm"))));
    cells.push_back(bar_cell(most > 0 ? number_of(row, "parameters") / most : 0));
    rows.push_back(std::move(cells));
  }
  return "<p class=\"note\">Norm of each node's gradient, averaged over the first steps. Bars: parameters.</p>\n" +
         table(titles, rows);
}

// ---- time ----

namespace {

struct Part {
  const char *name, *style;
  double seconds;
};

std::string time_table(const std::vector<Part>& parts) {
  double whole = 0;
  for (const auto& part : parts) whole += part.seconds;
  std::string bar = "<div class=\"stack\">";
  std::vector<Cells> rows;
  for (const auto& part : parts) {
    const double share = whole > 0 ? part.seconds / whole : 0;
    bar += std::string("<i class=\"") + part.style + "\" style=\"width:" + coordinate(100 * share) + "%\" title=\"" +
           escaped(part.name + (", " + percent(share))) + "\"></i>";
    rows.push_back({{std::string("<i class=\"key ") + part.style + "\"></i>" + part.name, false, ""},
                    number_cell(duration(part.seconds)),
                    number_cell(percent(share))});
  }
  return bar + "</div>\n" + table({text_cell("part"), number_cell("time"), number_cell("share")}, rows);
}

}  // namespace

std::string times(const Json& result) {
  const auto& time = inner(result, "time");
  std::vector<Part> parts;
  for (const auto& [key, name, style] : {std::tuple{"waiting", "waiting for data", "c1"},
                                         {"forward", "forward", "c0"},
                                         {"backward", "backward", "c3"},
                                         {"optimizer", "optimizer", "c4"},
                                         {"validation", "validation", "c2"}})
    if (const auto seconds = number_of(time, key); std::isfinite(seconds)) parts.push_back({name, style, seconds});
  if (const auto trained = number_of(result, "train_seconds"), share = number_of(result, "waiting_share");
      parts.empty() && trained > 0 && std::isfinite(share))
    parts = {{"waiting for data", "c1", trained * share}, {"computing", "c0", trained * (1 - share)}};
  if (parts.empty()) return "";
  auto out = time_table(parts);
  std::vector<std::pair<double, std::string>> nodes;
  double sum = 0;
  for (const auto& [node, seconds] : inner(time, "nodes").items())
    if (seconds.is_number()) nodes.emplace_back(seconds.get<double>(), node), sum += seconds.get<double>();
  if (nodes.empty() || sum <= 0) return out;
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Cells> rows;
  for (const auto& [seconds, node] : nodes)
    rows.push_back({{escaped(node), false, "mono"},
                    number_cell(duration(seconds)),
                    number_cell(percent(seconds / sum)),
                    bar_cell(seconds / nodes[0].first)});
  return out + "<h3>Forward, by node</h3>\n" +
         table({text_cell("node"), number_cell("time"), number_cell("share"), text_cell("")}, rows);
}

// ---- data, recipe ----

std::string data_tables(const Json& result) {
  std::string out;
  std::vector<Cells> rows;
  for (const auto& [name, t] : inner(result, "tables").items()) {
    const auto bad = [&t](const char* key) {
      const auto count = whole_of(t, key);
      return number_cell(counted(count), count > 0 ? "warn-cell" : "");
    };
    const auto share = number_of(inner(result, "entities_per_row"), name.c_str());
    rows.push_back({text_cell(name), number_cell(counted(whole_of(t, "rows"))),
                    number_cell(counted(whole_of(t, "kept"))), bad("bad_rows"), bad("dangling_links"),
                    number_cell(figure(share))});
  }
  if (!rows.empty())
    out += table({text_cell("table"), number_cell("rows"), number_cell("kept"), number_cell("bad rows"),
                  number_cell("dangling links"), number_cell("entities per row of a batch")},
                 rows);
  const auto& splits = inner(result, "split_rows");
  if (splits.empty()) return out;
  std::string line;
  for (const auto& [name, count] : splits.items())
    if (count.is_number()) line += (line.empty() ? "" : ", ") + name + " " + counted(count.get<std::int64_t>());
  return out + "<p class=\"note\">Rows of the splits: " + escaped(line) + ".</p>\n";
}

namespace {
std::string folded(const char* title, const std::string& text, bool open = false) {
  return text.empty() ? ""
                      : std::string("<details") + (open ? " open=\"open\"" : "") + "><summary>" + title +
                            "</summary><pre>" + escaped(text) + "</pre></details>\n";
}

}  // namespace

std::string recipe_texts(const RunFiles& run) {
  return folded("recipe.toml: as given", run.recipe) +
         folded("resolved.toml: includes merged, defaults filled in", run.resolved) +
         folded("lock.json: versions, plugins, data, machine", run.lock.empty() ? "" : run.lock.dump(2));
}

}  // namespace braid::report
