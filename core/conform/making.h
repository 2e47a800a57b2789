// Components made by name, for cases and for what is no case.
#pragma once

#include "conform/braid/conform.h"
#include "host/host.h"

namespace braid::conform {

// Where `use = component` is: PLUGIN, PLUGIN/COMPONENT, or FILE.so/COMPONENT. Throws Error: there is none.
struct Place {
  const host::Plugin* plugin;
  std::string component;
};
Place place_of(const std::string& component);

std::unique_ptr<Component> make(const std::string& component, const Values& values, const WireCounts& wires = {},
                                bool describe = false);

// A metric's number for these columns, one per state. Throws Error: it is no metric.
double finished(Component& component, const std::vector<at::Tensor>& appended);

}  // namespace braid::conform
