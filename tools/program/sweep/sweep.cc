// `braid sweep`: points of a recipe, trained, compared on validation, the best one evaluated.
#include "commands.h"
#include "print.h"
#include "run_library.h"
#include "sweep_asked.h"
#include "sweep_child.h"
#include "sweep_table.h"
#include "toml_text.h"

#include "cards/file.h"
#include "cards/store.h"
#include "log/log.h"
#include "recipe/document/flat.h"
#include "recipe/document/words.h"
#include "report/run_files.h"

#include <braid/diagnostic.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

namespace braid::tools {
namespace {

namespace files = std::filesystem;
using report::Json;

constexpr int stopped = 75;

struct SweepOptions : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "sweep",
      "Trains a recipe at many points and several seeds, chooses by validation, then evaluates the chosen point.",
      "All points are checked before the first one trains. No run is evaluated on another split than `valid` until "
      "DIR/choice.toml says which point was chosen; then its runs alone are, and DIR/result.json has the figures. "
      "DIR/table.json keeps the table that is printed.\n"
      "The grid of all values is run, or with --random as many points as asked for. `braid sweep --resume DIR` goes on "
      "after a signal or a crash: runs that are finished stay, the one under way goes on from its checkpoint."};

  std::string recipe = argument("RECIPE", Need::optional);
  std::string out = text("out", "DIR", "the sweep's folder; an earlier one in it is renamed first");
  std::vector<std::string> over =
      texts("over", "KEY=...",
            "a key and its values, KEY=VALUE,VALUE,..., as --set takes them; or for --random its range, "
            "KEY=LOW..HIGH[:log], of whole numbers where both are");
  std::int64_t random = whole("random", "N", "draw N different points instead of running the grid", {1}, 0);
  std::optional<std::int64_t> sweep_seed =
      optional_whole("sweep-seed", "N", "of these draws; 1 without it. More points do not change the first ones", {0});
  std::vector<std::uint64_t> seeds = seeds_option("seeds that each point is trained with; without it the recipe's");
  std::string by = text("by", "METRIC",
                        "the metric on `valid` that decides, or SLICE/METRIC; without it the one that chooses weights");
  std::string resume = text("resume", "DIR", "go on with the sweep in DIR");
  std::vector<std::string> sets = set_option();
  bool json = json_option();
  int threads = threads_option();
};

void write(const std::string& file, const std::string& text) {
  if (!cards::write_whole(file, text)) throw Failure("file", file, "cannot be written");
}

// An earlier sweep moves out of the way, as runs do: nothing is lost.
void make_room(const std::string& out) {
  std::error_code failed;
  if (files::exists(out) && !files::is_directory(out))
    throw Failure("run-folder", out, "is there already, and is no folder");
  if (files::exists(out) && !files::is_empty(out)) {
    const SweepLock lock(out);
    int n = 1;
    while (files::exists(out + "." + std::to_string(n))) ++n;
    files::rename(out, out + "." + std::to_string(n), failed);
    if (failed) throw Failure("file", out, "cannot be moved aside: " + failed.message());
    log::info(out + " holds an earlier sweep: moved to " + out + "." + std::to_string(n));
  }
  files::create_directories(out, failed);
  if (failed) throw Failure("file", out, "cannot be made: " + failed.message());
}

// A sweep that is complete.
int show(const std::string& folder, const std::string& named, bool json) {
  auto table = read_sweep_json(folder + "/table.json");
  auto result = read_sweep_json(folder + "/result.json");
  if (!json) {
    print(sweep_text(table, result) + named + "/choice.toml, " + named + "/result.json\n");
    return 0;
  }
  table["result"] = std::move(result);
  print(table.dump(2) + "\n");
  return 0;
}

class Sweep {
 public:
  Sweep(std::string folder, std::string named, AskedSweep asked, SweepPlans plans, std::string program)
      : folder_(std::move(folder)),
        named_(std::move(named)),
        asked_(std::move(asked)),
        plans_(std::move(plans)),
        program_(std::move(program)) {}

