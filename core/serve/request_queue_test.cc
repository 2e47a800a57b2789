// Lines of a pipe, taken by several threads at once.
#include "serve/request_queue.h"

#include "tests/toys/request_world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
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
std::vector<std::int64_t> take_all(const RequestReader& reader, RequestQueue& queue) {
  std::vector<std::int64_t> lines;
  RequestLines chunk;
  while (queue.next(chunk))
    each_part(reader, chunk, [&](const std::vector<Request>& part) {
      for (const auto& one : part) lines.push_back(one.what.empty() && one.rows() == 40 ? one.line : -1);
    });
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
    RequestQueue queue(pipe.ends[0], 2);
    std::vector<std::thread> takers;
    for (auto& own : got) takers.emplace_back([&] { own = take_all(*world.inside.reader, queue); });
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
  Pipe pipe;
  RequestQueue queue(pipe.ends[0], 1);
  std::atomic<int> told{0};
  std::vector<std::thread> takers;
  for (int k = 0; k < 2; ++k)
    takers.emplace_back([&] {
      RequestLines chunk;
      told += queue.next(chunk);
    });
  queue.stop();
  for (auto& one : takers) one.join();
  CHECK(told == 0);
}

TEST_CASE("where chunks and parts end follows from the text") {
  const World world;
  const std::string line = R"({"user": "u", "hour": 3, "candidates": ["a","b","a","b","a","b","a","b"]})";
  std::string text;
  constexpr std::int64_t count = 6000;
  for (std::int64_t k = 0; k < count; ++k) text += line + (k + 1 < count ? "\n" : "");  // the last line does not end
  const auto path = world.folder.path() + "/lines";  // a file: a pipe may be silent for a moment, where a chunk ends
  std::ofstream(path) << text;
  const int file = ::open(path.c_str(), O_RDONLY);
  RequestQueue queue(file, 1000);
  std::int64_t number = 0, lines = 0;
  RequestLines chunk;
  while (queue.next(chunk)) {
    CHECK(chunk.number == number++);
    CHECK(chunk.first == lines + 1);
    lines += static_cast<std::int64_t>(chunk.lines.size());
    if (lines < count) CHECK(chunk.lines.size() == (65536 + line.size() - 1) / line.size());
    std::int64_t rows = 0, parts = 0;
    each_part(*world.inside.reader, chunk, [&](const std::vector<Request>& part) {
      std::int64_t own = 0;
      for (const auto& one : part) own += one.rows();
      CHECK(own < rows_at_once + 8);  // a request is not divided
      rows += own;
      ++parts;
    });
    CHECK(rows == 8 * static_cast<std::int64_t>(chunk.lines.size()));
    CHECK(parts == (rows + rows_at_once - 1) / rows_at_once);
  }
  CHECK(lines == count);
  ::close(file);
}

TEST_CASE("a line that is too long is told, and the next one is read") {
  const World world;
  Pipe pipe;
  std::thread writer([&] {
    const std::string block(1 << 20, ' ');
    for (int k = 0; k < 65; ++k) pipe.write(block);
    pipe.write("\n{\"user\": \"u\", \"hour\": 3, \"candidates\": [\"a\"]}\n");
    pipe.end();
  });
  RequestQueue queue(pipe.ends[0], 4);
  std::vector<std::string> said;
  RequestLines chunk;
  while (queue.next(chunk))
    each_part(*world.inside.reader, chunk, [&](const std::vector<Request>& part) {
      for (const auto& one : part) said.push_back(std::to_string(one.line) + ":" + one.what);
    });
  writer.join();
  CHECK(said == std::vector<std::string>{"1:a line has at most 64 MiB", "2:"});
}
