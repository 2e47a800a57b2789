// Fields: a column's cells to tensors, once for training and serving.
#pragma once

#include <braid/component.h>

#include <cstddef>
#include <functional>
#include <span>

namespace braid {

// What a field gets for one row. A column's missing value is an empty view with a null pointer.
struct Cell {
  std::span<const std::string_view> texts;          // the columns of `from`, in order
  std::optional<std::span<const std::byte>> bytes;  // a media field's file; nullopt: there is none
  bool missing() const {
    if (bytes) return false;
    for (const auto& t : texts)
      if (t.data()) return false;
    return true;
  }
};

// Training rows to learn from, each with the number of training rows that reach it through direct links.
class BRAID_API FitRows {
 public:
  virtual ~FitRows();
  virtual void each(const std::function<void(const Cell&, std::int64_t count)>& visit) const = 0;
};

// Counter-based randomness for what a field changes from step to step: a function of (seed, table, field, step, key).
struct Draw {
  bool training = false;
  std::uint64_t key = 0;                                // (seed, table, field, step, row key), mixed
  BRAID_API double uniform(std::uint64_t place) const;  // in [0, 1)
};

using Bytes = std::vector<std::byte>;

// Where one row of one output goes: `places` of its padded dim (1 without one) times the fixed dims. Zero at first.
// Element types: float for `float`, std::int64_t for int, id and key, bool for bool.
struct Slot {
  std::byte* data;
  std::size_t elements;
  template <class T>
  std::span<T> values() const {
    return {reinterpret_cast<T*>(data), elements};
  }
};

// One column (or several) to one tensor. `decode` is the slow part and is cached; `place` runs at each step. Both are
// called from many threads, may use no ATen operator, and depend on their arguments and the fitted state alone.
class BRAID_API Field : public Component {
 public:
  static constexpr bool fits = false;   // redefine as true: `fit` is called before anything is decoded
  static constexpr bool media = false;  // redefine as true: reads files named by `media`

  // Reads files that parameters name (vocabularies). Called once, before fit. Throws Error.
  virtual void open();
  virtual void fit(const FitRows& rows);
  // Dims that only open or fit know: {"n", 3884}. Fixed ones need not be listed.
  virtual std::map<std::string, std::int64_t, std::less<>> sizes() const;
  // What the ids of an output of dtype id stand for, from id 0 on (the unknown one, whose text does not count): the
  // values of a vocabulary, the pieces of a tokenizer. Rows of embedding tables follow these texts: how they start, and
  // from which row of another run's table. Empty: an id means its number alone, as a hash bucket does.
  virtual std::vector<std::string> id_texts() const;
  // Special ids by name ("mask"), for outputs of dtype id.
  virtual std::map<std::string, std::int64_t, std::less<>> specials() const;
  // One cell to bytes of the field's own making. False: the cell counts as missing (the row is absent). Throws Error
  // with a reason when the cell is broken; the host adds file, line and column.
  virtual bool decode(const Cell& cell, Bytes& out) const = 0;
  // Places of the padded dim that these bytes fill, at most the dim's bound. Unused without a padded dim.
  virtual std::size_t places(std::span<const std::byte> decoded) const;
  virtual void place(std::span<const std::byte> decoded, const Slot& slot, const Draw& draw) const = 0;
  // Fitted state as text or bytes, for checkpoints and serving. `load` replaces open and fit.
  virtual std::string save() const;
  virtual void load(std::string_view saved);

 protected:
  Field();
};

}  // namespace braid
