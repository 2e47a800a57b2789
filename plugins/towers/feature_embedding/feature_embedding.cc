// Structured columns of an entity as one vector: a table per column, the means of several values, numbers as they are.
#include <braid/plugin.h>

namespace {

struct FeatureEmbedding final : braid::Tower {
  static constexpr braid::About about{
      .summary =
          "Embeds several columns, each through a table of its own, and lays the vectors side by side; a cell of "
          "several values gives their mean, one without values zeros, and numbers are appended as they are."};

  braid::Param<std::int64_t> dim{*this, "dim", 16, "Width of each column's vectors.", {.low = 1}};
  braid::Param<double> start{*this,
                             "start",
                             0.05,
                             "Standard deviation of the vectors at the start; row 0 of each table starts at zero.",
                             {.low = 0}};
  braid::Ins features{*this, "features", "id(n~)?[rows, values*~?]",
                      "one wire per column, of single or of several values"};
  braid::Ins numbers{
      *this, "numbers", "float?[rows, width~?]", "numbers, appended; an absent row reads zeros", {.optional = true}};
  braid::Out vector{*this, "vector", "float[rows, count(features) * dim + sum(numbers.width)]",
                    "the columns' vectors side by side, then the numbers"};
  braid::Out vectors{*this, "vectors", "float[rows, count(features), dim]",
                     "the same vectors apart, without the numbers: what rankers that pair fields read"};

  // A table per wire, its rows as many as that column's ids.
  struct Column {
    braid::Table rows;
    Column(braid::Component& owner, std::size_t k)
        : rows(owner, "rows", "features." + std::to_string(k) + ".n", "dim",
               {braid::Start::normal, static_cast<FeatureEmbedding&>(owner).start(), false, true}) {}
  };
  braid::Stack<Column> column{*this, "column", features.count()};

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> parts;
    for (std::size_t k = 0; k < features.count(); ++k) parts.push_back(embed(f, k));
    if (f.wanted(vectors)) f[vectors] = braid::stack(parts, 1);
    if (!f.wanted(vector)) return;
    for (std::size_t k = 0; k < numbers.count(); ++k) {
      auto x = f.at(numbers, k);
      if (x.dim() == 1) x = x.unsqueeze(1);
      if (f.masked(numbers, k)) x = x.masked_fill(f.mask(numbers, k).logical_not().unsqueeze(1), 0);
      parts.push_back(x.to(parts.front().scalar_type()));
    }
    f[vector] = braid::cat(parts, 1);
  }

 private:
  at::Tensor embed(braid::Frame& f, std::size_t k) const {
    const auto& ids = f.at(features, k);
    const auto& rows = column[k].rows;
    if (!f.masked(features, k)) {
      const auto x = rows(ids);                                         // [rows, dim] or [rows, values, dim]
      return x.dim() == 2 ? x : x.size(1) == 0 ? x.sum(1) : x.mean(1);  // no values: zeros
    }
    const auto mask = f.mask(features, k);
    const auto x = rows(ids.masked_fill(mask.logical_not(), 0)).masked_fill(mask.logical_not().unsqueeze(-1), 0);
    if (x.dim() == 2) return x;
    return x.sum(1).div(mask.sum(1, true).clamp_min(1));
  }
};

}  // namespace

BRAID_PLUGIN(FeatureEmbedding, "feature_embedding", "0.1.0")
