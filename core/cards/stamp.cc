#include "cards/stamp.h"

#include "cards/file.h"

#include <algorithm>
#include <cstring>

namespace braid::cards {
namespace {

// Written back to front and turned around at run time, so that this very library does not carry the magic text.
std::string magic() {
  std::string text("\x04\x03\x02\x01PMATS-DIARB\x7f", 16);
  std::reverse(text.begin(), text.end());
  return text;
}

template <std::size_t n>
bool ends(const char (&text)[n]) {
  return std::memchr(text, 0, n) != nullptr;
}

bool sound(const Stamp& s) {
  return ends(s.headers) && ends(s.torch) && ends(s.compiler) && ends(s.plugin) && ends(s.version) && s.plugin[0];
}

std::string sanitizer(std::uint32_t code) {
  static constexpr const char* names[] = {"none", "address", "thread"};
  return code < 3 ? names[code] : "number " + std::to_string(code);
}
std::string cuda(std::uint32_t major) { return major ? std::to_string(major) : "without"; }

}  // namespace

std::variant<Stamp, std::string> find_stamp(const char* bytes, std::size_t size) {
  const auto text = magic();
  const char* first = nullptr;
  const char* const end = bytes + size;
  for (const char* at = bytes; at < end;) {
    const auto* found =
        static_cast<const char*>(memmem(at, static_cast<std::size_t>(end - at), text.data(), text.size()));
    if (!found) break;
    if (first) return "it carries two stamps: two plugins were linked into one file";
    first = found;
    at = found + text.size();
  }
  if (!first) return "it carries no stamp, so it is no Braid plugin (a plugin's file ends with BRAID_PLUGIN(...))";
  Stamp stamp{};
  const auto left = static_cast<std::size_t>(end - first);
  const auto head = offsetof(Stamp, abi);
  if (left < head) return "its stamp is damaged: the file ends inside it";
  std::memcpy(&stamp, first, head);
  if (stamp.size != sizeof(Stamp))
    return "its stamp is damaged or of another Braid: it says it has " + std::to_string(stamp.size) +
           " bytes, a stamp has " + std::to_string(sizeof(Stamp));
  if (left < sizeof(Stamp)) return "its stamp is damaged: the file ends inside it";
  std::memcpy(&stamp, first, sizeof stamp);
  if (!sound(stamp)) return "its stamp is damaged: a text in it has no end";
  return stamp;
}

std::variant<Stamp, std::string> read_stamp(const std::string& file) {
  const MappedFile mapped(file);
  if (!mapped.error().empty()) return mapped.error();
  return find_stamp(mapped.data(), mapped.size());
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
