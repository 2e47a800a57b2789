// One learnt vector per entity.
#include <braid/plugin.h>

namespace {

struct IdEmbedding final : braid::Tower {
  static constexpr braid::About about{.summary = "A learnt vector per id; row 0 answers for ids that are not known."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the vectors.", {.low = 1}};
  braid::Param<double> start{
      *this, "start", 0.01, "Standard deviation of the vectors at the start; row 0 starts at zero.", {.low = 0}};
  braid::In id{*this, "id", "id(n)[rows]", "whose vector"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "the id's vector"};

  braid::Table rows{*this, "rows", "n", "dim", {braid::Start::normal, start(), false, true}};

  void run(braid::Frame& f) override { f[vector] = rows(f[id]); }
};

}  // namespace

BRAID_PLUGIN(IdEmbedding, "id_embedding", "0.1.0")
