#include "data/pass.h"

#include "data/batcher.h"
#include "data/hash.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>
#include <unistd.h>

namespace braid::data {

namespace {

// The graph's threads go first: what is prepared ahead has time.
void step_back() {
  constexpr int nicer = 5;
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nicer);
}

class StepBack final : public tbb::task_scheduler_observer {
 public:
  explicit StepBack(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) { observe(true); }
  ~StepBack() override { observe(false); }
  void on_scheduler_entry(bool worker) override {
    if (worker) step_back();
  }
};

class Ahead final : public Pass {
 public:
  Ahead(std::shared_ptr<const World> world, const PassOptions& options)
      : world_(std::move(world)),
        options_(options),
        rows_(pass_rows(*world_, options)),
        batcher_(*world_),
        arena_(data_threads(world_->plan.data), 1, tbb::task_arena::priority::low),
        observer_(arena_) {
    if (options.batch <= 0) throw Error("a batch has at least one row, not " + std::to_string(options.batch));
    const auto rows = static_cast<std::int64_t>(rows_.size());
    batches_ = rows / options.batch + (rows % options.batch > 0);
    first_ = number_ = taken_ = begin(rows);
    limit_ = static_cast<std::size_t>(std::max<std::int64_t>(0, world_->plan.data.ahead));
    if (limit_) thread_ = std::thread([this] { work(); });
  }
  ~Ahead() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  std::shared_ptr<const Batch> next() override {
    const auto start = std::chrono::steady_clock::now();
    auto batch = limit_ ? take() : number_ < batches_ ? make(number_++) : nullptr;
    waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!batch) return nullptr;
    ++taken_;
    for (const auto a : batch->axes.ids()) {
      if (!batch->axes[a].rows) continue;
      world_->encoded[a].entities += batch->axes[a].rows;
      world_->encoded[a].rows += batch->rows;
    }
    return batch;
  }
  double waited_seconds() const override { return waited_; }
  bool more() const override { return taken_ < batches_; }
  // Rows that were taken, so that a run may go on with another batch size.
  std::string cursor() const override {
    return std::to_string(std::min(taken_ * options_.batch, static_cast<std::int64_t>(rows_.size())));
  }

 private:
  // The number of the first batch.
  std::int64_t begin(std::int64_t rows) const {
    if (options_.cursor.empty()) return 0;
    std::int64_t taken = 0;
    const auto* end = options_.cursor.data() + options_.cursor.size();
    const auto [at, error] = std::from_chars(options_.cursor.data(), end, taken);
    if (error != std::errc() || at != end || taken < 0)
      throw Error("checkpoint", {}, "the data cursor '" + options_.cursor + "' does not belong to this pass");
    return taken >= rows ? batches_ : taken / options_.batch;
  }

  std::shared_ptr<const Batch> make(std::int64_t number) {
    const auto begin = static_cast<std::size_t>(number * options_.batch);
    const auto size = std::min(static_cast<std::size_t>(options_.batch), rows_.size() - begin);
    const Moment moment{options_.training ? options_.seed : world_->plan.eval.seed,
                        options_.first_step + (number - first_) / options_.accumulate, options_.training};
    std::shared_ptr<const Batch> out;
    arena_.execute([&] {
      out = std::make_shared<const Batch>(batcher_.make(std::span(rows_).subspan(begin, size), moment, number));
    });
    return out;
  }

  void work() {
    step_back();
    try {
      for (auto number = number_; number < batches_; ++number) {
        {
          std::unique_lock lock(mutex_);
          room_.wait(
              lock, [&] { return stop_ || ready_.size() < limit_; });  // room first, so that no more than `ahead` exist
          if (stop_) return;
        }
        auto batch = make(number);
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(batch));
        filled_.notify_one();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
    filled_.notify_all();
  }

  std::shared_ptr<const Batch> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return over_ || !ready_.empty(); });
    if (ready_.empty()) {
      if (failure_) std::rethrow_exception(failure_);
      return nullptr;
    }
    auto batch = std::move(ready_.front());
    ready_.pop_front();
    room_.notify_one();
    return batch;
  }

  std::shared_ptr<const World> world_;
  PassOptions options_;
  std::vector<std::int32_t> rows_;
  Batcher batcher_;
  tbb::task_arena arena_;
  StepBack observer_;
  // `number_`: of the next batch that is made; `taken_`: of the next that is returned; `first_`: of the first.
  std::int64_t batches_ = 0, number_ = 0, taken_ = 0, first_ = 0;
  std::size_t limit_ = 0;
  double waited_ = 0;

  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<std::shared_ptr<const Batch>> ready_;
  bool stop_ = false, over_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace

int data_threads(const recipe::DataPlan& plan) {
  if (plan.threads > 0) return static_cast<int>(std::min<std::int64_t>(plan.threads, 1024));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
}

std::vector<std::int32_t> pass_rows(const World& world, const PassOptions& options) {
  const auto split = world.splits.find(options.split);
  if (!split) {
    std::string known;
    for (const auto& name : world.splits.names) known += (known.empty() ? "" : ", ") + name;
    throw Error("split-unknown", {}, "there is no split '" + options.split + "'; this data has " + known);
  }
  auto rows = world.splits.rows[*split];
  if (!options.shuffle) return rows;
  const auto key = mixed(options.seed, key_of("shuffle"), static_cast<std::uint64_t>(options.epoch));
  for (std::size_t i = rows.size(); i > 1; --i)
    std::swap(rows[i - 1], rows[draw_below(key, i, i)]);  // Fisher and Yates
  return rows;
}

std::unique_ptr<Pass> make_pass(std::shared_ptr<const World> world, const PassOptions& options) {
  return std::make_unique<Ahead>(std::move(world), options);
}

}  // namespace braid::data
