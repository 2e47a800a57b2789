// Contrastive loss whose negatives are the other rows of the same batch.
#include <braid/plugin.h>

namespace {

struct InBatchSoftmax final : braid::Loss {
  static constexpr braid::About about{
      .summary = "Pulls each query to its own item and away from the batch's other items.",
      .paper = "van den Oord et al. 2018, arXiv:1807.03748",
      .equation = "eq. 4"};

  braid::Scalar temperature{
      *this, "temperature", 0.07, "Divides the scores; a smaller value sharpens them.", {.low = 1e-4, .high = 10}};
  braid::In query{*this, "query", "float[rows, dim]", "one side, L2-normalised"};
  braid::In item{*this, "item", "float[rows, dim]", "other side; row i answers query i"};
  braid::Out loss{*this, "loss", "float[rows]", "per query, in nats"};

  void run(braid::Frame& f) override {
    const auto score = f[query].mm(f[item].t()) / temperature(f);  // [rows, rows]
    f[loss] = braid::cross_entropy(score, braid::arange(score.size(0), score));
  }
};

}  // namespace

BRAID_PLUGIN(InBatchSoftmax, "in_batch_softmax", "0.1.0")
