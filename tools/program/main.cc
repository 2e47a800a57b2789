// The program `braid`: does what needs no tensors by itself, and opens libbraid_run.so for the rest.
#include "commands.h"
#include "print.h"

#include "log/errors_json.h"
#include "log/log.h"

#include <csignal>
#include <exception>

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

int main(int argc, char** argv) {
  // A reader that goes away ends the command by an error, not by a signal, so that what it saves is saved.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (braid::tools::asks_json(words)) braid::log::keep_errors();
  int code = 0;
  try {
    code = run(words);
  } catch (const braid::Failure& e) {
    for (const auto& mistake : e.diagnostics()) braid::log::error(mistake);
    code = 1;
  } catch (const std::exception& e) {
    braid::log::error(braid::Diagnostic{"internal", "braid", e.what(), {"this is a fault of Braid, not yours"}});
    code = 2;
  }
  if (const auto errors = braid::log::kept_errors(); !errors.empty())
    braid::tools::print(braid::log::errors_json(errors));
  return braid::tools::finish_printing(code);
}
