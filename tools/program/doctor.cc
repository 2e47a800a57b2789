// `braid doctor`: what was found, and what is missing, with the remedy.
#include "commands.h"
#include "print.h"
#include "wrap.h"

#include "cards/child.h"
#include "cards/store.h"
#include "components/catalogue.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace braid::tools {
namespace {

using Json = nlohmann::ordered_json;

// LibTorch is asked in a child process, so that a broken one cannot take the doctor along.
Json ask_torch(const cards::Around& around) {
  if (around.run_library().empty()) return {{"found", false}, {"why", "libbraid_run.so is not built"}};
  const auto ended = cards::run_child({around.program(), "about-torch"}, 60);
  if (!ended.how.empty())
    return {{"found", false},
            {"why", "the process that loaded it " + ended.how + (ended.said.empty() ? "" : ": " + ended.said)}};
  const auto said = Json::parse(ended.printed, nullptr, false);
  if (said.is_discarded()) return {{"found", false}, {"why", "it gave no answer"}};
  Json out{{"found", true}};
  out.update(said);
  return out;
}

std::string line(const std::string& name, const std::string& text) {
  return "  " + name + std::string(12 - name.size(), ' ') + wrapped(text, 14) + "\n";
}

// Where the pages are: beside an installed program, or in the source tree that this one was built in; "" when nowhere.
std::string pages(const cards::Around& around) {
  const auto program = std::filesystem::path(around.program()).parent_path();
  for (const auto& folder : {program / "../share/doc/braid", program / "../docs"})
    if (std::filesystem::exists(folder / "PLUGINS.md")) return std::filesystem::canonical(folder).string();
  return "";
}

std::string torch_text(const Json& torch) {
  if (!torch.at("found").get<bool>())
    return line("LibTorch", "not found: " + torch.at("why").get<std::string>()) +
           line("", "fix: run tools/test or tools/quickstart, which set it up");
  const auto gpu = torch.at("gpu_present").get<bool>();
  return line("LibTorch", torch.at("version").get<std::string>() + ", " + torch.at("library").get<std::string>()) +
         line("device", torch.at("device").get<std::string>() + " (" + torch.at("cpu").get<std::string>() + ")" +
                            (gpu ? "; there is a GPU, which this version does not use" : "")) +
         line("threads", std::to_string(torch.at("threads").get<int>()) +
                             " for tensors (OMP_NUM_THREADS or --threads changes it)");
}

struct Doctor : command::Options {
  using Options::Options;
  static constexpr command::About about{"doctor",
                                        "Says what was found: LibTorch, device, threads, plugin folders, cards."};

  bool json = json_option();
};

// All that was looked at.
struct Findings {
  cards::Around around = cards::around_this_program();
  std::variant<Stamp, std::string> own;
  std::vector<cards::Found> found;
  Json torch;
  std::size_t usable = 0, components = 0;

  Findings() {
    cards::Store store(around);
    own = store.own_stamp();
    found = store.all(here());
    torch = ask_torch(around);
    for (const auto& f : found)
      if (f.card) ++usable, components += f.card->schema.components.size();
  }
  bool well() const {
    return torch.at("found").get<bool>() && usable == found.size() && std::holds_alternative<Stamp>(own);
  }
};

Json json_of(const Findings& all) {
  Json out{{"version", BRAID_VERSION},
           {"program", all.around.program()},
           {"sdk", all.around.sdk_library()},
           {"run", all.around.run_library()},
           {"torch", all.torch}};
  if (const auto* s = std::get_if<Stamp>(&all.own)) out["headers"] = s->headers;
  out["docs"] = pages(all.around);
  out["plugin_folders"] = plugin_folders(all.around, here());
  out["plugins"] = Json::array();
  for (const auto& f : all.found)
    out["plugins"].push_back({{"name", f.name()},
                              {"file", f.file},
                              {"ok", f.card.has_value()},
                              {"why", f.refused},
                              {"components", f.card ? f.card->schema.components.size() : 0}});
  out["ok"] = all.well();
  return out;
}

std::string text_of(const Findings& all) {
  std::string out = "Braid " BRAID_VERSION "\n" + line("program", all.around.program());
  if (const auto* s = std::get_if<Stamp>(&all.own))
    out += line("SDK", all.around.sdk_library() + ", headers " + s->headers + ", for LibTorch " + s->torch) +
           line("compiler", s->compiler);
  else out += line("SDK", "not found: " + std::get<std::string>(all.own));
  out += torch_text(all.torch);
  if (const auto folder = pages(all.around); !folder.empty()) out += line("docs", folder);
  out += "\nPlugins\n";
  for (const auto& folder : plugin_folders(all.around, here())) out += line("folder", folder);
  out += line("usable", std::to_string(all.usable) + " of " + std::to_string(all.found.size()) + ", with " +
                            std::to_string(all.components) + " components");
  out += line("cards",
              "beside their plugins, else in " + std::filesystem::path(cards::cached_card("")).parent_path().string());
  for (const auto& f : all.found)
    if (!f.card) out += "  refused     " + f.file + "\n              " + wrapped(f.refused, 14) + "\n";
  return out + (all.well() ? "\nAll is well.\n" : "\nSomething is amiss, see above.\n");
}

int doctor(const Doctor& asked) {
  const Findings all;
  print(asked.json ? json_of(all).dump(2) + "\n" : text_of(all));
  return all.well() ? 0 : 1;
}

}  // namespace

Command doctor_command() { return command_of<Doctor, doctor>(); }

}  // namespace braid::tools
