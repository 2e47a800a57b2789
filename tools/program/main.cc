// The program `braid`: reads the command line, does what needs no tensors by itself, and opens libbraid_run.so for the
// rest.
#include "commands.h"

#include "recipe/check.h"
#include "synth/synth.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace braid::tools {
namespace {

const Option json{"json", "", "print JSON"};
const Option set{"set", "KEY=VALUE",
                 "change a value of the recipe, as in --set train.epochs=3; paths are relative to the working folder",
                 true};

// As asked for by --threads; 0: not asked.
int threads_of(const Call& call) {
  return call.has("threads") ? static_cast<int>(whole_number("threads", call.one("threads"), 1, 4096)) : 0;
}

int train(const Call& call) {
  int threads = threads_of(call);
  if (call.has("resume")) {
    for (const auto* not_now : {"out", "seeds", "split"})
      if (call.has(not_now))
        throw Usage("braid train: error: --resume goes on with a run as it was asked for: --" + std::string(not_now) +
                    " does not go with it [command-line]");
    if (threads == 0) threads = threads_of_run(call.one("resume"));
    return run_library_command("train", call, threads);
  }
  if (call.has("allow-changes"))
    throw Usage("braid train: error: --allow-changes goes with --resume RUN [command-line]");
  if (call.arguments.empty() || !call.has("out"))
    throw Usage(
        "braid train: error: " + std::string(call.arguments.empty() ? "RECIPE" : "--out DIR") +
        " is missing [command-line]\n  a new run: braid train RECIPE --out DIR\n  an earlier one goes on: braid "
        "train --resume DIR");
  if (call.has("seeds")) seeds_option(call.one("seeds"));
  return run_library_command("train", call, threads);
}
int replay(const Call& call) { return run_library_command("replay", call, 0); }
int conform(const Call& call) {
  if (call.arguments.empty() != call.has("list"))
    throw Usage(
        "braid conform: error: it takes a plugin's file or name, or --list alone [command-line]\n  such as: braid "
        "conform "
        "build/my_tower.so");
  return run_library_command("conform", call, 1);
}
int sweep(const Call& call) { return sweep_command(call, threads_of(call)); }
int compare(const Call& call) { return compare_command(call, threads_of(call)); }
int eval(const Call& call) {
  if (call.has("rows") && (call.has("json") || call.has("requests") || call.has("scores")))
    throw Usage(
        "braid eval: error: --rows writes a file and no figures: --json, --requests and --scores do not go with it "
        "[command-line]");
  if (call.has("json") && (call.has("requests") || call.has("scores")))
    throw Usage(
        "braid eval: error: --requests and --scores write files and no figures: --json does not go with them "
        "[command-line]");
  return run_library_command("eval", call, threads_of(call));
}
int export_(const Call& call) {
  if (call.has("vectors") && call.has("lookup-only"))
    throw Usage("braid export: error: --vectors writes no model, so --lookup-only has no meaning [command-line]");
  return run_library_command("export", call, threads_of(call));
}
int score(const Call& call) {
  if (call.has("top")) whole_number("top", call.one("top"), 1);
  return run_library_command("score", call, threads_of(call));
}
// `braid data` alone; `braid data synth` reads its own words.
int data(const Call& call) {
  if (call.arguments.empty())
    throw Usage(
        "braid data: error: it takes a command of its own: synth [command-line]\n  `braid data synth --help` says "
        "more");
  const auto near = recipe::nearest(call.arguments[0], {"synth"});
  throw Usage("braid data: error: there is no command '" + call.arguments[0] + "' [command-line]\n  " +
              (near ? "did you mean 'synth'?" : "there is synth"));
}
int card(const Call& call) { return run_library_command("card", call, 1); }
int torch(const Call& call) { return run_library_command("doctor", call, 0); }

const Option threads{"threads", "N", "threads of LibTorch; without it OMP_NUM_THREADS, else all cores"};
const Option split{"split", "NAME", "evaluate this split only: valid, test, or a held-out one", true};

const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {"check",
       "RECIPE...",
       "Checks recipes and tells everything that is wrong with them.",
       "Needs neither LibTorch nor the data itself: it reads the plugins' cards and the first line of the recipe's "
       "text files.",
       {set,
        {"cost", "",
         "train twenty steps at each of two small batches, twice, and say what the recipe's batch will take: "
         "parameters, "
         "optimizer, memory, time of a step, and whether it fits"},
        {"no-files", "", "do not look at the recipe's data files: neither whether they exist nor their columns"},
        json},
       1,
       1000,
       check_command},
      {"train",
       "[RECIPE]",
       "Trains a recipe's model and writes a run folder; or goes on with one.",
       "A new run: `braid train RECIPE --out DIR`. The folder holds the recipe as given and as resolved, a lock "
       "(plugins, "
       "data, versions, seed), metrics.jsonl, checkpoints, weights.safetensors and result.json.\n"
       "SIGTERM and Ctrl-C finish the step, save and end with exit code 75. After that, or after a crash, `braid train "
       "--resume DIR` goes on to the same bits on the same machine shape.",
       {{"out", "DIR", "the run folder; an earlier run in it is renamed first"},
        {"resume", "RUN", "go on after the newest checkpoint of RUN, with its recipe, or with RECIPE"},
        {"allow-changes", "", "go on although recipe, plugins, data or versions are not those of the start"},
        set,
        {"seeds", "1,2,3", "one run for each seed in DIR/seed-N, and their mean and spread"},
        split,
        threads},
       0,
       1,
       train},
      {"sweep",
       "[RECIPE]",
       "Trains a recipe at many points and several seeds, chooses by validation, then evaluates the chosen point.",
       "All points are checked before the first one trains. No run is evaluated on another split than `valid` until "
       "DIR/choice.toml says which point was chosen; then its runs alone are, and DIR/result.json has the figures. "
       "DIR/table.json keeps the table that is printed.\n"
       "The grid of all values is run, or with --random as many points as asked for. `braid sweep --resume DIR` goes "
       "on "
       "after a signal or a crash: runs that are finished stay, the one under way goes on from its checkpoint.",
       {{"out", "DIR", "the sweep's folder; an earlier one in it is renamed first"},
        {"over", "KEY=...",
         "a key and its values, KEY=VALUE,VALUE,..., as --set takes them; or for --random its range, "
         "KEY=LOW..HIGH[:log], of whole numbers where both are",
         true},
        {"random", "N", "draw N different points instead of running the grid"},
        {"sweep-seed", "N", "of these draws; 1 without it. More points do not change the first ones"},
        {"seeds", "1,2,3", "seeds that each point is trained with; without it the recipe's"},
        {"by", "METRIC",
         "the metric on `valid` that decides, or SLICE/METRIC; without it the one that chooses weights"},
        {"resume", "DIR", "go on with the sweep in DIR"},
        set,
        json,
        threads},
       0,
       1,
       sweep},
      {"eval",
       "RUN",
       "Evaluates a run's weights again and prints its figures.",
       "With --requests or --scores it prints none: it writes one split's rows, as `braid score` takes them and as it "
       "has to answer them. With --rows it writes what [eval] wires to the metrics, for statistics of your own.",
       {split,
        {"requests", "FILE", "write each row of the one --split as a request"},
        {"scores", "FILE", "write what the served outputs are for these rows"},
        {"rows", "FILE", "write key, group, label and score of each row of the one --split, tab-separated"},
        set,
        json,
        threads},
       1,
       1,
       eval},
      {"replay",
       "FOLDER",
       "Runs the node again that gave what is no number in a run.",
       "FOLDER is what `braid train` names when a loss or gradient is nan or infinite: the node, its weights and its "
       "inputs in that step. Exit code 0: it does it again.",
       {},
       1,
       1,
       replay},
      {"export",
       "RUN",
       "Writes a run's model as a folder that answers requests.",
       "What depends on one table alone is computed for all of its rows and stored; the folder needs neither the "
       "training data nor the recipe. With --vectors it writes one output of entities, and their keys, for other "
       "tools.",
       {{"out", "DIR", "the folder; an earlier export in it is renamed first", false, true},
        {"half", "", "store vectors with 16 bits"},
        {"lookup-only", "", "leave out what only new entities need; they cannot come with a request then"},
        {"vectors", "PORT", "write only this output of an entity table, as in --vectors content.vector"},
        set,
        threads},
       1,
       1,
       export_},
      {"score",
       "DIR",
       "Answers requests with an exported model: JSON lines from stdin to stdout.",
       "One request a line: {\"user\": \"42\", \"candidates\": [\"1193\", {\"title\": \"...\"}], \"history\": "
       "[\"1\"]}. A "
       "request that cannot be answered gets an error in its line.",
       {{"top", "K", "also rank the candidates: the best K of each request"},
        {"files", "FOLDER", "requests may name files below FOLDER, relative to it; without it they may not"},
        threads},
       1,
       1,
       score},
      {"report",
       "RUN...",
       "Writes the report.html of runs again.",
       "One page of curves, figures, the graph, gradients, where the time went, recipe and lock; it needs no network. "
       "Works for runs that are not finished.",
       {},
       1,
       1000,
       report_command},
      {"compare",
       "RUN...",
       "Shows runs side by side: figures, cost, what differs in recipe and plugins.",
       "Folders of several seeds show mean and spread. Runs of one recipe with several seeds are taken together. A run "
       "that is not finished shows its last validation.",
       {{"bootstrap", "N",
         "of two runs: is the difference of AUC, grouped AUC and NDCG@10 real? Draws the groups of [eval] anew N "
         "times, "
         "1000 say; of folders of several seeds, the seeds' means"},
        {"split", "NAME", "the split whose rows --bootstrap scores; test without it"},
        json,
        threads},
       1,
       1000,
       compare},
      {"list",
       "[KIND]",
       "Lists the components that recipes can use, by kind, and the plugins that are refused, with the reason.",
       "",
       {json},
       0,
       1,
       list_command},
      {"find",
       "TEXT...",
       "Finds components by words: in names, summaries, parameters, ports and papers.",
       "All words have to be there, each may stand inside another one. The best hits come first. Exit code 1: none.",
       {json},
       1,
       1000,
       find_command},
      {"schema",
       "",
       "Prints the recipe language, with the components that are there, as a JSON Schema for editors.",
       "Write it to a file (`braid schema > braid.schema.json`) and say `#:schema braid.schema.json` in a recipe's "
       "first "
       "line: an editor with a TOML language server completes keys, shows help and underlines mistakes.",
       {},
       0,
       0,
       schema_command},
      {"describe",
       "NAME|FILE",
       "Says what a component is: parameters, ports, rules, weights.",
       "NAME is a component (fq_former), a plugin's component (ranking_losses/bpr) or a plugin; FILE a plugin's file.",
       {json},
       1,
       1,
       describe_command},
      {"conform",
       "[FILE|NAME]",
       "Proves that a component keeps what the SDK asks of it.",
       "FILE is a plugin's file, NAME a plugin (all of its components), a component, or PLUGIN/COMPONENT. Makes cases "
       "out "
       "of the card, runs every check that holds for the kind on each, and shows for each failure what, where and with "
       "which case. `--list` says what each check proves and why, PLUGINS.md the rest. Exit code 1: a check failed.",
       {{"only", "CHECK", "run this check only, as in --only gradient"},
        {"cases", "", "list the cases that were made"},
        {"list", "", "show all checks: the kinds that each holds for, what it proves and why"},
        json},
       0,
       1,
       conform},
      {"graph",
       "RECIPE|DIR",
       "Draws what runs in training and in serving: nodes, wires, shapes, parameters.",
       "DIR is a run's folder or an exported one; its weights tell how many parameters each node has. For a recipe the "
       "plugins' cards tell it where that is certain.",
       {set,
        json,
        {"svg", "FILE", "draw it as a picture into FILE instead; Graphviz' `dot` lays it out where it is installed"}},
       1,
       1,
       graph_command},
      {"new",
       "KIND|recipe NAME|FILE...",
       "Starts a component of your own, or a recipe for your own tables.",
       "`braid new KIND NAME` makes the folder NAME: one source file that already does something true of its kind, its "
       "test, meson.build, a recipe that uses it on a tiny made world, a README. It builds against the installed SDK "
       "and "
       "conforms as it is. KIND is reader, field, tower, fusion, ranker, loss, distiller or metric.\n"
       "`braid new recipe FILE...` reads the first rows of your tables (csv, tsv, other text; gzip'd or not) and "
       "prints a "
       "recipe that checks; what is guessed in it is marked so, with the reason.",
       {{"dir", "DIR", "where the component's folder is made; without it, here"},
        {"out", "FILE", "the recipe's file; without it, stdout. Its paths are relative to where it stands"}},
       1,
       1000,
       new_command},
      {"explain",
       "RECIPE [KEY]",
       "Tells where each value of a recipe comes from, and what it means.",
       "KEY is a key (train.batch), a path above keys (nodes.words) or a glob ('nodes.*.dim'): its values with place, "
       "meaning, type, range and default. Without it all values, one a line.",
       {set, json},
       1,
       2,
       explain_command},
      {"fill",
       "RECIPE",
       "Writes a recipe with every default written out.",
       "Includes, --set and variables are applied, paths are absolute; comments are left out. Running it gives the "
       "same "
       "bits, and filling it changes nothing.",
       {set, {"diff", "", "show what is added to what the recipe says, as diff -u does"}},
       1,
       1,
       fill_command},
      {"diff",
       "A B",
       "Shows what differs between two recipes after resolution.",
       "A and B are recipes, runs' folders or exported ones. A default and the same value written out do not differ.",
       {json, {"exit-code", "", "return 3 when something differs; without it the exit code is 0 then too"}},
       2,
       2,
       diff_command},
      {"doctor",
       "",
       "Says what was found: LibTorch, device, threads, plugin folders, cards.",
       "",
       {json},
       0,
       0,
       doctor_command},
      {"data",
       "synth",
       "Makes data: `braid data synth` writes a small world whose truth is known.",
       "",
       {},
       0,
       1000,
       data},
      {"docs",
       "components|errors",
       "Prints the generated pages of the documentation.",
       "",
       {},
       1,
       1,
       docs_command,
       true},
      {"card",
       "FILE...",
       "Makes plugins' cards by loading them.",
       "",
       {{"out", "CARD", "where one plugin's card goes"}, {"beside", "", "write FILE.card.json beside each"}},
       1,
       1000,
       card,
       true},
      {"about-torch", "", "Prints what LibTorch says of itself.", "", {}, 0, 0, torch, true},
  };
  return all;
}

