#include "cards/stamp_of_file.h"

#include "cards/file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace braid::cards {
namespace {

// Written back to front and turned around at run time, so that this very library does not carry the magic text.
std::string magic() {
  std::string text("\x04\x03\x02\x01PMATS-DIARB\x7f", 16);
  std::reverse(text.begin(), text.end());
  return text;
}

// A text that ends and can be shown; mutated files hold anything.
template <std::size_t n>
bool sound(const char (&text)[n]) {
  const auto* const end = static_cast<const char*>(std::memchr(text, 0, n));
  return end && std::all_of(text, end, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool sound(const Stamp& s) {
  const std::string_view name(s.plugin, ::strnlen(s.plugin, sizeof s.plugin));
  return sound(s.headers) && sound(s.torch) && sound(s.compiler) && sound(s.plugin) && sound(s.version) &&
         !name.empty() && name.find_first_of("/ \"'") == name.npos;
}

std::string sanitizer(std::uint32_t code) {
  static constexpr const char* names[] = {"none", "address", "thread"};
  return code < 3 ? names[code] : "number " + std::to_string(code);
}
std::string cuda(std::uint32_t major) { return major ? std::to_string(major) : "without"; }

}  // namespace

namespace {

constexpr const char* again = "\n  fix: build it again, or copy it again from where it was built";

std::string damaged(const std::string& how) { return "its stamp is damaged: " + how + again; }

std::variant<Stamp, std::string> stamp_at(const char* at, std::size_t left) {
  Stamp stamp{};
  constexpr auto head = offsetof(Stamp, abi);
  if (left < head) return damaged("the file ends inside it");
  std::memcpy(&stamp, at, head);
  if (stamp.size != sizeof(Stamp))
    return "its stamp is damaged or of another Braid: it says it has " + std::to_string(stamp.size) +
           " bytes, a stamp of this braid has " + std::to_string(sizeof(Stamp)) +
           "\n  fix: build the plugin again against this braid's SDK: pkg-config finds it as 'braid'";
  if (left < sizeof(Stamp)) return damaged("the file ends inside it");
  std::memcpy(&stamp, at, sizeof stamp);
  if (!sound(stamp)) return damaged("a text in it has no end, or is none");
  return stamp;
}

}  // namespace

std::variant<Stamp, std::string> find_stamp(const char* bytes, std::size_t size) {
  const auto text = magic();
  const std::string_view all(bytes, size);
  const auto first = all.find(text);
  if (first == all.npos)
    return "it carries no stamp, so it is no Braid plugin\n  fix: end the plugin's file with BRAID_PLUGIN(...), or "
           "take "
           "the file off the search path";
  auto stamp = stamp_at(bytes + first, size - first);
  const auto second = all.find(text, first + text.size());
  if (second == all.npos) return stamp;
  const auto name = [](const std::variant<Stamp, std::string>& s) {
    const auto* sound = std::get_if<Stamp>(&s);
    return sound ? "'" + std::string(sound->plugin) + "'" : std::string("a damaged one");
  };
  return "it carries two stamps, " + name(stamp) + " and " + name(stamp_at(bytes + second, size - second)) +
         ": two plugins were linked into one file\n  fix: link each of them into a file of its own, or register both "
         "components in one BRAID_PLUGIN_OF";
}

std::variant<Stamp, std::string> read_stamp(const std::string& file) {
  const auto read = read_bytes(file);
  if (!read.error.empty()) return read.error;
  return find_stamp(read.bytes.data(), read.bytes.size());
}

std::vector<Difference> differences(const Stamp& plugin, const Stamp& braid) {
  std::vector<Difference> out;
  const auto number = [&](const char* what, std::uint32_t a, std::uint32_t b, const char* unit = "") {
    if (a != b) out.push_back({what, std::to_string(a) + unit, std::to_string(b) + unit});
  };
  const auto text = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) out.push_back({what, a, b});
  };
  number("SDK number", plugin.abi, braid.abi);
  text("public headers", plugin.headers, braid.headers);
  text("LibTorch", plugin.torch, braid.torch);
  number("size of a tensor", plugin.tensor_size, braid.tensor_size, " bytes");
  number("size of a component", plugin.component_size, braid.component_size, " bytes");
  number("size of a frame", plugin.frame_size, braid.frame_size, " bytes");
  number("C++ strings (_GLIBCXX_USE_CXX11_ABI)", plugin.string_abi, braid.string_abi);
  number("C++ ABI (__GXX_ABI_VERSION)", plugin.cxx_abi, braid.cxx_abi);
  text("debug containers (_GLIBCXX_DEBUG)", plugin.debug ? "on" : "off", braid.debug ? "on" : "off");
  text("sanitizer", sanitizer(plugin.sanitize), sanitizer(braid.sanitize));
  if (plugin.cuda) text("CUDA", cuda(plugin.cuda), cuda(braid.cuda));  // a plugin without it fits every braid
  return out;
}

std::string refusal(const Stamp& plugin, const Stamp& braid) {
  const auto all = differences(plugin, braid);
  if (all.empty()) return "";
  std::size_t first = 0, second = std::strlen("the plugin has");
  for (const auto& d : all) first = std::max(first, d.what.size()), second = std::max(second, d.plugin.size());
  const auto row = [&](const std::string& a, const std::string& b, const std::string& c) {
    return "\n    " + a + std::string(first - a.size() + 2, ' ') + b + std::string(second - b.size() + 2, ' ') + c;
  };
  std::string out = "it was built against another braid" + row("", "the plugin has", "this braid has");
  bool flags_alone = true;
  for (const auto& d : all) {
    out += row(d.what, d.plugin, d.braid);
    flags_alone = flags_alone && (d.what == "sanitizer" || d.what.starts_with("debug") || d.what.starts_with("C++"));
  }
  out += flags_alone ? "\n  fix: build the plugin again with the compiler flags of this braid"
                     : "\n  fix: build the plugin again against this braid's SDK: pkg-config finds it as 'braid'";
  return out + " (the plugin's compiler: " + plugin.compiler + ", this braid's: " + braid.compiler + ")";
}

}  // namespace braid::cards