  int run(bool json) {
    const SweepSignals signals;
    if (!files::exists(folder_ + "/choice.toml")) {
      const int code = train_all();
      if (code != 0) return code;
    }
    if (!files::exists(folder_ + "/result.json") && !evaluate(read_sweep_json(folder_ + "/table.json")))
      return halted();
    return show(folder_, named_, json);
  }

 private:
  std::string run_folder(std::size_t trial, std::uint64_t seed) const {
    return folder_ + "/trial-" + std::to_string(trial) + "/seed-" + std::to_string(seed);
  }

  int halted() const {
    log::info("stopped; go on with\n  braid sweep --resume " + named_);
    return stopped;
  }

  // One run, unless it is done. False: a signal came.
  bool train_one(std::size_t point, SweepRun& run) {
    const auto folder = run_folder(point + 1, run.seed);
    const auto done = [&] {
      return files::exists(folder + "/result.json") && files::exists(folder + "/weights.safetensors");
    };
    if (!done()) {
      std::vector<std::string> words{program_, "train"};
      if (files::exists(folder + "/request.json")) {
        words.insert(words.end(), {"--resume", folder});
      } else {
        words.insert(words.end(), {asked_.recipe, "--out", folder, "--split", "valid", "--seeds",
                                   std::to_string(run.seed), "--threads", std::to_string(asked_.threads)});
        for (const auto& one : asked_.sets_of(point)) words.insert(words.end(), {"--set", one});
      }
      words.emplace_back("--json");
      const auto printed = folder + ".json.part";
      const auto ended = run_sweep_child(words, folder + ".log", printed);
      files::remove(printed);
      if (SweepSignals::asked() || ended.code == stopped) return false;
      if (ended.code != 0) return run.failed = ended.how, true;
    }
    run.result = read_sweep_json(folder + "/result.json");
    return true;
  }

  int train_all() {
    std::vector<SweepTrial> trials;
    const auto runs = asked_.points.size() * asked_.seeds.size();
    std::size_t number = 0;
    for (std::size_t p = 0; p < asked_.points.size(); ++p) {
      auto& trial = trials.emplace_back();
      trial.number = p + 1;
      trial.folder = "trial-" + std::to_string(p + 1);
      for (std::size_t k = 0; k < asked_.axes.size(); ++k)
        trial.set.emplace_back(asked_.axes[k].key, asked_.points[p][k]);
      for (const auto seed : asked_.seeds) {
        auto& run = trial.runs.emplace_back();
        run.seed = seed;
        ++number;
        // A point counts with all of its seeds or not at all.
        if (const auto& first = trial.runs.front(); !first.failed.empty()) {
          run.failed = "not run, for seed " + std::to_string(first.seed) + " failed";
          continue;
        }
        const auto what = "run " + std::to_string(number) + " of " + std::to_string(runs) + ": trial " +
                          std::to_string(p + 1) + ", seed " + std::to_string(seed) + ", " + asked_.settings(p);
        if (log::terminal())
          log::progress(what + "  (" + named_ + "/" + trial.folder + "/seed-" + std::to_string(seed) + ".log)");
        if (SweepSignals::asked() || !train_one(p, run)) return log::progress_end(), halted();
        tell(what, run);
      }
    }
    log::progress_end();
    const auto table = sweep_table(trials, asked_.by);
    write(folder_ + "/table.json", table.dump(2) + "\n");
    if (table.at("best").is_null()) {
      print(sweep_text(table, Json()));
      throw Failure("sweep", named_,
                    "no point has '" + asked_.by + "' on valid from all of its seeds, so none can be chosen",
                    {named_ + "/trial-1/seed-*.log tell what happened; `braid sweep --resume " + named_ +
                     "` tries those that failed again"});
    }
    write(folder_ + "/choice.toml", choice(table.at("points").at(0)));
    return 0;
  }

  void tell(const std::string& what, const SweepRun& run) const {
    if (!run.failed.empty()) return log::warning(what + ": failed: " + run.failed);
    const auto figure = sweep_figure(run.result, "valid", asked_.by);
    char text[64] = "not defined";
    if (figure) std::snprintf(text, sizeof text, "%.4f", *figure);
    log::info(what + ": " + asked_.by + " " + text);
  }

