// The example files that a component ships for its path parameters, written out for the time of its checks.
#pragma once

#include "host/host.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace braid::conform {

// A folder for files that path parameters name; gone with the object.
class ExampleFiles {
 public:
  explicit ExampleFiles(const host::Plugin::Entry& entry);
  ~ExampleFiles();
  ExampleFiles(const ExampleFiles&) = delete;
  // Values for parameters that have no default. Throws Error: a path without an example.
  Values required(const ComponentSchema& card) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string, std::less<>> paths_;
};

}  // namespace braid::conform
