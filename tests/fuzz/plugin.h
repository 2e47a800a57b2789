// Components out of plugins that are linked into a target.
#pragma once

#include "sdk/state.h"

#include "driver.h"

#include <memory>

namespace fuzz {

// The component of a plugin that has one, with a recipe's values.
template <class Kind>
std::unique_ptr<Kind> made(void (*enter)(braid::Registrar&), const braid::Values& values) {
  struct Only final : braid::Registrar {
    Make make = nullptr;
    void add(const char*, const Facts&, Make given) override { make = given; }
  } only;
  enter(only);
  return std::unique_ptr<Kind>(static_cast<Kind*>(braid::construct(only.make, values, {}).release()));
}

}  // namespace fuzz