  // What was chosen and why, before any other split has been looked at.
  std::string choice(const Json& point) const {
    std::string sets;
    for (const auto& one : asked_.sets_of(point.at("trial").get<std::size_t>() - 1))
      sets += (sets.empty() ? "" : ", ") + toml_text(one);
    std::string out =
        "# What `braid sweep` chose by its figures on `valid`, written before any other split was evaluated.\n";
    out += "recipe = " + toml_text(asked_.recipe) + "\nfrom = " + toml_text(asked_.from) +
           "   # paths in `set` are relative to it\nset = [" + sets + "]\ntrial = " + point.at("trial").dump() +
           "\nseeds = " + Json(asked_.seeds).dump() + "\nby = " + toml_text(asked_.by) + "\n\n[valid]\n";
    out += "values = " + point.at("values").dump() + "\nmean = " + point.at("mean").dump() + "\n";
    if (!point.at("low").is_null())
      out += "interval = [" + point.at("low").dump() + ", " + point.at("high").dump() + "]   # 95 %, over seeds\n";
    return out;
  }

  // The chosen point's runs on the splits that nobody has seen. False: a signal came.
  bool evaluate(const Json& table) {
    const auto trial = table.at("best").get<std::size_t>();
    std::vector<Json> all;
    Json runs = Json::array(), higher;
    for (const auto seed : asked_.seeds) {
      const auto folder = run_folder(trial, seed);
      auto result = read_sweep_json(folder + "/result.json");
      Json splits{{"valid", result.at("splits").at("valid")}}, changed = Json::array();
      if (const auto& others = plans_.others.at(trial - 1); !others.empty()) {
        const auto printed = folder_ + "/evaluation.json.part";
        std::vector<std::string> words{program_, "eval", folder, "--json", "--threads", std::to_string(asked_.threads)};
        for (const auto& split : others) words.insert(words.end(), {"--split", split});
        const auto ended = run_sweep_child(words, folder + ".log", printed);
        if (SweepSignals::asked()) return false;
        if (ended.code != 0)
          throw Failure("sweep", named_,
                        "the chosen point, trial " + std::to_string(trial) + ", cannot be evaluated: " + ended.how,
                        {"mend that and go on with `braid sweep --resume " + named_ + "`"});
        const auto answer = read_sweep_json(printed);
        splits.update(answer.at("splits"));
        changed = answer.value("data_changed", Json::array());
        files::remove(printed);
      }
      runs.push_back({{"seed", seed}, {"splits", splits}});
      if (!changed.empty()) {
        runs.back()["data_changed"] = changed;
        log::warning(folder + ": the data is not what the run was trained on: " + changed.dump() + " [data-changed]");
      }
      all.push_back({{"splits", std::move(splits)}});
      higher = result.value("higher_is_better", Json::object());
    }
    auto out = sweep_means(all);
    out["trial"] = trial;
    out["set"] = table.at("points").at(0).at("set");
    out["seeds"] = asked_.seeds;
    out["higher_is_better"] = higher;
    out["runs"] = runs;
    report::remove_unfinished(folder_);  // of runs that were killed when they had their result, too
    write(folder_ + "/result.json", out.dump(2) + "\n");
    return true;
  }

  std::string folder_, named_;  // absolute; as the user says it
  AskedSweep asked_;
  SweepPlans plans_;
  std::string program_;
};

// The folder as it can be found from anywhere, without a slash at its end.
std::string absolute(const std::string& folder) {
  auto path = files::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.string();
}

