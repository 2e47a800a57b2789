#include "cards/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>

extern char** environ;

namespace braid::cards {

Ended run_child(const std::vector<std::string>& arguments, int seconds) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return {-1, std::string("could not be started: ") + std::strerror(errno), ""};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  if (failed) {
    ::close(pipe_ends[0]);
    return {-1, std::string("could not be started: ") + std::strerror(failed), ""};
  }

  Ended out;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  bool late = false;
  for (char block[4096];;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd wait{pipe_ends[0], POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) {
      late = true;
      ::kill(child, SIGKILL);
      break;
    }
    const auto got = ::read(pipe_ends[0], block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (out.said.size() < (1u << 16)) out.said.append(block, static_cast<std::size_t>(got));
  }
  ::close(pipe_ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (late) {
    out.code = -1;
    out.how = "did not end within " + std::to_string(seconds) + " s";
  } else if (WIFSIGNALED(status)) {
    out.code = -1;
    out.how = "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  } else if (WEXITSTATUS(status) != 0) {
    out.code = WEXITSTATUS(status);
    out.how = "ended with code " + std::to_string(out.code);
  }
  return out;
}

}  // namespace braid::cards
