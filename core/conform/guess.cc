#include "conform/guess.h"

#include "conform/case_sizes.h"
#include "conform/variations.h"
#include "conform/wording.h"

#include <algorithm>
#include <set>

namespace braid::conform {
namespace {

constexpr std::int64_t usual_rows = 5;

// Rows of each axis and places of each padded dim at 0 and 1, rows at 3 too.
void add_resized(Guess& guess, const CasePlan& plan, const CaseSizes& sized) {
  Sizes bounds;
  for (const auto& n : plan.names())
    if (n.padded) bounds[n.text] = sized.sizes.at(n.text);
  for (const auto& n : plan.names()) {
    if (!n.rows && !n.padded) continue;
    for (const std::int64_t size : {0, 1, 3}) {
      if (size >= sized.sizes.at(n.text)) continue;
      auto sizes = sized.sizes;
      sizes[n.text] = size;
      guess.resized.emplace_back(n.text + " = " + std::to_string(size), plan.made(sizes, bounds, sized.equal_wires));
    }
  }
}

// Tries values, wires and sizes one after the other, and keeps what the component accepts.
class Guesser {
 public:
  Guesser(const std::string& use, const ComponentSchema& card) : use_(use), card_(card) {
    for (const auto& p : card.ports) {
      repeated_ = repeated_ || p.repeated;
      optional_ = optional_ || (!p.output && p.optional);
    }
  }

  Guesses run(const Values& required) {
    first(required);
    if (masked_ || optional_ || repeated_)
      add({std::string(optional_ ? "required inputs only" : "every input") + (repeated_ ? ", one wire each" : "") +
               (masked_ ? ", nothing hidden" : ""),
           base_,
           {}},
          1, false, false, false);
    if (repeated_) add({"three wires each" + hidden_text(), base_, {}}, 3, true, true, true);
    for (const auto& p : card_.params)
      if (!(is_list(p) ? vary_list(p) : vary(variations(p, base_)))) out_.never_varied.push_back(p.name);
    for (const auto& s : card_.scalars)
      if (!vary(variations(s, base_))) out_.never_varied.push_back(s.name);
    return std::move(out_);
  }

 private:
  std::string hidden_text() const { return masked_ ? ", some places hidden" : ""; }

  bool add(const Variation& v, std::size_t wires, bool all, bool hidden, bool lean) {
    const CasePlan plan{use_, card_, v.values, wires, all, hidden};
    std::string said;
    const auto sized = find_sizes(plan, usual_rows, said);
    if (!sized) return out_.left_out.push_back(v.what + ": " + said), false;
    keep(v, plan, *sized, lean);
    return true;
  }

  void keep(const Variation& v, const CasePlan& plan, const CaseSizes& sized, bool lean) {
    Guess guess{v.what, plan.made(sized.sizes, {}, sized.equal_wires), {}, lean};
    guess.test.scalars = v.scalars;
    guess.test.elements = lean ? 0 : 16;
    if (!lean) add_resized(guess, plan, sized);
    if (out_.cases.empty()) base_sized_ = sized, base_ = v.values, wires_ = plan.wires;
    out_.cases.push_back(std::move(guess));
  }

  // The case that the others change: all inputs, as many wires as it takes, small parameters where they fit.
  void first(const Values& required) {
    const auto attempt = [&](const Values& values, std::size_t wires) {
      out_.left_out.clear();
      return add({"", values, {}}, wires, true, true, false);
    };
    const auto found = [&] {
      for (const std::int64_t most : {8, 4, 1 << 20}) {
        const auto values = shrunk(card_, required, most);
        if (attempt(most > 8 ? shrunk_one_by_one(use_, card_, values) : values, 2)) return true;
      }
      for (const std::int64_t most : {8, 1 << 20})  // one wire may be all it takes
        if (attempt(shrunk(card_, required, most), 1)) return true;
      return false;
    }();
    if (!found) throw Error("no sizes were found with which it can be made" + out_.left_out.front());
    auto& guess = out_.cases.front();
    for (const auto& [_, wires] : guess.test.inputs)
      for (const auto& wire : wires) masked_ = masked_ || wire.flow.mask.defined();
    guess.what = std::string(optional_ ? "every input wired" : "every input") +
                 (!repeated_    ? ""
                  : wires_ == 2 ? ", two wires each"
                                : ", one wire each") +
                 hidden_text();
  }

