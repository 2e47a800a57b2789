#include "serve/request_media.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid::serve {
namespace {

constexpr std::int64_t largest_file = 64 << 20;

// A file below `folder`, where links in the path are followed; `folder` is absolute and has none.
Bytes read_below(const std::string& folder, const std::string& file, const std::string& place) {
  if (folder.empty())
    throw RequestError{
        "requests may not name files here: `braid score DIR --files FOLDER` allows those below FOLDER; or send "
        "{\"base64\": ...}",
        place};
  if (file.find('\0') != std::string::npos) throw RequestError{"a path holds no zero byte", place};
  std::error_code failed;
  const auto path = std::filesystem::canonical(std::filesystem::path(folder) / file, failed).string();
  if (!failed && !path.starts_with(folder == "/" ? folder : folder + "/"))
    throw RequestError{"file " + json_text(file) + " is not below the folder that --files allows", place};
  if (failed) throw RequestError{"file " + json_text(file) + " cannot be read: " + failed.message(), place};
  // Not blocking: a name may be that of a pipe nobody writes to. The path has no links any more.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) throw RequestError{"file " + json_text(file) + " cannot be read: " + std::strerror(errno), place};
  const std::shared_ptr<void> close(nullptr, [descriptor](void*) { ::close(descriptor); });
  struct ::stat facts {};
  if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
    throw RequestError{json_text(file) + " is no file", place};
  if (facts.st_size > largest_file)
    throw RequestError{"file " + json_text(file) + " is larger than " + std::to_string(largest_file >> 20) + " MiB",
                       place};
  Bytes out(static_cast<std::size_t>(facts.st_size));
  std::size_t have = 0;
  while (have < out.size()) {
    const auto got = ::read(descriptor, out.data() + have, out.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw RequestError{"file " + json_text(file) + " cannot be read", place};
    have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace

bool from_base64(std::string_view text, Bytes& out) {
  static const auto table = [] {
    std::array<std::int8_t, 256> made;
    made.fill(-1);
    const std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t k = 0; k < letters.size(); ++k)
      made[static_cast<unsigned char>(letters[k])] = static_cast<std::int8_t>(k);
    return made;
  }();
  out.clear();
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int have = 0, end = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++end;
      continue;
    }
    const auto value = table[static_cast<unsigned char>(c)];
    if (value < 0 || end) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++have < 4) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(bits >> shift));
    have = 0, bits = 0;
  }
  if (have == 1 || end > 2 || (end && have + end != 4)) return false;
  if (have >= 2) out.push_back(static_cast<std::byte>(bits >> (have == 2 ? 4 : 10)));
  if (have == 3) out.push_back(static_cast<std::byte>(bits >> 2));
  return true;
}

Bytes file_of(const Value& value, const std::string& folder, const std::string& place) {
  if (value.kind == Value::Kind::text) return read_below(folder, value.text, place);
  if (value.kind == Value::Kind::object && value.names.size() == 1 && value.items[0].kind == Value::Kind::text) {
    if (value.names[0] == "file") return read_below(folder, value.items[0].text, place + ".file");
    Bytes out;
    if (value.names[0] == "base64") {
      if (!from_base64(value.items[0].text, out)) throw RequestError{"this is no base64 text", place + ".base64"};
      return out;
    }
  }
  throw RequestError{"a file is a path, {\"file\": path} or {\"base64\": text}", place};
}

}  // namespace braid::serve
