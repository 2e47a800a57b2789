#include "train/mean_of_seeds.h"

#include <cmath>

namespace braid::train {
namespace {

using Json = nlohmann::json;

// Mean and sample standard deviation of every number that all runs have.
Json spread(const std::vector<Json>& results, const Json& like) {
  Json out = Json::object();
  for (const auto& [name, value] : like.items()) {
    std::vector<Json> same;
    for (const auto& r : results)
      if (r.contains(name)) same.push_back(r.at(name));
    if (same.size() != results.size()) continue;
    if (value.is_object()) {
      out[name] = spread(same, value);
    } else if (value.is_number()) {
      double sum = 0, squares = 0;
      bool all = true;
      for (const auto& s : same) all = all && s.is_number();
      if (!all) continue;
      for (const auto& s : same) sum += s.get<double>();
      const double mean = sum / static_cast<double>(same.size());
      for (const auto& s : same) squares += (s.get<double>() - mean) * (s.get<double>() - mean);
      out[name] = {{"mean", mean},
                   {"spread", same.size() > 1 ? std::sqrt(squares / static_cast<double>(same.size() - 1)) : 0.0}};
    }
  }
  return out;
}

Json means_only(const Json& spreads) {
  if (spreads.is_object() && spreads.contains("mean")) return spreads.at("mean");
  Json out = Json::object();
  for (const auto& [name, value] : spreads.items()) out[name] = means_only(value);
  return out;
}

}  // namespace

Json mean_of_seeds(const std::vector<std::uint64_t>& seeds, const std::vector<Json>& results) {
  const auto all = spread(results, results.at(0));
  auto out = means_only(all);
  out["seeds"] = seeds;
  out["spread"] = all;
  return out;
}

}  // namespace braid::train
