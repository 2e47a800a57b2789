// What all targets share. A target defines fuzz::one(): one input, any bytes; and fuzz::largest_piece.
//
// An input fails when the target demands something that does not hold, when it takes more than a second of processor
// time, more than `largest_piece` bytes of memory in one piece (under AddressSanitizer, which tells), or when the
// process has more than 1.5 GiB. The input is then left in the file `found-NAME` of the working folder, or where
// libFuzzer leaves it.
//
// Without libFuzzer: `NAME_fuzz INPUTS PATH...` tries every file of the paths (folders or files) and then INPUTS
// mutations of them, the same ones every time; BRAID_FUZZ_SEED=n takes others.
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// Of AddressSanitizer; absent without it.
extern "C" __attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*,
                                                                                        std::size_t),
                                                                               void (*)(const volatile void*));
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace fuzz {

void one(std::string_view input);
extern const std::size_t largest_piece;
inline constexpr long most_memory = 1536;  // MiB of the process

inline std::string_view current;  // the input at work
inline std::string found_file;    // where a failing one is left; empty under libFuzzer

inline void leave_input() {
  static bool left = false;
  if (left || found_file.empty()) return;
  left = true;
  if (std::FILE* out = std::fopen(found_file.c_str(), "wb")) {
    std::fwrite(current.data(), 1, current.size(), out);
    std::fclose(out);
    std::fprintf(stderr, "the input is in %s\n", found_file.c_str());
  }
}

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "FAILED: %s\n", what);
  leave_input();
  std::abort();
}

inline void demand(bool good, const char* what) {
  if (!good) fail(what);
}
inline void demand(bool good, const char* what, const std::string& shown) {
  if (good) return;
  std::fprintf(stderr, "%s\n", shown.c_str());
  fail(what);
}

// A folder of this process, in memory where the system has such.
inline const std::string& folder() {
  static const std::string path = [] {
    std::error_code none;
    const auto base =
        std::filesystem::is_directory("/dev/shm", none) ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    auto made = base + "/braid-fuzz-XXXXXX";
    demand(::mkdtemp(made.data()) != nullptr, "no temporary folder");
    static const struct Gone {
      std::string folder;
      ~Gone() {
        std::error_code error;
        std::filesystem::remove_all(folder, error);
      }
    } gone{made};
    return made;
  }();
  return path;
}

// A file of that folder with these bytes.
inline std::string file(const std::string& name, std::string_view bytes) {
  const auto path = folder() + "/" + name;
  std::FILE* out = std::fopen(path.c_str(), "wb");
  demand(out && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size() && std::fclose(out) == 0,
         "a file cannot be written");
  return path;
}

inline bool says(const std::exception& error, std::string_view part) {
  return std::string_view(error.what()).find(part) != std::string_view::npos;
}

inline void look_at_pieces(const volatile void*, std::size_t size) {
  if (size > largest_piece) fail("an input asks for too large a piece of memory");
}

inline void start() {
  static const tbb::global_control alone(tbb::global_control::max_allowed_parallelism, 1);
  static const bool once = [] {
    if (__sanitizer_install_malloc_and_free_hooks)
      __sanitizer_install_malloc_and_free_hooks(look_at_pieces, [](const volatile void*) {});
    return true;
  }();
  (void)once;
}

inline void try_one(std::string_view input) {
  start();
  current = input;
  const auto begin = std::clock();
  try {
    one(input);
  } catch (const std::exception& error) {  // what no target expects
    demand(false, "an input ends in an exception", error.what());
  }
  demand(std::clock() - begin <= CLOCKS_PER_SEC, "an input takes more than a second");
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  demand(used.ru_maxrss < most_memory * 1024, "an input takes too much memory");
}

#ifndef BRAID_LIBFUZZER
struct Random {  // SplitMix64
  std::uint64_t state;
  std::uint64_t next() {
    auto z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
};

// Bytes and whole numbers changed, pieces moved, doubled or left out, two inputs put together.
inline std::string mutated(std::string text, const std::string& other, Random& random) {
  static constexpr char interesting[] = "\"'[]{}=.,#$*?~\\\n\t 019-+:%()<>\xff";  // and the zero at its end
  static constexpr std::uint64_t numbers[] = {0,
                                              1,
                                              0x7f,
                                              0x80,
                                              0xff,
                                              0x7fff,
                                              0xffff,
                                              0x7fffffff,
                                              0xffffffff,
                                              0x7fffffffffffffff,
                                              0x8000000000000000,
                                              0xffffffffffffffff};
  for (std::size_t k = 1 + random.below(4); k-- > 0 && !text.empty();) {
    const auto at = random.below(text.size());
    switch (random.below(8)) {
      case 0:
        text[at] = interesting[random.below(sizeof interesting)];
        break;
      case 1:
        text.erase(at, 1 + random.below(8));
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 3: {
        const auto piece = text.substr(random.below(text.size()), 1 + random.below(60));
        text.insert(at, piece);
        break;
      }
      case 4:
        text[at] = static_cast<char>(random.below(256));
        break;
      case 5: {
        const auto number = numbers[random.below(std::size(numbers))];
        const auto bytes = std::min<std::size_t>(std::size_t{1} << random.below(4), text.size() - at);
        for (std::size_t b = 0; b < bytes; ++b) text[at + b] = static_cast<char>(number >> (8 * b));
        break;
      }
      case 6:
        if (!other.empty()) {
          const auto from = random.below(other.size());
          text.replace(at, random.below(40), other.substr(from, 1 + random.below(80)));
        }
        break;
      default: {
        const auto line = text.rfind('\n', at);
        const auto end = text.find('\n', at);
        if (line != std::string::npos && end != std::string::npos) text.erase(line, end - line);
      }
    }
  }
  return text;
}

inline std::uint64_t inputs_done = 0;

// Each second of processor time: is it still the same input?
inline void watch_the_time() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    static std::uint64_t last = ~std::uint64_t{0};
    if (last == inputs_done) fail("an input takes more than a second, and has not ended");
    last = inputs_done;
  };
  ::sigaction(SIGPROF, &action, nullptr);
  const itimerval second{{1, 0}, {1, 0}};
  ::setitimer(ITIMER_PROF, &second, nullptr);
}

inline int run(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<std::string> texts;
  const auto add = [&](const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  };
  for (int k = 2; k < argc; ++k) {
    if (!std::filesystem::is_directory(argv[k])) {
      add(argv[k]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[k]))
      if (entry.is_regular_file() && entry.path().extension() != ".expected") add(entry.path());
  }
  if (texts.empty()) return 2;
  std::sort(texts.begin(), texts.end());
  found_file = "found-" + std::filesystem::path(argv[0]).filename().string();
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(leave_input);
  watch_the_time();
  const auto begin = std::chrono::steady_clock::now();
  const auto next = [](const std::string& text) {
    try_one(text);
    ++inputs_done;
  };
  for (const auto& text : texts) next(text);
  const char* seed = std::getenv("BRAID_FUZZ_SEED");
  Random random{seed ? std::strtoull(seed, nullptr, 10) : 1};
  const auto rounds = std::strtoull(argv[1], nullptr, 10);
  for (std::uint64_t k = 0; k < rounds; ++k)
    next(mutated(texts[k % texts.size()], texts[random.below(texts.size())], random));
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << inputs_done << " inputs, " << rounds << " of them mutations, in " << took.count() << " s, "
            << used.ru_maxrss / 1024 << " MiB\n";
  return 0;
}
#endif

}  // namespace fuzz

#ifdef BRAID_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::try_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
#else
int main(int argc, char** argv) { return fuzz::run(argc, argv); }
#endif
