#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/events.h"

#include "model/temporary_folder.h"

#include <braid/component.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using namespace braid::train;
using Json = nlohmann::json;
namespace files = std::filesystem;
using braid::model::testing::bytes_of;
using braid::model::testing::Folder;

namespace {

// The file as tests/program/read_events, an independent reader, sees it: one object for each event, the version first.
std::vector<Json> read(const std::string& file) {
  const auto command = "python3 '" BRAID_READ_EVENTS "' '" + file + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::string text;
  std::array<char, 4096> part;
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), size);
  REQUIRE(::pclose(pipe) == 0);
  std::vector<Json> out;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    out.push_back(Json::parse(text.substr(at, end - at)));
  return out;
}

void steps(Events& events, int from, int to) {
  for (int step = from; step < to; ++step)
    log_line(events, {{"step", step}, {"epoch", 0}, {"losses", {{"click", 1.0 / (step + 1)}}}, {"gradient_norm", 2.5}},
             1000.0 + step);
}

}  // namespace

TEST_CASE("the checksum is that of RFC 3720") {
  CHECK(crc32c("") == 0u);
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  std::string up, down;
  for (int k = 0; k < 32; ++k) up += static_cast<char>(k), down += static_cast<char>(31 - k);
  CHECK(crc32c(up) == 0x46dd794eu);
  CHECK(crc32c(down) == 0x113fdb5cu);
  CHECK(crc32c("6789", crc32c("12345")) == crc32c("123456789"));
}

TEST_CASE("another reader finds what was written, long tags, large steps and odd values too") {
  const Folder folder;
  const auto file = folder / "events.out.tfevents.1.braid";
  const std::string tag = "valid/" + std::string(300, 'n');  // lengths of two bytes, in all three messages
  {
    Events events(file, 0);
    events.scalar("a", 0, 0.5, 12.25);
    events.scalar(tag, 5'000'000'000, -3e-20, 1.7e9);
    events.scalar("\xc3\xa9/\"", 127, 128, 0);
    CHECK(events.bytes() > 300);
    events.flush();
    CHECK(events.bytes() == files::file_size(file));
  }
  const auto lines = read(file);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["version"] == "brain.Event:2");
  CHECK(lines[1] == Json{{"tag", "a"}, {"step", 0}, {"value", 0.5}, {"wall_time", 12.25}});
  CHECK(lines[2]["tag"] == tag);
  CHECK(lines[2]["step"] == 5'000'000'000);
  CHECK(lines[2]["value"].get<double>() == doctest::Approx(-3e-20));
  CHECK(lines[2]["wall_time"] == 1.7e9);
  CHECK(lines[3]["tag"] == "\xc3\xa9/\"");
  CHECK(lines[3]["value"] == 128);
}

TEST_CASE("lines of steps, validations and times become scalars; what is no number is left out") {
  const Folder folder;
  const auto file = folder / "e";
  {
    Events events(file, 0);
    log_line(events, {{"step", 7}, {"losses", {{"a", 1.5}, {"b", nullptr}}}, {"gradient_norm", 0.25}}, 1);
    log_line(events,
             {{"step", 8}, {"split", "valid"}, {"metrics", {{"auc", 0.75}, {"none", std::nan("")}}}, {"seconds", 2.0}},
             2);
    log_line(events, {{"step", 9}, {"rows", 300}, {"seconds", 2.0}, {"waiting", 0.5}}, 3);
    log_line(events, {{"step", 10}, {"split", "valid"}, {"seconds", 2.0}, {"rows", 5}}, 4);
    log_line(events, {{"step", 11}, {"rows", 300}, {"seconds", 0.0}}, 5);
    log_line(events, {{"note", "no step"}}, 6);
  }
  const auto lines = read(file);
  REQUIRE(lines.size() == 5);
  CHECK(lines[1] == Json{{"tag", "train/loss/a"}, {"step", 7}, {"value", 1.5}, {"wall_time", 1.0}});
  CHECK(lines[2] == Json{{"tag", "train/gradient_norm"}, {"step", 7}, {"value", 0.25}, {"wall_time", 1.0}});
  CHECK(lines[3] == Json{{"tag", "valid/auc"}, {"step", 8}, {"value", 0.75}, {"wall_time", 2.0}});
  CHECK(lines[4] == Json{{"tag", "train/rows_per_second"}, {"step", 9}, {"value", 150.0}, {"wall_time", 3.0}});
}

TEST_CASE("a run that goes on leaves the bytes of one that was never stopped, but for the first record's time") {
  const Folder folder;
  const auto whole = folder / "whole", stopped = folder / "stopped";
  {
    Events events(whole, 0);
    steps(events, 0, 20);
  }
  std::uint64_t checkpoint = 0;
  {
    Events events(stopped, 0);
    steps(events, 0, 11);
    events.flush();
    checkpoint = events.bytes();
    steps(events, 11, 15);  // after the checkpoint: these are done again
  }
  std::ofstream(stopped, std::ios::app | std::ios::binary)
      << std::string("\x20\0\0\0half", 8);  // the kill's last words
  {
    Events events(stopped, checkpoint);
    CHECK(events.bytes() == checkpoint);
    CHECK(files::file_size(stopped) == checkpoint);
    steps(events, 11, 20);
  }
  CHECK(read(stopped).size() == 41);
  const auto a = bytes_of(whole), b = bytes_of(stopped);
  const std::size_t first = 16 + 9 + 15;  // the version's record
  REQUIRE(a.size() == b.size());
  CHECK(a.substr(first) == b.substr(first));
}

TEST_CASE("a file shorter than it was keeps its whole records; none, or another file's bytes, begins anew") {
  const Folder folder;
  const auto file = folder / "e";
  {
    Events events(file, 0);
    steps(events, 0, 5);
  }
  const auto size = files::file_size(file);
  files::resize_file(file, size - 3);
  { Events events(file, size); }
  CHECK(read(file).size() == 10);  // version and 9 of 10 scalars
  std::ofstream(file, std::ios::binary) << "this is no event file, but it is long enough to be one";
  { Events events(file, 30); }
  CHECK(read(file).size() == 1);
  { Events events(folder / "absent", 1000); }
  CHECK(read(folder / "absent").size() == 1);
  CHECK_THROWS_AS(Events(folder / "no/such/folder", 0), braid::Error);
}

TEST_CASE("a folder has one event file, which is found again") {
  const Folder folder;
  CHECK(events_name(folder.path.string(), 1700000000) == "events.out.tfevents.1700000000.braid");
  std::ofstream(folder / "events.out.tfevents.1600000000.braid") << "x";
  std::ofstream(folder / "events.out.tfevents.1500000000.other") << "x";
  CHECK(events_name(folder.path.string(), 1700000000) == "events.out.tfevents.1600000000.braid");
}
