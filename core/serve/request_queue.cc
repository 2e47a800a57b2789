#include "serve/request_queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace braid::serve {
namespace {

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

constexpr std::size_t chunk_bytes = 64 << 10;   // of lines; one more line may be longer
constexpr std::size_t most_decoded = 64 << 20;  // of what is parsed together
constexpr std::size_t longest_line = 64 << 20;
constexpr int moment_ms = 20;

}  // namespace

RequestQueue::RequestQueue(int descriptor, std::size_t most) : descriptor_(descriptor), most_(most) {
  thread_ = std::thread([this] { work(); });
}

RequestQueue::~RequestQueue() {
  stop();
  thread_.join();
}

void RequestQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

bool RequestQueue::next(RequestLines& out) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || over_ || !ready_.empty(); });
  out.number = taken_;
  if (stop_) return false;
  if (ready_.empty()) {
    if (failure_) std::rethrow_exception(failure_);
    return false;
  }
  out = std::move(ready_.front());
  out.number = taken_++;
  ready_.pop_front();
  changed_.notify_all();
  return true;
}

void RequestQueue::work() {
  try {
    while (read_on()) take_lines();
    if (!rest_.empty() || cut_) end_line();
    hand_over();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

// Appends what the descriptor has to `fresh_`; hands over what is there when nothing comes for a moment. False at the
// end, or after stop().
bool RequestQueue::read_on() {
  fresh_.resize(1 << 18);
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return false;
    }
    pollfd wait{descriptor_, POLLIN, 0};
    const int got = ::poll(&wait, 1, chunk_.lines.empty() ? 200 : moment_ms);
    if (got < 0 && errno != EINTR) throw Error("file", "standard input", std::strerror(errno));
    if (got == 0) hand_over();
    if (got <= 0) continue;
    const auto size = ::read(descriptor_, fresh_.data(), fresh_.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) throw Error("file", "standard input", std::strerror(errno));
    fresh_.resize(at(size));
    return size > 0;
  }
}

void RequestQueue::take_lines() {
  std::string_view left = fresh_;
  while (!left.empty()) {
    const auto end = left.find('\n');
    const auto part = left.substr(0, end);
    if (!cut_ && rest_.size() + part.size() > longest_line) cut_ = true, rest_.clear(), rest_.shrink_to_fit();
    if (!cut_) rest_.append(part);
    if (end == std::string_view::npos) return;
    left.remove_prefix(end + 1);
    end_line();
  }
}

void RequestQueue::end_line() {
  bytes_ += rest_.size();
  chunk_.lines.push_back({std::move(rest_), cut_});
  rest_.clear();
  cut_ = false;
  if (bytes_ >= chunk_bytes) hand_over();
}

void RequestQueue::hand_over() {
  if (chunk_.lines.empty()) return;
  const auto next_line = chunk_.first + static_cast<std::int64_t>(chunk_.lines.size());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || ready_.size() < most_; });
  if (!stop_) ready_.push_back(std::move(chunk_));
  chunk_ = {};
  chunk_.first = next_line;
  bytes_ = 0;
  changed_.notify_all();
}

void each_part(const RequestReader& reader, const RequestLines& chunk,
               const std::function<void(const std::vector<Request>&)>& visit) {
  std::vector<Request> part;
  std::int64_t rows = 0;
  std::size_t decoded = 0;  // a short line may stand for a large picture
  const auto give = [&] {
    if (!part.empty()) visit(part);
    part.clear();
    rows = 0;
    decoded = 0;
  };
  auto number = chunk.first;
  for (const auto& line : chunk.lines) {
    if (line.too_long) {
      auto& one = part.emplace_back();
      one.what = "a line has at most " + std::to_string(longest_line >> 20) + " MiB";
      one.line = number++;
      continue;
    }
    auto& one = part.emplace_back(reader.read(line.text, number++));
    rows += one.rows();
    decoded += one.decoded;
    if (rows >= rows_at_once || decoded >= most_decoded) give();
  }
  give();
}

}  // namespace braid::serve
