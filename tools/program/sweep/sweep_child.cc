#include "sweep_child.h"

#include "log/errors_json.h"

#include <braid/diagnostic.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace braid::tools {
namespace {

volatile std::sig_atomic_t noted = 0;
volatile std::sig_atomic_t under_way = 0;
struct sigaction before_int, before_term;

void hand_on(int signal) {
  noted = 1;
  if (under_way > 0) ::kill(under_way, signal);
}

// Signals wait while a process is being started: none is lost between its start and its number.
class Held {
 public:
  Held() {
    sigset_t both;
    ::sigemptyset(&both);
    ::sigaddset(&both, SIGINT);
    ::sigaddset(&both, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &both, &before_);
  }
  ~Held() { release(); }
  void release() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// What the process printed instead of its errors' text, added to the log as that text; the last one's first line.
std::string last_error(const std::string& printed, const std::string& log) {
  std::ifstream in(printed, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  std::ofstream all(log, std::ios::binary | std::ios::app);
  std::string found;
  for (const auto& error : log::errors_in(json)) {
    all << error.text() << "\n";
    found = error.text();
  }
  return found.substr(0, found.find('\n'));
}

std::string ending(int status) {
  if (WIFSIGNALED(status))
    return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

// In the child: nothing here but calls that are safe after fork.
[[noreturn]] void become(char* const* argv, int log, int printed, pid_t parent) {
  ::setpgid(0, 0);  // the terminal's Ctrl-C reaches the sweep alone, which hands it on once
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(75);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(printed, 1);
  ::dup2(log, 2);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

SweepLock::SweepLock(const std::string& folder) {
  descriptor_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);  // processes that are started keep it
  if (descriptor_ < 0) throw Failure("run-folder", folder, std::string("cannot be opened: ") + std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  throw Failure("run-busy", folder, "another process works in this sweep",
                {"wait for it or stop it; a run that was under way when its sweep was killed first saves"});
}
SweepLock::~SweepLock() { ::close(descriptor_); }

SweepSignals::SweepSignals() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = hand_on;
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
}
SweepSignals::~SweepSignals() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}
bool SweepSignals::asked() { return noted != 0; }

SweepChild run_sweep_child(const std::vector<std::string>& arguments, const std::string& log,
                           const std::string& printed) {
  std::error_code none;
  std::filesystem::create_directories(std::filesystem::path(log).parent_path(), none);
  const int said = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (said < 0) throw Failure("file", log, std::string("cannot be written: ") + std::strerror(errno));
  const int out = ::open(printed.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0) throw Failure("file", printed, std::string("cannot be written: ") + std::strerror(errno));
  std::vector<char*> argv;
  for (const auto& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);

  const pid_t parent = ::getpid();
  Held held;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    held.release();
    become(argv.data(), said, out, parent);
  }
  const int why = errno;
  under_way = child;
  held.release();
  ::close(out);
  ::close(said);
  if (child < 0) throw Failure("installation", arguments[0], std::string("cannot be started: ") + std::strerror(why));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  under_way = 0;
  SweepChild ended;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (ended.code == 0) return ended;
  ended.how = last_error(printed, log);
  if (ended.how.empty() || WIFSIGNALED(status)) ended.how = ending(status);
  return ended;
}

}  // namespace braid::tools