std::string general_help() {
  std::string out =
      "Braid trains multimodal recommenders from raw content: a recipe names tables, components and losses.\n\n"
      "usage: braid COMMAND [ARGUMENTS]\n\n";
  for (const auto& c : commands())
    if (!c.hidden) out += "  " + c.name + std::string(10 - c.name.size(), ' ') + c.summary + "\n";
  return out +
         "\n`braid COMMAND --help` says more about a command; `braid --version` tells the version.\n"
         "Exit codes: 0 done, 1 a mistake in what was asked, 2 a fault of Braid or of a plugin, 75 stopped and able to "
         "go "
         "on.\n";
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print(general_help());
    return words.empty() ? 1 : 0;
  }
  if (words[0] == "--version") {
    print("braid " BRAID_VERSION "\n");
    return 0;
  }
  if (words[0] == "data" && words.size() > 1 && words[1] == "synth")
    return synth_command({words.begin() + 2, words.end()});
  std::vector<std::string> names;
  for (const auto& c : commands()) {
    if (c.name == words[0]) {
      const auto call = parse(c, {words.begin() + 1, words.end()});
      if (call.has("help")) return print(help(c)), 0;
      return c.run(call);
    }
    if (!c.hidden) names.push_back(c.name);
  }
  const auto near = recipe::nearest(words[0], names);
  throw Usage("braid: error: there is no command '" + words[0] + "' [command-line]" +
              (near ? "\n  did you mean '" + *near + "'?" : "") + "\n  `braid --help` lists all commands");
}

}  // namespace

