// LightGCN: vectors of users and items, smoothed over the graph of who met what.
#include "kernels/bipartite_sum_autograd.h"

#include <braid/plugin.h>

namespace {

struct LightGcn final : braid::Tower {
  static constexpr braid::About about{
      .summary =
          "Passes vectors between the users and items that edges join, layer by layer, and takes the mean of all "
          "layers.",
      .paper = "He et al. 2020, LightGCN, arXiv:2002.02126",
      .equation = "eq. 3 and 4, alpha_k = 1 / (layers + 1); normalised by 1 / sqrt(degree_u degree_i)",
      .differs =
          "The vectors come from other nodes. An edge that is said twice counts once; one with the unknown entity "
          "(place 0) or with a place that is not there joins nobody. Who has no edge keeps its own vector's share."};

  static constexpr braid::Decline declines[] = {
      {"row-order", "edges name users and items by their places"},
      {"row-alone", "a vector is made of its neighbours'"},
  };

  braid::Param<std::int64_t> layers{
      *this, "layers", 3, "Steps along edges that a vector travels; 0 leaves all as it is.", {.low = 0, .high = 64}};
  braid::In user{*this, "user", "float[users, dim]", "users' own vectors, on a whole axis"};
  braid::In item{*this, "item", "float[items, dim]", "items' own vectors, on a whole axis"};
  braid::In edge_user{*this, "edge_user", "int[edges]",
                      "each edge's user, as a place of its axis. Edges of rows that are tested leak the answer"};
  braid::In edge_item{*this, "edge_item", "int[edges]", "each edge's item, as a place of its axis"};
  braid::Out user_vector{*this, "user_vector", "float[users, dim]", "mean of the users' layers"};
  braid::Out item_vector{*this, "item_vector", "float[items, dim]", "mean of the items' layers"};

  void run(braid::Frame& f) override {
    const auto [users, items] = braid::kernels::bipartite_mean(f[user], f[item], f[edge_user], f[edge_item], layers());
    f[user_vector] = users;
    f[item_vector] = items;
  }
};

}  // namespace

BRAID_PLUGIN(LightGcn, "light_gcn", "0.1.0")
