// The one door of libbraid_run.so: the program opens the library when a command needs tensors and calls this.
#pragma once

#include <string>
#include <vector>

namespace braid {

// What the program found out before it opened the library.
struct RunCall {
  std::string program_folder;                         // of the program's file: plugins and libraries are looked for from here
  std::vector<std::string> arguments;                 // the command and what follows: {"train", "r.toml", "--out", "runs/1"}
  int threads = 0;                                    // as given to OpenMP before the library was opened
};

}  // namespace braid

// Runs a command: train, eval, card (a hidden one: makes a plugin's card), doctor (what LibTorch says of itself). Returns
// the program's exit code: 0 done, 1 the user's mistake (told on stderr), 2 Braid's own. Throws nothing.
extern "C" __attribute__((visibility("default"))) int braid_run(const braid::RunCall* call);
