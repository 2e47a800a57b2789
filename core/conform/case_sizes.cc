#include "conform/case_sizes.h"

#include "conform/variations.h"
#include "conform/wording.h"

namespace braid::conform {
namespace {

class SizeSearch {
 public:
  SizeSearch(const CasePlan& plan, std::string& said) : plan_(plan), said_(said) {}

  std::optional<CaseSizes> run(std::int64_t rows) {
    begin(rows);
    if (all_different() || all_equal()) return now_;
    // Always the same error: it is the parameters that do not fit.
    if (always_the_same_ || free_.size() > 3) return std::nullopt;
    now_.equal_wires = true;
    return each_combination(0) ? std::optional(now_) : std::nullopt;
  }

 private:
  void begin(std::int64_t rows) {
    std::int64_t other = 0;
    for (const auto& n : plan_.names()) {
      if (n.rows) now_.sizes[n.text] = rows - other++;
      else if (n.id) now_.sizes[n.text] = 7;
      else if (n.padded) now_.sizes[n.text] = 3;
      else free_.push_back(n.text);
    }
    for (const auto& [name, value] : plan_.values)
      if (const auto* whole = std::get_if<std::int64_t>(&value); whole && *whole > 0 && *whole <= 512)
        candidates_.push_back(*whole);
    for (const std::int64_t size : {4, 8, 3, 1, 2, 6, 12, 16, 32, 64}) candidates_.push_back(size);
  }

  bool works() {
    try {
      (void)Instance(plan_.made(now_.sizes, {}, now_.equal_wires), at::kFloat);
      return true;
    } catch (const Error& e) {
      if (first_.empty()) first_ = without_context(e.diagnostic());
      if (said_.empty()) said_ = first_;
      always_the_same_ = always_the_same_ && first_ == without_context(e.diagnostic());
      return false;
    }
  }

  bool all_different() {
    std::int64_t distinct = 3;
    for (const auto& f : free_) now_.sizes[f] = distinct++;
    for (const bool equal_wires : {false, true}) {
      now_.equal_wires = equal_wires;
      if (works()) return true;
    }
    return false;
  }

  bool all_equal() {
    for (const bool equal_wires : {true, false})
      for (const auto c : candidates_) {
        for (const auto& f : free_) now_.sizes[f] = c;
        now_.equal_wires = equal_wires;
        if (works()) return true;
      }
    return false;
  }

  // Of the free names from `k` on.
  bool each_combination(std::size_t k) {
    if (k == free_.size()) return works();
    for (const auto c : candidates_) {
      now_.sizes[free_[k]] = c;
      if (each_combination(k + 1)) return true;
    }
    return false;
  }

  const CasePlan& plan_;
  std::string& said_;
  std::string first_;  // what the component said of the first sizes
  bool always_the_same_ = true;
  std::vector<std::string> free_;
  std::vector<std::int64_t> candidates_;
  CaseSizes now_;
};

}  // namespace

std::optional<CaseSizes> find_sizes(const CasePlan& plan, std::int64_t rows, std::string& said) {
  return SizeSearch(plan, said).run(rows);
}

Values shrunk(const ComponentSchema& card, Values values, std::int64_t most) {
  for (const auto& p : card.params) {
    auto& value = values[p.name];
    if (std::holds_alternative<std::monostate>(value)) value = p.fallback;
    const auto less = [&](std::int64_t x) {
      return x > most ? static_cast<std::int64_t>(clamped(static_cast<double>(most), p)) : x;
    };
    if (auto* whole = std::get_if<std::int64_t>(&value)) *whole = less(*whole);
    if (auto* list = std::get_if<std::vector<std::int64_t>>(&value))
      for (auto& x : *list) x = less(x);
  }
  std::erase_if(values, [](const auto& v) { return std::holds_alternative<std::monostate>(v.second); });
  return values;
}

Values shrunk_one_by_one(const std::string& use, const ComponentSchema& card, Values values) {
  for (const auto& p : card.params)
    for (const std::int64_t most : {2, 4, 8}) {
      auto smaller = values;
      auto& value = smaller[p.name];
      const auto less = [&](std::int64_t x) {
        return x > most ? static_cast<std::int64_t>(clamped(static_cast<double>(most), p)) : x;
      };
      if (auto* whole = std::get_if<std::int64_t>(&value)) *whole = less(*whole);
      else if (auto* list = std::get_if<std::vector<std::int64_t>>(&value))
        for (auto& x : *list) x = less(x);
      else break;
      std::string said;
      if (!find_sizes({use, card, smaller, 2, true, true}, 5, said)) continue;
      values = smaller;
      break;
    }
  return values;
}

}  // namespace braid::conform
