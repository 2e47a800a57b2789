#include "sweep_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace braid::tools {
namespace {

using report::Json;

// The share of Student's distribution within ±t: the finite sums for whole degrees of freedom (Abramowitz and Stegun,
// 26.7.3 and 26.7.4).
double student_within(double t, std::size_t freedom) {
  const double pi = std::acos(-1.0), angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double cosine = std::cos(angle), square = cosine * cosine;
  const bool odd = freedom % 2 == 1;
  double sum = 0, term = odd ? cosine : 1;
  for (std::size_t k = odd ? 1 : 0; k + 2 <= freedom; k += 2) {
    sum += term;
    term *= square * static_cast<double>(k + 1) / static_cast<double>(k + 2);
  }
  return odd ? 2 / pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

std::string rounded(double value, int places = 4) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

// Every figure that all have, as {"mean", "spread"}.
Json spreads(const std::vector<Json>& all) {
  Json out = Json::object();
  for (const auto& [name, value] : all[0].items()) {
    std::vector<Json> same;
    for (const auto& one : all)
      if (one.contains(name)) same.push_back(one.at(name));
    if (same.size() != all.size()) continue;
    if (value.is_object()) {
      out[name] = spreads(same);
      continue;
    }
    std::vector<double> values;
    for (const auto& one : same)
      if (one.is_number()) values.push_back(one.get<double>());
    if (values.size() != same.size()) continue;
    const auto s = report::spread_of(values);
    out[name] = {{"mean", s.mean}, {"spread", s.deviation}};
  }
  return out;
}

Json means(const Json& spread) {
  if (spread.contains("mean") && spread.at("mean").is_number()) return spread.at("mean");
  Json out = Json::object();
  for (const auto& [name, value] : spread.items()) out[name] = means(value);
  return out;
}

Json point_of(const SweepTrial& trial, const std::string& by) {
  Json out{{"trial", trial.number}, {"folder", trial.folder}, {"set", Json::array()}, {"values", Json::array()}};
  for (const auto& [key, value] : trial.set) out["set"].push_back(key + "=" + value);
  std::vector<double> values;
  std::vector<Json> splits;
  double seconds = 0;
  out["failed"] = Json::array();
  for (const auto& run : trial.runs) {
    std::optional<double> figure;
    if (!run.result.is_object()) {
      out["failed"].push_back({{"seed", run.seed}, {"why", run.failed}});
    } else {
      figure = sweep_figure(run.result, "valid", by);
      if (!figure) out["failed"].push_back({{"seed", run.seed}, {"why", by + " is not defined on valid"}});
      splits.push_back({{"valid", run.result.at("splits").value("valid", Json::object())}});
      seconds += run.result.value("train_seconds", 0.0);
      if (run.result.contains("time")) seconds += run.result.at("time").value("validation", 0.0);
    }
    out["values"].push_back(figure ? Json(*figure) : Json());
    if (figure) values.push_back(*figure);
  }
  out["seconds"] = splits.empty() ? Json() : Json(seconds / static_cast<double>(splits.size()));
  out["figures"] = splits.empty() ? Json::object() : spreads(splits).at("valid");
  out["complete"] = values.size() == trial.runs.size();
  out["mean"] = out["low"] = out["high"] = Json();
  if (values.empty()) return out;
  const auto s = report::spread_of(values);
  out["mean"] = number(s.mean);
  if (values.size() < 2) return out;
  const double half = student_95(values.size() - 1) * s.deviation / std::sqrt(static_cast<double>(values.size()));
  out["low"] = number(s.mean - half);
  out["high"] = number(s.mean + half);
  return out;
}

// Parts of a key that tell it from the others: "train.optimizer.0.rate" is "rate" where no other ends so.
std::string heading(const std::string& key, const std::vector<std::string>& all) {
  for (auto dot = key.rfind('.'); dot != std::string::npos && dot > 0; dot = key.rfind('.', dot - 1)) {
    const auto tail = key.substr(dot);
    if (std::count_if(all.begin(), all.end(), [&](const auto& other) { return ("." + other).ends_with(tail); }) == 1)
      return tail.substr(1);
  }
  return key;
}

std::string interval_of(const Json& point) {
  return point.at("low").is_null()
             ? "-"
             : rounded(point.at("low").get<double>()) + " to " + rounded(point.at("high").get<double>());
}

std::string lines_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c)
      out += (c ? "  " : "") + std::string(widths[c] - row[c].size(), ' ') + row[c];
    out += "\n";
  }
  return out;
}

std::string set_text(const Json& point) {
  std::string out;
  for (const auto& one : point.at("set")) out += " " + one.get<std::string>();
  return out;
}

// "test", then its slices.
void add_figures(std::string& out, const std::string& name, const Json& figures, const Json& spread) {
  std::string line = name;
  line.resize(std::max<std::size_t>(line.size(), 12), ' ');
  for (const auto& [metric, value] : figures.items()) {
    if (!value.is_number() || metric == "rows") continue;
    line += "  " + metric + " " + rounded(value.get<double>());
    if (spread.contains(metric) && spread.at(metric).contains("spread"))
      line += " ± " + rounded(spread.at(metric).at("spread").get<double>());
  }
  out += line + "\n";
  if (!figures.contains("slices")) return;
  for (const auto& [slice, inner] : figures.at("slices").items())
    add_figures(out, "  " + slice, inner, spread.value("slices", Json::object()).value(slice, Json::object()));
}

