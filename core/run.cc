// The entry of libbraid_run.so: commands that need tensors.
#include "run.h"

#include "cards/file.h"
#include "cards/store.h"
#include "conform/command.h"
#include "host/commands.h"
#include "host/host.h"
#include "log/errors_json.h"
#include "log/log.h"
#include "memory/pool.h"
#include "recipe/document/words.h"
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
#include <stdexcept>

namespace braid {
namespace {

model::RuntimeServices services_of(int threads, cards::Store& store, host::Host& host) {
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
  services.threads = threads > 0 ? threads : at::get_num_threads();
  return services;
}

// FILE.so, PLUGIN, PLUGIN/COMPONENT, or the COMPONENT that only one plugin has: its file and the component, which is
// empty for all of them.
std::pair<std::string, std::string> plugin_called(const std::string& name, cards::Store& store) {
  if (name.ends_with(".so")) {
    if (!std::filesystem::exists(name)) throw Error("missing-file", name, "there is no such file");
    return {name, ""};
  }
  const auto slash = name.find('/');
  const auto plugin = name.substr(0, slash);
  std::vector<std::string> names;
  for (const auto& found : store.all("")) {
    if (found.name() == plugin) {
      if (!found.card) throw Error("plugin", found.file, found.refused);
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
  throw Error("unknown-component", "braid conform", "no plugin or component is called '" + name + "'",
              {"plugins are found in BRAID_PLUGIN_PATH and beside the program; a file is given as PATH/NAME.so"},
              near.value_or(""));
}

// A command that runs a recipe's graph: with the pool of tensors, and with what makes same bits.
template <class Body>
int with_services(const RunCall& call, const Body& body) {
#ifndef __SANITIZE_THREAD__  // the pool's lock would order threads that run executions, and hide races between them
  memory::serve_tensors();
#endif
  if (call.threads > 0) at::set_num_threads(call.threads);
  // The same seed on the same machine gives the same bits. Filling empty tensors would only cost time: nothing reads
  // them.
  at::globalContext().setDeterministicAlgorithms(true, false);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  cards::Store store({call.program_folder});
  host::Host host([&store](const std::string& file) { return store.vouched(file); });
  return body(services_of(call.threads, store, host));
}

int run(const RunCall& call, const command::Train& asked) {
  return with_services(call, [&](const auto& services) {
    return asked.resume.empty() ? train::train_command(asked, services) : train::resume_command(asked, services);
  });
}

int run(const RunCall& call, const command::Eval& asked) {
  return with_services(call, [&](const auto& services) {
    if (!asked.rows.empty()) return train::scored_rows_command(asked, services);
    if (!asked.requests.empty() || !asked.scores.empty()) return serve::rows_as_requests_command(asked, services);
    return train::eval_command(asked, services);
  });
}

int run(const RunCall& call, const command::Replay& asked) {
  return with_services(call, [&](const auto& services) { return train::replay_command(asked.folder, services); });
}

int run(const RunCall& call, const command::Export& asked) {
  return with_services(call, [&](const auto& services) { return serve::export_command(asked, services); });
}

int run(const RunCall& call, const command::Score& asked) {
  return with_services(call, [&](const auto& services) { return serve::score_command(asked, services); });
}

int run(const RunCall& call, const command::Conform& asked) {  // counts what the heap gives out: no pool
  if (asked.list) {
    std::fputs(conform::checks_table().c_str(), stdout);
    return 0;
  }
  cards::Store store({call.program_folder});
  const auto [file, component] = plugin_called(asked.plugin, store);
  return conform::conform_command(file, component, asked, [&store](const std::string& f) { return store.vouched(f); });
}

int run(const RunCall&, const command::Card& asked) {
  memory::serve_tensors();
  return host::card_command(asked);
}

int run(const RunCall& call, const command::AboutTorch&) {
  memory::serve_tensors();
  return host::about_torch_command(call.threads);
}

}  // namespace
}  // namespace braid

int braid_run(const braid::RunCall* call) {
  using namespace braid;
  if (call->json_errors) log::keep_errors();
  int code = 0;
  try {
    code = std::visit([&](const auto* asked) { return run(*call, *asked); }, call->command);
  } catch (const Failure& e) {
    log::progress_end();
    for (const auto& mistake : e.diagnostics()) log::error(mistake);
    code = 1;
  } catch (const host::Fault& e) {
    log::progress_end();
    log::error(e.diagnostic());
    code = 2;
  } catch (const std::bad_alloc&) {
    log::error(Diagnostic{"memory", {}, "no memory is left; make [train] batch or [data] cache smaller"});
    code = 1;
  } catch (const std::exception& e) {
    log::progress_end();
    log::error(Diagnostic{"internal",
                          "braid",
                          e.what(),
                          {"This is Braid's own fault, or a plugin's; please report it with the recipe."}});
    code = 2;
  }
  if (const auto errors = log::kept_errors(); !errors.empty()) {
    std::fputs(log::errors_json(errors).c_str(), stdout);
    std::fflush(stdout);
  }
  return code;
}
