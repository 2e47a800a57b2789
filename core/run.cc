// The entry of libbraid_run.so: commands that need tensors.
#include "run.h"

#include "cards/file.h"
#include "cards/store.h"
#include "host/commands.h"
#include "host/host.h"
#include "log/log.h"
#include "train/run.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <filesystem>
#include <stdexcept>

namespace braid {
namespace {

// What follows a command: `--name value` pairs, flags and the rest, in the order given. The program has already told
// the user about options that do not exist.
struct Arguments {
  std::vector<std::string> rest;
  std::vector<std::pair<std::string, std::string>> options;

  Arguments(const std::vector<std::string>& words, const std::vector<std::string>& flags) {
    for (std::size_t k = 1; k < words.size(); ++k) {
      const auto& word = words[k];
      if (!word.starts_with("--")) {
        rest.push_back(word);
      } else if (const auto equal = word.find('='); equal != std::string::npos && word.substr(0, equal) != "--set") {
        options.emplace_back(word.substr(2, equal - 2), word.substr(equal + 1));
      } else if (std::count(flags.begin(), flags.end(), word.substr(2))) {
        options.emplace_back(word.substr(2), "");
      } else {
        if (k + 1 == words.size()) throw Error("command line: error: " + word + " needs a value [command-line]");
        options.emplace_back(word.substr(2), words[++k]);
      }
    }
  }
  std::string one(const std::string& name) const {
    for (const auto& [n, v] : options) if (n == name) return v;
    return "";
  }
  bool has(const std::string& name) const {
    for (const auto& [n, v] : options) if (n == name) return true;
    return false;
  }
  std::vector<std::string> all(const std::string& name) const {
    std::vector<std::string> out;
    for (const auto& [n, v] : options) if (n == name) out.push_back(v);
    return out;
  }
  std::vector<std::string> split(const std::string& name) const {
    std::vector<std::string> out;
    const auto text = one(name);
    for (std::size_t at = 0; at < text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      out.push_back(text.substr(at, comma - at));
      at = comma + 1;
    }
    return out;
  }
};

std::vector<std::uint64_t> seeds_of(const Arguments& args) {
  std::vector<std::uint64_t> out;
  for (const auto& text : args.split("seeds")) {
    std::size_t used = 0;
    unsigned long long value = 0;
    try {
      value = std::stoull(text, &used);
    } catch (const std::exception&) {
    }
    if (used != text.size() || text.empty()) throw Error("--seeds " + args.one("seeds") + ": error: '" + text + "' is no whole number; write --seeds 1,2,3 [command-line]");
    out.push_back(value);
  }
  return out;
}

train::Workshop workshop(const RunCall& call, cards::Store& store, host::Host& host) {
  train::Workshop shop;
  shop.world = [&store](const std::string& recipe) { return store.world(std::filesystem::path(recipe).parent_path().string()); };
  shop.component = [&host](const recipe::Use& use, const WireCounts& wires) { return host.make(use, wires); };
  const auto cast = [](std::unique_ptr<Component> made, auto* kind) {
    using T = std::remove_pointer_t<decltype(kind)>;
    auto* as = dynamic_cast<T*>(made.get());
    if (!as) throw std::logic_error("component '" + made->state().schema.name + "' is not of the kind that its card says");
    made.release();
    return std::unique_ptr<T>(as);
  };
  shop.makers.field = [&host, cast](const recipe::Use& use) { return cast(host.make(use), static_cast<Field*>(nullptr)); };
  shop.makers.reader = [&host, cast](const recipe::Use& use) { return cast(host.make(use), static_cast<Reader*>(nullptr)); };
  shop.digest = [](const std::string& file) { return cards::facts(file).digest; };
  shop.threads = call.threads > 0 ? call.threads : at::get_num_threads();
  return shop;
}

int dispatch(const RunCall& call) {
  const auto& command = call.arguments.at(0);
  if (command == "card") return host::card_command(call);
  if (command == "doctor") return host::doctor_command(call);
  if (call.threads > 0) at::set_num_threads(call.threads);
  // The same seed on the same machine gives the same bits. Filling empty tensors would only cost time: nothing reads them.
  at::globalContext().setDeterministicAlgorithms(true, false);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  cards::Store store({call.program_folder});
  host::Host host;
  const auto shop = workshop(call, store, host);
  if (command == "train") {
    const Arguments args(call.arguments, {});
    if (args.rest.size() != 1) throw Error("command line: error: train takes one recipe [command-line]");
    if (!args.has("out")) throw Error("command line: error: train needs --out RUN, the folder to write [command-line]");
    return train::train_command({args.rest[0], args.one("out"), args.all("set"), seeds_of(args), args.split("splits")}, shop);
  }
  if (command == "eval") {
    const Arguments args(call.arguments, {"json"});
    if (args.rest.size() != 1) throw Error("command line: error: eval takes one run folder [command-line]");
    return train::eval_command(args.rest[0], args.split("splits"), args.all("set"), args.has("json"), shop);
  }
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
    braid::log::error(std::string("internal error: ") + e.what() + "\nThis is Braid's own fault, or a plugin's; please report it with the recipe. [internal]");
    return 2;
  }
}
