#include "cards/child.h"

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>

extern char** environ;

namespace braid::cards {
namespace {

using Clock = std::chrono::steady_clock;

// Both ends of a pipe, closed at the end. Closed in children as well, but for the one that is given away.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
  }
  ~Pipe() { shut(0), shut(1); }
  void shut(int end) {
    if (ends[end] >= 0) ::close(ends[end]), ends[end] = -1;
  }
};

pid_t start(const std::vector<std::string>& arguments, int out, int err, int& failed) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  failed = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

// Reads both pipes until they are closed. False: it took too long.
bool drain(Pipe& out, Pipe& err, Clock::time_point until, Ended& ended) {
  char block[4096];
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    std::array<pollfd, 2> wait{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
    if (left <= 0) return false;
    const int ready = ::poll(wait.data(), wait.size(), static_cast<int>(left));
    if (ready == 0) return false;
    if (ready < 0) continue;
    for (std::size_t k = 0; k < 2; ++k) {
      if (!wait[k].revents) continue;
      const auto got = ::read(wait[k].fd, block, sizeof block);
      auto& text = k == 0 ? ended.printed : ended.said;
      if (got > 0 && text.size() < (1u << 16)) text.append(block, static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EINTR)) (k == 0 ? out : err).shut(0);
    }
  }
  return true;
}

}  // namespace

Ended run_child(const std::vector<std::string>& arguments, int seconds) {
  Ended ended;
  Pipe out, err;
  int failed = 0;
  const auto child = start(arguments, out.ends[1], err.ends[1], failed);
  if (failed) return {-1, "could not be started: " + std::string(std::strerror(failed)), "", ""};
  out.shut(1);
  err.shut(1);
  const bool late = !drain(out, err, Clock::now() + std::chrono::seconds(seconds), ended);
  if (late) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (late) {
    ended.code = -1;
    ended.how = "did not end within " + std::to_string(seconds) + " s";
  } else if (WIFSIGNALED(status)) {
    ended.code = -1;
    ended.how = "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  } else if (WEXITSTATUS(status) != 0) {
    ended.code = WEXITSTATUS(status);
    ended.how = "ended with code " + std::to_string(ended.code);
  }
  return ended;
}

}  // namespace braid::cards
