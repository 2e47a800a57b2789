// The entry of libbraid_run.so: commands that need tensors.
#include "run.h"

#include "cards/file.h"
#include "cards/store.h"
#include "conform/command.h"
#include "host/commands.h"
#include "host/host.h"
#include "log/log.h"
#include "memory/pool.h"
#include "serve/export.h"
#include "serve/rows_as_requests.h"
#include "serve/score.h"
#include "train/replay.h"
#include "train/scored_rows.h"
#include "train/training_run.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace braid {
namespace {

std::vector<std::string> all(const RunCall& call, const std::string& option) {
  const auto found = call.options.find(option);
  return found == call.options.end() ? std::vector<std::string>{} : found->second;
}

std::string one(const RunCall& call, const std::string& option) {
  const auto given = all(call, option);
  return given.empty() ? "" : given.back();
}

std::vector<std::uint64_t> seeds_of(const RunCall& call) {
  std::vector<std::uint64_t> out;
  for (const auto& list : all(call, "seeds")) {
    std::istringstream parts(list);
    for (std::string one; std::getline(parts, one, ',');) out.push_back(std::stoull(one));  // checked by the program
  }
  return out;
}

model::RuntimeServices services_of(const RunCall& call, cards::Store& store, host::Host& host) {
  model::RuntimeServices services;
  services.world = [&store](const std::string& recipe) {
    return store.world(std::filesystem::path(recipe).parent_path().string());
  };
  services.component = [&host](const recipe::Use& use, const WireCounts& wires) { return host.make(use, wires); };
  const auto cast = [](std::unique_ptr<Component> made, auto* kind) {
    using T = std::remove_pointer_t<decltype(kind)>;
    auto* as = dynamic_cast<T*>(made.get());
    if (!as)
      throw std::logic_error("component '" + made->state().schema.name + "' is not of the kind that its card says");
    made.release();
    return std::unique_ptr<T>(as);
  };
  services.makers.field = [&host, cast](const recipe::Use& use) {
    return cast(host.make(use), static_cast<Field*>(nullptr));
  };
  services.makers.reader = [&host, cast](const recipe::Use& use) {
    return cast(host.make(use), static_cast<Reader*>(nullptr));
  };
  services.digest = [](const std::string& file) { return cards::facts(file).digest; };
  services.threads = call.threads > 0 ? call.threads : at::get_num_threads();
  return services;
}

// FILE.so, PLUGIN, PLUGIN/COMPONENT, or the COMPONENT that only one plugin has: its file and the component, which is
// empty for all of them.
std::pair<std::string, std::string> plugin_called(const std::string& name, cards::Store& store) {
  if (name.ends_with(".so")) {
    if (!std::filesystem::exists(name)) throw Error(name + ": error: there is no such file [missing-file]");
    return {name, ""};
  }
  const auto slash = name.find('/');
  const auto plugin = name.substr(0, slash);
  std::vector<std::string> names;
  for (const auto& found : store.all("")) {
    if (found.name() == plugin) {
      if (!found.card) throw Error(found.file + ": error: " + found.refused + " [plugin]");
      return {found.file, slash == std::string::npos ? "" : name.substr(slash + 1)};
    }
    names.push_back(found.name());
    if (!found.card || slash != std::string::npos) continue;
    for (const auto& c : found.card->schema.components) {
      if (c.name == name) return {found.file, c.name};
      names.push_back(c.name);
    }
  }
  const auto near = recipe::nearest(plugin, names);
  throw Error("braid conform: error: no plugin or component is called '" + name + "' [unknown-component]" +
              (near ? "\n  did you mean '" + *near + "'?" : "") +
              "\n  plugins are found in BRAID_PLUGIN_PATH and beside the program; a file is given as PATH/NAME.so");
}

int dispatch(const RunCall& call) {
  const auto& command = call.command;
  if (command == "conform") {  // counts what the heap gives out: no pool
    if (call.options.count("list")) {
      std::fputs(conform::checks_table().c_str(), stdout);
      return 0;
    }
    cards::Store store({call.program_folder});
    const auto [file, component] = plugin_called(call.arguments.at(0), store);
    return conform::conform_command(file, component, one(call, "only"), call.options.count("json") > 0,
                                    call.options.count("cases") > 0,
                                    [&store](const std::string& f) { return store.vouched(f); });
  }
  memory::serve_tensors();
  if (command == "card") return host::card_command(call);
  if (command == "doctor") return host::doctor_command(call);
  if (call.threads > 0) at::set_num_threads(call.threads);
  // The same seed on the same machine gives the same bits. Filling empty tensors would only cost time: nothing reads
  // them.
  at::globalContext().setDeterministicAlgorithms(true, false);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  cards::Store store({call.program_folder});
  host::Host host([&store](const std::string& file) { return store.vouched(file); });
  const auto services = services_of(call, store, host);
  if (command == "train" && call.options.count("resume"))
    return train::resume_command({all(call, "resume").at(0), call.arguments.empty() ? "" : call.arguments[0],
                                  all(call, "set"), call.options.count("allow-changes") > 0},
                                 services);
  if (command == "replay") return train::replay_command(call.arguments.at(0), services);
  if (command == "train")
    return train::train_command(
        {call.arguments.at(0), all(call, "out").at(0), all(call, "set"), seeds_of(call), all(call, "split")}, services);
  if (command == "eval" && call.options.count("rows")) {
    const auto splits = all(call, "split");
    if (splits.size() != 1) throw Error("braid eval: error: --rows takes one --split [command-line]");
    return train::scored_rows_command(call.arguments.at(0), splits[0], all(call, "set"), one(call, "rows"), services);
  }
  if (command == "eval" && (call.options.count("requests") || call.options.count("scores")))
    return serve::rows_as_requests_command(
        {call.arguments.at(0), all(call, "split"), all(call, "set"), one(call, "requests"), one(call, "scores")},
        services);
  if (command == "eval")
    return train::eval_command(call.arguments.at(0), all(call, "split"), all(call, "set"),
                               call.options.count("json") > 0, services);
  if (command == "export")
    return serve::export_command(
        {call.arguments.at(0), all(call, "out").at(0), all(call, "set"), call.options.count("half") > 0,
         call.options.count("lookup-only") > 0, one(call, "vectors")},
        services);
  if (command == "score")
    return serve::score_command(call.arguments.at(0),
                                {one(call, "top").empty() ? 0 : std::stoll(one(call, "top")), one(call, "files")},
                                services);
  throw std::logic_error("no such command: " + command);
}

}  // namespace
}  // namespace braid

int braid_run(const braid::RunCall* call) {
  try {
    return braid::dispatch(*call);
  } catch (const braid::Error& e) {
    braid::log::progress_end();
    braid::log::error(e.what());
    return 1;
  } catch (const std::bad_alloc&) {
    braid::log::error("error: no memory is left; make [train] batch or [data] cache smaller [memory]");
    return 1;
  } catch (const std::exception& e) {
    braid::log::progress_end();
    braid::log::error(std::string("internal error: ") + e.what() +
                      "\nThis is Braid's own fault, or a plugin's; please report it with the recipe. [internal]");
    return 2;
  }
}
