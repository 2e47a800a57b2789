#include "print.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace braid::tools {
namespace {

int first_output_error = 0;  // errno of the first `print` that failed

}  // namespace

void print(const std::string& text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    if (first_output_error == 0) first_output_error = errno;
}

bool stdout_is_terminal() { return ::isatty(1) == 1; }

int finish_printing(int code) {
  std::cout.flush();
  bool bad = !std::cout;
  errno = 0;
  bad = std::fflush(stdout) != 0 || std::ferror(stdout) || bad;
  int why = errno;
  // Some file systems tell of a full disk when the file is closed. A closed stdout that nothing was written to is fine.
  errno = 0;
  if (::close(1) != 0 && errno != EBADF) bad = true, why = errno;
  if (!bad) return code;
  if (why == 0) why = first_output_error;
  if (why != EPIPE)
    std::cerr << "standard output: error: cannot be written" << (why ? std::string(": ") + std::strerror(why) : "")
              << " [output]\n";
  return code == 0 ? 1 : code;
}

}  // namespace braid::tools
