// Metrics over columns in memory, and ranks over a whole catalogue; `metrics` writes the columns and does the same in
// NumPy.
// usage: metrics_bench FOLDER     one line of JSON for each line of stdin: "auc", "grouped_auc", "ranks"
#include <braid/conform.h>

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace braid;
using namespace braid::conform;

namespace {

template <class T>
std::vector<T> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Error(path + ": cannot be read");
  std::vector<T> out(static_cast<std::size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(T)));
  return out;
}

// What the host would hand to finish().
struct Columns final : Rows {
  std::vector<float> score, label;
  std::vector<std::int64_t> group;
  std::size_t size() const override { return score.size(); }
  std::span<const float> reals(const State& column) const override { return column.index() == 0 ? score : label; }
  std::span<const std::int64_t> wholes(const State&) const override { return group; }
};

Case rows_of(const std::string& metric) {
  Case c{metric};
  c.inputs["score"] = {numbers({0}, {1})};
  c.inputs["label"] = {numbers({0}, {1})};
  if (metric == "grouped_auc") c.inputs["group"] = {wholes({0}, {1})};
  return c;
}

template <class T>
Wire matrix(const std::string& path, at::ScalarType type, std::int64_t width) {
  auto values = read<T>(path);
  const auto rows = static_cast<std::int64_t>(values.size()) / std::max<std::int64_t>(width, 1);
  auto flat = at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, type).clone();
  return tensor(width > 0 ? flat.view({rows, width}) : flat);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw Error("metrics_bench FOLDER");
  const std::string folder = std::string(argv[1]) + "/";
  Columns rows;
  rows.score = read<float>(folder + "score"), rows.label = read<float>(folder + "label");
  rows.group = read<std::int64_t>(folder + "group");
  Instance auc(rows_of("auc")), grouped(rows_of("grouped_auc"));

  const auto sizes = read<std::int64_t>(folder + "sizes");  // dim, width of the lists of seen items
  Case c{"catalogue_rank"};
  c.inputs["query"] = {matrix<float>(folder + "query", at::kFloat, sizes[0])};
  c.inputs["item"] = {matrix<float>(folder + "item", at::kFloat, sizes[0])};
  c.inputs["key"] = {matrix<std::int64_t>(folder + "key", at::kLong, 0)};
  c.inputs["answer"] = {matrix<std::int64_t>(folder + "answer", at::kLong, 0)};
  auto seen = matrix<std::int64_t>(folder + "seen", at::kLong, sizes[1]);  // -1: none
  seen.flow.mask = seen.flow.value.ge(0);
  seen.flow.value = seen.flow.value.clamp_min(0);
  c.inputs["seen"] = {seen};
  Instance catalogue(c);

  for (std::string what; std::getline(std::cin, what);) {
    nlohmann::json said{{"threads", at::get_num_threads()}};
    const auto start = std::chrono::steady_clock::now();
    if (what == "ranks") {
      const auto rank = catalogue.run().at("rank").value;
      said["seconds"] = seconds_since(start);
      said["value"] = rank.lt(10).sum().item<double>() / static_cast<double>(rank.size(0));
    } else {
      said["value"] = dynamic_cast<Metric&>((what == "auc" ? auc : grouped).component()).finish(rows);
      said["seconds"] = seconds_since(start);
    }
    std::cout << said << std::endl;
  }
} catch (const std::exception& wrong) {
  std::cerr << "metrics_bench: error: " << wrong.what() << "\n";
  return 1;
}
