#include "serve/score.h"

#include "data/parallel.h"
#include "serve/arrays.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace braid::serve {
namespace {

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

constexpr std::int64_t rows_at_once = 4096;
constexpr std::size_t lines_at_once = 256, bytes_at_once = 1 << 20;  // parsed together
constexpr std::size_t most_requests = 4096, most_bytes = 64 << 20;   // of one chunk, decoded content included
constexpr std::size_t longest_line = 64 << 20;
constexpr int moment_ms = 20;

// Reads and parses on a thread of its own, some chunks ahead.
class RequestQueue {
 public:
  // At most `most` chunks wait.
  RequestQueue(const RequestReader& reader, int descriptor, std::size_t most)
      : reader_(reader), descriptor_(descriptor), most_(most) {
    thread_ = std::thread([this] { work(); });
  }
  ~RequestQueue() {
    stop();
    thread_.join();
  }

  // Ends reading; whoever waits in next() gets false.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
  }

  // False at the end and after stop().
  bool next(std::vector<Request>& out) {
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

 private:
  struct Given {
    std::string text;
    bool too_long = false;
  };

  void work() {
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
  bool read_on() {
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

  void take_lines() {
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

  void end_line() {
    bytes_ += rest_.size();
    lines_.push_back({std::move(rest_), cut_});
    rest_.clear();
    cut_ = false;
    if (lines_.size() >= lines_at_once || bytes_ >= bytes_at_once) parse();
  }

  // A short line may stand for a large picture: how many are read together follows from what they came to.
  void parse() {
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

  void hand_over() {
    if (!lines_.empty()) parse();
    if (!chunk_.empty()) push();
  }

  void push() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || ready_.size() < most_; });
    if (!stop_) ready_.push_back(std::move(chunk_));
    chunk_.clear();
    rows_ = 0;
    chunk_bytes_ = 0;
    changed_.notify_all();
  }

  const RequestReader& reader_;
  int descriptor_;
  std::size_t most_;
  std::string fresh_, rest_;  // just read; the line that has not ended
  bool cut_ = false;          // that line is too long
  std::vector<Given> lines_;
  std::vector<Request> chunk_;
  std::size_t bytes_ = 0, chunk_bytes_ = 0, together_ = 4;
  std::int64_t line_ = 0, rows_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<Request>> ready_;
  bool stop_ = false, over_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

// What was found for one request so far.
struct Found {
  std::vector<std::string> texts;  // per output: numbers with ',' between
  std::vector<float> first;        // the first output, for the ranking
  std::string trouble;
};

class Answers {
 public:
  Answers(const Scorer& scorer, const command::Score& options) : scorer_(scorer), options_(options) {}

  std::string of(const std::vector<Request>& requests) const {
    std::vector<Found> found(requests.size());
    for (auto& one : found) one.texts.resize(scorer_.outputs().size());
    std::vector<Scorer::Part> parts;
    std::vector<std::size_t> owners;
    std::int64_t rows = 0;
    const auto run = [&] {
      if (rows) score(parts, owners, found);
      parts.clear();
      owners.clear();
      rows = 0;
    };
    for (std::size_t k = 0; k < requests.size(); ++k)
      for (std::int64_t first = 0; first < requests[k].rows();) {
        const auto count = std::min(rows_at_once - rows, requests[k].rows() - first);
        parts.push_back({&requests[k], first, count});
        owners.push_back(k);
        first += count;
        rows += count;
        if (rows == rows_at_once) run();
      }
    run();
    std::string out;
    for (std::size_t k = 0; k < requests.size(); ++k) out += text(requests[k], found[k]);
    return out;
  }

 private:
  void score(const std::vector<Scorer::Part>& parts, const std::vector<std::size_t>& owners,
             std::vector<Found>& found) const {
    std::vector<Flow> flows;
    try {
      flows = scorer_.score(parts);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      // One of them cannot be scored: it gets an error, the others their answers.
      if (parts.size() == 1) {
        found[owners[0]].trouble = e.what();
        return;
      }
      for (std::size_t p = 0; p < parts.size(); ++p) score({parts[p]}, {owners[p]}, found);
      return;
    }
    std::int64_t row = 0;
    for (std::size_t p = 0; p < parts.size(); ++p)
      for (std::int64_t r = 0; r < parts[p].count; ++r, ++row) {
        auto& one = found[owners[p]];
        for (std::size_t o = 0; o < flows.size(); ++o) {
          if (!one.texts[o].empty()) one.texts[o] += ',';
          append_row(one.texts[o], flows[o], row);
        }
        if (!options_.top) continue;
        if (flows[0].value.dim() != 1) {
          one.trouble = "--top ranks by one number a row; '" + scorer_.outputs()[0] + "' has several";
          continue;
        }
        const bool there = !flows[0].mask.defined() || flows[0].mask.const_data_ptr<bool>()[row];
        one.first.push_back(there ? flows[0].value.const_data_ptr<float>()[row] : std::nanf(""));
      }
  }

  std::string text(const Request& request, const Found& found) const {
    std::string out = "{";
    if (!request.id.empty()) out += "\"id\":" + request.id + ",";
    const auto& what = request.what.empty() ? found.trouble : request.what;
    if (!what.empty())
      return out + "\"error\":{\"what\":" + json_text(what) + ",\"at\":" + json_text(request.at) +
             ",\"tag\":\"request\",\"line\":" + std::to_string(request.line) + "}}\n";
    out += "\"scores\":[" + found.texts[0] + "]";
    if (found.texts.size() > 1) {
      out += ",\"outputs\":{";
      for (std::size_t o = 0; o < found.texts.size(); ++o)
        out += (o ? "," : "") + json_text(scorer_.outputs()[o]) + ":[" + found.texts[o] + "]";
      out += "}";
    }
    if (!request.unknown.empty()) out += ",\"unknown\":{" + request.unknown + "}";
    if (options_.top) out += ",\"top\":[" + top(request, found) + "]";
    return out + "}\n";
  }

  std::string top(const Request& request, const Found& found) const {
    std::vector<std::size_t> order(found.first.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto better = [&](std::size_t a, std::size_t b) {
      const float x = found.first[a], y = found.first[b];
      if (std::isnan(x) || std::isnan(y)) return std::isnan(x) == std::isnan(y) ? a < b : std::isnan(y);
      return x != y ? x > y : a < b;
    };
    const auto count = std::min(order.size(), at(options_.top));
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), better);
    std::string out;
    for (std::size_t k = 0; k < count; ++k) {
      out += (k ? "," : "") + std::string("{\"candidate\":") + std::to_string(order[k]);
      if (request.many && request.candidate_keyed[order[k]])
        out += ",\"key\":" + json_text(request.candidate_texts[order[k]]);
      out += ",\"score\":";
      append_number(out, found.first[order[k]]);
      out += "}";
    }
    return out;
  }

  const Scorer& scorer_;
  const command::Score& options_;
};

// Chunks of requests, answered by several threads and written in the order in which they came.
class Answering {
 public:
  Answering(const Scorer& scorer, const command::Score& options, RequestQueue& queue,
            const std::function<void(std::string_view)>& write)
      : answers_(scorer, options), queue_(queue), write_(write) {}

  // Until there is nothing left, on each of the threads. What comes before a failure is answered; then it is thrown.
  void run(int threads) {
    {
      std::vector<std::jthread> others;
      try {
        for (int k = 1; k < threads; ++k) others.emplace_back([this] { work(); });
      } catch (const std::system_error&) {  // the system gives no more threads: fewer are only slower
      }
      work();
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    std::int64_t number = 0;
    try {
      std::vector<Request> requests;
      while (take(requests, number)) put(number, answers_.of(requests));
    } catch (...) {
      fail(number);
    }
  }

  // The next chunk and its number; where reading fails, the number that it would have had.
  bool take(std::vector<Request>& requests, std::int64_t& number) {
    const std::lock_guard lock(taking_);
    number = taken_;
    if (!queue_.next(requests)) return false;
    ++taken_;
    return true;
  }

  void put(std::int64_t number, const std::string& text) {
    std::unique_lock lock(writing_);
    turn_.wait(lock, [&] { return written_ == number || number > failed_; });
    if (number > failed_) return;
    write_(text);
    ++written_;
    turn_.notify_all();
  }

  // Called while the exception is handled. Chunks before it are still written.
  void fail(std::int64_t number) {
    {
      const std::lock_guard lock(writing_);
      if (number >= failed_) return;
      failed_ = number;
      failure_ = std::current_exception();
    }
    turn_.notify_all();
    queue_.stop();
  }

  const Answers answers_;
  RequestQueue& queue_;
  const std::function<void(std::string_view)>& write_;
  std::mutex taking_, writing_;
  std::condition_variable turn_;
  std::int64_t taken_ = 0, written_ = 0;
  std::int64_t failed_ = std::numeric_limits<std::int64_t>::max();  // the first chunk that failed
  std::exception_ptr failure_;
};

}  // namespace

void answer(const Scorer& scorer, int descriptor, const command::Score& options, int threads,
            const std::function<void(std::string_view)>& write) {
  RequestQueue queue(scorer.reader(), descriptor, static_cast<std::size_t>(threads) + 1);
  Answering(scorer, options, queue, write).run(threads);
}

int score_command(const command::Score& options, const model::RuntimeServices& services) {
  const data::ThreadLimit limit(services.threads);
  const Scorer scorer(options.folder, services, options.files);
  // Threads take whole chunks of requests: each runs LibTorch on itself alone.
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  answer(scorer, STDIN_FILENO, options, threads, [](std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
      throw Error("file", "standard output", std::string("cannot be written: ") + std::strerror(errno));
  });
  return 0;
}

}  // namespace braid::serve
