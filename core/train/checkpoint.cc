#include "train/checkpoint.h"

#include "model/safetensors.h"

#include <braid/component.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

namespace braid::train {
namespace {

namespace files = std::filesystem;
constexpr std::string_view ending = ".safetensors";

Checkpoint read(const std::string& file) {
  Checkpoint out;
  std::map<std::string, std::string> metadata;
  out.tensors = model::load_safetensors(file, &metadata);
  if (!metadata.count("digest")) throw Error("weights-file", file, "it has no digest");
  out.state = nlohmann::json::parse(metadata["state"], nullptr, false);
  if (!out.state.is_object()) throw Error("weights-file", file, "it is no checkpoint");
  return out;
}

}  // namespace

Checkpoints::Checkpoints(const std::string& run) : folder_(run + "/checkpoints") {
  std::error_code failed;
  files::create_directories(folder_, failed);
  if (failed) throw Error("file", folder_, "cannot be made: " + failed.message());
}

std::string Checkpoints::file(const char* kind, std::int64_t step) const {
  char name[64];
  std::snprintf(name, sizeof name, "/%s-%09lld", kind, static_cast<long long>(step));
  return folder_ + name + std::string(ending);
}

std::vector<std::int64_t> Checkpoints::steps(const std::string& kind) const {
  std::vector<std::int64_t> out;
  std::error_code none;
  for (const auto& entry : files::directory_iterator(folder_, none)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(kind + "-") || !name.ends_with(ending)) continue;
    std::int64_t step = 0;
    const auto* end = name.data() + name.size() - ending.size();
    if (std::from_chars(name.data() + kind.size() + 1, end, step).ptr == end) out.push_back(step);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void Checkpoints::save(std::int64_t step, std::int64_t best, nlohmann::json state, const NamedTensors& tensors) {
  state["best"] = best;
  model::save_safetensors(file("step", step), tensors, {{"state", state.dump()}});
  best_of_[step] = best;
  // Only now is anything older given up: a second checkpoint stays, and the best weights that the two name.
  auto all = steps("step");
  std::erase(all, step);
  while (all.size() > 1) files::remove(file("step", all.front())), all.erase(all.begin());
  all.push_back(step);
  std::vector<std::int64_t> named;
  for (const auto one : all) named.push_back(best_of(one));
  for (const auto one : steps("best"))
    if (std::find(named.begin(), named.end(), one) == named.end()) files::remove(file("best", one));
}

std::int64_t Checkpoints::best_of(std::int64_t step) const {
  const auto known = best_of_.find(step);
  if (known != best_of_.end()) return known->second;
  try {
    return best_of_[step] = read(file("step", step)).state.value("best", std::int64_t{-1});
  } catch (const Error&) {
    return best_of_[step] = -1;  // damaged: it names nobody
  }
}

void Checkpoints::save_best(std::int64_t step, const NamedTensors& weights) {
  model::save_safetensors(file("best", step), weights, {{"step", std::to_string(step)}});
}
std::map<std::string, at::Tensor> Checkpoints::best(std::int64_t step) const {
  return model::load_safetensors(file("best", step));
}

std::optional<Checkpoint> Checkpoints::newest(const std::function<void(const std::string&)>& damaged) {
  auto all = steps("step");
  std::reverse(all.begin(), all.end());
  for (const auto step : all) try {
      auto one = read(file("step", step));
      best_of_[step] = one.state.value("best", std::int64_t{-1});
      if (best_of_[step] >= 0) best(best_of_[step]);
      return one;
    } catch (const Error& e) {
      // Out of the way, for it would count as a later one than those that are written from now on.
      const auto aside = file("step", step) + ".damaged";
      std::error_code failed;
      files::rename(file("step", step), aside, failed);
      damaged(std::string(e.what()) + (failed ? "" : "; it is " + aside + " now"));
    }
  return std::nullopt;
}

void Checkpoints::save_evaluation(std::int64_t step, nlohmann::json state, const NamedTensors& tensors) {
  state["after"] = step;
  model::save_safetensors(folder_ + "/evaluation" + std::string(ending), tensors, {{"state", state.dump()}});
}

std::optional<Checkpoint> Checkpoints::evaluation(std::int64_t step) const {
  try {
    auto one = read(folder_ + "/evaluation" + std::string(ending));
    if (one.state.value("after", std::int64_t{-1}) == step) return one;
  } catch (const Error&) {  // it is made again from the weights: nothing is lost
  }
  return std::nullopt;
}

}  // namespace braid::train
