#include "serve/score.h"

#include "data/parallel.h"
#include "serve/arrays.h"
#include "serve/request_queue.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <system_error>
#include <thread>

#include <unistd.h>

namespace braid::serve {
namespace {

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

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

// Chunks of requests: each is parsed, scored and written as text by one thread, several at the same time; the texts
// come out in the order in which the lines came in.
class Answering {
 public:
  Answering(const Scorer& scorer, const command::Score& options, RequestQueue& queue,
            const std::function<void(std::string_view)>& write)
      : answers_(scorer, options), reader_(scorer.reader()), queue_(queue), write_(write) {}

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
    RequestLines chunk;
    try {
      while (queue_.next(chunk)) {
        std::string text;
        each_part(reader_, chunk, [&](const std::vector<Request>& requests) { text += answers_.of(requests); });
        put(chunk.number, text);
      }
    } catch (...) {
      fail(chunk.number);
    }
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
  const RequestReader& reader_;
  RequestQueue& queue_;
  const std::function<void(std::string_view)>& write_;
  std::mutex writing_;
  std::condition_variable turn_;
  std::int64_t written_ = 0;
  std::int64_t failed_ = std::numeric_limits<std::int64_t>::max();  // the first chunk that failed
  std::exception_ptr failure_;
};

}  // namespace

void answer(const Scorer& scorer, int descriptor, const command::Score& options, int threads,
            const std::function<void(std::string_view)>& write) {
  RequestQueue queue(descriptor, 2 * static_cast<std::size_t>(threads));
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
