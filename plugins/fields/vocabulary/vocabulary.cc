// Values to ids, learnt from the training rows; 0 is the unknown value.
#include <braid/plugin.h>

#include "kernels/text/key_lines.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// What stands between the texts when one value is made of several columns.
constexpr char unit_separator = 0x1F;

struct Vocabulary final : braid::Field {
  static constexpr braid::About about{
      .summary =
          "Gives each value of a column an id; with `split`, a cell holds several values. The text as it stands is "
          "the value; of several columns, their texts together. Ids start at 1 in the order in which the "
          "table's rows first show a value; 0: missing, too rare, or unseen in training rows."};
  static constexpr bool fits = true;
  static constexpr std::string_view examples[] = {"Comedy|Drama", "Comedy", "", "1|2|3|4", "é"};

  braid::Param<std::string> split{
      *this, "split", "",
      "Parts the values of a cell (\"|\"); empty: the cell is one value. Empty values are left out."};
  braid::Param<std::int64_t> min_count{
      *this, "min_count", 1, "Values that fewer training rows reach are unknown.", {.low = 1, .unit = "rows"}};
  braid::Param<std::int64_t> max_values{*this,
                                        "max_values",
                                        16,
                                        "With `split`: values kept of a cell, the first ones.",
                                        {.low = 1, .high = 65536, .unit = "values"}};
  braid::Param<double> drop{
      *this,
      "unknown.drop",
      0,
      "Share of the values that read 0 while training, drawn anew at each step, so that the unknown row is learnt.",
      {.low = 0, .high = 1}};
  braid::Out id{*this, "id", "id(n)[rows, max_values* if split]", "ids; 0 where nothing is known"};

  void fit(const braid::FitRows& rows) override {
    struct Seen {
      std::int64_t count = 0;
      std::size_t first = 0;
    };
    std::unordered_map<std::string, Seen, Hash, std::equal_to<>> seen;
    rows.each([&](const braid::Cell& cell, std::int64_t count) {
      each_value(cell, [&](std::string_view value) {
        auto found = seen.find(value);
        if (found == seen.end()) found = seen.emplace(value, Seen{0, seen.size()}).first;
        found->second.count += count;
        return true;
      });
    });
    std::vector<std::pair<std::size_t, std::string_view>> kept;
    for (const auto& [value, about_it] : seen)
      if (about_it.count >= min_count()) kept.emplace_back(about_it.first, value);
    std::sort(kept.begin(), kept.end());
    ids_.clear();
    for (const auto& [_, value] : kept) ids_.emplace(value, static_cast<std::int64_t>(ids_.size()) + 1);
  }

  std::map<std::string, std::int64_t, std::less<>> sizes() const override {
    return {{"n", static_cast<std::int64_t>(ids_.size()) + 1}};
  }

  std::vector<std::string> id_texts() const override {
    std::vector<std::string> out(ids_.size() + 1);
    for (const auto& [value, number] : ids_) out[static_cast<std::size_t>(number)] = value;
    return out;
  }

  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    const std::size_t most = split().empty() ? 1 : static_cast<std::size_t>(max_values());
    out.clear();
    each_value(cell, [&](std::string_view value) {
      const auto found = ids_.find(value);
      append(out, found == ids_.end() ? 0 : found->second);
      return out.size() < most * sizeof(std::int64_t);
    });
    if (split().empty() && out.empty()) append(out, 0);
    return true;  // a missing value is the unknown one, not an absent row
  }

  std::size_t places(std::span<const std::byte> decoded) const override {
    return decoded.size() / sizeof(std::int64_t);
  }

  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw& draw) const override {
    const auto values = slot.values<std::int64_t>();
    const auto count = std::min(values.size(), decoded.size() / sizeof(std::int64_t));
    if (count) std::memcpy(values.data(), decoded.data(), count * sizeof(std::int64_t));
    if (!draw.training || drop() <= 0) return;
    for (std::size_t k = 0; k < count; ++k)
      if (draw.uniform(k) < drop()) values[k] = 0;
  }

  // One value a line, in the ids' order.
  std::string save() const override {
    std::vector<std::string_view> in_order(ids_.size());
    for (const auto& [value, number] : ids_) in_order[static_cast<std::size_t>(number) - 1] = value;
    std::string out;
    for (const auto value : in_order) braid::text::add_key_line(out, value);
    return out;
  }

  void load(std::string_view saved) override {
    ids_.clear();
    if (!saved.empty() && !saved.ends_with('\n')) throw braid::Error("a saved vocabulary breaks off in its last line");
    for (auto& value : braid::text::read_key_lines<braid::Error>(saved)) {
      const auto number = static_cast<std::int64_t>(ids_.size()) + 1;
      if (const auto [at, fresh] = ids_.emplace(std::move(value), number); !fresh)
        throw braid::Error("a saved vocabulary holds '" + at->first + "' twice");
    }
  }

 private:
  static void append(braid::Bytes& out, std::int64_t number) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&number);
    out.insert(out.end(), bytes, bytes + sizeof number);
  }

  // Calls visit(value) for each value of a cell until it says false. None for a missing cell.
  template <class Visit>
  void each_value(const braid::Cell& cell, const Visit& visit) const {
    if (cell.missing() || cell.texts.empty()) return;
    std::string_view text = cell.texts[0];
    thread_local std::string joined;
    if (cell.texts.size() > 1) {
      joined.clear();
      for (std::size_t k = 0; k < cell.texts.size(); ++k) {
        if (k) joined += unit_separator;
        joined += cell.texts[k];
      }
      text = joined;
    }
    if (split().empty()) {
      visit(text);
      return;
    }
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find(split(), at), text.size());
      if (end > at && !visit(text.substr(at, end - at))) return;
      at = end + split().size();
    }
  }

  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> ids_;
};

}  // namespace

BRAID_PLUGIN(Vocabulary, "vocabulary", "0.1.0")
