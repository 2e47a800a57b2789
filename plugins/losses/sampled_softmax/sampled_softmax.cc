// Softmax cross-entropy of each place's answer against the negatives of its row.
#include <braid/plugin.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace {

struct SampledSoftmax final : braid::Loss {
  static constexpr braid::About about{
      .summary =
          "Softmax cross-entropy of each place's answer against its row's negatives, corrected for how they were "
          "drawn.",
      .paper = "Bengio & Senecal 2008, doi:10.1109/TNN.2007.912312; Yi et al. 2019, doi:10.1145/3298689.3346996",
      .equation = "-log softmax over the answer and its negatives; score = query . item / temperature - log(count)",
      .differs =
          "The negatives are wired, one list a row that all of its places share. A count is a share of the draws up to "
          "a factor, which cancels."};

  braid::Scalar temperature{
      *this, "temperature", 1, "Divides the scores; a smaller value sharpens them.", {.low = 1e-4, .high = 100}};
  braid::Param<bool> normalize{*this, "normalize", false, "Scales all vectors to length 1 first."};
  braid::In query{*this, "query", "float?[rows, places*?, dim]", "what asks: one vector a place, or one a row"};
  braid::In item{*this, "item", "float?[rows, places*?, dim]", "the answers, place by place"};
  braid::In negative{*this, "negative", "float?[rows, negatives*?, dim]", "the row's negatives, for all of its places"};
  braid::In item_count{*this,
                       "item_count",
                       "float?[rows, places*?]",
                       "how often the answer is drawn as a negative, or any number proportional to it; below 1e-6, or "
                       "absent: 1. Wire negative_count too",
                       {.optional = true, .constant = true, .low = 0}};
  braid::In negative_count{*this,
                           "negative_count",
                           "float?[rows, negatives*?]",
                           "the same of the negatives",
                           {.optional = true, .constant = true, .low = 0}};
  braid::In item_key{*this,
                     "item_key",
                     "key?[rows, places*?]",
                     "with negative_key: a negative that is a place's answer is none to it",
                     {.optional = true}};
  braid::In negative_key{*this, "negative_key", "key?[rows, negatives*?]", "see item_key", {.optional = true}};
  braid::Out loss{*this, "loss", "float?[rows, places*]",
                  "per place, in nats; places without query, answer or any negative are left out"};

  void run(braid::Frame& f) override {
    const auto norm = [&](const at::Tensor& x) { return normalize() ? braid::l2_normalize(x) : x; };
    const auto asks = norm(f[query]).div(temperature(f)), answer = norm(f[item]), other = norm(f[negative]);
    const auto rows = asks.size(0), places = asks.size(1);
    const auto known = f.mask(query).logical_and(f.mask(item));

    // What is added to a negative's scores: -log(count), and -inf where the list has no place.
    auto offset = f.wired(negative_count) ? log_count(f, negative_count).neg() : braid::zeros(sizes(f, negative), asks);
    if (f.masked(negative)) offset = offset.masked_fill(f.mask(negative).logical_not(), never);
    auto score = offset.unsqueeze(1).baddbmm(asks, other.transpose(1, 2));  // [rows, places, negatives]
    auto left = f.mask(negative).unsqueeze(1);                              // negatives that a place has
    if (f.wired(item_key) && f.wired(negative_key)) {
      const auto same = answers(f);
      left = left.logical_and(same.logical_not());
      score = score.masked_fill(same, never);
    }

    const auto counts = known.logical_and(left.any(2));
    const auto real = counts.flatten().nonzero().squeeze(1);  // only these places go into the softmax
    const auto packed = [&](const at::Tensor& x) { return braid::gather_rows(x.flatten(0, 1), real); };
    auto own = packed(asks).mul(packed(answer)).sum(1);
    if (f.wired(item_count)) own = own.sub(packed(log_count(f, item_count)));
    const auto all = braid::cat({own.unsqueeze(1), packed(score)}, 1);  // column 0 is the answer
    const auto per_place = braid::cross_entropy(all, braid::zeros({real.size(0)}, real));
    const auto place = counts.flatten().cumsum(0).sub(1).view({rows, places});
    f[loss] = braid::gather_rows(per_place, place.masked_fill(counts.logical_not(), -1));
    f.set_mask(loss, counts);
  }

  static constexpr double never = -std::numeric_limits<double>::infinity();

  static std::vector<std::int64_t> sizes(const braid::Frame& f, const braid::In& port) {
    return {f[port].size(0), f[port].size(1)};
  }

  // log(count) where a count is known, else 0.
  static at::Tensor log_count(const braid::Frame& f, const braid::In& port) {
    auto lacks = f[port].lt(1e-6);
    if (f.masked(port)) lacks = lacks.logical_or(f.mask(port).logical_not());
    return f[port].masked_fill(lacks, 1).log();
  }

  // Which negatives are a place's own answer: bool[rows, places, negatives].
  at::Tensor answers(const braid::Frame& f) const {
    auto same = f[item_key].unsqueeze(2).eq(f[negative_key].unsqueeze(1));
    if (f.masked(item_key)) same = same.logical_and(f.mask(item_key).unsqueeze(2));
    if (f.masked(negative_key)) same = same.logical_and(f.mask(negative_key).unsqueeze(1));
    return same;
  }
};

}  // namespace

BRAID_PLUGIN(SampledSoftmax, "sampled_softmax", "0.1.0")
