#include "host/commands.h"

#include "cards/card.h"
#include "cards/store.h"
#include "host/host.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>

#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace braid::host {
namespace {

// A stranger's code runs here: what loops, fills memory or the disk, or crashes, ends this process and nothing else.
// Loading LibTorch and a plugin takes less than a second and some hundred megabytes.
void limit_this_process() {
  const auto limit = [](auto what, rlim_t most) {
    const rlimit both{most, most};
    ::setrlimit(what, &both);  // where less is allowed already, that stays
  };
  limit(RLIMIT_CPU, 10);
  limit(RLIMIT_DATA, rlim_t{8} << 30);
  limit(RLIMIT_FSIZE, rlim_t{64} << 20);
  limit(RLIMIT_CORE, 0);
}

void write_card(const std::string& file, const std::string& out) {
  Host host(any_file);  // this is the process that looks for the others
  cards::Card card;
  try {
    const auto& plugin = host.open(file);
    card.file = plugin.facts;
    card.schema = host.describe(file);
  } catch (const Fault& e) {
    throw Error(e.diagnostic());  // here the plugin's fault is what is asked about
  }
  if (!cards::write_whole(out, cards::to_text(card))) throw Error("card", out, "the card cannot be written");
}

}  // namespace

int card_command(const command::Card& asked) {
  if (asked.beside) {
    for (const auto& file : asked.files) write_card(file, cards::card_beside(file));
    return 0;
  }
  if (asked.files.size() != 1 || asked.out.empty())
    throw Error("command-line", "braid card", "it takes one FILE and --out CARD, or --beside and FILE...");
  limit_this_process();
  write_card(asked.files[0], asked.out);
  return 0;
}

int about_torch_command(int asked_threads) {
  nlohmann::ordered_json out;
  Dl_info where{};
  const bool found = ::dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &where) != 0;
  out["version"] = TORCH_VERSION;
  out["library"] = found && where.dli_fname ? where.dli_fname : "";
  out["threads"] = at::get_num_threads();
  out["asked_threads"] = asked_threads;
  out["cpu"] = at::get_cpu_capability();
  out["device"] = "cpu";
  out["gpu_present"] = ::access("/dev/nvidia0", F_OK) == 0;
  std::puts(out.dump().c_str());
  return 0;
}

}  // namespace braid::host
