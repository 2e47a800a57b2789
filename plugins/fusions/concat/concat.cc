// Vectors side by side.
#include <braid/plugin.h>

#include <algorithm>

namespace {

struct Concat final : braid::Fusion {
  static constexpr braid::About about{
      .summary =
          "Lays vectors side by side. Where a row of an input is absent, a learnt vector of that input stands in "
          "its place, so that missing content does not look like content of zeros."};

  braid::Param<double> drop{*this, "drop", 0, "Dropout on the result.", {.low = 0, .high = 0.99}};
  braid::Ins inputs{*this, "inputs", "float?[rows, width~]", "vectors; rows may be absent"};
  braid::Out vector{*this, "vector", "float[rows, sum(inputs.width)]", "the inputs in the recipe's order"};

  // Stands in for absent rows. It has no rows where the host knows that none can be absent (`inputs.K.optional` = 0),
  // so that no weight is made which nothing ever trains.
  struct Absent {
    braid::Weight vector;
    Absent(braid::Component& owner, std::size_t k)
        : vector(owner, "vector",
                 {"inputs." + std::to_string(k) + ".optional", "inputs." + std::to_string(k) + ".width"},
                 {braid::Start::normal, 0.02}, {.decays = false}) {}
  };
  braid::Stack<Absent> absent{*this, "absent", inputs.count()};

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    for (std::size_t k = 0; k < std::max<std::size_t>(inputs.count(), 1); ++k)
      sizes.emplace("inputs." + std::to_string(k) + ".optional", 1);
  }

  void run(braid::Frame& f) override {
    std::vector<at::Tensor> parts;
    for (std::size_t k = 0; k < inputs.count(); ++k) {
      const auto& x = f.at(inputs, k);
      const auto& stand_in = absent[k].vector();
      if (!f.masked(inputs, k)) parts.push_back(x);
      else if (stand_in.size(0) == 0)
        throw braid::Error("input " + std::to_string(k) + " has absent rows, which its type denied");
      else parts.push_back(braid::where(f.mask(inputs, k).unsqueeze(1), x, stand_in));
    }
    f[vector] = braid::dropout(f, "result", braid::cat(parts, 1), drop());
  }
};

}  // namespace

BRAID_PLUGIN(Concat, "concat", "0.1.0")
