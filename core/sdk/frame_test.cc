// What the host checks around a component's call, and the functions of ops.h that are no mere forwards.
#include "sdk/state.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;

namespace {

struct Doubling final : Tower {
  Param<std::vector<double>> shift{*this, "shift", {}, "Added, one number a value; [] is zeros."};
  Param<std::string> mistake{*this, "mistake", "", "What goes wrong."};
  In numbers{*this, "numbers", "float[rows, values]", "numbers"};
  Out vector{*this, "vector", "float[rows, values]", "twice as much"};
  void run(Frame& f) override {
    auto x = f[numbers];
    if (mistake() == "unset") return;
    if (mistake() == "throws") x = x.view({3, 7});
    if (!shift().empty()) x = x + braid::tensor(shift(), x);
    f[vector] = mistake() == "size" ? x.t() : 2 * x;
  }
};

struct Counting final : Metric {
  In score{*this, "score", "float[rows]", "numbers"};
  State scores{*this, "scores", State::real};
  void run(Frame&) override {}
  double finish(const Rows&) const override { return 0; }
  bool higher_is_better() const override { return true; }
};

template <class T>
std::string outcome(const Values& values, const at::Tensor& input, at::Tensor* out = nullptr) {
  const auto component = construct([]() -> std::unique_ptr<Component> { return std::make_unique<T>(); }, values, {});
  set_sizes(*component, {{"values", 2}});
  FrameState frame;
  prepare_frame(frame, *component);
  frame.inputs[0] = {{input, {}, {}, {}}};
  try {
    run_frame(frame);
    if (out) *out = frame.outputs[0][0].value;
  } catch (...) {
    return said();
  }
  return "";
}

std::string after(const std::string& mistake) { return outcome<Doubling>({{"mistake", mistake}}, at::ones({4, 2})); }

}  // namespace

TEST_CASE("a call's mistakes are told by port, with what to write") {
  CHECK(after("") == "");
  CHECK(after("unset") == "output 'vector' was not set: run() sets every output that is wanted, f[port] = tensor");
  CHECK(after("size") == "output 'vector' is [2, 4], declared float[rows, values]: 'values' is 2");
  CHECK(outcome<Counting>({}, at::ones({4})) == "metric '' appended nothing to its state 'scores'");
}

TEST_CASE("what LibTorch throws is told without its stack") {
  const auto text = after("throws");
  CHECK(text.find("shape '[3, 7]' is invalid for input of size 8") != std::string::npos);
  CHECK(text.find("frame #") == std::string::npos);
}

TEST_CASE("a list parameter may start as {} and becomes a tensor like another") {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    at::Tensor out;
    CHECK(outcome<Doubling>({{"shift", std::vector<double>{0.5, -1}}},
                            at::ones({1, 2}, at::TensorOptions().dtype(type)), &out) == "");
    CHECK((out.scalar_type() == type));
    CHECK(out[0][0].item<double>() == 3);
    CHECK(out[0][1].item<double>() == 0);
  }
}

TEST_CASE("signs between tensors and numbers") {
  const auto x = at::arange(1, 4, at::TensorOptions().dtype(at::kDouble)), y = at::ones({3}, x.options()) * 2;
  const auto is = [](const at::Tensor& t, double a, double b, double c) {
    return t[0].item<double>() == a && t[1].item<double>() == b && t[2].item<double>() == c;
  };
  CHECK(is(x + y, 3, 4, 5));
  CHECK(is(x - y, -1, 0, 1));
  CHECK(is(x * y, 2, 4, 6));
  CHECK(is(x / y, 0.5, 1, 1.5));
  CHECK(is(x + 1, 2, 3, 4));
  CHECK(is(1 + x, 2, 3, 4));
  CHECK(is(x - 0.5, 0.5, 1.5, 2.5));
  CHECK(is(1 - x, 0, -1, -2));
  CHECK(is(3 * x, 3, 6, 9));
  CHECK(is(x / 2, 0.5, 1, 1.5));
  CHECK(is(6 / x, 6, 3, 2));
}
