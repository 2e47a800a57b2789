// The program's commands. Each returns the exit code: 0 done, 1 the user's mistake, 2 Braid's own.
#pragma once

#include "options.h"

namespace braid::tools {

int check_command(const Call& call);
int compare_command(const Call& call, int threads);
int report_command(const Call& call);
int list_command(const Call& call);
int find_command(const Call& call);
int schema_command(const Call& call);
int describe_command(const Call& call);
int graph_command(const Call& call);
int explain_command(const Call& call);
int fill_command(const Call& call);
int diff_command(const Call& call);
int doctor_command(const Call& call);
int docs_command(const Call& call);
int sweep_command(const Call& call, int threads);
int new_command(const Call& call);
// `braid new recipe FILE...`, a part of new_command.
int new_recipe(const Call& call);
// Writes a file of `braid new`. Throws Usage naming it.
void write_new_file(const std::string& path, const std::string& text);

// Opens libbraid_run.so, with allocator and OpenMP set while no other thread exists, and lets it run the command.
// `threads` 0: OMP_NUM_THREADS, else all cores that this process may use.
int run_library_command(const std::string& command, const Call& call, int threads);

// Threads of LibTorch: as asked for, or with 0 what the environment and the machine say.
int threads_to_use(int asked);

// Threads that a run folder's run was started with: the same number gives the same bits. 0: not known.
int threads_of_run(const std::string& run);

// Shows text on stdout, through nothing else: results are not log lines.
// To stdout. A failure is remembered, and ends the command with an error once it is done.
void print(const std::string& text);
// errno of the first `print` that failed; 0: none.
int output_error();
// Whether stdout is a terminal.
bool stdout_is_terminal();

}  // namespace braid::tools
