// Runs a command as a child process and tells how it ended.
#pragma once

#include <string>
#include <vector>

namespace braid::cards {

struct Ended {
  int code = 0;               // exit code, or -1
  std::string how;            // empty on exit code 0: "was killed by signal 11 (Segmentation fault)"
  std::string said, printed;  // what it wrote to stderr and stdout, 64 KiB each at most
};

// `arguments[0]` is the program's file. It is killed after `seconds`.
Ended run_child(const std::vector<std::string>& arguments, int seconds);

}  // namespace braid::cards
