// A column of text cells in one piece of memory, and the numbers in it.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace braid::data {

class Column {
 public:
  // How a cell reads as a number. `whole`: digits that write the number in the one usual way; `padded`: a whole number
  // written otherwise ("007"), which counts as text where texts are hashed.
  enum class Kind : std::uint8_t { missing, text, real, whole, padded };

  explicit Column(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(ends_.size()); }

  void add(std::string_view text) {
    arena_.append(text);
    ends_.push_back(arena_.size());
  }
  void add_missing() { ends_.push_back(arena_.size() | absent); }

  // The cells of those rows that are not `gone`.
  Column without(const std::vector<std::uint8_t>& gone) const;

  // The cell's text; a null pointer when it is missing.
  std::string_view operator[](std::int64_t row) const {
    const auto end = ends_[static_cast<std::size_t>(row)];
    if (end & absent) return {};
    const auto begin = row ? ends_[static_cast<std::size_t>(row - 1)] & ~absent : 0;
    return {arena_.data() + begin, end - begin};
  }

  // Reads all cells as numbers, once, before the calls below. Not thread-safe with them.
  void parse_numbers();
  bool parsed() const { return kinds_.size() == ends_.size(); }
  Kind kind(std::int64_t row) const { return kinds_[static_cast<std::size_t>(row)]; }
  std::int64_t whole(std::int64_t row) const { return numbers_[static_cast<std::size_t>(row)]; }
  double real(std::int64_t row) const { return std::bit_cast<double>(numbers_[static_cast<std::size_t>(row)]); }

 private:
  static constexpr std::uint64_t absent = std::uint64_t{1} << 63;
  std::string name_, arena_;
  std::vector<std::uint64_t> ends_;  // past the cell's last byte; the top bit says missing
  std::vector<Kind> kinds_;
  std::vector<std::int64_t> numbers_;  // whole numbers, or a real's bits
};

}  // namespace braid::data
