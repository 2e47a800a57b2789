// Lines of a pipe, taken by several threads at once.
#include "serve/request_queue.h"

#include "tests/toys/request_world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <stdexcept>

#include <unistd.h>

using namespace braid;
using namespace braid::serve;

namespace {

struct Pipe {
  std::array<int, 2> ends{};
  Pipe() {
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  }
  ~Pipe() {
    ::close(ends[0]);
    end();
  }
  Pipe(const Pipe&) = delete;
  void write(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const auto size = ::write(ends[1], text.data() + done, text.size() - done);
      if (size < 0) return;
      done += static_cast<std::size_t>(size);
    }
  }
  void end() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
};

struct World {
  data::testing::Folder folder;
  serve::testing::RequestWorld inside{folder.path()};
};

// The numbers of the lines that one thread got, in the order in which it got them.
std::vector<std::int64_t> take_all(RequestQueue& queue) {
  std::vector<std::int64_t> lines;
  std::vector<Request> chunk;
  while (queue.next(chunk))
    for (const auto& one : chunk) lines.push_back(one.what.empty() && one.rows() == 40 ? one.line : -1);
  return lines;
}

}  // namespace

TEST_CASE("requests reach several threads, each once, and each thread's in order") {
  constexpr std::size_t count = 1500;  // of 40 rows: more chunks than may wait
  const World world;
  Pipe pipe;
  std::string line = R"({"user": "u", "hour": 3, "candidates": ["a")";
  for (int k = 1; k < 40; ++k) line += R"(,"b")";
  line += "]}\n";
  std::thread writer([&] {
    for (std::size_t k = 0; k < count; ++k) pipe.write(line);
    pipe.end();
  });
  std::vector<std::vector<std::int64_t>> got(3);
  {
    RequestQueue queue(*world.inside.reader, pipe.ends[0], 2);
    std::vector<std::thread> takers;
    for (auto& own : got) takers.emplace_back([&] { own = take_all(queue); });
    for (auto& one : takers) one.join();
  }
  writer.join();
  std::vector<int> seen(count + 1);
  for (const auto& own : got) {
    CHECK(std::is_sorted(own.begin(), own.end()));
    for (const auto number : own) {
      REQUIRE(number > 0);
      ++seen.at(static_cast<std::size_t>(number));
    }
  }
  CHECK(std::count(seen.begin() + 1, seen.end(), 1) == static_cast<std::ptrdiff_t>(count));
}

TEST_CASE("stop() ends the threads that wait, while the writer says nothing") {
  const World world;
  Pipe pipe;
  RequestQueue queue(*world.inside.reader, pipe.ends[0], 1);
  std::atomic<int> told{0};
  std::vector<std::thread> takers;
  for (int k = 0; k < 2; ++k)
    takers.emplace_back([&] {
      std::vector<Request> chunk;
      told += queue.next(chunk);
    });
  queue.stop();
  for (auto& one : takers) one.join();
  CHECK(told == 0);
}
