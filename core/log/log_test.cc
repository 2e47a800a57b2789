#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "log/log.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

using namespace braid;

namespace {

// What `work` writes to stderr, in a process of its own: into a pipe, or into a terminal of 80 columns' kind.
template <class Work>
std::string written(bool terminal, const Work& work) {
  int ends[2] = {-1, -1};  // read here, written there
  if (terminal) {
    ends[0] = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(ends[0] >= 0);
    REQUIRE(::grantpt(ends[0]) == 0);
    REQUIRE(::unlockpt(ends[0]) == 0);
    ends[1] = ::open(::ptsname(ends[0]), O_RDWR | O_NOCTTY);
  } else {
    REQUIRE(::pipe(ends) == 0);
  }
  const auto child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 2);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ends[1]);
  std::string text;
  char block[1024];
  for (ssize_t got; (got = ::read(ends[0], block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(got));
  ::close(ends[0]);
  return text;
}

}  // namespace

TEST_CASE("plain lines without a terminal") {
  CHECK(written(false, [] {
          log::debug("unseen");
          log::info("one {} %s");
          log::progress("step 1");
          log::progress("step 2");
          log::warning("two");
          log::progress_end();
          log::error("r.toml:1:2: error: three [tag]\n  a note");
        }) == "one {} %s\nstep 1\nstep 2\nwarning: two\nr.toml:1:2: error: three [tag]\n  a note\n");
}

TEST_CASE("levels") {
  CHECK(written(false, [] {
          log::set_level(log::Level::warning);
          log::info("unseen");
          log::warning("seen");
          log::set_level(log::Level::debug);
          log::debug("seen too");
        }) == "warning: seen\nseen too\n");
  ::setenv("BRAID_LOG", "error", 1);
  CHECK(written(false, [] { log::warning("unseen"), log::error("seen"); }) == "seen\n");
  ::unsetenv("BRAID_LOG");
}

TEST_CASE("on a terminal progress replaces itself, and other lines go above it") {
  const auto text = written(true, [] {
    log::progress("step 1");
    log::progress("step 2");
    log::info("a line");
    log::progress_end();
    log::info("after");
  });
  CHECK(text == "\r\x1b[Kstep 1\r\x1b[Kstep 2\r\x1b[Ka line\r\nstep 2\r\nafter\r\n");
}
