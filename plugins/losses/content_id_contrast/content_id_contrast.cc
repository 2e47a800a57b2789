// Brings an item's content vector and its id vector together (EM3's CIC).
#include <braid/plugin.h>

#include <cstdint>
#include <optional>
#include <string>

namespace {

struct ContentIdContrast final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Contrasts each item's content vector with its id vector against other items', in both directions.",
      .paper = "EM3, arXiv:2404.06078",
      .equation = "section on content-ID contrastive learning; mean of content-to-id and id-to-content InfoNCE",
      .differs =
          "\"sampled\" is the authors' public code on the rows given here (theirs: the whole catalogue, which a whole "
          "axis gives). "
          "\"in_batch\" uses all other rows. \"raw\" is a third party's variant: all other rows, no heads, no "
          "normalising."};

  static constexpr braid::Decline declines[] = {
      {"row-alone", "the batch's other rows are its negatives"},
      {"row-order", "with sampled negatives, an evaluation draws none: a row's negatives are those at even distances"}};

  braid::Param<std::string> negatives{*this,
                                      "negatives",
                                      std::string("in_batch"),
                                      "sampled: `count` rows drawn uniformly for each row, the same for both "
                                      "directions (in evaluation, at even distances); in_batch: all other rows; "
                                      "raw: all other rows, inner products of the vectors as they come.",
                                      {.choices = {"sampled", "in_batch", "raw"}}};
  braid::Param<std::int64_t> dim{
      *this, "dim", 64, "Width that both sides are projected to; unused by raw.", {.low = 1}};
  braid::Param<std::int64_t> count{*this, "count", 16, "Negatives per row; sampled only.", {.low = 1, .unit = "rows"}};
  braid::Param<bool> exclude_self{*this, "exclude_self", false,
                                  "Draws no row as its own negative (the authors' code does); sampled only."};
  braid::Param<double> eps{*this,
                           "eps",
                           1e-5,
                           "Smallest length that normalising divides by; never 0, which a vector of zeros would be "
                           "divided by.",
                           {.low = 1e-12}};
  braid::Scalar temperature{
      *this, "temperature", 0.1, "Divides the scores; a smaller value sharpens them.", {.low = 1e-4, .high = 10}};

  braid::In content{*this, "content", "float?[items, content_dim]",
                    "vectors made from content; items without content are left out, as negatives too"};
  braid::In id{*this, "id", "float?[items, id_dim]", "vectors of the same items, learnt by id"};
  braid::Out loss{*this, "loss", "float?[items]", "per item, in nats"};

  std::optional<braid::Linear> content_head, id_head;

  ContentIdContrast() {
    if (negatives() == "raw") return;
    content_head.emplace(*this, "content_head", braid::DimText("content_dim"), braid::DimText("dim"));
    id_head.emplace(*this, "id_head", braid::DimText("id_dim"), braid::DimText("dim"));
  }

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    if (negatives() == "raw" && sizes.contains("content_dim") && sizes.contains("id_dim") &&
        sizes["content_dim"] != sizes["id_dim"])
      throw braid::Error("negatives = \"raw\" multiplies content and id as they come, but content has " +
                         std::to_string(sizes["content_dim"]) + " numbers and id " + std::to_string(sizes["id_dim"]) +
                         "; give them one width, or use \"in_batch\", whose heads project both");
  }

  void run(braid::Frame& f) override {
    auto c = f[content], e = f[id];
    at::Tensor known, place;  // place: where a row stands among the known
    if (f.masked(content) || f.masked(id)) {
      known = f.mask(content).logical_and(f.mask(id));
      const auto rows = known.nonzero().squeeze(1);
      c = c.index_select(0, rows);
      e = e.index_select(0, rows);
      place = known.cumsum(0).sub(1).masked_fill(known.logical_not(), -1);
    }
    if (negatives() != "raw") {
      c = braid::l2_normalize((*content_head)(c), eps());
      e = braid::l2_normalize((*id_head)(e), eps());
    }
    const auto per_row = negatives() == "sampled" ? sampled(f, c, e, known) : in_batch(f, c, e);
    f[loss] = known.defined() ? braid::gather_rows(per_row, place) : per_row;
    if (known.defined()) f.set_mask(loss, known);
  }

  // Both directions against all rows. c, e [n, width]; float[n].
  at::Tensor in_batch(const braid::Frame& f, const at::Tensor& c, const at::Tensor& e) const {
    const auto score = c.mm(e.t()).div(temperature(f));  // [content, id]
    const auto own = braid::arange(score.size(0), score);
    return braid::cross_entropy(score, own).add(braid::cross_entropy(score.t(), own)).mul(0.5);
  }

  // Both directions against the same `count` rows. c, e [n, width]; float[n].
  at::Tensor sampled(const braid::Frame& f, const at::Tensor& c, const at::Tensor& e, const at::Tensor& known) const {
    const auto n = c.size(0);
    const auto positive = c.mul(e).sum(1, /*keepdim=*/true);  // [n, 1]
    const auto own = braid::zeros({n}, braid::arange(0, c));  // the answer is column 0
    const auto pool = exclude_self() ? n - 1 : n;
    auto to_id = positive, to_content = positive;
    if (pool > 0) {
      const auto other = f.training() ? drawn(f, known, n, pool, c) : spread(n, c);  // [n, count]
      to_id = braid::cat({positive, braid::gather_rows(e, other).matmul(c.unsqueeze(2)).squeeze(2)}, 1);
      to_content = braid::cat({positive, braid::gather_rows(c, other).matmul(e.unsqueeze(2)).squeeze(2)}, 1);
    }
    const auto t = temperature(f);
    return braid::cross_entropy(to_id.div(t), own).add(braid::cross_entropy(to_content.div(t), own)).mul(0.5);
  }

  // Places among the n known rows, int64[n, count], uniform over `pool` of them: a function of the row's key and of n.
  at::Tensor drawn(const braid::Frame& f, const at::Tensor& known, std::int64_t n, std::int64_t pool,
                   const at::Tensor& like) const {
    auto draw = f.uniform("negatives", loss, count()).to(like.device());  // [items, count]
    if (known.defined()) draw = draw.index_select(0, known.nonzero().squeeze(1));
    const auto place = draw.mul(static_cast<double>(pool)).to(at::kLong).clamp_max(pool - 1);
    return pool == n ? place : place.add(place.ge(braid::arange(n, like).unsqueeze(1)).to(at::kLong));
  }

  // Evaluation draws nothing: the negatives stand at even distances behind the row, in a circle.
  at::Tensor spread(std::int64_t n, const at::Tensor& like) const {
    const auto step = braid::arange(count(), like).mul(n - 1).floor_divide(count()).add(1);
    return braid::arange(n, like).unsqueeze(1).add(step.unsqueeze(0)).remainder(n);
  }
};

}  // namespace

BRAID_PLUGIN(ContentIdContrast, "content_id_contrast", "0.1.0")
