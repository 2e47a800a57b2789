#include "subject.h"

#include <braid/diagnostic.h>

#include <filesystem>

namespace braid::tools {

namespace files = std::filesystem;

Subject subject_of(const std::string& argument) {
  Subject out{argument, argument, "", files::is_directory(argument)};
  if (!out.folder) return out;
  const auto in = [&](const char* name) { return (files::path(argument) / name).string(); };
  for (const auto* name : {"serve.toml", "resolved.toml"})
    if (files::exists(in(name))) {
      out.recipe = in(name);
      if (files::exists(in("weights.safetensors"))) out.weights = in("weights.safetensors");
      return out;
    }
  std::string seeds;
  for (const auto& entry : files::directory_iterator(argument))
    if (files::exists(entry.path() / "resolved.toml") && (seeds.empty() || entry.path().string() < seeds))
      seeds = entry.path().string();
  throw Failure("folder", argument, "holds neither resolved.toml nor serve.toml: it is no run and no export",
                {seeds.empty() ? "" : "a run in it: " + seeds});
}

}  // namespace braid::tools
