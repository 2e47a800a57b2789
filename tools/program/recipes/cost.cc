#include "cost.h"

#include "cards/child.h"
#include "scratch_folder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace braid::tools {
namespace {

namespace files = std::filesystem;
using Json = nlohmann::json;

constexpr double mib = 1024.0 * 1024.0;

struct Measured {
  double batch = 0, loaded_mib = 0, peak_mib = 0;
  std::vector<double> seconds;  // of each step
  std::int64_t parameters = 0;
  double weights_mib = 0, optimizer_mib = 0;
};

// Bytes of the tensors of a safetensors file whose names start so.
double stored_mib(const files::path& file, const std::string& prefix) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string text(in && length < (1U << 30) ? length : 0, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  double bytes = 0;
  const auto header = Json::parse(text, nullptr, false);
  if (!header.is_object()) return 0;
  for (const auto& [name, tensor] : header.items())
    if (name.starts_with(prefix) && tensor.contains("data_offsets"))
      bytes += tensor["data_offsets"][1].get<double>() - tensor["data_offsets"][0].get<double>();
  return bytes / mib;
}

Measured measure(const cards::Around& around, const std::string& recipe, const std::vector<std::string>& sets,
                 std::int64_t batch) {
  const ScratchFolder folder("cost");
  if (!folder.made()) throw std::runtime_error("no temporary folder can be made in " + folder.wanted());
  const auto run = (folder.path() / "run").string();
  std::vector<std::string> words{around.program(), "train", recipe, "--out", run};
  for (const auto& s : sets) words.insert(words.end(), {"--set", s});
  for (const auto& s :
       {"train.batch=" + std::to_string(batch), std::string("train.steps=20"), std::string("train.epochs=1")})
    words.insert(words.end(), {"--set", s});
  const auto ended = cards::run_child(words, 3600);
  if (ended.code != 0)
    throw std::runtime_error("twenty steps at a batch of " + std::to_string(batch) + " " +
                             (ended.how.empty() ? "failed" : ended.how) + ":\n" + ended.said);
  const auto result = Json::parse(std::ifstream(run + "/result.json"));
  Measured out;
  out.batch = static_cast<double>(batch);
  out.loaded_mib = result.at("loaded_mib").get<double>();
  out.peak_mib = result.at("peak_mib").get<double>();
  out.parameters = result.at("parameters").get<std::int64_t>();
  for (const auto& entry : files::directory_iterator(run + "/checkpoints"))
    if (entry.path().filename().string().starts_with("step-")) {
      out.weights_mib = stored_mib(entry.path(), "weight.");
      out.optimizer_mib = stored_mib(entry.path(), "optimizer.");
    }
  std::ifstream lines(run + "/timing.jsonl");
  for (std::string line; std::getline(lines, line);)
    if (const auto step = Json::parse(line); step.contains("forward")) out.seconds.push_back(step.at("seconds"));
  if (out.seconds.empty()) throw std::runtime_error("no step was timed: the train split has no rows");
  // The first one touches memory for the first time.
  if (out.seconds.size() > 1) out.seconds.erase(out.seconds.begin());
  return out;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Seconds at a batch from those at two: a power of the batch, between constant and proportional. Rows share entities,
// so that a batch twice as large is less than twice the work.
double extrapolated(double x1, double y1, double x2, double y2, double x) {
  if (y1 <= 0 || y2 <= y1) return std::max(y1, y2);
  const auto power = std::clamp(std::log(y2 / y1) / std::log(x2 / x1), 0.0, 1.0);
  return y2 * std::pow(x / x2, power);
}

// The machine's memory, or the container's limit.
double memory_mib() {
  double bytes = std::numeric_limits<double>::infinity();
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    std::istringstream words(line);
    std::string name;
    double kib = 0;
    if (words >> name >> kib && name == "MemTotal:") bytes = kib * 1024;
  }
  for (const auto* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    double limit = 0;
    if (std::ifstream(file) >> limit) bytes = std::min(bytes, limit);
  }
  return bytes / mib;
}

}  // namespace

Cost measure_cost(const cards::Around& around, const recipe::Plan& plan, const std::string& recipe,
                  const std::vector<std::string>& sets) {
  Cost out;
  out.batch = plan.train.batch;
  out.small = std::max<std::int64_t>(1, out.batch / 8);
  out.memory_mib = memory_mib();
  auto a = measure(around, recipe, sets, out.small);
  // Whatever the batch, a step holds the optimizer's state and a gradient for each weight.
  const auto fixed = a.optimizer_mib + a.weights_mib;
  const auto activations = [&](const Measured& of) { return of.peak_mib - of.loaded_mib - fixed; };
  // The further apart, the less the noise of the two decides; and the larger must not be what the verdict warns of.
  const auto fits = a.loaded_mib + fixed + 4 * activations(a) <= out.memory_mib / 2;
  out.larger = std::max<std::int64_t>(out.small + 1, out.batch / (fits ? 2 : 4));
  auto b = measure(around, recipe, sets, out.larger);
  for (auto* again : {&a, &b}) {
    const auto more = measure(around, recipe, sets, static_cast<std::int64_t>(again->batch));
    again->seconds.insert(again->seconds.end(), more.seconds.begin(), more.seconds.end());
    again->peak_mib = std::max(again->peak_mib, more.peak_mib);
  }
  out.parameters = b.parameters;
  out.weights_mib = b.weights_mib;
  out.optimizer_mib = b.optimizer_mib;
  out.loaded_mib = b.loaded_mib;
  const auto x = static_cast<double>(out.batch);
  // Memory hardly varies from run to run, and a verdict must rather say too much: a straight line.
  out.activations_mib =
      activations(b) + std::max(0.0, activations(b) - activations(a)) * (x - b.batch) / (b.batch - a.batch);
  out.peak_mib = out.loaded_mib + fixed + out.activations_mib;
  out.step_seconds = extrapolated(a.batch, median(a.seconds), b.batch, median(b.seconds), x);
  return out;
}

std::string text_of(const std::string& recipe, const Cost& cost) {
  char text[1024];
  std::snprintf(text, sizeof text,
                "%s: cost at a batch of %lld, from twice twenty steps each at %lld and %lld\n"
                "  parameters   %lld, %.1f MiB\n"
                "  optimizer    %.1f MiB\n"
                "  loaded       %.0f MiB with tables and libraries\n"
                "  activations  %.0f MiB with batches on their way\n"
                "  peak         %.0f MiB: %s %.0f MiB of this machine\n"
                "  step         %.1f ms, %.0f rows/s\n",
                recipe.c_str(), static_cast<long long>(cost.batch), static_cast<long long>(cost.small),
                static_cast<long long>(cost.larger), static_cast<long long>(cost.parameters), cost.weights_mib,
                cost.optimizer_mib, cost.loaded_mib, cost.activations_mib, cost.peak_mib,
                cost.fits() ? "fits in the" : "DOES NOT FIT in the", cost.memory_mib, 1000 * cost.step_seconds,
                static_cast<double>(cost.batch) / cost.step_seconds);
  return text;
}

}  // namespace braid::tools
