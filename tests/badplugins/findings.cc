// Components with one mistake each, of the kind that a report has to find with other values or tell in few words.
// test_findings says what is expected of each.
#include <braid/plugin.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <c10/util/Exception.h>

#include <cmath>
#include <stdexcept>

namespace {

using braid::Frame;
using braid::In;
using braid::Out;

struct Vector : braid::Tower {
  In numbers{*this, "numbers", "float[rows, dim]", "vectors"};
  Out vector{*this, "vector", "float[rows, dim]", "vectors"};
};

// ---- found only with other values ----

// Lists that are empty by default, one length of which fits: one number, or one for each of `dim`.
struct Half final : Vector {
  static constexpr braid::About about{.summary = "Takes off a list of numbers, whatever the type of the input."};
  braid::Param<std::vector<double>> mean{*this, "mean", std::vector<double>{}, "Taken off each column."};
  void infer(braid::Sizes& sizes) const override {
    const auto n = static_cast<std::int64_t>(mean().size());
    if (n > 0 && n != sizes.at("dim")) throw braid::Error("mean has " + std::to_string(n) + " numbers");
  }
  void run(Frame& f) override {
    if (mean().empty()) {
      f[vector] = f[numbers] * 1;
      return;
    }
    const auto off = at::tensor(mean(), at::TensorOptions().dtype(at::kFloat));
    f[vector] = f[numbers] - (f[numbers].scalar_type() == at::kDouble ? off.to(at::kDouble) : off.unsqueeze(0));
    if (f[numbers].scalar_type() == at::kBFloat16) throw std::invalid_argument("no bfloat16 here");
  }
};

struct Margin final : braid::Loss {
  static constexpr braid::About about{.summary = "Divides by a margin that may be 0."};
  braid::Param<double> margin{*this, "margin", 0.2, "Divides.", {.low = 0, .high = 0.5}};
  In x{*this, "x", "float[rows, dim]", "vectors"};
  Out loss{*this, "loss", "float[rows]", "per row"};
  void run(Frame& f) override { f[loss] = f[x].sum(1) / margin(); }
};

struct Coefficient final : braid::Loss {
  static constexpr braid::About about{.summary = "Divides by a coefficient that may be 0."};
  braid::Scalar temperature{*this, "temperature", 0.5, "Divides.", {.low = 0, .high = 1}};
  In x{*this, "x", "float[rows, dim]", "vectors"};
  Out loss{*this, "loss", "float[rows]", "per row"};
  void run(Frame& f) override { f[loss] = f[x].sum(1) / temperature(f).to(f[x].scalar_type()); }
};

// One column of three: the gradients of other values are measured along one direction, which has to see it.
struct Bent final : Vector {
  static constexpr braid::About about{.summary = "Loses the gradient of one column when `bent` is on."};
  braid::Param<bool> bent{*this, "bent", false, "Loses it."};
  void run(Frame& f) override {
    const auto kept = f[numbers].detach().mul(0).add(1);
    if (bent() && kept.size(0) > 0) kept.select(1, 1).zero_();
    f[vector] = f[numbers] * kept + f[numbers].detach() * (kept.neg() + 1);
  }
};

struct Choosy final : Vector {
  static constexpr braid::About about{.summary = "Its constructor throws what is no braid::Error."};
  braid::Param<std::vector<std::int64_t>> widths{*this, "widths", std::vector<std::int64_t>{}, "Widths.", {.low = 1}};
  Choosy() {
    if (widths().size() > 1) throw std::out_of_range("two widths");
  }
  void run(Frame& f) override { f[vector] = f[numbers] * 1; }
};

// A list that never fits, and a text that may be anything: the report says that they had one value.
struct Still final : Vector {
  static constexpr braid::About about{.summary = "Has parameters that cannot be varied."};
  braid::Param<std::vector<double>> deviation{*this, "deviation", std::vector<double>{}, "None."};
  braid::Param<std::string> name{*this, "name", "a", "Any text."};
  void infer(braid::Sizes&) const override {
    if (!deviation().empty()) throw braid::Error("deviation is for later");
  }
  void run(Frame& f) override { f[vector] = f[numbers] * 1; }
};

// ---- told in few words ----

struct Fails final : Vector {
  static constexpr braid::About about{.summary = "Adds what does not fit."};
  void run(Frame& f) override { f[vector] = f[numbers] + at::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}); }
};

struct InPlace final : Vector {
  static constexpr braid::About about{.summary = "Takes off one where the input stands."};
  void run(Frame& f) override {
    auto mine = f[numbers];
    f[vector] = mine.sub_(1).mul(2);
  }
};

// At most a few numbers are above 1e6: clamp_ changes none, and the input's version all the same.
struct Clamps final : Vector {
  static constexpr braid::About about{.summary = "Clamps its input where it stands."};
  void run(Frame& f) override {
    auto mine = f[numbers];
    f[vector] = mine.clamp_(-1e6, 1e6).mul(2);
  }
};

struct Weighs final : Vector {
  static constexpr braid::About about{.summary = "Changes its weight in a call."};
  braid::Weight gain{*this, "gain", {"dim"}, {braid::Start::one}};
  void run(Frame& f) override {
    gain().detach().mul_(0.5);
    f[vector] = f[numbers] * gain();
  }
};

struct Silent final : braid::Metric {
  static constexpr braid::About about{.summary = "Appends nothing."};
  In score{*this, "score", "float[rows]", "numbers"};
  braid::State scores{*this, "scores", braid::State::real};
  void run(Frame&) override {}
  double finish(const braid::Rows&) const override { return std::nan(""); }
};

struct Pooled final : braid::Fusion {
  static constexpr braid::About about{.summary = "Adds all places, hidden ones too."};
  In other{*this, "other", "float?[rows, dim]", "vectors"};
  In numbers{*this, "numbers", "float[rows, places*, dim]", "tokens"};
  Out vector{*this, "vector", "float[rows, dim]", "their sum"};
  void run(Frame& f) override {
    f[vector] = f[numbers].sum(1) + f[other].masked_fill(f.mask(other).unsqueeze(1).logical_not(), 0);
  }
};

struct Warns final : Vector {
  static constexpr braid::About about{.summary = "Makes LibTorch warn at each call, and gives nan."};
  void run(Frame& f) override {
    TORCH_WARN("this is slow");
    f[vector] = (f[numbers] * 0).log() * 0 - f[numbers];
  }
};

}  // namespace

BRAID_PLUGIN_OF("findings", "0.1.0") {
  r.component<Half>("half");
  r.component<Margin>("margin");
  r.component<Coefficient>("coefficient");
  r.component<Bent>("bent");
  r.component<Choosy>("choosy");
  r.component<Still>("still");
  r.component<Fails>("fails");
  r.component<InPlace>("in_place");
  r.component<Clamps>("clamps");
  r.component<Weighs>("weighs");
  r.component<Silent>("silent");
  r.component<Pooled>("pooled");
  r.component<Warns>("warns");
}
