// `braid compare`: runs side by side, and whether the difference of two is more than luck.
#include "commands.h"
#include "print.h"

#include "bootstrap.h"
#include "cards/child.h"
#include "cards/store.h"
#include "comparison.h"
#include "log/errors_json.h"
#include "scratch_folder.h"

#include <braid/diagnostic.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace braid::tools {
namespace {

using report::Json;

constexpr int most_seconds = 24 * 3600;  // that scoring one run may take
constexpr std::uint64_t seed = 1;        // of the resamples: the same runs give the same figures

struct Compare : command::Options {
  using Options::Options;
  static constexpr command::About about{
      "compare", "Shows runs side by side: figures, cost, what differs in recipe and plugins.",
      "Folders of several seeds show mean and spread. Runs of one recipe with several seeds are taken together. A run "
      "that is not finished shows its last validation."};

  std::vector<std::string> runs = arguments("RUN");
  std::int64_t bootstrap = whole("bootstrap", "N",
                                 "of two runs: is the difference of AUC, grouped AUC and NDCG@10 real? Draws the "
                                 "groups of [eval] anew N times, 1000 say; of folders of several seeds, the seeds' "
                                 "means",
                                 {1}, 0);
  std::string split = text("split", "NAME", "the split whose rows --bootstrap scores; test without it");
  bool json = json_option();
  int threads = threads_option();
};

// What `braid eval --rows` wrote.
std::vector<float> read_rows(const std::string& text, const std::string& run, ComparedRows& rows) {
  std::vector<float> scores;
  const char *at = text.data() + text.find('\n') + 1, *const end = text.data() + text.size();
  const auto next = [&](auto& value) {
    const auto read = std::from_chars(at, end, value);
    if (read.ec != std::errc() || read.ptr == end) throw Failure("internal", run, "its rows cannot be read back");
    at = read.ptr + 1;
  };
  while (at < end) {
    next(rows.key.emplace_back());
    next(rows.group.emplace_back());
    next(rows.label.emplace_back());
    next(scores.emplace_back());
    if (std::isnan(scores.back()))
      throw Failure("bootstrap", run, "scores of it are no numbers, so its rows have no order");
  }
  return scores;
}

// The scores of a run, or of each seed of a folder of several. `rows`: those of the runs before; the first one sets
// them.
std::vector<std::vector<float>> scores_of(const std::string& folder, const std::string& split, int threads,
                                          const std::string& program, std::string& first, ComparedRows& rows) {
  std::vector<std::string> runs;
  for (const auto& one : report::read_run(folder).seeds) runs.push_back(one.folder);
  if (runs.empty()) runs.push_back(folder);
  std::vector<std::vector<float>> out;
  const ScratchFolder scratch("rows");
  if (!scratch.made()) throw Failure("file", "braid compare", "no temporary folder can be made in " + scratch.wanted());
  const auto file = (scratch.path() / "rows").string();
  for (const auto& run : runs) {
    std::vector<std::string> words{program, "eval", run, "--split", split, "--rows", file, "--json"};
    if (threads > 0) words.insert(words.end(), {"--threads", std::to_string(threads)});
    // A process each: two runs may have been made with other plugins of one name, and memory goes back.
    const auto ended = cards::run_child(words, most_seconds);
    if (ended.code != 0) {
      auto errors = log::errors_in(ended.printed);
      if (errors.empty())
        errors.push_back({"bootstrap", run, "cannot be scored: `braid eval` " + ended.how, {ended.said}});
      throw Failure(errors);
    }
    ComparedRows own;
    out.push_back(read_rows(report::file_text(file), run, own));
    if (first.empty()) {
      if (own.key.empty()) throw Failure("bootstrap", run, "its split '" + split + "' has no rows with a label");
      first = run;
      rows = std::move(own);
      continue;
    }
    if (own == rows) continue;
    const char* what = own.key != rows.key ? "rows" : own.group != rows.group ? "groups" : "labels";
    throw Failure("bootstrap", run,
                  "the split '" + split + "' has other " + what + " than in " + first + ", so no row can be paired",
                  {std::to_string(own.key.size()) + " rows here, " + std::to_string(rows.key.size()) +
                   " there; compare runs of the same data, split and [eval] label and group"});
  }
  return out;
}

std::string shown(double value, const char* form) {
  char text[48];
  std::snprintf(text, sizeof text, form, value);
  return text;
}

std::string text_of(const Bootstrap& all, const std::string& split) {
  char line[160];
  std::snprintf(line, sizeof line, "%-12s  %8s %8s  %8s  %20s  %10s\n", "", "A", "B", "B - A", "95 % interval",
                "other sign");
  std::string out = line;
  bool lacking = false;
  for (const auto& f : all.figures) {
    const auto interval = shown(f.low, "%+.4f") + " to " + shown(f.high, "%+.4f");
    std::snprintf(line, sizeof line, "%-12s  %8.4f %8.4f  %+8.4f  %20s  %8.1f %%\n", f.metric.c_str(), f.first,
                  f.second, f.difference, interval.c_str(), 100 * f.other_sign);
    out += line;
    lacking = lacking || f.defined < all.resamples;
  }
  out += "paired bootstrap on " + split + ": " + std::to_string(all.groups) + " groups with " +
         std::to_string(all.rows) + " rows, drawn " + std::to_string(all.resamples) +
         " times with replacement, the same for both\n";
  if (lacking) out += "a figure is not defined in every one of them; those where it is count\n";
  return out;
}

Json json_of(const Bootstrap& all, const std::string& split) {
  Json out{{"split", split}, {"rows", all.rows}, {"groups", all.groups}, {"resamples", all.resamples}, {"seed", seed}};
  for (const auto& f : all.figures)
    out["figures"][f.metric] = {{"a", f.first},        {"b", f.second},  {"difference", f.difference},
                                {"low", f.low},        {"high", f.high}, {"other_sign", f.other_sign},
                                {"defined", f.defined}};
  return out;
}

int compare(const Compare& asked) {
  if (!asked.split.empty() && asked.bootstrap == 0)
    throw Failure("command-line", "braid compare", "--split goes with --bootstrap");
  const auto split = asked.split.empty() ? "test" : asked.split;
  if (asked.bootstrap > 0 && asked.runs.size() != 2)
    throw Failure("command-line", "braid compare",
                  "--bootstrap takes two runs, not " + std::to_string(asked.runs.size()));
  const auto comparison = compare_runs(asked.runs);
  auto json = asked.json ? comparison_json(comparison) : Json();
  auto text = asked.json ? "" : comparison_text(comparison);
  if (asked.bootstrap > 0) {
    const auto program = cards::around_this_program().program();
    ComparedRows rows;
    std::string first;
    const auto a = scores_of(asked.runs[0], split, asked.threads, program, first, rows);
    const auto b = scores_of(asked.runs[1], split, asked.threads, program, first, rows);
    const auto all = paired_bootstrap(rows, a, b, static_cast<std::size_t>(asked.bootstrap), seed);
    if (asked.json) json["bootstrap"] = json_of(all, split);
    else text += "\n" + text_of(all, split);
  }
  print(asked.json ? json.dump(2) + "\n" : text);
  return 0;
}

}  // namespace

Command compare_command() { return command_of<Compare, compare>(); }

}  // namespace braid::tools
