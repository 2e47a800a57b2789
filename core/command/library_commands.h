// The commands that need tensors: the program parses them, libbraid_run.so runs them. Each is declared here and nowhere
// else; a command without a `run` for it in core/run.cc does not compile.
#pragma once

#include "command/options.h"

#include <variant>

namespace braid::command {

struct Train : Options {
  using Options::Options;
  static constexpr About about{
      "train", "Trains a recipe's model and writes a run folder; or goes on with one.",
      "A new run: `braid train RECIPE --out DIR`. The folder holds the recipe as given and as resolved, a lock "
      "(plugins, data, versions, seed), metrics.jsonl, checkpoints, weights.safetensors and result.json.\n"
      "SIGTERM and Ctrl-C finish the step, save and end with exit code 75. After that, or after a crash, `braid train "
      "--resume DIR` goes on to the same bits on the same machine shape."};

  std::string recipe = argument("RECIPE", Need::optional);  // with `resume` empty: the run's own
  std::string out = text("out", "DIR", "the run folder; an earlier run in it is renamed first");
  std::string resume =
      text("resume", "RUN", "go on after the newest checkpoint of RUN, with its recipe, or with RECIPE");
  bool allow_changes =
      flag("allow-changes", "go on although recipe, plugins, data or versions are not those of the start");
  std::vector<std::string> sets = set_option();
  // Several: one run each in OUT/seed-N, and their mean and spread in OUT.
  std::vector<std::uint64_t> seeds = seeds_option("one run for each seed in DIR/seed-N, and their mean and spread");
  std::vector<std::string> splits = split_option();  // evaluated at the end; empty: as the recipe says
  int threads = threads_option();
};

struct Eval : Options {
  using Options::Options;
  static constexpr About about{
      "eval", "Evaluates a run's weights again and prints its figures.",
      "With --requests or --scores it prints none: it writes one split's rows, as `braid score` takes them and as it "
      "has to answer them. With --rows it writes what [eval] wires to the metrics, for statistics of your own."};

  std::string run = argument("RUN");
  std::vector<std::string> splits = split_option();
  std::string requests = text("requests", "FILE", "write each row of the one --split as a request");
  std::string scores = text("scores", "FILE", "write what the served outputs are for these rows");
  std::string rows =
      text("rows", "FILE", "write key, group, label and score of each row of the one --split, tab-separated");
  std::vector<std::string> sets = set_option();
  bool json = json_option();
  int threads = threads_option();
};

struct Replay : Options {
  using Options::Options;
  static constexpr About about{
      "replay", "Runs the node again that gave what is no number in a run.",
      "FOLDER is what `braid train` names when a loss or gradient is nan or infinite: the node, its weights and its "
      "inputs in that step. Exit code 0: it does it again."};

  std::string folder = argument("FOLDER");
};

struct Export : Options {
  using Options::Options;
  static constexpr About about{
      "export", "Writes a run's model as a folder that answers requests.",
      "What depends on one table alone is computed for all of its rows and stored; the folder needs neither the "
      "training data nor the recipe. With --vectors it writes one output of entities, and their keys, for other "
      "tools."};

  std::string run = argument("RUN");
  std::string out = text("out", "DIR", "the folder; an earlier export in it is renamed first", Need::required);
  std::vector<std::string> sets = set_option();  // data that moved
  bool half = flag("half", "store vectors with 16 bits");
  bool lookup_only = flag("lookup-only", "leave out what only new entities need; they cannot come with a request then");
  std::string vectors =
      text("vectors", "PORT", "write only this output of an entity table, as in --vectors content.vector");
  int threads = threads_option();
};

struct Score : Options {
  using Options::Options;
  static constexpr About about{
      "score", "Answers requests with an exported model: JSON lines from stdin to stdout.",
      "One request a line: {\"user\": \"42\", \"candidates\": [\"1193\", {\"title\": \"...\"}], \"history\": "
      "[\"1\"]}. A request that cannot be answered gets an error in its line."};

  std::string folder = argument("DIR");
  // 0: candidates are not ranked.
  std::int64_t top = whole("top", "K", "also rank the candidates: the best K of each request", {1}, 0);
  std::string files =
      text("files", "FOLDER", "requests may name files below FOLDER, relative to it; without it they may not");
  int threads = threads_option();
};

struct Conform : Options {
  using Options::Options;
  static constexpr About about{
      "conform", "Proves that a component keeps what the SDK asks of it.",
      "FILE is a plugin's file, NAME a plugin (all of its components), a component, or PLUGIN/COMPONENT. Makes cases "
      "out of the card, runs every check that holds for the kind on each, and shows for each failure what, where and "
      "with which case. `--list` says what each check proves and why, PLUGINS.md the rest. Exit code 1: a check "
      "failed."};

  std::string plugin = argument("FILE|NAME", Need::optional);  // empty with `list` alone
  std::string only = text("only", "CHECK", "run this check only, as in --only gradient");
  bool cases = flag("cases", "list the cases that were made");
  bool list = flag("list", "show all checks: the kinds that each holds for, what it proves and why");
  bool json = json_option();
};

struct Card : Options {
  using Options::Options;
  static constexpr About about{"card", "Makes plugins' cards by loading them.", "", true};

  std::vector<std::string> files = arguments("FILE");
  std::string out = text("out", "CARD", "where one plugin's card goes");
  bool beside = flag("beside", "write FILE.card.json beside each");
};

struct AboutTorch : Options {
  using Options::Options;
  static constexpr About about{"about-torch", "Prints what LibTorch says of itself.", "", true};
};

using LibraryCommand = std::variant<const Train*, const Eval*, const Replay*, const Export*, const Score*,
                                    const Conform*, const Card*, const AboutTorch*>;

}  // namespace braid::command
