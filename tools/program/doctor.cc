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

int doctor(const Doctor& asked) {
  const auto around = cards::around_this_program();
  cards::Store store(around);
  const auto own = store.own_stamp();
  const auto found = store.all(here());
  const auto torch = ask_torch(around);
  std::size_t good = 0, components = 0;
  for (const auto& f : found)
    if (f.card) ++good, components += f.card->schema.components.size();
  const bool well = torch.at("found").get<bool>() && good == found.size() && std::holds_alternative<Stamp>(own);

  if (asked.json) {
    Json out{{"version", BRAID_VERSION},
             {"program", around.program()},
             {"sdk", around.sdk_library()},
             {"run", around.run_library()},
             {"torch", torch}};
    if (const auto* s = std::get_if<Stamp>(&own)) out["headers"] = s->headers;
    out["docs"] = pages(around);
    out["plugin_folders"] = plugin_folders(around, here());
    out["plugins"] = Json::array();
    for (const auto& f : found)
      out["plugins"].push_back({{"name", f.name()},
                                {"file", f.file},
                                {"ok", f.card.has_value()},
                                {"why", f.refused},
                                {"components", f.card ? f.card->schema.components.size() : 0}});
    out["ok"] = well;
    print(out.dump(2) + "\n");
    return well ? 0 : 1;
  }

  std::string out = "Braid " BRAID_VERSION "\n" + line("program", around.program());
  if (const auto* s = std::get_if<Stamp>(&own))
    out += line("SDK", around.sdk_library() + ", headers " + s->headers + ", for LibTorch " + s->torch) +
           line("compiler", s->compiler);
  else out += line("SDK", "not found: " + std::get<std::string>(own));
  out += torch_text(torch);
  if (const auto folder = pages(around); !folder.empty()) out += line("docs", folder);
  out += "\nPlugins\n";
  for (const auto& folder : plugin_folders(around, here())) out += line("folder", folder);
  out += line("usable", std::to_string(good) + " of " + std::to_string(found.size()) + ", with " +
                            std::to_string(components) + " components");
  out += line("cards",
              "beside their plugins, else in " + std::filesystem::path(cards::cached_card("")).parent_path().string());
  for (const auto& f : found)
    if (!f.card) out += "  refused     " + f.file + "\n              " + wrapped(f.refused, 14) + "\n";
  out += well ? "\nAll is well.\n" : "\nSomething is amiss, see above.\n";
  print(out);
  return well ? 0 : 1;
}

}  // namespace

Command doctor_command() { return command_of<Doctor, doctor>(); }

}  // namespace braid::tools
