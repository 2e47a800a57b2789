// One component for each check of `braid conform`, called after the check that it fails (with '_' for '-'), and sound
// where the earlier checks look. test_conform expects the report to name that check first.
#include <braid/plugin.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

namespace {

using braid::Frame;
using braid::In;
using braid::Out;

// What most of them are: one vector a row in, one out.
template <class Self>
struct Vector : braid::Tower {
  In x{*this, "x", "float[rows, dim]", "vectors"};
  Out y{*this, "y", "float[rows, dim]", "vectors"};
};

struct Runs final : Vector<Runs> {
  static constexpr braid::About about{.summary = "Forgets its output."};
  void run(Frame&) override {}
};

// A port that is there with one value of a parameter only.
struct Ports final : braid::Tower {
  static constexpr braid::About about{.summary = "Has another input when `more` is on."};
  braid::Param<bool> more{*this, "more", false, "Another input."};
  In x{*this, "x", "float[rows, dim]", "vectors"};
  std::optional<In> z;
  Out y{*this, "y", "float[rows, dim]", "vectors"};
  Ports() {
    if (more()) z = In{*this, "z", "float[rows, dim]", "another", {.optional = true}};
  }
  void run(Frame& f) override { f[y] = f[x]; }
};

struct Inputs final : Vector<Inputs> {
  static constexpr braid::About about{.summary = "Scales its input where it stands."};
  void run(Frame& f) override {
    auto mine = f[x];
    f[y] = mine.requires_grad() ? mine.mul(1.1) : mine.mul_(1.1);
  }
};

struct Shapes final : Vector<Shapes> {
  static constexpr braid::About about{.summary = "Drops the rows' dim where there is one row."};
  void run(Frame& f) override { f[y] = f[x].size(0) == 1 ? f[x].squeeze(0) : f[x]; }
};

struct Generator final : Vector<Generator> {
  static constexpr braid::About about{.summary = "Draws from the global generator, and does not use it."};
  void run(Frame& f) override { f[y] = f[x] + at::rand({}, f[x].options().requires_grad(false)) * 0; }
};

struct Repeat final : Vector<Repeat> {
  static constexpr braid::About about{.summary = "Adds the number of its call."};
  std::atomic<int> calls = 0;
  void run(Frame& f) override { f[y] = f[x] + static_cast<double>(++calls); }
};

struct Indexing final : Vector<Indexing> {
  static constexpr braid::About about{.summary = "Gathers by indexing with a tensor."};
  void run(Frame& f) override { f[y] = f[x].index({braid::arange(f[x].size(0), f[x])}); }
};

struct Evaluation final : Vector<Evaluation> {
  static constexpr braid::About about{.summary = "Draws noise in evaluation too."};
  void run(Frame& f) override { f[y] = f[x] + f.uniform("noise", x, 1).to(f[x].scalar_type()); }
};

// The mean over places that are there: 0 / 0 where there are none.
struct Absent final : braid::Fusion {
  static constexpr braid::About about{.summary = "Mean over the places that are there."};
  In x{*this, "x", "float[rows, places*, dim]", "tokens"};
  Out y{*this, "y", "float[rows, dim]", "their mean"};
  void run(Frame& f) override { f[y] = f[x].sum(1) / f.mask(x).sum(1, true).to(f[x].scalar_type()); }
};

struct Masks final : braid::Fusion {
  static constexpr braid::About about{.summary = "Mean over all places, whether there or not."};
  In x{*this, "x", "float[rows, places*, dim]", "tokens"};
  Out y{*this, "y", "float[rows, dim]", "their mean"};
  void run(Frame& f) override { f[y] = f[x].sum(1) / static_cast<double>(std::max<std::int64_t>(f[x].size(1), 1)); }
};

struct EqualRows final : braid::Loss {
  static constexpr braid::About about{.summary = "Divides by the batch's range."};
  In x{*this, "x", "float[rows, dim]", "vectors"};
  Out loss{*this, "loss", "float[rows]", "per row"};
  void run(Frame& f) override {
    const auto values = f[x].sum(1);
    f[loss] = values.size(0) < 2 ? values : values / (values.max() - values.min());
  }
};

struct Gradient final : Vector<Gradient> {
  static constexpr braid::About about{.summary = "x * x whose gradient sees one of the two."};
  void run(Frame& f) override { f[y] = f[x] * f[x].detach(); }
};

struct Strides final : Vector<Strides> {
  static constexpr braid::About about{.summary = "Takes every input for contiguous."};
  void run(Frame& f) override { f[y] = f[x].view({-1}).view(f[x].sizes()); }
};

struct Range final : Vector<Range> {
  static constexpr braid::About about{.summary = "A sigmoid that overflows."};
  void run(Frame& f) override { f[y] = f[x].exp() / (f[x].exp() + 1); }
};

struct RowOrder final : braid::Loss {
  static constexpr braid::About about{.summary = "Weighs rows by their place in the batch."};
  In x{*this, "x", "float[rows, dim]", "vectors"};
  Out loss{*this, "loss", "float[rows]", "per row"};
  void run(Frame& f) override { f[loss] = f[x].sum(1) * braid::arange(f[x].size(0), f[x]).to(f[x].scalar_type()); }
};

struct RowAlone final : Vector<RowAlone> {
  static constexpr braid::About about{.summary = "Takes off the batch's mean."};
  void run(Frame& f) override {
    f[y] = f[x].size(0) == 0 ? f[x] : f[x] - f[x].sum(0, true) / static_cast<double>(f[x].size(0));
  }
};

// Batch statistics kept in a member: no checkpoint has them.
struct Save final : Vector<Save> {
  static constexpr braid::About about{.summary = "Keeps a running size in a member."};
  std::atomic<double> running = 1;
  void run(Frame& f) override {
    if (f.training() && f[x].numel() > 0) running = 0.9 * running + 0.1 * f[x].detach().abs().sum().item<double>();
    f[y] = f.training() ? f[x] : f[x] / running.load();
  }
};

struct Threads final : Vector<Threads> {
  static constexpr braid::About about{.summary = "Keeps a call's tensor in a member."};
  std::atomic<int> inside = 0;
  void run(Frame& f) override {
    const int now = ++inside;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    f[y] = now > 1 ? f[x] * 2 : f[x] * 1;  // as if another call's numbers stood there
    --inside;
  }
};

struct Memory final : Vector<Memory> {
  static constexpr braid::About about{.summary = "Remembers every batch."};
  std::mutex mutex;
  std::vector<std::vector<double>> seen;
  void run(Frame& f) override {
    const std::lock_guard lock(mutex);
    seen.emplace_back(16);
    f[y] = f[x] * 1;
  }
};

struct Bfloat16 final : Vector<Bfloat16> {
  static constexpr braid::About about{.summary = "Adds a thousand and takes it off."};
  void run(Frame& f) override { f[y] = (f[x] + 1000) - 1000; }
};

struct Cost final : Vector<Cost> {
  static constexpr braid::About about{.summary = "Takes 500 rows at most."};
  void run(Frame& f) override {
    if (f[x].size(0) > 500) throw braid::Error("more than 500 rows");
    f[y] = f[x] * 1;
  }
};

struct Batches final : braid::Metric {
  static constexpr braid::About about{.summary = "Mean of the batches' places: the first row of each counts 0."};
  In x{*this, "x", "float[rows]", "numbers"};
  braid::State places{*this, "places", braid::State::real};
  void run(Frame& f) override { f.append(places, braid::arange(f[x].size(0), f[x]).to(f[x].scalar_type())); }
  double finish(const braid::Rows& rows) const override {
    double sum = 0;
    for (const auto v : rows.reals(places)) sum += v;
    return rows.size() == 0 ? std::nan("") : sum / static_cast<double>(rows.size());
  }
};

// ---- fields: the length of a text ----

struct Length : braid::Field {
  static constexpr std::string_view examples[] = {"a", "some words", "seven"};
  Out length{*this, "length", "float?[rows, 1]", "bytes"};
  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (cell.missing()) return false;
    const auto n = static_cast<float>(cell.texts[0].size());
    out.resize(sizeof n);
    std::memcpy(out.data(), &n, sizeof n);
    return true;
  }
  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::memcpy(slot.data, decoded.data(), decoded.size());
  }
};

