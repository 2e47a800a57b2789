// TensorBoard's event file: scalars that its page draws as curves.
//
// The file is a row of records, each `length (8 bytes), masked CRC32C of these, bytes, masked CRC32C of the bytes`, all
// little-endian; the bytes are an `Event` message of TensorBoard's, written here by hand: five fields of three
// messages.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace braid::train {

// The Castagnoli CRC of RFC 3720. `before`: the CRC of what stands before `bytes`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The file's name inside a run folder, as TensorBoard looks for it: "events.out.tfevents.SECONDS.braid". The one that
// the folder holds already, else a new one with `now` (seconds since 1970). A resumed run goes on in its own file.
std::string events_name(const std::string& folder, std::int64_t now);

// One writer a file; not safe from several threads. Throws Error when the file cannot be written.
class Events {
 public:
  // Goes on behind the file's first `keep_bytes` bytes, the count that `bytes()` told when a checkpoint was written:
  // what stands after them is cut off, as is a record that is not whole. 0: a new file.
  Events(const std::string& file, std::uint64_t keep_bytes);
  void scalar(const std::string& tag, std::int64_t step, double value, double wall_time);
  // Length of the file with all that was added, flushed or not.
  std::uint64_t bytes() const { return bytes_; }
  void flush();

 private:
  void record(std::string_view message);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string file_;
  std::unique_ptr<std::FILE, Close> out_;
  std::uint64_t bytes_ = 0;
};

// A line of metrics.jsonl or timing.jsonl as scalars: train/loss/NODE, train/gradient_norm, SPLIT/METRIC, and from a
// line of times train/rows_per_second. What is missing, null or not finite is left out. `wall_time`: seconds since
// 1970.
void log_line(Events& events, const nlohmann::json& line, double wall_time);

}  // namespace braid::train
