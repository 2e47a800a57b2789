// Checks that call a component again: with other steps, rows, layouts, objects and threads.
#include "conform/checks.h"
#include "conform/graph_walk.h"
#include "conform/kept.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace braid::conform {

// In training too, and without gradients: what comes next is told by its own checks.
void check_runs(Trial& t) {
  const at::NoGradGuard off;
  Instance one(t.test, at::kFloat);
  for (const bool training : {false, true}) one.run({training, 3, 1});
}

void check_inputs(Trial& t) {
  const at::NoGradGuard off;
  for (const bool training : {false, true}) {
    Instance one(t.test, at::kDouble);
    struct Watched {
      std::string name;
      at::Tensor value, before;
      std::int64_t version;
    };
    std::vector<Watched> all;
    const auto watch = [&](const std::string& name, const at::Tensor& value) {
      all.push_back({name, value, value.clone(), value._version()});
    };
    Trial::each_wire(one, [&](std::size_t port, std::size_t k, Flow& flow) {
      const auto name = "input '" + t.wire_name(one, port, k) + "'";
      watch(name, flow.value);
      if (flow.mask.defined()) watch("the mask of " + name, flow.mask);
    });
    for (auto& w : one.component().state().weights) watch("weight '" + w.schema.name + "'", w.value);
    one.run({training, 3, 1});
    for (const auto& w : all) {
      // The version counts changes in place, those too that leave the numbers as they were this time.
      if (w.value._version() != w.version) t.fail(w.name + " was changed in place: use sub, not sub_");
      else if (!at::equal(w.value, w.before)) t.fail(w.name + " was written to: write into a tensor of your own");
    }
    if (!t.failures.empty()) return;
  }
}

void check_generator(Trial& t) {
  const auto& global = at::detail::getDefaultCPUGenerator();
  const auto before = global.get_state();
  Instance one(t.test, at::kDouble);
  auto all = t.leaves(one);
  Trial::backward(t.total(one, {true, 3, 1}).first, all);
  t.results(one, {false, 3, 1});
  if (!at::equal(before, global.get_state())) t.fail("LibTorch's global generator moved");
}

void check_repeat(Trial& t) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    Instance one(t.test, type);
    auto all = t.leaves(one);
    std::vector<at::Tensor> first;
    const Instance::Options options{true, 3, 1};
    const auto a = t.results(one, options);
    if (!t.metric) Trial::backward(t.total(one, options).first, all);
    for (const auto& leaf : all) first.push_back(Trial::grad_of(leaf).clone());
    const auto b = t.results(one, options);
    if (!t.metric) Trial::backward(t.total(one, options).first, all);
    t.same_bits("the same call", a, "the first time", b, "the second");
    for (std::size_t k = 0; k < all.size(); ++k)
      if (!at::equal(nan_equal(first[k]), nan_equal(Trial::grad_of(all[k]))))
        t.fail("the same call again: the gradient of " + all[k].name + " has other bits");
  }
}

void check_indexing(Trial& t) {
  Instance one(t.test, at::kDouble);
  t.leaves(one);
  for (const auto& [name, flow] : one.run({true, 3, 1}))
    for (const auto& operation : operations_behind(flow.value))
      if (operation.starts_with("IndexBackward")) t.fail("output " + name + " comes from indexing by a tensor");
}

void check_evaluation(Trial& t) {
  Instance one(t.test, at::kDouble);
  one.fill();
  const auto a = t.results(one, {false, 3, 1});
  t.same_bits("evaluation", a, "in step 3", t.results(one, {false, 1000, 1}), "in step 1000");
  t.same_bits("evaluation", a, "with seed 1", t.results(one, {false, 3, 2}), "with seed 2");
}

namespace {

// The same numbers behind other strides: every second element of a wider tensor, dims in reversed order in memory.
at::Tensor strided(const at::Tensor& x) {
  if (x.dim() == 0) return x;
  std::vector<std::int64_t> sizes(x.sizes().rbegin(), x.sizes().rend()), back;
  sizes.back() *= 2;
  for (auto k = x.dim(); k-- > 0;) back.push_back(k);
  auto room = at::empty(sizes, x.options());
  room.zero_();
  auto view = room.slice(-1, 0, sizes.back(), 2).permute(back);
  view.copy_(x);
  return view;
}

}  // namespace

void check_strides(Trial& t) {
  const at::NoGradGuard off;
  Instance plain(t.test, at::kDouble), other(t.test, at::kDouble);
  plain.fill();
  other.fill();
  Trial::each_wire(other, [&](std::size_t, std::size_t, Flow& flow) {
    for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
      if (part->defined()) *part = strided(*part);
  });
  // Another layout may take another way through a matrix product: rounding, and nothing more.
  const auto compare = [&](const std::string& what, Instance& a, Instance& b) {
    const auto want = t.results(a, {false, 3, 1}), got = t.results(b, {false, 3, 1});
    for (std::size_t k = 0; k < want.size() && k < got.size(); ++k) {
      const auto x = got[k].second, y = want[k].second;
      const auto why = x.is_floating_point() ? differs(nan_equal(x), nan_equal(y), 1e-11) : differs(x, y, 0);
      if (!why.empty()) t.fail(what + ": " + want[k].first + ": " + why);
    }
  };
  try {
    compare("inputs that are not contiguous", plain, other);
  } catch (...) {
    t.fail("inputs that are not contiguous: the call failed: " + thrown());
  }
  // Expanded: all rows are the first one, stored once.
  Instance once(t.test, at::kDouble), many(t.test, at::kDouble);
  once.fill();
  many.fill();
  for (auto* one : {&once, &many})
    Trial::each_wire(*one, [&](std::size_t, std::size_t, Flow& flow) {
      for (auto* part : {&flow.value, &flow.mask, &flow.list_mask, &flow.present})
        if (part->defined() && part->size(0) > 0) {
          const auto wide = part->narrow(0, 0, 1).expand(part->sizes());
          *part = one == &once ? wide : wide.contiguous();
        }
    });
  try {
    compare("inputs that are expanded", many, once);
  } catch (...) {
    t.fail("inputs that are expanded: the call failed: " + thrown());
  }
}

