#include "serve/request_queue.h"

#include "data/parallel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace braid::serve {
namespace {

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

constexpr std::size_t lines_at_once = 256, bytes_at_once = 1 << 20;  // parsed together
constexpr std::size_t most_requests = 4096, most_bytes = 64 << 20;   // of one chunk, decoded content included
constexpr std::size_t longest_line = 64 << 20;
constexpr int moment_ms = 20;

}  // namespace

RequestQueue::RequestQueue(const RequestReader& reader, int descriptor, std::size_t most)
    : reader_(reader), descriptor_(descriptor), most_(most) {
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

bool RequestQueue::next(std::vector<Request>& out) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || over_ || !ready_.empty(); });
  if (stop_) return false;
  if (ready_.empty()) {
    if (failure_) std::rethrow_exception(failure_);
    return false;
  }
  out = std::move(ready_.front());
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
    const int got = ::poll(&wait, 1, lines_.empty() && chunk_.empty() ? 200 : moment_ms);
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
  lines_.push_back({std::move(rest_), cut_});
  rest_.clear();
  cut_ = false;
  if (lines_.size() >= lines_at_once || bytes_ >= bytes_at_once) parse();
}

// A short line may stand for a large picture: how many are read together follows from what they came to.
void RequestQueue::parse() {
  for (std::size_t begin = 0; begin < lines_.size();) {
    const auto count = std::min(together_, lines_.size() - begin);
    std::vector<Request> requests(count);
    data::parallel(static_cast<std::int64_t>(count), 1, [&](std::int64_t k) {
      const auto number = line_ + 1 + k;
      const auto& line = lines_[begin + at(k)];
      if (!line.too_long) {
        requests[at(k)] = reader_.read(line.text, number);
        return;
      }
      requests[at(k)].line = number;
      requests[at(k)].what = "a line has at most " + std::to_string(longest_line >> 20) + " MiB";
    });
    line_ += static_cast<std::int64_t>(count);
    std::size_t decoded = 0;
    for (auto& one : requests) {
      rows_ += one.rows();
      decoded += one.decoded;
      chunk_.push_back(std::move(one));
    }
    for (std::size_t k = 0; k < count; ++k) chunk_bytes_ += lines_[begin + k].text.size();
    chunk_bytes_ += decoded;
    begin += count;
    together_ =
        decoded > most_bytes / 2 ? std::max<std::size_t>(together_ / 2, 1) : std::min(together_ * 2, lines_at_once);
    if (rows_ >= rows_at_once || chunk_.size() >= most_requests || chunk_bytes_ >= most_bytes) push();
  }
  bytes_ = 0;
  lines_.clear();
}

void RequestQueue::hand_over() {
  if (!lines_.empty()) parse();
  if (!chunk_.empty()) push();
}

void RequestQueue::push() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || ready_.size() < most_; });
  if (!stop_) ready_.push_back(std::move(chunk_));
  chunk_.clear();
  rows_ = 0;
  chunk_bytes_ = 0;
  changed_.notify_all();
}

}  // namespace braid::serve
