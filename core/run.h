// The one door of libbraid_run.so: the program opens the library when a command needs tensors and calls this.
#pragma once

#include "command/library_commands.h"

#include <string>

namespace braid {

// A command as the program read it.
struct RunCall {
  std::string program_folder;       // of the program's file: plugins and libraries are found from here
  int threads = 0;                  // as given to OpenMP before the library was opened
  bool json_errors = false;         // errors go to stdout as JSON, not to stderr as text
  command::LibraryCommand command;  // what it asks for
};

}  // namespace braid

// Runs a command. Returns the program's exit code: 0 done, 1 the user's mistake (told on stderr), 2 Braid's own, 75
// stopped by a signal and able to go on. Throws nothing.
extern "C" __attribute__((visibility("default"))) int braid_run(const braid::RunCall* call);
