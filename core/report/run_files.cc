#include "report/run_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace braid::report {
namespace {

namespace files = std::filesystem;

Json json_of(const std::string& file) {
  const auto text = file_text(file);
  if (text.empty()) return Json::object();
  try {
    auto json = Json::parse(text);
    if (json.is_object()) return json;
  } catch (const Json::exception&) {
  }
  throw Failure("run-folder", file, "is damaged: it holds no JSON object");
}

// Calls `visit` for every line. The last one may be half written: a run may have been stopped in the middle of it.
template <class Visit>
void lines_of(const std::string& file, const Visit& visit) {
  std::ifstream in(file, std::ios::binary);
  std::string text;
  for (std::int64_t number = 1; std::getline(in, text); ++number) {
    const auto line = Json::parse(text, nullptr, false);
    const bool last = in.eof() || in.peek() == std::ifstream::traits_type::eof();
    try {
      if (line.is_object()) {
        visit(line);
        continue;
      }
      if (last) return;
    } catch (const Json::exception&) {  // a text where a number has to be
    }
    throw Failure("run-folder", {file, number}, "is damaged: it is no line of a run");
  }
}

History history_of(const std::string& folder) {
  History out;
  const auto add = [](Series& series, std::int64_t step, const Json& value) {
    if (value.is_number() && std::isfinite(value.get<double>()))
      series.add(static_cast<double>(step), value.get<double>());
  };
  std::int64_t epoch = -1;
  lines_of(folder + "/metrics.jsonl", [&](const Json& line) {
    const auto step = line.value("step", std::int64_t{0});
    if (line.contains("metrics")) {
      out.valid_step = step;
      out.last_valid.clear();
      for (const auto& [name, value] : line.at("metrics").items()) {
        add(out.valid[name], step, value);
        if (value.is_number()) out.last_valid[name] = value.get<double>();
      }
    } else if (line.contains("losses")) {
      out.last_step = step;
      for (const auto& [name, value] : line.at("losses").items()) add(out.losses[name], step, value);
      if (line.contains("gradient_norm")) add(out.gradient_norm, step, line.at("gradient_norm"));
      if (const auto now = line.value("epoch", std::int64_t{0}); now != epoch)
        out.epoch_starts.push_back(step), epoch = now;
    }
  });
  lines_of(folder + "/timing.jsonl", [&](const Json& line) {
    if (!line.contains("split") && line.contains("rows") && line.value("seconds", 0.0) > 0)
      add(out.rows_per_second, line.value("step", std::int64_t{0}),
          line.at("rows").get<double>() / line.at("seconds").get<double>());
  });
  return out;
}

// The N of "seed-N" folders, ascending.
std::vector<std::uint64_t> seeds_in(const std::string& folder) {
  std::vector<std::uint64_t> out;
  for (const auto& entry : files::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    std::uint64_t seed = 0;
    if (!name.starts_with("seed-") || !entry.is_directory()) continue;
    const auto [end, failed] = std::from_chars(name.data() + 5, name.data() + name.size(), seed);
    if (failed == std::errc() && end == name.data() + name.size()) out.push_back(seed);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string last_part(const std::string& folder) {
  std::error_code error;
  auto path = files::absolute(folder, error).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.filename().string();
}

}  // namespace

std::string file_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int RunFiles::better(const std::string& metric) const {
  if (!seeds.empty()) return seeds[0].better(metric);
  if (!result.contains("higher_is_better")) return 0;
  const auto& all = result.at("higher_is_better");
  return all.contains(metric) && all.at(metric).is_boolean() ? (all.at(metric).get<bool>() ? 1 : -1) : 0;
}

RunFiles read_run(const std::string& folder) {
  std::error_code error;
  if (!files::is_directory(folder, error)) throw Failure("run-folder", folder, "there is no such folder");
  RunFiles run;
  run.folder = folder;
  run.name = last_part(folder);
  run.finished = files::exists(folder + "/result.json", error);
  run.result = json_of(folder + "/result.json");
  run.lock = json_of(folder + "/lock.json");
  run.recipe = file_text(folder + "/recipe.toml");
  run.resolved = file_text(folder + "/resolved.toml");
  if (run.resolved.empty()) {
    for (const auto seed : seeds_in(folder))
      if (const auto inner = folder + "/seed-" + std::to_string(seed); files::exists(inner + "/resolved.toml", error))
        run.seeds.push_back(read_run(inner));
    if (run.seeds.empty())
      throw Failure("run-folder", folder, "is no run folder: it has neither resolved.toml nor folders seed-N");
  } else {
    run.history = history_of(folder);
  }
  return run;
}

void remove_unfinished(const std::string& folder) {
  std::error_code failed;
  std::vector<files::path> found;
  for (const auto& entry : files::recursive_directory_iterator(folder, failed))
    if (entry.path().extension() == ".part") found.push_back(entry.path());
  for (const auto& file : found) files::remove(file, failed);
}

Spread spread_of(const std::vector<double>& values) {
  Spread out;
  if (values.empty()) return out;
  for (const double v : values) out.mean += v / static_cast<double>(values.size());
  double squares = 0;
  for (const double v : values) squares += (v - out.mean) * (v - out.mean);
  if (values.size() > 1) out.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return out;
}

}  // namespace braid::report
