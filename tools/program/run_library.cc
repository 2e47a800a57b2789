#include "run_library.h"

#include "cards/store.h"
#include "log/log.h"
#include "run.h"

#include <braid/diagnostic.h>

#include <dlfcn.h>
#include <malloc.h>
#include <sched.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

namespace braid::tools {
namespace {

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// LibTorch's OpenMP reads the environment once, when its library is loaded.
int settle_threads(int asked) {
  asked = threads_to_use(asked);
  ::setenv("OMP_NUM_THREADS", std::to_string(asked).c_str(), 1);
  // A thread that waits for the others looks for a few microseconds and then sleeps. It spins for milliseconds where
  // nobody says otherwise, and a machine that has other work to do then trains thirty times slower.
  if (!std::getenv("OMP_WAIT_POLICY")) ::setenv("GOMP_SPINCOUNT", "5000", 0);
  return asked;
}

// Big tensors have a pool of their own (core/memory). For the small ones the heap keeps what was freed, instead of
// giving it back and faulting it in, page by page, at the next step. A full disk or a limit is an error of the write,
// with its message, and no reason to die.
void settle_signals() { std::signal(SIGXFSZ, SIG_IGN); }

void settle_allocator() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, -1);
  ::mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace

int threads_to_use(int asked) {
  const char* given = std::getenv("OMP_NUM_THREADS");
  if (asked <= 0 && given) asked = std::atoi(given);
  return asked > 0 ? asked : usable_cores();
}

int threads_of_run(const std::string& run) {
  std::ifstream in(std::filesystem::path(run) / "request.json");
  const auto json = nlohmann::json::parse(in, nullptr, false);
  const auto threads = json.is_object() ? json.find("threads") : json.end();
  return json.is_object() && threads != json.end() && threads->is_number_integer() ? threads->get<int>() : 0;
}

int run_in_library(const command::LibraryCommand& command, int threads) {
  const std::string name = std::visit([](const auto* one) { return one->about.name; }, command);
  const auto around = cards::around_this_program();
  const auto library = around.run_library();
  if (library.empty())
    throw Failure("installation", "braid " + name,
                  "libbraid_run.so is neither in " + around.folder + "/core nor in " + around.folder + "/../lib",
                  {"fix: build it (`ninja -C build`), or install Braid again"});
  const RunCall run{around.folder, settle_threads(threads), log::keeps_errors(), command};
  settle_allocator();
  settle_signals();
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Failure("installation", "braid " + name, std::string(::dlerror()), {"`braid doctor` says what is there"});
  auto* entry = reinterpret_cast<decltype(&braid_run)>(::dlsym(handle, "braid_run"));
  if (!entry) throw Failure("installation", library, "it has no entry 'braid_run'");
  return entry(&run);
}

}  // namespace braid::tools
