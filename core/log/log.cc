#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace braid::log {
namespace {

// As many bytes as fit the terminal's line, without cutting a UTF-8 character in two.
std::string fitted(const std::string& line) {
  winsize size{};
  if (::ioctl(2, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return line;
  std::size_t columns = 0, at = 0;
  for (; at < line.size(); ++at)
    if ((line[at] & 0xC0) != 0x80 && ++columns >= size.ws_col) break;
  return line.substr(0, at);
}

// Writes to stderr and keeps the line of progress below everything else.
class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void progress(const std::string& line) {
    const std::lock_guard lock(mutex_);
    shown_ = fitted(line);
    std::fprintf(stderr, "\r\x1b[K%s", shown_.c_str());
    std::fflush(stderr);
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (!shown_.empty()) std::fputc('\n', stderr);
    shown_.clear();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!shown_.empty()) std::fputs("\r\x1b[K", stderr);
    if (message.level == spdlog::level::warn) std::fputs(terminal() ? "\x1b[33mwarning:\x1b[0m " : "warning: ", stderr);
    std::fwrite(message.payload.data(), 1, message.payload.size(), stderr);
    std::fputc('\n', stderr);
    if (!shown_.empty()) std::fputs(shown_.c_str(), stderr);
    std::fflush(stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  std::string shown_;
};

spdlog::level::level_enum from_environment() {
  const char* wanted = std::getenv("BRAID_LOG");
  return wanted ? spdlog::level::from_str(wanted) : spdlog::level::info;
}

struct Logger {
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  spdlog::logger logger{"braid", sink};
  Logger() { logger.set_level(from_environment()); }
};
// Never destroyed: threads may still speak while the process ends.
Logger& instance() {
  static auto* const logger = new Logger;
  return *logger;
}

}  // namespace

void set_level(Level level) {
  static constexpr spdlog::level::level_enum of[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                     spdlog::level::err};
  instance().logger.set_level(of[static_cast<int>(level)]);
}
void debug(const std::string& text) { instance().logger.debug(text); }
void info(const std::string& text) { instance().logger.info(text); }
void warning(const std::string& text) { instance().logger.warn(text); }
void error(const std::string& text) { instance().logger.error(text); }

namespace {

struct Kept {
  std::mutex mutex;
  bool on = false;
  std::vector<Diagnostic> errors;
};
Kept& kept() {
  static auto* const all = new Kept;  // never destroyed, as the logger
  return *all;
}

}  // namespace

void error(const Diagnostic& mistake) {
  {
    const std::lock_guard lock(kept().mutex);
    if (kept().on && !mistake.warning) return kept().errors.push_back(mistake);
  }
  error(mistake.text());
}
void keep_errors() {
  const std::lock_guard lock(kept().mutex);
  kept().on = true;
}
bool keeps_errors() {
  const std::lock_guard lock(kept().mutex);
  return kept().on;
}
std::vector<Diagnostic> kept_errors() {
  const std::lock_guard lock(kept().mutex);
  return kept().errors;
}

bool terminal() {
  static const bool yes = ::isatty(2) == 1;
  return yes;
}
void progress(const std::string& line) {
  if (terminal()) instance().sink->progress(line);
  else info(line);
}
void progress_end() { instance().sink->end(); }

}  // namespace braid::log