namespace {
int first_output_error = 0;
}

void print(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    if (first_output_error == 0) first_output_error = errno;
}
int output_error() { return first_output_error; }
bool stdout_is_terminal() { return ::isatty(1) == 1; }

}  // namespace braid::tools

namespace {

// Every command's output ends here. What could not be written, to a full disk say, is a failure of the command whatever
// it did; a reader that went away (`| head`) is no news to anybody and fails quietly.
int finished(int code) {
  std::cout.flush();
  bool bad = !std::cout;
  errno = 0;
  bad = std::fflush(stdout) != 0 || std::ferror(stdout) || bad;
  int why = errno;
  // Some file systems tell of a full disk when the file is closed. A closed stdout that nothing was written to is fine.
  errno = 0;
  if (::close(1) != 0 && errno != EBADF) bad = true, why = errno;
  if (!bad) return code;
  if (why == 0) why = braid::tools::output_error();
  if (why != EPIPE)
    std::cerr << "standard output: error: cannot be written" << (why ? std::string(": ") + std::strerror(why) : "")
              << " [output]\n";
  return code == 0 ? 1 : code;
}

}  // namespace

int main(int argc, char** argv) try {
  // A reader that goes away ends the command by an error, not by a signal, so that what it saves is saved.
  std::signal(SIGPIPE, SIG_IGN);
  return finished(braid::tools::dispatch({argv + 1, argv + argc}));
} catch (const braid::tools::Usage& e) {
  std::cerr << e.what() << '\n';
  return 1;
} catch (const std::exception& e) {
  std::cerr << "braid: error: " << e.what() << " [internal]\n  this is a fault of Braid, not yours\n";
  return 2;
}
