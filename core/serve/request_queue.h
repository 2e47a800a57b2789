// Requests as they come in, parsed ahead of those who answer them.
#pragma once

#include "serve/request.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace braid::serve {

inline constexpr std::int64_t rows_at_once = 4096;  // scored together

// Reads lines from a descriptor and parses them on a thread of its own, some chunks of requests ahead. A chunk has
// about `rows_at_once` rows, or what came before a moment of silence. next() and stop() may be called from many
// threads.
class RequestQueue {
 public:
  // At most `most` chunks wait. `reader` must outlive the queue.
  RequestQueue(const RequestReader& reader, int descriptor, std::size_t most);
  ~RequestQueue();

  // Ends reading; whoever waits in next() gets false.
  void stop();
  // The next chunk; false at the end and after stop(). Throws what reading failed with, once the chunks before it are
  // taken.
  bool next(std::vector<Request>& out);

 private:
  struct Given {
    std::string text;
    bool too_long = false;
  };

  void work();
  bool read_on();
  void take_lines();
  void end_line();
  void parse();
  void hand_over();
  void push();

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

}  // namespace braid::serve
