// Pictures to a vector by convolutions that halve them step by step.
#include <braid/plugin.h>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/group_norm.h>

namespace {

struct ConvTower final : braid::Tower {
  static constexpr braid::About about{
      .summary =
          "Convolutions with stride 2, each with a norm over the picture and a ReLU, then the mean over places "
          "and a linear map.",
      .paper =
          "Springenberg et al. 2015, Striving for Simplicity, arXiv:1412.6806 (strides in place of pooling); "
          "Wu & He 2018, Group Normalization, arXiv:1803.08494 (one group)",
      .differs = "Batch norm has no place here: a served picture's vector must not depend on who else asks."};

  braid::Param<std::vector<std::int64_t>> channels{
      *this, "channels", {32, 64, 128}, "Channels after each convolution; each halves height and width.", {.low = 1}};
  braid::Param<std::int64_t> kernel{*this,
                                    "kernel",
                                    3,
                                    "Side of the convolutions' windows; an odd number.",
                                    {.low = 1, .high = 31, .unit = "pixels"}};
  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the vector.", {.low = 1}};
  braid::Require odd{*this, "kernel % 2 == 1", "a window has a middle"};
  braid::In image{*this, "image", "float?[rows, colours, height, width]", "pixels, normalised by the field"};
  braid::Out vector{*this, "vector", "float?[rows, dim]", "the picture; absent where it is"};

  // As a matrix [out, in * kernel * kernel], so that it starts by its fan in.
  struct Step {
    braid::Weight weight, gain, bias;
    Step(braid::Component& owner, std::size_t k)
        : weight(owner, "weight", {out(owner, k), in(owner, k) + " * kernel * kernel"},
                 {braid::Start::uniform, 1.7320508, true}, {.decays = true}),  // variance 1 / fan in
          gain(owner, "gain", {out(owner, k)}, {braid::Start::one}),
          bias(owner, "bias", {out(owner, k)}, {braid::Start::zero}) {}
    static std::string out(braid::Component& owner, std::size_t k) {
      return std::to_string(static_cast<ConvTower&>(owner).channels()[k]);
    }
    static std::string in(braid::Component& owner, std::size_t k) { return k == 0 ? "colours" : out(owner, k - 1); }
  };
  braid::Stack<Step> step{*this, "step", checked_steps()};
  braid::Linear last{*this, "last", std::to_string(channels().back()), "dim"};

  void run(braid::Frame& f) override {
    // Absent pictures are left out of the work, and their vectors are zeros.
    at::Tensor back;  // int64[rows]: the computed row, -1 where absent
    auto x = f[image];
    if (f.masked(image)) {
      const auto mask = f.mask(image);
      x = x.index_select(0, mask.nonzero().squeeze(1));
      back = mask.cumsum(0).sub(1).masked_fill(mask.logical_not(), -1);
      f.set_mask(vector, mask);
    }
    for (const auto& one : step) {
      const auto& w = one.weight();
      const auto side = kernel();
      x = at::conv2d(x, w.view({w.size(0), x.size(1), side, side}), {}, at::IntArrayRef{2, 2},
                     at::IntArrayRef{side / 2, side / 2});
      x = at::group_norm(x, 1, one.gain(), one.bias()).relu();
    }
    const auto out = last(x.mean({2, 3}));
    f[vector] = back.defined() ? braid::gather_rows(out, back) : out;
  }

 private:
  std::size_t checked_steps() const {
    if (channels().empty()) throw braid::Error("channels is empty: name the channels of at least one convolution");
    return channels().size();
  }
};

}  // namespace

BRAID_PLUGIN(ConvTower, "conv_tower", "0.1.0")
