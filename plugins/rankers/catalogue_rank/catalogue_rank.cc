// Where each row's answer stands when a whole catalogue is ranked by inner product.
#include <braid/plugin.h>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

// Scores in memory at a time: a megabyte of floats stays in a core's cache between the product and the count.
constexpr std::int64_t block_scores = 1 << 18;
constexpr std::int64_t least_block_rows = 8;  // fewer would make the product read the catalogue too often

struct CatalogueRank final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Ranks every item of a catalogue by inner product and says how many stand before the row's answer.",
      .paper = "Krichene and Rendle 2020, On Sampled Metrics for Item Recommendation, doi:10.1145/3394486.3403226",
      .equation =
          "rank = number of candidates j with (q . x_j, -key_j) > (q . x_a, -key_a); candidates: items that are known, "
          "not seen and not the answer",
      .differs =
          "Ties go by key, the smaller one first. An answer that is the unknown entity, out of range or of score NaN "
          "stands behind all candidates, and so does every answer of a row whose query is absent; a candidate of score "
          "NaN stands before nobody. A score is "
          "as exact as its type: of two that differ in the last bits either may come first."};

  braid::In query{*this, "query", "float?[rows, dim]", "what asks: a user's vector", {.constant = true}};
  braid::In item{*this, "item", "float[items, dim]", "the catalogue's vectors, over a whole axis", {.constant = true}};
  braid::In key{*this, "key", "key[items]",
                "the items' keys, which break ties as unsigned numbers; 0 is the unknown entity and no candidate"};
  braid::In answer{*this, "answer", "int[rows]", "place of the row's answer among items"};
  braid::In seen{*this,
                 "seen",
                 "int[rows, seen*]",
                 "places among items that are no candidates, such as the row's history; the answer stays, one that "
                 "comes twice counts once, one out of range is passed over",
                 {.optional = true}};
  braid::Out rank{*this, "rank", "int[rows]", "candidates before the answer: 0 is first. No gradient"};

  void run(braid::Frame& f) override {
    const bool wide = f[query].scalar_type() == at::kDouble;
    const auto type = wide ? at::kDouble : at::kFloat;
    const auto q = f[query].detach().to(at::kCPU, type), x = f[item].detach().to(at::kCPU, type);
    const auto rows = q.size(0), items = x.size(0);
    const Catalogue catalogue(f[key]);
    const Asked asked(f, *this);
    const auto out = at::empty({rows}, at::TensorOptions().dtype(at::kLong));
    auto* const to = out.mutable_data_ptr<std::int64_t>();
    const auto block = std::max(block_scores / std::max<std::int64_t>(items, 1), least_block_rows);
    // Threads take whole blocks: they meet once, which counts where others use the processor too. A row's block does
    // not depend on how many there are.
    at::parallel_for(0, (rows + block - 1) / block, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto from = begin * block; from < std::min(end * block, rows); from += block) {
        const auto scores = q.narrow(0, from, std::min(block, rows - from)).mm(x.t()).contiguous();  // [block, items]
        const auto count = [&](auto* score) {
          for (std::int64_t r = 0; r < scores.size(0); ++r)
            to[from + r] = catalogue.rank(score + r * items, asked, from + r);
        };
        if (wide) count(scores.mutable_data_ptr<double>());
        else count(scores.mutable_data_ptr<float>());
      }
    });
    f[rank] = out.to(f[query].device());
  }

 private:
  // Answers and seen places of all rows.
  struct Asked {
    at::Tensor answers, places, mask, asking;  // int64[rows], int64[rows, width], bool[rows, width], bool[rows]
    const std::int64_t *answer, *place = nullptr;
    const bool *there = nullptr, *asks = nullptr;
    std::int64_t width = 0;

    Asked(const braid::Frame& f, const CatalogueRank& ports)
        : answers(f[ports.answer].to(at::kCPU, at::kLong).contiguous()),
          answer(answers.const_data_ptr<std::int64_t>()) {
      if (f.masked(ports.query)) {
        asking = f.mask(ports.query).to(at::kCPU).contiguous();
        asks = asking.const_data_ptr<bool>();
      }
      if (!f.wired(ports.seen)) return;
      places = f[ports.seen].to(at::kCPU, at::kLong).contiguous();
      place = places.const_data_ptr<std::int64_t>();
      width = places.size(1);
      if (!f.masked(ports.seen)) return;
      mask = f.mask(ports.seen).to(at::kCPU).contiguous();
      there = mask.const_data_ptr<bool>();
    }

    template <class Visit>
    void each_seen(std::int64_t row, Visit visit) const {
      for (auto k = row * width; k < (row + 1) * width; ++k)
        if (!there || there[k]) visit(place[k]);
    }
  };

  struct Catalogue {
    at::Tensor tensor;
    const std::int64_t* keys;
    std::int64_t items;
    std::vector<std::int64_t> unknown;  // places of key 0: one as a rule

    explicit Catalogue(const at::Tensor& key)
        : tensor(key.to(at::kCPU).contiguous()), keys(tensor.const_data_ptr<std::int64_t>()), items(tensor.numel()) {
      for (std::int64_t j = 0; j < items; ++j)
        if (keys[j] == 0) unknown.push_back(j);
    }

    bool known(std::int64_t place) const { return place >= 0 && place < items && keys[place] != 0; }

    // Overwrites the scores of what is no candidate with NaN, which stands before nobody: however often a place is
    // seen.
    template <class Number>
    std::int64_t rank(Number* score, const Asked& asked, std::int64_t row) const {
      constexpr auto nan = std::numeric_limits<Number>::quiet_NaN();
      const auto answer = asked.answer[row];
      const bool asks = !asked.asks || asked.asks[row];
      const auto own = asks && known(answer) ? score[answer] : nan;
      if (std::isnan(own)) return candidates(asked, row);
      asked.each_seen(row, [&](std::int64_t place) {
        if (place >= 0 && place < items) score[place] = nan;
      });
      for (const auto place : unknown) score[place] = nan;
      score[answer] = nan;
      std::int32_t better = 0, equal = 0;  // narrow, so that as many are counted at a time as compared
      for (std::int64_t j = 0; j < items; ++j) {
        better += score[j] > own;
        equal += score[j] == own;
      }
      std::int64_t before = better;
      if (equal > 0)
        for (std::int64_t j = 0; j < items; ++j)
          before += score[j] == own && static_cast<std::uint64_t>(keys[j]) < static_cast<std::uint64_t>(keys[answer]);
      return before;
    }

    // All that could stand before the row's answer.
    std::int64_t candidates(const Asked& asked, std::int64_t row) const {
      std::vector<std::int64_t> out{};
      if (known(asked.answer[row])) out.push_back(asked.answer[row]);
      asked.each_seen(row, [&](std::int64_t place) {
        if (known(place)) out.push_back(place);
      });
      std::sort(out.begin(), out.end());
      const auto none = std::unique(out.begin(), out.end()) - out.begin();
      return items - static_cast<std::int64_t>(unknown.size()) - none;
    }
  };
};

}  // namespace

BRAID_PLUGIN(CatalogueRank, "catalogue_rank", "0.1.0")
