#include "train/events.h"

#include <braid/component.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace braid::train {
namespace {

namespace files = std::filesystem;

constexpr auto crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t k = 0; k < 256; ++k) {
    std::uint32_t crc = k;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
    table[k] = crc;
  }
  return table;
}();

// A CRC over bytes that hold their own CRC says little; so the stored one is turned and shifted.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <class T>
std::string little_endian(T value) {
  std::string out;
  for (std::size_t k = 0; k < sizeof value; ++k) out += static_cast<char>(value >> (8 * k) & 0xff);
  return out;
}
template <class T>
T from_little_endian(const char* bytes) {
  T value = 0;
  for (std::size_t k = 0; k < sizeof value; ++k) value |= static_cast<T>(static_cast<unsigned char>(bytes[k])) << 8 * k;
  return value;
}

// A message's fields: number and wire type, then the value.
std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  return out + static_cast<char>(value);
}
std::string whole_field(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number << 3)) + varint(value);
}
std::string double_field(int number, double value) {
  return varint(static_cast<std::uint64_t>(number << 3 | 1)) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string float_field(int number, float value) {
  return varint(static_cast<std::uint64_t>(number << 3 | 5)) + little_endian(std::bit_cast<std::uint32_t>(value));
}
std::string bytes_field(int number, std::string_view value) {
  return varint(static_cast<std::uint64_t>(number << 3 | 2)) + varint(value.size()) + std::string(value);
}

// Event: wall_time = 1, step = 2, file_version = 3, summary = 5. Summary: value = 1. Value: tag = 1, simple_value = 2.
std::string version_event(double wall_time) { return double_field(1, wall_time) + bytes_field(3, "brain.Event:2"); }
std::string scalar_event(const std::string& tag, std::int64_t step, double value, double wall_time) {
  const auto inner = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
  return double_field(1, wall_time) + whole_field(2, static_cast<std::uint64_t>(step)) +
         bytes_field(5, bytes_field(1, inner));
}

// How many of the file's first `most` bytes are whole records.
std::uint64_t whole_records(const std::string& file, std::uint64_t most) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), &std::fclose);
  if (!in) return 0;
  std::uint64_t at = 0;
  char head[12];
  while (at + 16 <= most && std::fread(head, 1, 12, in.get()) == 12) {
    const auto length = from_little_endian<std::uint64_t>(head);
    if (from_little_endian<std::uint32_t>(head + 8) != masked(crc32c({head, 8})) || length > most - at - 16) break;
    if (std::fseek(in.get(), static_cast<long>(length) + 4, SEEK_CUR) != 0) break;
    at += 16 + length;
  }
  return at;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const char byte : bytes) crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

std::string events_name(const std::string& folder, std::int64_t now) {
  std::string found;
  std::error_code error;
  for (const auto& entry : files::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("events.out.tfevents.") && name.ends_with(".braid") && (found.empty() || name < found))
      found = name;
  }
  return found.empty() ? "events.out.tfevents." + std::to_string(now) + ".braid" : found;
}

Events::Events(const std::string& file, std::uint64_t keep_bytes) : file_(file) {
  std::error_code error;
  const auto size = files::file_size(file, error);
  bytes_ = error ? 0 : whole_records(file, std::min<std::uint64_t>(size, keep_bytes));
  if (bytes_ > 0) files::resize_file(file, bytes_, error);
  if (bytes_ == 0 || !error) out_.reset(std::fopen(file.c_str(), bytes_ > 0 ? "ab" : "wb"));
  if (!out_) throw Error("file", file, std::string("cannot be written: ") + std::strerror(errno));
  if (bytes_ == 0)
    record(version_event(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()));
}

void Events::scalar(const std::string& tag, std::int64_t step, double value, double wall_time) {
  record(scalar_event(tag, step, value, wall_time));
}

void Events::record(std::string_view message) {
  const auto length = little_endian<std::uint64_t>(message.size());
  const auto all =
      length + little_endian(masked(crc32c(length))) + std::string(message) + little_endian(masked(crc32c(message)));
  if (std::fwrite(all.data(), 1, all.size(), out_.get()) != all.size())
    throw Error("file", file_, "cannot be written: is the disk full?");
  bytes_ += all.size();
}

void Events::flush() {
  if (std::fflush(out_.get()) != 0) throw Error("file", file_, "cannot be written: is the disk full?");
}

void log_line(Events& events, const nlohmann::json& line, double wall_time) {
  if (!line.contains("step")) return;
  const auto step = line.at("step").get<std::int64_t>();
  const auto add = [&](const std::string& tag, const nlohmann::json& value) {
    if (value.is_number() && std::isfinite(value.get<double>()))
      events.scalar(tag, step, value.get<double>(), wall_time);
  };
  const auto split = line.value("split", "");
  if (line.contains("losses"))
    for (const auto& [node, value] : line.at("losses").items()) add("train/loss/" + node, value);
  if (line.contains("gradient_norm")) add("train/gradient_norm", line.at("gradient_norm"));
  if (line.contains("metrics"))
    for (const auto& [metric, value] : line.at("metrics").items()) add(split + "/" + metric, value);
  if (split.empty() && line.contains("rows") && line.value("seconds", 0.0) > 0)
    add("train/rows_per_second", line.at("rows").get<double>() / line.at("seconds").get<double>());
}

}  // namespace braid::train
