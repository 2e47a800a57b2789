#include "conform/example_files.h"

#include "conform/variations.h"

#include <fstream>

#include <unistd.h>

namespace braid::conform {

ExampleFiles::ExampleFiles(const host::Plugin::Entry& entry) {
  if (entry.facts.files.empty()) return;
  auto name = (std::filesystem::temp_directory_path() / "braid-conform-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw Error("no folder for example files can be made in " + name);
  folder_ = name;
  for (const auto& [param, text] : entry.facts.files) {
    const auto path = folder_ / (param + ".txt");
    std::ofstream(path, std::ios::binary) << text;
    paths_[param] = path.string();
  }
}
ExampleFiles::~ExampleFiles() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Values ExampleFiles::required(const ComponentSchema& card) const {
  Values out;
  for (const auto& p : card.params) {
    if (const auto file = paths_.find(p.name); file != paths_.end()) out[p.name] = Path{file->second};
    if (!p.required || out.contains(p.name)) continue;
    const auto number = p.low && p.high ? (*p.low + *p.high) / 2 : clamped(p.low.value_or(1), p);
    switch (p.type) {
      case ParamType::boolean:
        out[p.name] = false;
        break;
      case ParamType::whole:
        out[p.name] = static_cast<std::int64_t>(clamped(4, p));
        break;
      case ParamType::number:
        out[p.name] = number;
        break;
      case ParamType::text:
        out[p.name] = p.choices.empty() ? std::string("a") : p.choices.front();
        break;
      case ParamType::wholes:
        out[p.name] = std::vector<std::int64_t>{static_cast<std::int64_t>(clamped(4, p))};
        break;
      case ParamType::numbers:
        out[p.name] = std::vector<double>{number};
        break;
      case ParamType::texts:
        out[p.name] = std::vector<std::string>{p.choices.empty() ? "a" : p.choices.front()};
        break;
      case ParamType::path:
        throw Error("parameter '" + p.name +
                    "' names a file, and the component has no example of one\n  fix: static "
                    "constexpr braid::ExampleFile files[] = {{\"" +
                    p.name + "\", \"the file's text\"}};");
    }
  }
  return out;
}

}  // namespace braid::conform
