// Every check on every case of one component, and how that reads.
#pragma once

#include "conform/checks.h"
#include "conform/measure.h"

#include <string>
#include <vector>

namespace braid::conform {

struct Verdict {
  // not_run: an earlier check failed, and this one would say the same in other words.
  enum Result { passed, failed, declined, skipped, not_run } result = passed;
  std::string check;
  std::string reason;  // declined: the component's; skipped, not_run: why
  // Failed: what, and with which case. Equal texts of several cases stand once, with the first of them.
  struct Failure {
    std::string what, with;
    std::size_t cases = 1;
    std::string last;  // the last of the cases
  };
  std::vector<Failure> failures;
};

struct Report {
  std::string component, plugin, version, file, built;  // built: "2025-11-21 17:18:03", the file's own time
  Kind kind = Kind::tower;
  std::vector<Verdict> verdicts;          // in the order of all_checks(); those for other kinds are left out
  std::vector<std::string> with;          // the cases
  std::vector<std::string> left_out;      // values with which it cannot be constructed, and why
  std::vector<std::string> never_varied;  // parameters and coefficients that have one value in all cases
  std::vector<std::string> warnings;      // LibTorch's, each once
  std::vector<Cost> costs;
  bool conforms() const;
};

// `use`: PLUGIN/COMPONENT or FILE.so/COMPONENT. `only`: one check's name, or empty. Runs plugin code; throws Error when
// the plugin cannot be opened.
Report prove(const std::string& use, const std::string& only);

// The plugin's file and when it was built: what a report is about, in one line.
std::string head_of(const Report& report);
// `cases`: lists them.
std::string text_of(const Report& report, bool cases);
std::string json_of(const std::vector<Report>& reports);

}  // namespace braid::conform
