#include "conform/guess.h"
#include "conform/variations.h"
#include "conform/wording.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <set>

#include <unistd.h>

namespace braid::conform {
namespace {

bool plain_name(std::string_view text) {
  if (text.empty() || shape::Parser::digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return shape::Parser::lower(c) || shape::Parser::digit(c); });
}

// Whole-number parameters above `most` become that, or the least that is legal: small components check fast.
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

// How a case is put together from sizes by name.
struct Plan {
  const std::string& use;
  const ComponentSchema& card;
  Values values;
  std::size_t wires;  // of each repeated input
  bool optional, hidden;

  struct Name {
    std::string text;
    bool rows = false, padded = false, id = false;
  };
  // Names whose sizes are free, in the order of the card. A dim that varies by wire is one name: wire k adds k.
  std::vector<Name> names() const {
    std::vector<Name> out;
    const auto add = [&](const std::string& text, bool rows, bool padded, bool id) {
      if (!plain_name(text)) return;
      if (const auto p = values.find(text); p != values.end() && std::holds_alternative<std::int64_t>(p->second))
        return;
      for (auto& n : out)
        if (n.text == text) {
          n.padded = n.padded || padded;
          return;
        }
      out.push_back({text, rows, padded, id});
    };
    for (const auto& port : card.ports) {
      if (port.output || (port.optional && !optional)) continue;
      const auto shape = parse_shape(port.shape);
      for (std::size_t k = 0; k < shape.dims.size(); ++k)
        if (shape.dims[k].only_if.empty() || is_on(values, shape.dims[k].only_if))
          add(shape.dims[k].size, k == 0, shape.dims[k].padded, false);
      add(shape.rows, false, false, true);
    }
    return out;
  }

  std::optional<std::int64_t> size_of(const Sizes& sizes, const std::string& text, std::int64_t extra) const {
    const auto lookup = [&](std::string_view name) -> std::optional<std::int64_t> {
      if (const auto s = sizes.find(name); s != sizes.end()) return s->second + extra;
      if (const auto p = values.find(name); p != values.end())
        if (const auto* whole = std::get_if<std::int64_t>(&p->second)) return *whole;
      return std::nullopt;
    };
    return evaluate_dim(text, lookup, [](std::string_view) { return std::nullopt; });
  }

  // Sizes hold every free name. `bounds`: of padded dims, where what is shown is smaller.
  Case made(const Sizes& sizes, const Sizes& bounds = {}, bool equal_wires = false) const {
    Case out{use};
    out.values = values;
    int number = 0;
    for (const auto& port : card.ports) {
      if (port.output || (port.optional && !optional)) continue;
      const auto shape = parse_shape(port.shape);
      auto& all = out.inputs[port.name];
      for (std::size_t k = 0; k < (port.repeated ? wires : 1); ++k) {
        const auto more = [&](bool varies) {
          return varies && !equal_wires ? static_cast<std::int64_t>(k) : std::int64_t{0};
        };
        std::vector<std::int64_t> dims;
        for (std::size_t d = 0; d < shape.dims.size(); ++d) {
          const auto& dim = shape.dims[d];
          if (!dim.only_if.empty() && !is_on(values, dim.only_if)) continue;
          if (dim.may_lack && k == 1) continue;  // one wire comes without that dim
          const auto size = size_of(sizes, dim.size, more(dim.varies));
          if (!size || *size < 0) throw Error("no size for dim '" + dim.size + "' of port '" + port.name + "'");
          dims.push_back(*size);
          if (!dim.padded || !bounds.contains(dim.size)) continue;
          const auto bound = bounds.at(dim.size) + more(dim.varies);
          out.sizes[port.name + "." + std::to_string(k) + "." + dim.size] = bound;
          if (!dim.varies) out.sizes[dim.size] = bound;
        }
        const auto rows = shape.type == DType::id ? size_of(sizes, shape.rows, more(shape.rows_vary)) : std::nullopt;
        if (shape.type == DType::id && (!rows || *rows < 1))
          throw Error("no size for '" + shape.rows + "' of port '" + port.name + "'");
        auto wire = filled(port, shape, dims, rows.value_or(0), ++number, static_cast<int>(k));
        if (hidden) wire = with_holes(port, shape, wire, k);
        all.push_back(std::move(wire));
      }
      if (shape.type == DType::id)
        out.specials[port.name] = {{"mask", 1}, {"cls", 1}, {"sep", 1}, {"pad", 0}, {"unk", 0}};
    }
    return out;
  }