struct Cells final : Length {
  static constexpr braid::About about{.summary = "Throws what is no braid::Error at an empty cell."};
  bool decode(const braid::Cell& cell, braid::Bytes& out) const override {
    if (!cell.missing() && cell.texts[0].empty()) throw std::out_of_range("an empty text");
    return Length::decode(cell, out);
  }
};

struct Slots final : Length {
  static constexpr braid::About about{.summary = "Writes one element more than there are."};
  void place(std::span<const std::byte> decoded, const braid::Slot& slot, const braid::Draw&) const override {
    std::memcpy(slot.data, decoded.data(), decoded.size());
    std::memcpy(slot.data + sizeof(float), decoded.data(), decoded.size());
  }
};

// ---- readers: one line, one record ----

struct Lines : braid::Reader {
  static constexpr std::string_view suffixes[] = {".lines"};
  static constexpr std::string_view examples[] = {"one\ntwo\nthree\nfour\n"};
  std::vector<std::string> names{"line"}, lines;
  std::size_t at = 0;
  void open(const std::string& path) override {
    auto* file = std::fopen(path.c_str(), "rb");
    if (!file) throw braid::Error(path + " cannot be read");
    std::string line;
    for (int c; (c = std::fgetc(file)) != EOF;)
      if (c == '\n') lines.push_back(line), line.clear();
      else line += static_cast<char>(c);
    std::fclose(file);
    broken(line);
  }
  virtual void broken(const std::string&) {}
  const std::vector<std::string>& columns() const override { return names; }
  bool next(std::vector<braid::Record>& out, std::size_t limit) override {
    for (std::size_t k = 0; k < limit && at < lines.size(); ++k, ++at)
      out.push_back({{lines[at]}, static_cast<std::int64_t>(at) + 1, ""});
    return at < lines.size();
  }
  void seek(std::int64_t record) override { at = static_cast<std::size_t>(record); }
};

