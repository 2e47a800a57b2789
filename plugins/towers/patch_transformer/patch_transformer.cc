// Pictures to tokens: a stem that merges patches without overlap, then, where asked for, transformer layers.
//
// Every layer of the stem is a matrix product. The pixels are put in order once, so that the patches that are merged
// later stand side by side and no later layer moves a value.
#include <braid/packed.h>
#include <braid/plugin.h>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cstring>

namespace {

struct PatchTransformer final : braid::Tower {
  static constexpr braid::About about{
      .summary =
          "Cuts a picture into patches, merges 2 x 2 of them per step of the stem (linear, GELU), adds positions "
          "and, with `layers`, runs transformer layers; then a layer norm.",
      .paper = "Dosovitskiy et al. 2021, arXiv:2010.11929 (patches as tokens)",
      .differs =
          "Patches are merged step by step, as a convolution without overlap would; no class token; mean pooling."};

  braid::Param<std::int64_t> dim{*this, "dim", 64, "Width of the tokens.", {.low = 1}};
  braid::Param<std::int64_t> patch{
      *this, "patch", 8, "Side of the patches that the first step reads.", {.low = 1, .unit = "pixels"}};
  braid::Param<std::int64_t> token{*this,
                                   "token",
                                   32,
                                   "Side of what one token sees: patch, doubled by each step of `merges`.",
                                   {.low = 1, .unit = "pixels"}};
  braid::Param<std::vector<std::int64_t>> merges{
      *this,
      "merges",
      {48, 64},
      "Widths before each merge of 2 x 2 patches; the last merge leads to dim. Empty: patches are tokens.",
      {.low = 1}};
  braid::Param<std::int64_t> layers{*this, "layers", 0, "Transformer layers after the stem.", {.low = 0, .high = 1024}};
  braid::Param<std::int64_t> heads{*this, "heads", 4, "Attention heads of these layers.", {.low = 1}};
  braid::Param<std::int64_t> hidden{
      *this, "hidden", 0, "Width inside their feed-forward halves; 0: 2 * dim.", {.low = 0}};
  braid::Param<double> drop{*this,
                            "drop",
                            0,
                            "Dropout on the tokens after the stem and on what each half of a layer adds.",
                            {.low = 0, .high = 0.99}};
  braid::Require shared{*this, "dim % heads == 0", "each head gets an equal share of the width"};
  braid::Require high{*this, "height % token == 0", "the picture is cut into whole tokens; resize it in its field"};
  braid::Require wide{*this, "width % token == 0", "the picture is cut into whole tokens; resize it in its field"};
  braid::In image{*this, "image", "float?[rows, channels, height, width]", "pixels, normalised by the field"};
  braid::Out tokens{*this, "tokens", "float?[rows, (height / token) * (width / token), dim]",
                    "row by row from the upper left"};
  braid::Out vector{*this, "vector", "float?[rows, dim]", "mean of the tokens"};

  // One step: what a patch (or four of them) holds, to the next width.
  struct Step {
    braid::Linear linear;
    Step(braid::Component& owner, std::size_t k) : linear(owner, "linear", in(owner, k), out(owner, k)) {}
    static std::string in(braid::Component& owner, std::size_t k) {
      if (k == 0) return "channels * patch * patch";
      return std::to_string(4 * static_cast<PatchTransformer&>(owner).merges()[k - 1]);
    }
    static std::string out(braid::Component& owner, std::size_t k) {
      const auto& widths = static_cast<PatchTransformer&>(owner).merges();
      return k < widths.size() ? std::to_string(widths[k]) : "dim";
    }
  };
  braid::Stack<Step> stem{*this, "stem", checked_steps()};
  braid::Weight position{*this,
                         "position",
                         {"(height / token) * (width / token)", "dim"},
                         {braid::Start::normal, 0.02},
                         {.decays = false}};
  struct Layer : braid::PreNormLayer {
    Layer(braid::Component& owner, std::size_t k) : PreNormLayer(owner, "dim", "inner", k) {}
  };
  braid::Stack<Layer> layer{*this, "layer", static_cast<std::size_t>(layers())};
  braid::Norm norm{*this, "norm", "dim"};

  void infer(std::map<std::string, std::int64_t, std::less<>>& sizes) const override {
    sizes["inner"] = hidden() > 0 ? hidden() : 2 * dim();
  }

  void run(braid::Frame& f) override {
    at::Tensor mask, present, back;  // bool[rows]; int64[present]; int64[rows]: the computed row, -1 where absent
    if (f.masked(image)) {
      mask = f.mask(image);
      present = mask.nonzero().squeeze(1);
      back = mask.cumsum(0).sub(1).masked_fill(mask.logical_not(), -1);
    }
    auto x = encode(f, patches(f[image].contiguous(), present), mask);  // [present, places, dim]
    if (mask.defined()) x = braid::gather_rows(x, back);
    if (f.wanted(tokens)) f[tokens] = x;
    if (f.wanted(vector)) f[vector] = x.mean(1);
    f.set_mask(tokens, mask);
    f.set_mask(vector, mask);
  }

