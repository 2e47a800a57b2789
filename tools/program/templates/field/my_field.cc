// A column's cells to numbers: how long a text is.
#include <braid/plugin.h>

#include <cmath>
#include <cstring>

namespace {

struct MyField final : braid::Field {
  static constexpr braid::About about{.summary =
                                          "Length of a text: log(1 + characters), UTF-8. Empty cells are absent."};
  static constexpr std::string_view examples[] = {"tea", "", "thé vert"};  // what `braid conform` decodes

  braid::Out length{*this, "length", "float?[rows, 1]", "one number a row"};

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {  // once per cell; false: nothing there
    if (cell.missing()) return false;
    int characters = 0;
    for (const auto text : cell.texts)
      for (const char c : text) characters += (c & 0xC0) != 0x80;  // the other bytes go on with a character
    const auto value = static_cast<float>(std::log1p(characters));
    out.resize(sizeof value);
    std::memcpy(out.data(), &value, sizeof value);
    return true;
  }
  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::memcpy(slot.data, decoded.data(), decoded.size());  // at each step, into the batch's row
  }
};

}  // namespace

BRAID_PLUGIN(MyField, "my_field", "0.1.0")
