// Every check on every case of one component, and how that reads.
#pragma once

#include "conform/checks.h"
#include "conform/measure.h"

#include <string>
#include <vector>

namespace braid::conform {

struct Verdict {
  enum Result { passed, failed, declined, skipped } result = passed;
  std::string check;
  std::string reason;  // declined: the component's; skipped: why it could not run
  // Failed: what, and with which case. Equal texts of several cases stand once.
  struct Failure {
    std::string what, with;
  };
  std::vector<Failure> failures;
};

struct Report {
  std::string component, plugin, version, file;
  Kind kind = Kind::tower;
  std::vector<Verdict> verdicts;      // in the order of all_checks(); those for other kinds are left out
  std::vector<std::string> with;      // the cases
  std::vector<std::string> left_out;  // values with which it cannot be constructed, and why
  std::vector<Cost> costs;
  bool conforms() const;
};

// `use`: PLUGIN/COMPONENT or FILE.so/COMPONENT. `only`: one check's name, or empty. Runs plugin code; throws Error when
// the plugin cannot be opened.
Report prove(const std::string& use, const std::string& only);

std::string text_of(const Report& report);
std::string json_of(const std::vector<Report>& reports);

}  // namespace braid::conform
