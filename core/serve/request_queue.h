// Lines of requests as they come in, for several threads that answer them.
#pragma once

#include "serve/request.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace braid::serve {

inline constexpr std::int64_t rows_at_once = 4096;  // scored together

// Lines that one thread answers together.
struct RequestLines {
  struct Line {
    std::string text;
    bool too_long = false;  // its text was not kept
  };
  std::int64_t number = 0;  // of the chunk, from 0 without gaps
  std::int64_t first = 1;   // the number of its first line in the stream
  std::vector<Line> lines;
};

// Reads lines from a descriptor on a thread of its own, some chunks ahead. A chunk has about 64 KiB, or what came
// before a moment of silence: where it ends follows from the text alone, so the same text gives the same chunks. next()
// and stop() may be called from many threads.
class RequestQueue {
 public:
  // At most `most` chunks wait.
  RequestQueue(int descriptor, std::size_t most);
  ~RequestQueue();

  // Ends reading; whoever waits in next() gets false.
  void stop();
  // The next chunk; false at the end and after stop(). Throws what reading failed with, once the chunks before it are
  // taken; `out.number` is then the one that the chunk would have had.
  bool next(RequestLines& out);

 private:
  void work();
  bool read_on();
  void take_lines();
  void end_line();
  void hand_over();

  int descriptor_;
  std::size_t most_;
  std::string fresh_, rest_;  // just read; the line that has not ended
  bool cut_ = false;          // that line is too long
  RequestLines chunk_;        // the one that is being filled
  std::size_t bytes_ = 0;     // of it

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RequestLines> ready_;
  std::int64_t taken_ = 0;
  bool stop_ = false, over_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

// Parses the lines of a chunk, on the calling thread, and gives them to `visit` in parts that are held together: about
// `rows_at_once` rows, and not more than 64 MiB of decoded content beside one request's.
void each_part(const RequestReader& reader, const RequestLines& chunk,
               const std::function<void(const std::vector<Request>&)>& visit);

}  // namespace braid::serve
