// The checks of `braid conform` by name, in the order in which a report shows what failed: causes before consequences.
#pragma once

#include "conform/trial.h"

#include <string_view>
#include <vector>

namespace braid::conform {

struct Check {
  std::string_view name;     // "row-alone"
  std::string_view proves;   // one sentence
  std::string_view because;  // what goes wrong for users where it does not hold
  std::string_view advice;   // what to write then, one sentence
  std::vector<Kind> kinds;   // that it holds for
  bool slow = false;         // left out of check(): threads, memory
  // Runs on one case; nullptr: the check is one of field_checks.h, reader_checks.h, optimizer_checks.h or measure.h.
  void (*on_case)(Trial&) = nullptr;

  bool holds_for(Kind kind) const;
};

const std::vector<Check>& all_checks();
const Check* find_check(std::string_view name);

// ports_and_sizes.cc
void check_ports(Trial&);
void check_shapes(Trial&);
void check_absent(Trial&);
void check_masks(Trial&);
void check_equal_rows(Trial&);
// gradients.cc
void check_gradient(Trial&);
// calls.cc
void check_runs(Trial&);
void check_inputs(Trial&);
void check_generator(Trial&);
void check_repeat(Trial&);
void check_indexing(Trial&);
void check_evaluation(Trial&);
void check_strides(Trial&);
void check_row_order(Trial&);
void check_row_alone(Trial&);
void check_save(Trial&);
void check_threads(Trial&);
void check_memory(Trial&);
// numbers.cc
void check_range(Trial&);
void check_bfloat16(Trial&);
void check_cuda(Trial&);
bool has_device();

}  // namespace braid::conform
