// The one door of libbraid_run.so: the program opens the library when a command needs tensors and calls this.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace braid {

// A command as the program read it. Names and numbers of arguments and options are checked already.
struct RunCall {
  std::string program_folder;  // of the program's file: plugins and libraries are found from here
  std::string command;
  std::vector<std::string> arguments;  // those that are no options: {"recipe.toml"}
  // Options by name without dashes, each with its values in order; flags have one empty value. Only those given.
  //   train: out, set (any number), seeds ("1,2,3": whole numbers, checked), split (any number); or
  //          resume, allow-changes, set
  //   eval:  split, set (any number), json, requests, scores
  //   export: out, set (any number), half, lookup-only, vectors
  //   score: top (a whole number, checked)
  //   card:  out, beside
  //   conform: only, json, cases, list
  std::map<std::string, std::vector<std::string>> options;
  int threads = 0;  // as given to OpenMP before the library was opened
};

}  // namespace braid

// Runs a command: train, eval, replay, conform, card (a hidden one: makes plugins' cards), doctor (what LibTorch says
// of itself). Returns the program's exit code: 0 done, 1 the user's mistake (told on stderr), 2 Braid's own, 75 stopped
// by a signal and able to go on. Throws nothing.
extern "C" __attribute__((visibility("default"))) int braid_run(const braid::RunCall* call);
