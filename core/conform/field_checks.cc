#include "conform/field_checks.h"

#include "conform/kept.h"
#include "conform/wording.h"
#include "sdk/state.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

namespace braid::conform {
namespace {

class Cells final : public FitRows {
 public:
  Cells(const std::vector<std::string_view>& cells, bool media) : cells_(cells), media_(media) {}
  void each(const std::function<void(const Cell&, std::int64_t)>& visit) const override;

 private:
  const std::vector<std::string_view>& cells_;
  bool media_;
};

// A cell of one column, or a media field's file.
struct OneCell {
  std::string_view text;
  Cell cell;
  OneCell(std::string_view of, bool media) : text(of) {
    cell.texts = {&text, 1};
    if (!media) return;
    cell.texts = {};
    if (of.data()) cell.bytes = std::span(reinterpret_cast<const std::byte*>(of.data()), of.size());
  }
};

void Cells::each(const std::function<void(const Cell&, std::int64_t)>& visit) const {
  for (const auto text : cells_) visit(OneCell(text, media_).cell, 1);
}

at::ScalarType type_of(const Shape& shape) {
  return shape.type == DType::floating ? at::kFloat : shape.type == DType::boolean ? at::kBool : at::kLong;
}

// Elements of a row: those of one place, and whether there are places.
struct RowSize {
  std::vector<std::int64_t> sizes;  // after the rows; a padded dim at its bound
  std::int64_t padded = -1;         // index in sizes
  std::int64_t one_place = 1;
  std::int64_t bound() const { return padded < 0 ? 1 : sizes[static_cast<std::size_t>(padded)]; }
};

RowSize row_size(const Component& component) {
  RowSize out;
  const auto& state = component.state();
  bool rows = true;
  for (const auto& dim : state.outputs.at(0).dims) {
    if (!dim.only_if.empty() && !is_on(state.values, dim.only_if)) continue;
    if (std::exchange(rows, false)) continue;
    if (dim.padded) out.padded = static_cast<std::int64_t>(out.sizes.size());
    out.sizes.push_back(evaluate(component, dim.size));
    if (!dim.padded) out.one_place *= out.sizes.back();
  }
  return out;
}

constexpr unsigned char canary = 0xA5;
constexpr std::size_t guard = 64;

struct Placed {
  at::Tensor value;     // undefined: absent
  std::string trouble;  // wrote outside, too many places
};

Placed placed(Field& field, std::string_view text, const Draw& draw) {
  const OneCell one(text, field.state().schema.media);
  Bytes bytes;
  if (!field.decode(one.cell, bytes)) return {};
  Placed out;
  auto size = row_size(field);
  std::int64_t places = 1;
  if (size.padded >= 0) {
    places = static_cast<std::int64_t>(field.places(bytes));
    if (places > size.bound()) {
      out.trouble = "a cell fills " + std::to_string(places) + " places; the bound is " + std::to_string(size.bound());
      places = size.bound();
    }
    size.sizes[static_cast<std::size_t>(size.padded)] = places;
  }
  const auto type = type_of(field.state().outputs.at(0));
  const auto count = static_cast<std::size_t>(places * size.one_place);
  const auto width = type == at::kFloat ? sizeof(float) : type == at::kBool ? sizeof(bool) : sizeof(std::int64_t);
  std::vector<std::byte> room(guard * 2 + count * width, std::byte{canary});
  std::fill_n(room.begin() + guard, count * width, std::byte{0});
  field.place(bytes, {room.data() + guard, count}, draw);
  const auto whole = [](const std::byte b) { return b == std::byte{canary}; };
  if (!std::all_of(room.begin(), room.begin() + guard, whole) || !std::all_of(room.end() - guard, room.end(), whole))
    out.trouble = "place() writes outside its slot of " + std::to_string(count) + " elements";
  out.value = at::empty(size.sizes, at::TensorOptions().dtype(type));
  std::memcpy(out.value.mutable_data_ptr(), room.data() + guard, count * width);
  return out;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

// Cells as dirty data has them: cut, doubled, with bytes that are no text, very long, empty.
std::vector<std::string> damaged(const std::vector<std::string>& examples) {
  std::vector<std::string> out{"",
                               " ",
                               "nan",
                               "-",
                               "\xff\xfe\x80",
                               std::string(100000, 'x'),
                               std::string("a\0b", 3),
                               "1e999",
                               "99999999999999999999",
                               "|",
                               "||||"};
  for (const auto& e : examples) {
    out.push_back(e.substr(0, e.size() / 2));
    out.push_back(e + e);
    for (std::size_t k = 0; k < std::min<std::size_t>(e.size(), 64); ++k) {
      auto changed = e;
      changed[k * e.size() / std::min<std::size_t>(e.size(), 64)] ^= static_cast<char>(1 << (k % 8));
      out.push_back(changed);
    }
  }
  return out;
}

std::string shown(std::string_view cell) {
  std::string out = "'";
  for (const char c : cell.substr(0, 24)) out += c >= ' ' && c < 127 ? c : '?';
  return out + (cell.size() > 24 ? "…'" : "'");
}

struct Checks {
  const std::string& use;
  const ComponentSchema& card;
  const Values& values;
  const std::vector<std::string>& examples;
  bool own_examples;  // the field's, which it has to take
  std::vector<std::string> failures;

  std::vector<std::string> run(std::string_view check) {
    if (check == "ports") ports();
    else if (check == "cells") cells();
    else if (check == "slots") slots();
    else if (check == "evaluation") evaluation();
    else if (check == "save") save();
    else if (check == "threads") threads();
    else if (check == "memory") memory();
    else throw std::logic_error("no check of fields: " + std::string(check));
    return failures;
  }

 private:
  void fail(const std::string& what) { failures.push_back(what); }
  FieldAtWork fitted() const { return FieldAtWork(use, values, views(examples)); }

  void ports() {
    const auto mine = make(use, values)->state().schema;
    for (const auto& port : card.ports)
      if (const auto* p = mine.port(port.name, port.output); !p || p->shape != port.shape)
        fail("port " + port.name + " is " + (p ? p->shape : std::string("missing")) + " with these values and " +
             port.shape + " in the card");
  }

  void cells() {
    auto one = fitted();
    std::size_t rows = 0;
    for (const auto& e : examples) {
      try {
        rows += one.read(e).defined();
      } catch (const Error& said) {
        if (own_examples) fail("the example " + shown(e) + " does not decode: " + said.what());
      }
    }
    if (rows == 0) fail("no example cell decodes; fix: static constexpr std::string_view examples[] = {\"...\"};");
    for (const auto& cell : damaged(examples)) try {
        one.read(cell);
      } catch (const Error&) {
      } catch (...) {
        fail("the damaged cell " + shown(cell) + " ends in what is no braid::Error: " + thrown());
      }
    try {
      one.read(std::string_view());  // missing
    } catch (...) {
      fail("a missing cell throws: " + thrown());
    }
  }

  void slots() {
    auto one = fitted();
    const auto& shape = one.field().state().outputs.at(0);
    for (const auto& e : examples) {
      for (const bool training : {false, true}) try {
          const auto got = placed(one.field(), e, {training, 7});
          if (!got.trouble.empty()) fail("the cell " + shown(e) + ": " + got.trouble);
          if (!got.value.defined() || got.value.numel() == 0) continue;
          if (got.value.is_floating_point() && !got.value.isfinite().all().item<bool>())
            fail("the cell " + shown(e) + " gives a number that is not finite");
          if (shape.type == DType::id) {
            const auto n = evaluate(one.field(), shape.rows);
            if (got.value.lt(0).logical_or(got.value.ge(n)).any().item<bool>())
              fail("the cell " + shown(e) + " gives an id outside [0, " + std::to_string(n) + ")");
          }
        } catch (const Error&) {
        }
    }
  }

  template <class Visit>
  void each_row(const FieldAtWork& one, const Draw& draw, const Visit& visit) const {
    for (std::size_t k = 0; k < examples.size(); ++k) try {
        visit(k, one.read(examples[k], draw));
      } catch (const Error&) {
      }
  }

  void compare(const std::string& what, const FieldAtWork& a, const Draw& draw_a, const FieldAtWork& b,
               const Draw& draw_b) {
    std::vector<at::Tensor> want(examples.size());
    each_row(a, draw_a, [&](std::size_t k, const at::Tensor& x) { want[k] = x; });
    each_row(b, draw_b, [&](std::size_t k, const at::Tensor& x) {
      if (x.defined() != want[k].defined() || (x.defined() && !at::equal(x, want[k])))
        fail("the cell " + shown(examples[k]) + ": " + what);
    });
  }

  void evaluation() {
    const auto one = fitted();
    compare("evaluation depends on the draw", one, {false, 1}, one, {false, 2});
    compare("the same draw gives something else", one, {true, 5}, one, {true, 5});
  }

  void save() {
    auto one = fitted();
    const auto text = one.field().save();
    FieldAtWork fresh(use, values, {}, text);
    if (fresh.field().sizes() != one.field().sizes()) fail("a restored field has other sizes");
    if (fresh.field().specials() != one.field().specials()) fail("a restored field has other special ids");
    compare("a restored field gives something else", one, {false, 1}, fresh, {false, 1});
    if (fresh.field().save() != text) fail("a restored field saves something else");
  }

  void threads() {
    const auto one = fitted();
    std::vector<at::Tensor> want(examples.size());
    each_row(one, {true, 3}, [&](std::size_t k, const at::Tensor& x) { want[k] = x; });
    std::mutex mutex;
    std::set<std::string> problems;
    const auto work = [&] {
      for (int round = 0; round < 50; ++round)
        each_row(one, {true, 3}, [&](std::size_t k, const at::Tensor& x) {
          if (x.defined() == want[k].defined() && (!x.defined() || at::equal(x, want[k]))) return;
          const std::lock_guard lock(mutex);
          problems.insert("the cell " + shown(examples[k]) + " gives something else when four threads call");
        });
    };
    std::vector<std::thread> all;
    for (int k = 0; k < 4; ++k) all.emplace_back(work);
    for (auto& t : all) t.join();
    failures.insert(failures.end(), problems.begin(), problems.end());
  }

  void memory() {
    const auto one = fitted();
    const auto calls = [&](int count) {
      for (int k = 0; k < count; ++k)
        each_row(one, {true, static_cast<std::uint64_t>(k)}, [](std::size_t, const at::Tensor&) {});
    };
    if (const auto trouble = keeps_memory(calls)) fail(*trouble);
  }
};

}  // namespace

FieldAtWork::FieldAtWork(const std::string& component, const Values& values,
                         const std::vector<std::string_view>& training, const std::optional<std::string>& saved)
    : component_(make(component, values)), field_(dynamic_cast<Field*>(component_.get())) {
  if (!field_) throw Error("'" + component + "' is no field");
  // Card facts are the registrar's: an instance knows them through the host.
  if (saved) {
    field_->load(*saved);
  } else {
    field_->open();
    if (component_->state().schema.fits) field_->fit(Cells(training, component_->state().schema.media));
  }
  auto sizes = field_->sizes();
  set_sizes(*component_, Sizes(sizes.begin(), sizes.end()));
}
FieldAtWork::~FieldAtWork() = default;

at::Tensor FieldAtWork::read(std::string_view cell, const Draw& draw) const {
  auto out = placed(*field_, cell, draw);
  if (!out.trouble.empty()) throw std::logic_error(out.trouble);
  return out.value;
}

void open_field(const std::string& use, const Values& values, const std::vector<std::string>& examples) {
  FieldAtWork(use, values, views(examples));
}

std::vector<std::string> check_field(std::string_view check, const std::string& use, const ComponentSchema& card,
                                     const Values& values, const std::vector<std::string>& examples) {
  if (!examples.empty()) return Checks{use, card, values, examples, true, {}}.run(check);
  // Ours, and only those that this field takes, or nothing could be fitted on them.
  std::vector<std::string> taken;
  for (const auto* cell : {"1", "2.5", "-3", "0", "a", "b|c", "some words of text", "3|1|4"}) try {
      FieldAtWork(use, values, {std::string_view(cell)}).read(cell);
      taken.emplace_back(cell);
    } catch (const Error&) {
    }
  return Checks{use, card, values, taken, false, {}}.run(check);
}

}  // namespace braid::conform
