#include "train/interrupt.h"

#include <csignal>

#include <unistd.h>

namespace braid::train {
namespace {

volatile std::sig_atomic_t noted = 0;
struct sigaction before_int, before_term;

void note(int signal) {
  noted = signal;
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  static constexpr char text[] = "\nfinishing the step and saving; once more to leave at once\n";
  [[maybe_unused]] const auto written = ::write(2, text, sizeof text - 1);
}

}  // namespace

Interrupt::Interrupt() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
}
Interrupt::~Interrupt() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}
bool Interrupt::asked() { return noted != 0; }
const char* Interrupt::name() { return noted == SIGTERM ? "SIGTERM" : "Ctrl-C"; }

}  // namespace braid::train