 private:
  static Wire filled(const PortSchema& port, const Shape& shape, const std::vector<std::int64_t>& dims,
                     std::int64_t rows, int number, int wire) {
    const double start = 0.4 * number + wire;
    if (shape.type == DType::id) return ids(dims, rows, 1 + number + wire);
    if (shape.type == DType::boolean) {
      auto out = wave(dims, start);
      out.flow.value = out.flow.value.gt(0);
      return out;
    }
    if (shape.type == DType::floating) {
      if (port.low && port.high) {
        auto out = wave(dims, start, 0.7, 0.5 * (*port.high - *port.low));
        out.flow.value = out.flow.value + 0.5 * (*port.high + *port.low);
        return out;
      }
      auto out = wave(dims, start);
      if (port.low) out.flow.value = out.flow.value.abs() + *port.low + 0.1;
      if (port.high) out.flow.value = out.flow.value.abs().neg() + *port.high - 0.1;
      return out;
    }
    const auto low = static_cast<std::int64_t>(port.low.value_or(shape.type == DType::key ? 1 : 0));
    const auto high = static_cast<std::int64_t>(port.high.value_or(static_cast<double>(low + 4)));
    auto out = ids(dims, std::max<std::int64_t>(high - low + 1, 1), number);
    out.flow.value = out.flow.value + low;
    out.id_rows = 0;
    return out;
  }

