// The processes of a sweep: one at a time, stopped with it, never outliving what they are for.
#pragma once

#include <string>
#include <vector>

namespace braid::tools {

// Held by a sweep in its folder, and by each process that it starts: where the sweep was killed and what it had started
// is still saving, the folder is not free yet. Throws Failure [run-busy].
class SweepLock {
 public:
  explicit SweepLock(const std::string& folder);
  ~SweepLock();
  SweepLock(const SweepLock&) = delete;
  SweepLock& operator=(const SweepLock&) = delete;

 private:
  int descriptor_ = -1;
};

// While it lives, SIGTERM and Ctrl-C are noted and handed to the process under way, which saves and ends; the second
// one ends that at once.
class SweepSignals {
 public:
  SweepSignals();
  ~SweepSignals();
  SweepSignals(const SweepSignals&) = delete;
  SweepSignals& operator=(const SweepSignals&) = delete;
  static bool asked();
};

struct SweepChild {
  int code = 0;     // exit code, or -1
  std::string how;  // where it is not 0: the last error that it told, or "was killed by signal 9 (Killed)"
};

// Runs a command with --json to its end; what it says is added to `log`, its errors too, and what it prints replaces
// `printed`. It gets SIGTERM when this process ends, however that ends. Memory that it took goes back with it.
SweepChild run_sweep_child(const std::vector<std::string>& arguments, const std::string& log,
                           const std::string& printed);

}  // namespace braid::tools