AskedSweep asked_by(const SweepOptions& options) {
  AskedSweep asked;
  asked.recipe = options.recipe;
  asked.from = files::current_path().string();
  asked.sets = options.sets;
  asked.by = options.by;
  asked.threads = threads_to_use(options.threads);
  std::set<std::string> keys;
  for (const auto& set : asked.sets) keys.insert(set.substr(0, set.find('=')));
  for (const auto& over : options.over) {
    asked.axes.push_back(sweep_axis(over));
    if (!keys.insert(asked.axes.back().key).second) refuse_sweep("two options give values to " + asked.axes.back().key);
  }
  asked.seeds = options.seeds;
  if (options.sweep_seed && options.random == 0) refuse_sweep("--sweep-seed goes with --random");
  asked.points = options.random > 0 ? sweep_draws(asked.axes, static_cast<std::size_t>(options.random),
                                                  static_cast<std::uint64_t>(options.sweep_seed.value_or(1)))
                                    : sweep_grid(asked.axes);
  return asked;
}

int start(const SweepOptions& options) {
  if (options.recipe.empty() || options.out.empty() || options.over.empty())
    throw Failure("command-line", "braid sweep",
                  std::string((std::string(options.recipe.empty() ? "RECIPE"
                                           : options.out.empty()  ? "--out DIR"
                                                                  : "--over KEY=VALUE,VALUE"))) +
                      " is missing",
                  {"a new sweep: braid sweep RECIPE --out DIR --over KEY=VALUE,VALUE",
                   "an earlier one goes on: braid sweep --resume DIR"});
  auto asked = asked_by(options);
  cards::Store store(cards::around_this_program());
  auto plans = check_points(asked, store);
  if (!plans) return 1;
  asked.recipe = absolute(asked.recipe);  // messages have it as the user says it
  if (asked.seeds.empty()) asked.seeds = {plans->seed};
  asked.plugins = plans->plugins;
  const auto folder = absolute(options.out);
  make_room(folder);
  const SweepLock lock(folder);
  write(folder + "/resolved.toml", plans->first_resolved);
  write(folder + "/sweep.json", asked.json().dump(2) + "\n");
  return Sweep(folder, options.out, std::move(asked), std::move(*plans), store.around().program()).run(options.json);
}

int resume(const SweepOptions& options) {
  for (const auto& [what, given] : {std::pair{"a recipe", !options.recipe.empty()},
                                    {"--out", !options.out.empty()},
                                    {"--over", !options.over.empty()},
                                    {"--random", options.random > 0},
                                    {"--sweep-seed", options.sweep_seed.has_value()},
                                    {"--seeds", !options.seeds.empty()},
                                    {"--by", !options.by.empty()},
                                    {"--set", !options.sets.empty()},
                                    {"--threads", options.threads > 0}})
    if (given)
      refuse_sweep("--resume goes on with a sweep as it was asked for: " + std::string(what) + " does not go with it");
  const auto folder = absolute(options.resume);
  auto asked = AskedSweep::read(folder);
  const SweepLock lock(folder);
  if (files::exists(folder + "/result.json")) return show(folder, options.resume, options.json);
  std::error_code failed;
  files::current_path(asked.from, failed);  // paths in --set are seen from there
  cards::Store store(cards::around_this_program());
  auto plans = check_points(asked, store);
  if (!plans) return 1;
  // Points that had begun and those that begin now would have nothing to do with each other.
  std::vector<std::string> changed;
  for (const auto& one : recipe::changes(report::file_text(folder + "/resolved.toml"), plans->first_resolved))
    changed.push_back("recipe " + one.key + ": was " + one.was.value_or("not there") + ", is " +
                      one.is.value_or("not there"));
  if (asked.plugins != plans->plugins)
    for (const auto& [name, digest] : plans->plugins)
      if (const auto was = asked.plugins.find(name); was == asked.plugins.end() || was->second != digest)
        changed.push_back("plugin " + name + ": is another one");
  if (!changed.empty()) {
    changed.push_back("undo that, or start a new sweep");
    throw Failure("run-changed", options.resume, "the sweep cannot go on as it began", changed);
  }
  return Sweep(folder, options.resume, std::move(asked), std::move(*plans), store.around().program()).run(options.json);
}

int sweep(const SweepOptions& options) { return options.resume.empty() ? start(options) : resume(options); }

}  // namespace

Command sweep_command() { return command_of<SweepOptions, sweep>(); }

}  // namespace braid::tools
