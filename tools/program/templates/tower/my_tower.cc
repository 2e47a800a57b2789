// Turns the numbers that describe an entity into a vector: two layers.
#include <braid/plugin.h>

namespace {

struct MyTower final : braid::Tower {
  static constexpr braid::About about{.summary = "Two layers over an entity's numbers; an absent row gives zeros."};

  braid::Param<std::int64_t> hidden{*this, "hidden", 32, "Width of the first layer.", {.low = 1}};
  braid::Param<std::int64_t> dim{*this, "dim", 16, "Width of the vector.", {.low = 1}};
  braid::In numbers{*this, "numbers", "float?[rows, values]", "one row per entity; a row may be absent"};
  braid::Out vector{*this, "vector", "float[rows, dim]", "zeros where the row is absent"};
  braid::Linear first{*this, "first", "values", "hidden"};
  braid::Linear second{*this, "second", "hidden", "dim"};

  void run(braid::Frame& f) override {
    auto y = second(braid::gelu(first(f[numbers])));                                          // [rows, dim]
    if (f.masked(numbers)) y = y.masked_fill(f.mask(numbers).logical_not().unsqueeze(1), 0);  // nothing may leak
    f[vector] = y;
  }
};

}  // namespace

BRAID_PLUGIN(MyTower, "my_tower", "0.1.0")
