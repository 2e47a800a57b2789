// The program `braid`: does what needs no tensors by itself, and opens libbraid_run.so for the rest.
#include "commands.h"
#include "errors.h"
#include "print.h"

#include <csignal>
#include <iostream>

namespace {

int run(const std::vector<std::string>& words) {
  using namespace braid::tools;
  return run_command_line(
      {check_command(),  train_command(),   sweep_command(),    eval_command(),       replay_command(),
       export_command(), score_command(),   report_command(),   compare_command(),    list_command(),
       find_command(),   schema_command(),  describe_command(), conform_command(),    graph_command(),
       new_command(),    explain_command(), fill_command(),     diff_command(),       doctor_command(),
       synth_command(),  docs_command(),    card_command(),     about_torch_command()},
      words);
}

}  // namespace

int main(int argc, char** argv) try {
  // A reader that goes away ends the command by an error, not by a signal, so that what it saves is saved.
  std::signal(SIGPIPE, SIG_IGN);
  return braid::tools::finish_printing(run({argv + 1, argv + argc}));
} catch (const braid::tools::Usage& e) {
  std::cerr << e.what() << '\n';
  return 1;
} catch (const std::exception& e) {
  std::cerr << "braid: error: " << e.what() << " [internal]\n  this is a fault of Braid, not yours\n";
  return 2;
}
