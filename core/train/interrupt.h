// SIGTERM and Ctrl-C as a question that long work asks between two steps.
#pragma once

namespace braid::train {

// While it lives, the first of these signals is only noted; the second ends the process at once. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  static bool asked();
  static const char* name();  // "SIGTERM", "Ctrl-C"
};

inline constexpr int exit_stopped = 75;  // stopped and resumable (sysexits' EX_TEMPFAIL)

}  // namespace braid::train