  bool vary(const std::vector<Variation>& all) {
    bool any = false;
    for (const auto& v : all) try {
        any = add(v, wires_, true, true, true) || any;
      } catch (...) {
        any = breaks(v);
      }
    return any;
  }

  bool breaks(const Variation& v) {
    out_.broken.emplace_back(v.what, "it cannot be made: " + thrown());
    return true;
  }

  // Whether the component can be made with these values at the sizes of the first case.
  bool fits(const Variation& v, std::string& said) {
    const CasePlan plan{use_, card_, v.values, wires_, true, true};
    try {
      (void)Instance(plan.made(base_sized_.sizes, {}, base_sized_.equal_wires), at::kFloat);
    } catch (const Error& e) {
      if (said.empty()) said = without_context(e.diagnostic());
      return false;
    } catch (...) {
      return breaks(v);
    }
    keep(v, plan, base_sized_, true);
    return true;
  }

  // One element and two; where the list's length follows a dim, as many as each dim has. A length that the component
  // refuses is none of its cases.
  bool vary_list(const ParamSchema& p) {
    std::string said;
    std::vector<std::size_t> taken, lengths{1, 2};
    const auto attempt = [&](std::size_t n) {
      const auto v = with_length(p, base_, n);
      if (v.values == base_ || fits(v, said)) taken.push_back(n);
    };
    for (const auto n : lengths) attempt(n);
    if (taken.size() < lengths.size()) {
      std::set<std::size_t> dims;
      for (const auto& n : CasePlan{use_, card_, base_, wires_, true, true}.names())
        if (!n.rows && !n.padded && !n.id) dims.insert(static_cast<std::size_t>(base_sized_.sizes.at(n.text)));
      for (const auto n : dims)
        if (n > 2) attempt(n), lengths.push_back(n);
    }
    if (taken.empty()) {  // at other sizes, then
      for (const auto n : lengths) {
        const auto before = out_.left_out;
        if (add(with_length(p, base_, n), wires_, true, true, true)) return true;
        out_.left_out = before;
      }
      std::string all;
      for (const auto n : lengths) all += (all.empty() ? "" : ", ") + std::to_string(n);
      out_.left_out.push_back(p.name + ": no list of length " + all + " is accepted: " + said);
      return false;
    }
    for (const auto& v : with_ends(p, base_, taken.back())) fits(v, said);
    return true;
  }

  const std::string& use_;
  const ComponentSchema& card_;
  bool repeated_ = false, optional_ = false, masked_ = false;
  Values base_;
  CaseSizes base_sized_;
  std::size_t wires_ = 2;
  Guesses out_;
};

}  // namespace

Guesses guess_cases(const std::string& use, const ComponentSchema& card, const Values& required) {
  return Guesser(use, card).run(required);
}

Case guess_at(const std::string& use, const ComponentSchema& card, const Values& required, std::int64_t rows) {
  std::string said;
  for (const std::int64_t most : {1 << 20, 8}) {
    const CasePlan plan{use, card, shrunk(card, required, most), 2, true, false};
    if (auto sized = find_sizes(plan, usual_rows, said)) {
      std::int64_t other = 0;
      for (const auto& n : plan.names())
        if (n.rows) sized->sizes[n.text] = std::max<std::int64_t>(rows - other++, 1);
        else if (n.padded) sized->sizes[n.text] = 20;
      return plan.made(sized->sizes, {}, sized->equal_wires);
    }
  }
  throw Error("no sizes were found with which it can be made: " + said);
}

}  // namespace braid::conform
