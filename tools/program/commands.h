// The program's commands, each declared where it is done. They return the exit code: 0 done, 1 the user's mistake, 2
// Braid's own.
#pragma once

#include "command_line.h"

namespace braid::tools {

Command check_command();
Command train_command();
Command sweep_command();
Command eval_command();
Command replay_command();
Command export_command();
Command score_command();
Command report_command();
Command compare_command();
Command list_command();
Command find_command();
Command schema_command();
Command describe_command();
Command conform_command();
Command graph_command();
Command new_command();
Command explain_command();
Command fill_command();
Command diff_command();
Command doctor_command();
Command synth_command();
Command docs_command();
Command card_command();
Command about_torch_command();

}  // namespace braid::tools
