#include "host/commands.h"

#include "cards/card.h"
#include "cards/stamp.h"
#include "cards/store.h"
#include "host/host.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>

namespace braid::host {
namespace {

void write_card(const std::string& file, const std::string& out) {
  cards::Card card;
  try {
    card.schema = Host().describe(file);
  } catch (const Fault& e) {
    throw Error(e.what());  // here the plugin's fault is what is asked about
  }
  card.file = cards::facts(file);
  card.stamp = std::get<Stamp>(cards::read_stamp(file));
  if (!cards::write_whole(out, cards::to_text(card))) throw Error(out + ": error: the card cannot be written [card]");
}

}  // namespace

int card_command(const RunCall& call) {
  if (call.options.count("beside")) {
    for (const auto& file : call.arguments) write_card(file, cards::card_beside(file));
    return 0;
  }
  const auto out = call.options.find("out");
  if (call.arguments.size() != 1 || out == call.options.end())
    throw Error("usage: braid card FILE --out CARD, or braid card --beside FILE...");
  write_card(call.arguments[0], out->second.back());
  return 0;
}

int doctor_command(const RunCall& call) {
  nlohmann::ordered_json out;
  Dl_info where{};
  const bool found = ::dladdr(reinterpret_cast<const void*>(&at::get_num_threads), &where) != 0;
  out["version"] = TORCH_VERSION;
  out["library"] = found && where.dli_fname ? where.dli_fname : "";
  out["threads"] = at::get_num_threads();
  out["asked_threads"] = call.threads;
  out["cpu"] = at::get_cpu_capability();
  out["device"] = "cpu";
  out["gpu_present"] = ::access("/dev/nvidia0", F_OK) == 0;
  std::puts(out.dump().c_str());
  return 0;
}

}  // namespace braid::host