 private:
  std::size_t checked_steps() const {
    const auto seen = patch() << merges().size();
    if (merges().size() > 16 || seen != token())
      throw braid::Error("patch = " + std::to_string(patch()) + " merged " + std::to_string(merges().size()) +
                         " times sees " + std::to_string(seen) + " pixels a side, but token = " +
                         std::to_string(token()) + ": set token = " + std::to_string(seen));
    return merges().size() + 1;
  }

  // pixels [rows, channels, height, width], of which those at `present` (undefined: all), to
  // [present * places * 4^merges, channels * patch * patch]: patches that merge first stand side by side.
  at::Tensor patches(const at::Tensor& pixels, const at::Tensor& present) const {
    // Raw pixels get no gradient: one pass over memory does what takes LibTorch's operators three.
    if (pixels.is_cpu() && !pixels.requires_grad()) return cut(pixels, present);
    const auto chosen = present.defined() ? pixels.index_select(0, present) : pixels;
    const auto steps = static_cast<std::int64_t>(merges().size());
    std::vector<std::int64_t> sizes{chosen.size(0), chosen.size(1)}, order{0};
    for (const auto side : {chosen.size(2), chosen.size(3)}) {
      sizes.push_back(side / token());
      sizes.insert(sizes.end(), static_cast<std::size_t>(steps), 2);
      sizes.push_back(patch());
    }
    for (std::int64_t level = 0; level <= steps; ++level) order.insert(order.end(), {2 + level, 4 + steps + level});
    order.insert(order.end(), {1, 3 + steps, 5 + 2 * steps});
    return chosen.view(sizes).permute(order).reshape({-1, chosen.size(1) * patch() * patch()});
  }

  // Upper left corners of a picture's patches in that order, in pixels.
  void corners(std::int64_t y, std::int64_t x, std::int64_t side, std::int64_t width,
               std::vector<std::int64_t>& out) const {
    if (side == patch()) {
      out.push_back(y * width + x);
      return;
    }
    for (const auto dy : {std::int64_t{0}, side / 2})
      for (const auto dx : {std::int64_t{0}, side / 2}) corners(y + dy, x + dx, side / 2, width, out);
  }

  at::Tensor cut(const at::Tensor& pixels, const at::Tensor& present) const {
    const auto rows = present.defined() ? present.size(0) : pixels.size(0);
    const auto channels = pixels.size(1), height = pixels.size(2), width = pixels.size(3);
    std::vector<std::int64_t> corner;
    for (std::int64_t y = 0; y < height; y += token())
      for (std::int64_t x = 0; x < width; x += token()) corners(y, x, token(), width, corner);
    const auto count = static_cast<std::int64_t>(corner.size());
    auto out = at::empty({rows * count, channels * patch() * patch()}, pixels.options());
    const auto item = pixels.element_size();
    const auto run = static_cast<std::size_t>(patch() * item), line = static_cast<std::size_t>(width * item),
               plane = line * static_cast<std::size_t>(height), picture = plane * static_cast<std::size_t>(channels);
    const auto* const from = static_cast<const std::byte*>(pixels.const_data_ptr());
    auto* const to = static_cast<std::byte*>(out.mutable_data_ptr());
    const auto* const row_of = present.defined() ? present.const_data_ptr<std::int64_t>() : nullptr;
    at::parallel_for(0, rows, 16, [&](std::int64_t begin, std::int64_t end) {
      auto* at = to + static_cast<std::size_t>(begin) * picture;
      for (auto r = begin; r < end; ++r) {
        const auto* one = from + static_cast<std::size_t>(row_of ? row_of[r] : r) * picture;
        for (const auto where : corner)
          for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
            const auto* row = one + c * plane + static_cast<std::size_t>(where * item);
            for (std::int64_t y = 0; y < patch(); ++y, row += line, at += run) copy(at, row, run);
          }
      }
    });
    return out;
  }

  // Eight floats are a patch's row as a rule: two registers, where a call of memcpy would cost more than its work.
  static void copy(std::byte* to, const std::byte* from, std::size_t bytes) {
    if (bytes == 32)
      std::memcpy(to, from, 32);
    else
      std::memcpy(to, from, bytes);
  }

  // x: the patches. [present, places, dim].
  at::Tensor encode(braid::Frame& f, at::Tensor x, const at::Tensor& mask) const {
    const auto places = position().size(0), n = x.size(0) / (places << 2 * merges().size());
    for (std::size_t k = 0; k < stem.size(); ++k) {
      if (k > 0) x = braid::gelu(x).view({x.size(0) / 4, 4 * x.size(1)});
      x = stem[k].linear(x);
    }
    x = x.view({n, places, dim()}).add(position()).view({n * places, dim()});
    if (layer.size() > 0 || (f.training() && drop() > 0)) {
      // Absent rows have no tokens; the draws of the others follow their own keys.
      const auto rows = mask.defined() ? mask : f.mask(image);
      const auto packed = braid::pack(rows.unsqueeze(1).expand({rows.size(0), places}));
      x = braid::packed_dropout(f, "stem", vector, x, drop(), packed);
      for (const auto& one : layer) x = one(f, vector, x, packed, heads(), drop());
    }
    return norm(x).view({n, places, dim()});
  }
};

}  // namespace

BRAID_PLUGIN(PatchTransformer, "patch_transformer", "0.1.0")
