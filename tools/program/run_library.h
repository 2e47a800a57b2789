// Opening libbraid_run.so: the one moment at which allocator and threads can still be chosen.
#pragma once

#include "command/library_commands.h"

#include <string>

namespace braid::tools {

// Opens libbraid_run.so, with allocator and OpenMP set while no other thread exists, and lets it run the command.
// `threads` 0: OMP_NUM_THREADS, else all cores that this process may use. Throws Failure where there is no library.
int run_in_library(const command::LibraryCommand& command, int threads);

// Threads of LibTorch: as asked for, or with 0 what the environment and the machine say.
int threads_to_use(int asked);

// Threads that a run folder's run was started with: the same number gives the same bits. 0: not known.
int threads_of_run(const std::string& run);

}  // namespace braid::tools
