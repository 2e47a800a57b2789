#include "report/report.h"

#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

namespace braid::report {
namespace {

using Cells = std::vector<Cell>;

std::string section(const char* id, const char* title, const std::string& body) {
  return body.empty() ? ""
                      : std::string("<section id=\"") + id + "\">\n<h2>" + title + "</h2>\n" + body + "</section>\n";
}
// ---- the head ----

void fact(std::string& out, const char* name, const std::string& value, const std::string& more = "") {
  if (value.empty()) return;
  out += std::string("<div><dt>") + name + "</dt><dd>" + escaped(value) +
         (more.empty() ? "" : " <small>" + escaped(more) + "</small>") + "</dd></div>\n";
}

std::string facts(const RunFiles& run) {
  std::string out = "<dl class=\"facts\">\n";
  const auto& r = run.result;
  const auto seconds = number_of(r, "train_seconds"), speed = number_of(r, "samples_per_second");
  if (const auto seed = whole_of(run.lock, "seed"); seed >= 0) fact(out, "Seed", std::to_string(seed));
  const auto steps = whole_of(r, "steps") >= 0 ? whole_of(r, "steps") : run.history.last_step + 1;
  const auto epochs = whole_of(r, "epochs");
  fact(out, "Steps", counted(steps),
       epochs > 0 ? "in " + std::to_string(epochs) + (epochs == 1 ? " epoch" : " epochs") : "");
  if (const auto best = whole_of(r, "best_step"); best >= 0) fact(out, "Chosen weights", "step " + counted(best));
  if (std::isfinite(seconds)) fact(out, "Training", duration(seconds));
  if (std::isfinite(speed)) fact(out, "Speed", counted(std::llround(speed)), "rows/s");
  if (const auto count = whole_of(r, "parameters"); count >= 0) fact(out, "Parameters", counted(count));
  if (const auto peak = number_of(r, "peak_mib"); std::isfinite(peak))
    fact(out, "Memory, at most", counted(std::llround(peak)), "MiB");
  return out + "</dl>\n";
}

// "AMD EPYC, 2 threads · Braid 0.1.0, LibTorch 2.11.0 · data 854496be49267975"
std::string made_with(const Json& lock) {
  const auto& machine = inner(lock, "machine");
  const auto threads = whole_of(machine, "threads");
  std::string out;
  const auto add = [&out](const char* lead, const std::string& text) {
    if (!text.empty()) out += (out.empty() ? "" : " · ") + std::string(lead) + text;
  };
  add("", text_of(machine, "cpu"));
  if (threads > 0 && !out.empty()) out += ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  add("Braid ", text_of(lock, "braid"));
  if (!text_of(lock, "torch").empty()) out += ", LibTorch " + text_of(lock, "torch");
  add("data ", text_of(lock, "data"));
  return out;
}

std::string head(const RunFiles& run, const std::string& about,
                 const std::vector<std::pair<const char*, const char*>>& parts) {
  std::string out = "<header>\n<h1>" + escaped(run.name) + "</h1>\n<p class=\"soft\">" + escaped(about) + "</p>\n<nav>";
  for (const auto& [id, title] : parts) out += std::string("<a href=\"#") + id + "\">" + title + "</a> ";
  return out + "</nav>\n</header>\n";
}

std::string graph_part(const recipe::Plan* plan, const Json& result) {
  if (!plan)
    return "<p class=\"note\">Not drawn: the recipe could not be checked with the plugins that are here.</p>\n";
  return "<p class=\"note\">Under a node its component and number of weights. A wire tells its shape when the pointer "
         "rests on it.</p>\n" +
         graph_html(*plan, node_facts(result));
}

std::string unfinished(const RunFiles& run) {
  if (run.finished) return "";
  return "<div class=\"warn\"><p><strong>Not finished:</strong> the run has no result.json. " +
         (run.history.last_step < 0 ? std::string("No step is recorded.")
                                    : "The last recorded step is " + std::to_string(run.history.last_step) + ".") +
         "</p></div>\n";
}

std::string one_run(const RunFiles& run, const recipe::Plan* plan) {
  std::string body = facts(run) + unfinished(run) + dead_warning(run.result);
  std::vector<std::pair<const char*, const char*>> parts;
  const auto add = [&](const char* id, const char* title, const std::string& inside) {
    if (!inside.empty()) parts.emplace_back(id, title);
    body += section(id, title, inside);
  };
  add("figures", "Figures", figures_table(inner(run.result, "splits"), Json::object()));
  add("curves", "Curves", curves(run));
  add("graph", "Graph", graph_part(plan, run.result));
  add("gradients", "Gradients", gradients(run.result));
  add("time", "Where the time went", times(run.result));
  add("data", "Data", data_tables(run.result));
  add("recipe", "Recipe and lock", recipe_texts(run));
  return page(run.name, head(run, made_with(run.lock), parts) + body);
}

// ---- several seeds ----

std::string seeds_table(const RunFiles& run) {
  // One row a seed; the metrics of each split side by side.
  std::vector<std::pair<std::string, std::string>> columns;
  for (const auto& seed : run.seeds)
    for (const auto& [split, figures] : inner(seed.result, "splits").items())
      for (const auto& metric : metrics_of({{split, figures}}))
        if (std::find(columns.begin(), columns.end(), std::pair{split, metric}) == columns.end())
          columns.emplace_back(split, metric);
  Cells titles{text_cell("seed")};
  for (const auto& [split, metric] : columns) titles.push_back({escaped(split) + "<br/>" + escaped(metric), true, ""});
  for (const auto* name : {"chosen step", "rows/s"}) titles.push_back(number_cell(name));
  std::vector<Cells> rows;
  std::vector<std::vector<double>> values(columns.size());
  for (const auto& seed : run.seeds) {
    const auto link = escaped(seed.name);
    Cells cells{
        {"<a href=\"" + link + "/report.html\">" + link + "</a>" + (seed.finished ? "" : " (unfinished)"), false, ""}};
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto value =
          number_of(inner(inner(seed.result, "splits"), columns[c].first.c_str()), columns[c].second.c_str());
      if (std::isfinite(value)) values[c].push_back(value);
      cells.push_back(number_cell(figure(value)));
    }
    const auto best = whole_of(seed.result, "best_step");
    cells.push_back(number_cell(best < 0 ? "–" : counted(best)));
    const auto speed = number_of(seed.result, "samples_per_second");
    cells.push_back(number_cell(std::isfinite(speed) ? counted(std::llround(speed)) : "–"));
    rows.push_back(std::move(cells));
  }
  Cells mean{{"mean", false, "split"}}, spread{{"spread", false, "split"}};
  for (const auto& column : values) {
    const auto s = spread_of(column);
    mean.push_back(number_cell(figure(column.empty() ? std::nan("") : s.mean), "split"));
    spread.push_back(number_cell(figure(column.size() > 1 ? s.deviation : std::nan(""))));
  }
  for (auto* row : {&mean, &spread}) row->insert(row->end(), 2, text_cell(""));
  rows.push_back(std::move(mean)), rows.push_back(std::move(spread));
  return table(titles, rows) + "<p class=\"note\">Spread: the sample standard deviation over seeds.</p>\n";
}

std::string several_seeds(const RunFiles& run, const recipe::Plan* plan) {
  std::map<std::string, Chart> valid, losses;
  for (const auto& seed : run.seeds) {
    const auto add = [&seed](std::map<std::string, Chart>& all, const std::map<std::string, Series>& from, bool smooth,
                             const char* lead) {
      for (const auto& [name, series] : from) {
        auto& chart = all[name];
        chart.title = lead + name, chart.smooth = smooth;
        chart.curves.emplace_back(seed.name, series);
      }
    };
    add(valid, seed.history.valid, false, "");
    add(losses, seed.history.losses, true, "loss of ");
  }
  std::string drawn;
  for (const auto* all : {&valid, &losses})
    for (const auto& [name, chart] : *all) drawn += chart_html(chart);
  auto first = run.seeds[0];
  first.lock.erase("seed");
  std::vector<std::pair<const char*, const char*>> parts;
  std::string body;
  const auto add = [&](const char* id, const char* title, const std::string& inside) {
    if (!inside.empty()) parts.emplace_back(id, title);
    body += section(id, title, inside);
  };
  add("seeds", "Seeds", seeds_table(run));
  add("figures", "Means and spread",
      figures_table(inner(run.result, "splits"), inner(inner(run.result, "spread"), "splits")));
  add("curves", "Curves", charts(drawn));
  if (plan) add("graph", "Graph", graph_part(plan, first.result));
  add("recipe", "Recipe and lock of the first seed", recipe_texts(first));
  const auto done = std::count_if(run.seeds.begin(), run.seeds.end(), [](const RunFiles& s) { return s.finished; });
  const auto text =
      std::to_string(run.seeds.size()) + " seeds of one recipe" +
      (done == static_cast<std::ptrdiff_t>(run.seeds.size()) ? "." : ", " + std::to_string(done) + " finished.") + " " +
      made_with(first.lock);
  return page(run.name, head(run, text, parts) + body);
}

}  // namespace

std::string report_html(const RunFiles& run, const recipe::Plan* plan) {
  return run.seeds.empty() ? one_run(run, plan) : several_seeds(run, plan);
}

void write_report(const std::string& folder, const recipe::Plan* plan) {
  std::string text;
  try {
    text = report_html(read_run(folder), plan);
  } catch (const Json::exception& error) {
    throw Failure("run-folder", folder + "/result.json", std::string("is damaged: ") + error.what());
  }
  const auto file = folder + "/report.html", aside = file + ".part";
  {
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out || std::rename(aside.c_str(), file.c_str()) != 0) {
      const std::string why = std::strerror(errno);
      std::remove(aside.c_str());
      throw Failure("file", file, "cannot be written: " + why);
    }
  }
}

}  // namespace braid::report