  // Row 1 is absent where rows may be; of padded dims, the last place of row 0, all but the first of row 2.
  static Wire with_holes(const PortSchema& port, const Shape& shape, const Wire& wire, std::size_t k) {
    const auto& value = wire.flow.value;
    std::int64_t padded = -1, common = -1, at = 0;
    const bool lacks = value.dim() + 1 == static_cast<std::int64_t>(shape.dims.size());
    for (const auto& d : shape.dims) {
      if (d.may_lack && lacks) continue;
      if (d.padded) padded = at, common = d.varies ? -1 : at;
      ++at;
    }
    if (value.dim() == 0 || value.size(0) < 2) return wire;
    std::vector<std::vector<std::int64_t>> holes;
    if (padded == 1 && value.dim() > 1) {
      const auto n = value.size(1);
      // The places of a list are common to all wires; sequences of tokens are each wire's own.
      if (n > 1) holes.push_back({0, n - 1});
      if (value.size(0) > 2)
        for (std::int64_t place = common >= 0 || k % 2 == 0 ? 1 : 0; place < n; ++place) holes.push_back({2, place});
    }
    if (shape.optional_rows && common < 0) {
      const auto row = value.size(0) > static_cast<std::int64_t>(k) + 1 ? static_cast<std::int64_t>(k) + 1 : 1;
      if (padded != 1) holes.push_back({row});
      else
        for (std::int64_t place = 0; place < value.size(1); ++place) holes.push_back({row, place});
    }
    if (holes.empty()) return wire;
    return padded == 1 && common == 1 && port.repeated ? wire.hide_in_list(holes) : wire.hide(holes);
  }
};

struct Sized {
  Sizes sizes;
  bool equal_wires = false;
};

// Sizes with which the component can be made, tried from small and all different to large and equal.
std::optional<Sized> find_sizes(const Plan& plan, std::int64_t rows, std::string& said) {
  const auto names = plan.names();
  std::string first;
  bool always_the_same = true;
  const auto works = [&](const Sized& s) {
    try {
      (void)Instance(plan.made(s.sizes, {}, s.equal_wires), at::kFloat);
      return true;
    } catch (const Error& e) {
      if (first.empty()) first = without_context(e.diagnostic());
      if (said.empty()) said = first;
      always_the_same = always_the_same && first == without_context(e.diagnostic());
      return false;
    }
  };
  Sized now;
  std::int64_t other = 0;
  for (const auto& n : names) {
    if (n.rows) now.sizes[n.text] = rows - other++;
    else if (n.id) now.sizes[n.text] = 7;
    else if (n.padded) now.sizes[n.text] = 3;
  }
  std::vector<std::string> free;
  for (const auto& n : names)
    if (!n.rows && !n.id && !n.padded) free.push_back(n.text);
  std::int64_t distinct = 3;
  for (const auto& f : free) now.sizes[f] = distinct++;
  for (const bool equal_wires : {false, true}) {
    now.equal_wires = equal_wires;
    if (works(now)) return now;
  }
  std::vector<std::int64_t> candidates;
  for (const auto& [name, value] : plan.values)
    if (const auto* whole = std::get_if<std::int64_t>(&value); whole && *whole > 0 && *whole <= 512)
      candidates.push_back(*whole);
  for (const std::int64_t size : {4, 8, 3, 1, 2, 6, 12, 16, 32, 64}) candidates.push_back(size);
  for (const bool equal_wires : {true, false})
    for (const auto c : candidates) {
      for (const auto& f : free) now.sizes[f] = c;
      now.equal_wires = equal_wires;
      if (works(now)) return now;
    }
  if (always_the_same || free.size() > 3) return std::nullopt;  // the same: it is the parameters that do not fit
  now.equal_wires = true;
  std::function<bool(std::size_t)> each = [&](std::size_t k) {
    if (k == free.size()) return works(now);
    for (const auto c : candidates) {
      now.sizes[free[k]] = c;
      if (each(k + 1)) return true;
    }
    return false;
  };
  if (each(0)) return now;
  return std::nullopt;
}

// Where not all parameters can be small at once: those that can be alone.
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

// Rows of each axis and places of each padded dim at 0 and 1, rows at 3 too.
void add_resized(Guess& guess, const Plan& plan, const Sized& sized) {
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

constexpr std::int64_t usual_rows = 5;

}  // namespace

ExampleFiles::ExampleFiles(const host::Plugin::Entry& entry) {
  if (entry.facts.files.empty()) return;
  auto name = (std::filesystem::temp_directory_path() / "braid-conform-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw Error("no folder for example files can be made in " + name);
  folder_ = name;
  for (const auto& [param, text] : entry.facts.files) {
    const auto path = folder_ / (param + ".txt");
    std::ofstream(path, std::ios::binary) << text;
    paths_[param] = path.string();
  }
}
ExampleFiles::~ExampleFiles() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Values ExampleFiles::required(const ComponentSchema& card) const {
  Values out;
  for (const auto& p : card.params) {
    if (const auto file = paths_.find(p.name); file != paths_.end()) out[p.name] = Path{file->second};
    if (!p.required || out.contains(p.name)) continue;
    const auto number = p.low && p.high ? (*p.low + *p.high) / 2 : clamped(p.low.value_or(1), p);
    switch (p.type) {
      case ParamType::boolean:
        out[p.name] = false;
        break;
      case ParamType::whole:
        out[p.name] = static_cast<std::int64_t>(clamped(4, p));
        break;
      case ParamType::number:
        out[p.name] = number;
        break;
      case ParamType::text:
        out[p.name] = p.choices.empty() ? std::string("a") : p.choices.front();
        break;
      case ParamType::wholes:
        out[p.name] = std::vector<std::int64_t>{static_cast<std::int64_t>(clamped(4, p))};
        break;
      case ParamType::numbers:
        out[p.name] = std::vector<double>{number};
        break;
      case ParamType::texts:
        out[p.name] = std::vector<std::string>{p.choices.empty() ? "a" : p.choices.front()};
        break;
      case ParamType::path:
        throw Error("parameter '" + p.name +
                    "' names a file, and the component has no example of one\n  fix: static "
                    "constexpr braid::ExampleFile files[] = {{\"" +
                    p.name + "\", \"the file's text\"}};");
    }
  }
  return out;
}

namespace {

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
    const Plan plan{use_, card_, v.values, wires, all, hidden};
    std::string said;
    const auto sized = find_sizes(plan, usual_rows, said);
    if (!sized) return out_.left_out.push_back(v.what + ": " + said), false;
    keep(v, plan, *sized, lean);
    return true;
  }

  void keep(const Variation& v, const Plan& plan, const Sized& sized, bool lean) {
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
    const Plan plan{use_, card_, v.values, wires_, true, true};
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
      for (const auto& n : Plan{use_, card_, base_, wires_, true, true}.names())
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
  Sized base_sized_;
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
    const Plan plan{use, card, shrunk(card, required, most), 2, true, false};
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