void check_row_order(Trial& t) {
  Instance plain(t.test, at::kDouble), other(t.test, at::kDouble);
  const auto n = Trial::rows_of(plain);
  if (n < 2) return;
  plain.fill();
  other.fill();
  const auto order = (first_rows(n) * (n % 2 == 0 ? n - 1 : 2) + 1).remainder(n);  // a permutation: both are coprime
  Trial::cut(other, order);
  for (const bool training : {false, true}) {
    // What a loss draws for the whole batch follows the batch's order.
    if (training && !t.rows_apart()) continue;
    const auto a = plain.run({training, 3, 1}), b = other.run({training, 3, 1});
    for (const auto& [name, flow] : a) {
      const auto found = b.find(name);
      if (found == b.end() || flow.value.dim() == 0 || flow.value.size(0) != n) continue;
      const auto why = differs(nan_equal(t.read(other, found->second)),
                               nan_equal(t.read(plain, flow)).index_select(0, order), 1e-10);
      if (!why.empty())
        t.fail("rows in another order" + std::string(training ? " in training" : "") + ", output " + name + ": " + why);
    }
  }
}

void check_row_alone(Trial& t) {
  if (!t.rows_apart()) return;
  Instance whole(t.test, at::kDouble);
  for (const bool training : {false, true}) {
    const Instance::Options options{training, 3, 1};
    const auto together = whole.run(options);
    for (std::int64_t row = 0; row < std::min<std::int64_t>(Trial::rows_of(whole), 6); ++row) {
      Instance alone(t.test, at::kDouble);
      Trial::cut(alone, at::arange(row, row + 1, at::TensorOptions().dtype(at::kLong)));
      for (const auto& [name, flow] : alone.run(options)) {
        const auto& all = together.find(name)->second;
        if (all.value.dim() == 0) continue;
        // Rounding differs with the shapes of the matrix products; nothing else may.
        const auto why =
            differs(nan_equal(t.read(alone, flow)), nan_equal(t.read(whole, all)).narrow(0, row, 1), 1e-11);
        if (!why.empty())
          return t.fail("row " + std::to_string(row) + " alone" + (training ? " in training" : "") + ", output " +
                        name + ": " + why);
      }
    }
  }
}

// Uses an object as training would, keeps its weights, and gives them to another one, as a checkpoint does.
void check_save(Trial& t) {
  const at::NoGradGuard off;
  Instance used(t.test, at::kFloat), fresh(t.test, at::kFloat);
  used.fill();
  for (const std::int64_t step : {0, 1, 2}) used.run({true, step, 1});
  auto& from = used.component().state().weights;
  auto& to = fresh.component().state().weights;
  for (std::size_t k = 0; k < from.size(); ++k) to[k].value.copy_(from[k].value);
  used.component().prepare(1);
  fresh.component().prepare(1);
  t.same_bits("the same weights", t.results(used, {false, 3, 1}), "in the object that was used",
              t.results(fresh, {false, 3, 1}), "in a fresh one");
}

void check_threads(Trial& t) {
  Instance shared(t.test, at::kFloat);
  shared.fill();
  const auto want = [&] {
    const at::NoGradGuard off;
    return t.results(shared, {false, 3, 1});
  }();
  std::mutex mutex;
  std::set<std::string> problems;
  std::atomic<bool> stop = false;
  struct Silent final : c10::WarningHandler {  // what it would say was said by other checks
    void process(const c10::Warning&) override {}
  };
  const auto serve = [&] {
    Silent silent;
    const c10::WarningUtils::WarningHandlerGuard quiet(&silent);
    const at::NoGradGuard off;  // a thread of its own inherits nothing
    for (int call = 0; call < 50 && !stop; ++call) try {
        const auto outputs = shared.run({false, 3, 1});
        for (const auto& [name, value] : want) {
          const auto found = outputs.find(name.substr(7));
          if (found == outputs.end() || !at::equal(nan_equal(t.read(shared, found->second)), nan_equal(value))) {
            const std::lock_guard lock(mutex);
            problems.insert(name + " has other bits when four threads call");
            stop = true;
          }
        }
      } catch (...) {
        const std::lock_guard lock(mutex);
        problems.insert("a call failed when four threads call: " + thrown());
        stop = true;
      }
  };
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) threads.emplace_back(serve);
  for (auto& thread : threads) thread.join();
  for (const auto& p : problems) t.fail(p);
}

void check_memory(Trial& t) {
  const at::NoGradGuard off;
  Instance one(t.test, at::kFloat);
  const auto calls = [&](int count) {
    for (int k = 0; k < count; ++k) one.run({k % 2 == 1, k, 1});
    one.appended.clear();
  };
  if (const auto trouble = keeps_memory(calls)) t.fail(*trouble);
}

}  // namespace braid::conform