struct Records final : Lines {
  static constexpr braid::About about{.summary = "Goes one record too far."};
  void seek(std::int64_t record) override { Lines::seek(record == 0 ? 0 : record + 1); }
};

struct BrokenFiles final : Lines {
  static constexpr braid::About about{.summary = "Throws what is no braid::Error at a cut file."};
  void broken(const std::string& rest) override {
    if (!rest.empty()) throw std::runtime_error("the last line has no end");
  }
};

struct Formula final : braid::Optimizer {
  static constexpr braid::About about{.summary = "Steps a tenth shorter than its formula says."};
  void step(std::span<braid::WeightStep> weights, double rate, bool) const override {
    for (auto& one : weights) one.weight.sub_(one.gradient, 0.9 * rate);
  }
  void formula(Number& one, double rate, bool) const override { one.weight -= rate * one.gradient; }
};

struct TouchedRows final : braid::Optimizer {
  static constexpr braid::About about{.summary = "Forgets the rate where some rows alone are stepped."};
  void step(std::span<braid::WeightStep> weights, double rate, bool) const override {
    for (auto& one : weights) one.weight.sub_(one.gradient, one.some_rows ? 1 : rate);
  }
  void formula(Number& one, double rate, bool) const override { one.weight -= rate * one.gradient; }
};

struct Factor final : braid::Schedule {
  static constexpr braid::About about{.summary = "Divides by what a run of one step has none of."};
  double factor(const braid::RunPosition& at) const override {
    return 1 - static_cast<double>(at.step) / static_cast<double>(at.steps - 1);
  }
};

// Fails row-alone by design, and says so.
struct Declines final : Vector<Declines> {
  static constexpr braid::About about{.summary = "Takes off the batch's mean, and says that it does."};
  static constexpr braid::Decline declines[] = {{"row-alone", "the other rows are what it compares with"}};
  void run(Frame& f) override {
    f[y] = f[x].size(0) == 0 ? f[x] : f[x] - f[x].sum(0, true) / static_cast<double>(f[x].size(0));
  }
};

}  // namespace

BRAID_PLUGIN_OF("nonconforming", "0.1.0") {
  r.component<Runs>("runs");
  r.component<Ports>("ports");
  r.component<Inputs>("inputs");
  r.component<Shapes>("shapes");
  r.component<Generator>("generator");
  r.component<Repeat>("repeat");
  r.component<Indexing>("indexing");
  r.component<Evaluation>("evaluation");
  r.component<Absent>("absent");
  r.component<Masks>("masks");
  r.component<EqualRows>("equal_rows");
  r.component<Gradient>("gradient");
  r.component<Strides>("strides");
  r.component<Range>("range");
  r.component<RowOrder>("row_order");
  r.component<RowAlone>("row_alone");
  r.component<Save>("save");
  r.component<Threads>("threads");
  r.component<Memory>("memory");
  r.component<Bfloat16>("bfloat16");
  r.component<Cost>("cost");
  r.component<Batches>("batches");
  r.component<Cells>("cells");
  r.component<Slots>("slots");
  r.component<Records>("records");
  r.component<BrokenFiles>("broken_files");
  r.component<Formula>("formula");
  r.component<TouchedRows>("touched_rows");
  r.component<Factor>("factor");
  r.component<Declines>("declines");
}
