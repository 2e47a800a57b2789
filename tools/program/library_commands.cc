// The commands that libbraid_run.so runs: what goes with what is checked before it is opened.
#include "commands.h"
#include "run_library.h"

#include <braid/diagnostic.h>

namespace braid::tools {
namespace {

int train(const command::Train& asked) {
  if (!asked.resume.empty()) {
    for (const auto& [name, given] : {std::pair{"--out", !asked.out.empty()},
                                      {"--seeds", !asked.seeds.empty()},
                                      {"--split", !asked.splits.empty()}})
      if (given)
        throw Failure("command-line", "braid train",
                      "--resume goes on with a run as it was asked for: " + std::string(name) + " does not go with it");
    return run_in_library(&asked, asked.threads == 0 ? threads_of_run(asked.resume) : asked.threads);
  }
  if (asked.allow_changes) throw Failure("command-line", "braid train", "--allow-changes goes with --resume RUN");
  if (asked.recipe.empty() || asked.out.empty())
    throw Failure("command-line", "braid train",
                  std::string((std::string(asked.recipe.empty() ? "RECIPE" : "--out DIR"))) + " is missing",
                  {"a new run: braid train RECIPE --out DIR", "an earlier one goes on: braid train --resume DIR"});
  return run_in_library(&asked, asked.threads);
}

int eval(const command::Eval& asked) {
  const bool requests = !asked.requests.empty() || !asked.scores.empty();
  if (!asked.rows.empty() && requests)
    throw Failure("command-line", "braid eval",
                  "--rows writes a file of its own: --requests and --scores do not go with it");
  return run_in_library(&asked, asked.threads);
}

int export_(const command::Export& asked) {
  if (!asked.vectors.empty() && asked.lookup_only)
    throw Failure("command-line", "braid export", "--vectors writes no model, so --lookup-only has no meaning");
  return run_in_library(&asked, asked.threads);
}

int conform(const command::Conform& asked) {
  if (asked.plugin.empty() != asked.list)
    throw Failure("command-line", "braid conform", "it takes a plugin's file or name, or --list alone",
                  {"such as: braid conform build/my_tower.so"});
  return run_in_library(&asked, 1);
}

int score(const command::Score& asked) { return run_in_library(&asked, asked.threads); }
int replay(const command::Replay& asked) { return run_in_library(&asked, 0); }
int card(const command::Card& asked) { return run_in_library(&asked, 1); }
int about_torch(const command::AboutTorch& asked) { return run_in_library(&asked, 0); }

}  // namespace

Command train_command() { return command_of<command::Train, train>(); }
Command eval_command() { return command_of<command::Eval, eval>(); }
Command replay_command() { return command_of<command::Replay, replay>(); }
Command export_command() { return command_of<command::Export, export_>(); }
Command score_command() { return command_of<command::Score, score>(); }
Command conform_command() { return command_of<command::Conform, conform>(); }
Command card_command() { return command_of<command::Card, card>(); }
Command about_torch_command() { return command_of<command::AboutTorch, about_torch>(); }

}  // namespace braid::tools
