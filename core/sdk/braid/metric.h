// Metrics: named state that the host merges over batches and ranks.
#pragma once

#include <braid/frame.h>

#include <span>

namespace braid {

// A declared state of a metric: a column that grows by one value per row. `f.append(score, f[logit])`.
class BRAID_API State {
 public:
  enum Type { real, whole };  // float32 as wired, or int64 (bools, labels, keys)
  State(Component& owner, Name name, Type type);
  std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

// All rows of a split (or a slice of it), sorted by row key, so that batches, threads and ranks do not matter.
class BRAID_API Rows {
 public:
  virtual ~Rows();
  virtual std::size_t size() const = 0;
  virtual std::span<const float> reals(const State& column) const = 0;
  virtual std::span<const std::int64_t> wholes(const State& column) const = 0;
};

// `run` appends the batch's rows; `finish` turns the merged ones into one number (NaN: not defined for these rows).
// Ports named score, label, group are wired by `[eval]` unless the recipe wires them.
class BRAID_API Metric : public Component {
 public:
  virtual double finish(const Rows& rows) const = 0;
  virtual bool higher_is_better() const { return true; }
  // The values that `finish` can give, inclusive. Another one is a fault of the metric, and ends the command.
  virtual Range range() const { return {}; }

 protected:
  Metric();
};

}  // namespace braid
