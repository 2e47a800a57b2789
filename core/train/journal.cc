#include "train/journal.h"

#include "log/log.h"

#include <braid/component.h>

#include <nlohmann/json.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid::train {

Lines::Lines(std::string file, std::uint64_t keep) : file_(std::move(file)) {
  const auto fail = [&](const char* what) {
    const std::string why = std::strerror(errno);
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error("file", file_, std::string(what) + ": " + why);
  };
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot be written");
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) fail("cannot be read");
  length_ = static_cast<std::uint64_t>(about.st_size);
  if (length_ < keep)
    log::warning(file_ + " was longer when the checkpoint was written: lines before it are missing now");
  if (length_ <= keep) return;
  if (::ftruncate(descriptor_, static_cast<off_t>(keep)) != 0) fail("cannot be cut to its length at the checkpoint");
  length_ = keep;
}

Lines::~Lines() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Lines::add(const nlohmann::json& line) {
  const auto text = line.dump() + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    const auto n = ::write(descriptor_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw Error("file", file_, std::string("cannot be written: ") + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
  length_ += text.size();
}

std::uint64_t Lines::sync() {
  if (::fsync(descriptor_) != 0)
    throw Error("file", file_, std::string("cannot be brought to the disk: ") + std::strerror(errno));
  return length_;
}

namespace {

std::uint64_t length_of(const nlohmann::json& lengths, const char* name) {
  return lengths.is_object() ? lengths.value(name, std::uint64_t{0}) : 0;
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Journal::Journal(const std::string& folder, const nlohmann::json& lengths)
    : metrics_(folder + "/metrics.jsonl", length_of(lengths, "metrics")),
      timing_(folder + "/timing.jsonl", length_of(lengths, "timing")),
      events_(folder + "/" + events_name(folder, static_cast<std::int64_t>(wall_time())),
              length_of(lengths, "events")) {}

void Journal::metrics(const nlohmann::json& line) {
  metrics_.add(line);
  log_line(events_, line, wall_time());
}
void Journal::timing(const nlohmann::json& line) {
  timing_.add(line);
  log_line(events_, line, wall_time());
  events_.flush();  // such a line comes every few seconds: often enough for one who watches
}

nlohmann::json Journal::sync() {
  events_.flush();
  return {{"metrics", metrics_.sync()}, {"timing", timing_.sync()}, {"events", events_.bytes()}};
}

}  // namespace braid::train
