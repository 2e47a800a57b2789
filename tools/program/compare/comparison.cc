#include "comparison.h"

#include "recipe/document/flat.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace braid::tools {
namespace {

using report::Json;
using report::RunFiles;

const Json& inner(const Json& json, const std::string& key) {
  static const Json none = Json::object();
  return json.contains(key) && json.at(key).is_object() ? json.at(key) : none;
}

std::string letter_of(std::size_t k) {
  return k < 26 ? std::string(1, static_cast<char>('A' + k)) : letter_of(k / 26 - 1) + letter_of(k % 26);
}

template <class Map>
auto* found(const Map& map, const std::string& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

// `spreads`: the same tree with {"mean", "spread"} in place of numbers; empty for one seed.
void add_numbers(std::map<std::string, Figure>& out, const Json& figures, const Json& spreads) {
  for (const auto& [name, value] : figures.items()) {
    if (!value.is_number()) continue;
    Figure figure{value.get<double>(), std::nullopt};
    if (const auto& s = inner(spreads, name); s.contains("spread") && s.at("spread").is_number())
      figure.spread = s.at("spread").get<double>();
    out[name] = figure;
  }
}

void add_result(Column& out, const Json& result) {
  const auto& spreads = inner(result, "spread");
  for (const auto& [split, figures] : inner(result, "splits").items()) {
    const auto& spread = inner(inner(spreads, "splits"), split);
    add_numbers(out.figures[split], figures, spread);
    for (const auto& [slice, part] : inner(figures, "slices").items())
      add_numbers(out.figures[split + "/" + slice], part, inner(inner(spread, "slices"), slice));
  }
  std::map<std::string, Figure> top;
  add_numbers(top, result, spreads);
  for (const auto& cost : costs)
    if (const auto* figure = found(top, cost.key)) out.costs[cost.name] = *figure;
}

// Mean and spread of what `find` finds in every column; nothing when one lacks it.
template <class Find>
std::optional<Figure> together(const std::vector<const Column*>& all, const Find& find) {
  std::vector<double> values;
  for (const auto* column : all) {
    const Figure* figure = find(*column);
    if (!figure) return std::nullopt;
    values.push_back(figure->value);
  }
  const auto s = report::spread_of(values);
  return Figure{s.mean, s.deviation};
}

void add_together(Column& out, const std::vector<const Column*>& all) {
  for (const auto& [name, unused] : all[0]->costs)
    if (const auto f = together(all, [&, key = name](const Column& c) { return found(c.costs, key); }))
      out.costs[name] = *f;
  for (const auto& [part, figures] : all[0]->figures)
    for (const auto& [metric, unused] : figures)
      if (const auto f = together(all, [&, in = part, key = metric](const Column& c) {
            const auto* inside = found(c.figures, in);
            return inside ? found(*inside, key) : nullptr;
          }))
        out.figures[part][metric] = *f;
}

void flatten(const Json& json, const std::string& path, std::map<std::string, std::string>& out) {
  for (const auto& [key, value] : json.items()) {
    const auto inside = path.empty() ? key : path + "." + key;
    if (value.is_object()) flatten(value, inside, out);
    else out[inside] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

std::string listed(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (const auto n : numbers) out += (out.empty() ? "" : ", ") + std::to_string(n);
  return out;
}

std::int64_t seed_of(const RunFiles& run) {
  return run.lock.contains("seed") && run.lock.at("seed").is_number() ? run.lock.at("seed").get<std::int64_t>() : -1;
}

// The texts of one run, or of the first seed.
void add_texts(Column& out, const RunFiles& run) {
  auto recipe = recipe::flat_recipe(run.resolved, run.folder + "/resolved.toml");
  if (!recipe) throw Failure("run-folder", run.folder + "/resolved.toml", "is damaged: it is no TOML");
  out.recipe = std::move(*recipe);
  flatten(run.lock, "", out.lock);
  out.lock.erase("seed");  // the recipe has it
  for (const auto& [part, figures] : out.figures)
    for (const auto& [metric, figure] : figures) out.better[metric] = run.better(metric);
}

// A folder of seeds without result.json: those that are finished.
void add_unfinished_seeds(Column& out, const RunFiles& run) {
  std::vector<Column> done;
  for (const auto& seed : run.seeds)
    if (seed.finished) add_result(done.emplace_back(), seed.result);
  std::vector<const Column*> all;
  for (const auto& column : done) all.push_back(&column);
  if (!all.empty()) add_together(out, all);
  out.about = "unfinished: " + std::to_string(done.size()) + " of " + std::to_string(run.seeds.size()) +
              " seeds that were begun are done";
}

Column column_of(const RunFiles& run, std::size_t number) {
  Column out;
  out.letter = letter_of(number);
  out.folder = run.folder;
  out.finished = run.finished;
  for (const auto& seed : run.seeds) out.seeds.push_back(seed_of(seed));
  if (run.seeds.empty()) out.seeds.push_back(seed_of(run));
  out.about = run.seeds.empty() ? "seed " + listed(out.seeds)
                                : std::to_string(run.seeds.size()) + " seeds: " + listed(out.seeds);
  if (run.finished) {
    add_result(out, run.result);
  } else if (!run.seeds.empty()) {
    add_unfinished_seeds(out, run);
  } else {
    const auto& h = run.history;
    out.about = "seed " + listed(out.seeds) + ", unfinished: it has no result.json";
    out.about +=
        h.valid_step < 0 ? ", and no validation yet" : "; its validation at step " + std::to_string(h.valid_step);
    for (const auto& [metric, value] : h.last_valid) out.figures["valid"][metric] = {value, std::nullopt};
  }
  add_texts(out, run.seeds.empty() ? run : run.seeds[0]);
  if (!run.seeds.empty()) out.recipe["train.seed"] = listed(out.seeds);
  return out;
}

// Finished runs, of one seed each, whose recipes and plugins and data are the same but for the seed.
void add_groups(Comparison& comparison) {
  std::map<std::pair<std::map<std::string, std::string>, std::map<std::string, std::string>>, std::vector<std::size_t>>
      alike;
  for (std::size_t c = 0; c < comparison.runs; ++c) {
    const auto& column = comparison.columns[c];
    if (!column.finished || column.seeds.size() != 1) continue;
    auto recipe = column.recipe;
    recipe.erase("train.seed");
    alike[{std::move(recipe), column.lock}].push_back(c);
  }
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [what, members] : alike) {
    std::set<std::int64_t> seeds;
    for (const auto c : members) seeds.insert(comparison.columns[c].seeds[0]);
    if (members.size() > 1 && seeds.size() == members.size()) groups.push_back(members);
  }
  std::sort(groups.begin(), groups.end());
  for (const auto& members : groups) {
    Column out;
    std::vector<const Column*> all;
    for (const auto c : members) {
      const auto& column = comparison.columns[c];
      all.push_back(&column);
      out.letter += (out.letter.empty() ? "" : " ") + column.letter;
      out.seeds.push_back(column.seeds[0]);
    }
    out.about = "one recipe, seeds " + listed(out.seeds);
    out.finished = true;
    add_together(out, all);
    comparison.columns.push_back(std::move(out));  // `all` is not read again
  }
}

}  // namespace

Comparison compare_runs(const std::vector<std::string>& folders) {
  Comparison out;
  for (std::size_t k = 0; k < folders.size(); ++k) out.columns.push_back(column_of(report::read_run(folders[k]), k));
  out.runs = out.columns.size();
  add_groups(out);
  return out;
}

std::vector<std::size_t> best_of(const Comparison& comparison, const std::string& part, const std::string& metric) {
  int better = 0;
  std::vector<std::pair<double, std::size_t>> values;
  bool differ = false;
  for (std::size_t c = 0; c < comparison.runs; ++c) {
    const auto& column = comparison.columns[c];
    if (const auto found = column.better.find(metric); found != column.better.end() && found->second != 0)
      better = found->second;
    if (const auto at = column.figures.find(part); at != column.figures.end())
      if (const auto found = at->second.find(metric); found != at->second.end())
        values.emplace_back(found->second.value, c), differ = differ || found->second.value != values[0].first;
  }
  std::vector<std::size_t> out;
  if (better == 0 || !differ) return out;
  double best = values[0].first;
  for (const auto& [value, c] : values) best = better > 0 ? std::max(best, value) : std::min(best, value);
  for (const auto& [value, c] : values)
    if (value == best) out.push_back(c);
  return out;
}

Differences differences(const Comparison& comparison, std::map<std::string, std::string> Column::*which) {
  std::set<std::string> keys;
  for (std::size_t c = 0; c < comparison.runs; ++c)
    for (const auto& [key, value] : comparison.columns[c].*which) keys.insert(key);
  Differences out;
  for (const auto& key : keys) {
    std::vector<std::optional<std::string>> values;
    for (std::size_t c = 0; c < comparison.runs; ++c) {
      const auto& all = comparison.columns[c].*which;
      const auto found = all.find(key);
      values.push_back(found == all.end() ? std::nullopt : std::optional(found->second));
    }
    if (std::any_of(values.begin(), values.end(), [&](const auto& v) { return v != values[0]; }))
      out.emplace_back(key, std::move(values));
  }
  return out;
}

report::Json comparison_json(const Comparison& comparison) {
  const auto figures = [](const std::map<std::string, Figure>& all) {
    Json out = Json::object();
    for (const auto& [name, f] : all)
      out[name] = f.spread ? Json{{"mean", f.value}, {"spread", *f.spread}} : Json(f.value);
    return out;
  };
  Json out{{"runs", Json::array()}, {"same_recipe", Json::array()}, {"best", Json::object()}};
  for (std::size_t c = 0; c < comparison.columns.size(); ++c) {
    const auto& column = comparison.columns[c];
    Json one{{"letter", column.letter}, {"seeds", column.seeds}, {"costs", figures(column.costs)}};
    one["figures"] = Json::object();
    for (const auto& [part, inside] : column.figures) {
      one["figures"][part] = figures(inside);
      for (const auto& [metric, f] : inside)
        for (const auto best : best_of(comparison, part, metric))
          if (best == c) out["best"][part][metric].push_back(column.letter);
    }
    if (c < comparison.runs) one["run"] = column.folder, one["finished"] = column.finished, one["about"] = column.about;
    out[c < comparison.runs ? "runs" : "same_recipe"].push_back(std::move(one));
  }
  for (const auto& [name, which] : {std::pair{"recipe", &Column::recipe}, {"lock", &Column::lock}}) {
    out[name] = Json::object();
    for (const auto& [key, values] : differences(comparison, which))
      for (const auto& value : values) out[name][key].push_back(value ? Json(*value) : Json());
  }
  return out;
}

}  // namespace braid::tools