// Which is the best, and how sure that is.
std::string verdict(const Json& table) {
  const auto& points = table.at("points");
  const auto by = table.at("by").get<std::string>();
  const auto& best = points.at(0);
  std::string out = "best: trial " + best.at("trial").dump() + "," + set_text(best) + "\n";
  if (best.at("low").is_null())
    return out + "One seed: there is no interval, and a small difference may be chance; --seeds 1,2,3 would tell.\n";
  if (table.at("runner_up").is_null()) return out;
  const auto& next = table.at("runner_up");
  return out + "The intervals of the best and of trial " + next.at("trial").dump() + ", the next one, " +
         (next.at("overlaps").get<bool>() ? "overlap: " + by + " does not tell them apart for certain.\n"
                                          : "do not overlap.\n");
}

}  // namespace

double student_95(std::size_t freedom) {
  double low = 0, high = 16;  // one degree of freedom has the largest, 12.7
  for (int k = 0; k < 80; ++k) {
    const double middle = (low + high) / 2;
    (student_within(middle, freedom) < 0.95 ? low : high) = middle;
  }
  return high;
}

std::optional<double> sweep_figure(const Json& result, const std::string& split, const std::string& by) {
  const auto splits = result.value("splits", Json::object());
  auto figures = splits.value(split, Json::object());
  auto metric = by;
  if (const auto slash = by.find('/'); slash != std::string::npos) {
    figures = figures.value("slices", Json::object()).value(by.substr(0, slash), Json::object());
    metric = by.substr(slash + 1);
  }
  const auto value = figures.value(metric, Json());
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

Json sweep_table(const std::vector<SweepTrial>& trials, const std::string& by) {
  Json table{{"split", "valid"}, {"by", by}, {"higher_is_better", true}, {"seeds", Json::array()}};
  std::vector<Json> points;
  for (const auto& run : trials.at(0).runs) table["seeds"].push_back(run.seed);
  for (const auto& trial : trials) {
    points.push_back(point_of(trial, by));
    for (const auto& run : trial.runs)
      if (run.result.is_object() && run.result.contains("higher_is_better"))
        table["higher_is_better"] = run.result.at("higher_is_better").value(by.substr(by.find('/') + 1), true);
  }
  const bool higher = table.at("higher_is_better").get<bool>();
  std::stable_sort(points.begin(), points.end(), [higher](const Json& a, const Json& b) {
    const bool whole_a = a.at("complete").get<bool>(), whole_b = b.at("complete").get<bool>();
    if (!whole_a || !whole_b) return whole_a && !whole_b;
    const auto x = a.at("mean").get<double>(), y = b.at("mean").get<double>();
    return higher ? x > y : x < y;
  });
  table["points"] = points;
  const auto good = static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](const Json& p) { return p.at("complete").get<bool>(); }));
  table["best"] = good > 0 ? points[0].at("trial") : Json();
  table["runner_up"] = Json();
  if (good < 2) return table;
  table["runner_up"] = {{"trial", points[1].at("trial")}, {"overlaps", Json()}};
  if (!points[0].at("low").is_null() && !points[1].at("low").is_null())
    table["runner_up"]["overlaps"] = points[0].at("low").get<double>() <= points[1].at("high").get<double>() &&
                                     points[1].at("low").get<double>() <= points[0].at("high").get<double>();
  return table;
}

Json sweep_means(const std::vector<Json>& results) {
  const auto all = spreads(results);
  Json out = means(all);
  if (results.size() > 1) out["spread"] = all;
  return out;
}

std::string sweep_text(const Json& table, const Json& result) {
  const auto& points = table.at("points");
  const auto by = table.at("by").get<std::string>();
  std::vector<std::string> keys;
  for (const auto& one : points.at(0).at("set")) {
    const auto text = one.get<std::string>();
    keys.push_back(text.substr(0, text.find('=')));
  }
  std::vector<std::vector<std::string>> rows(1);
  rows[0] = {"trial"};
  for (const auto& key : keys) rows[0].push_back(heading(key, keys));
  for (const auto* name : {by.c_str(), "95 % interval", "s/run"}) rows[0].push_back(name);
  std::string failed;
  for (const auto& point : points) {
    auto& row = rows.emplace_back();
    row.push_back(point.at("trial").dump());
    for (const auto& one : point.at("set")) {
      const auto text = one.get<std::string>();
      row.push_back(text.substr(text.find('=') + 1));
    }
    const bool complete = point.at("complete").get<bool>();
    row.push_back(complete ? rounded(point.at("mean").get<double>()) : "failed");
    row.push_back(complete ? interval_of(point) : "-");
    row.push_back(point.at("seconds").is_null() ? "-" : rounded(point.at("seconds").get<double>(), 1));
    for (const auto& one : point.at("failed"))
      failed += "trial " + point.at("trial").dump() + ", seed " + one.at("seed").dump() + ":" + set_text(point) + ": " +
                one.at("why").get<std::string>() + "\n";
  }
  std::string out = lines_of(rows);
  const auto seeds = table.at("seeds").size();
  out += "\n" + by + " on valid, " + (table.at("higher_is_better").get<bool>() ? "more" : "less") + " is better; ";
  out += seeds > 1 ? "mean and interval over " + std::to_string(seeds) + " seeds (Student's t)\n" : "one seed\n";
  if (!table.at("best").is_null()) out += verdict(table);
  if (!failed.empty()) out += "\n" + failed;
  if (!result.is_object()) return out;
  out += "\nthe chosen point, evaluated after the choice was written down\n";
  for (const auto& [split, figures] : result.at("splits").items())
    if (split != "valid")
      add_figures(out, split, figures,
                  result.value("spread", Json::object()).value("splits", Json::object()).value(split, Json::object()));
  return out;
}

}  // namespace braid::tools
