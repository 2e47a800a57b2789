#include "conform/checks.h"

#include <algorithm>

namespace braid::conform {
namespace {

const std::vector<Kind> with_run{Kind::tower, Kind::fusion, Kind::ranker, Kind::loss, Kind::distiller, Kind::metric};
const std::vector<Kind> with_gradient{Kind::tower, Kind::fusion, Kind::ranker, Kind::loss, Kind::distiller};
const std::vector<Kind> by_rows{Kind::tower, Kind::fusion, Kind::ranker};
const std::vector<Kind> fields{Kind::field}, readers{Kind::reader}, metrics{Kind::metric};

std::vector<Kind> joined(std::vector<Kind> a, const std::vector<Kind>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

bool Check::holds_for(Kind kind) const { return std::count(kinds.begin(), kinds.end(), kind) > 0; }

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all{
      {"ports", "With other legal values of its parameters a component has the ports that its card shows.",
       "A recipe is checked against the card, before anything is constructed with the recipe's values.",
       joined(with_run, fields), false, check_ports},
      {"inputs", "A call leaves its inputs and weights as they are.", "Another node reads the same tensor after it.",
       with_run, false, check_inputs},
      {"shapes", "Outputs have their declared sizes at several sizes of each run-time axis, 0 and 1 among them.",
       "A batch may have one row, a history no place, and the last batch of a split any size.", with_run, false,
       check_shapes},
      {"slots", "place() fills no more than its slot, with ids inside their range, and no more places than its bound.",
       "It writes into memory that the next row uses.", fields},
      {"cells", "Example cells decode; missing and damaged ones end as a row, an absent row or a braid::Error.",
       "Data is dirty, and a message with file and line is worth more than a crash.", fields},
      {"generator", "LibTorch's global generator does not move.",
       "Its state is in no checkpoint: a run that moves it cannot be repeated or gone on with.", with_run, false,
       check_generator},
      {"repeat", "The same call with the same seed and step gives the same bits, forward and backward.",
       "Resuming, replaying and debugging rest on it.", with_run, false, check_repeat},
      {"indexing", "Nothing is gathered by indexing with a tensor.",
       "The gradient of x[index] is summed in an order that changes from run to run; use braid::gather_rows or "
       "index_select.",
       with_gradient, false, check_indexing},
      {"evaluation", "An evaluation does not draw: it is the same at any step and seed.", "A served model has no step.",
       joined(with_run, fields), false, check_evaluation},
      {"absent", "Outputs and gradients are finite where places or whole rows of the inputs are absent, even all.",
       "A shard without a single poster must not end a run.", with_gradient, false, check_absent},
      {"masks", "What a mask hides changes no output, not by a bit, and gets no gradient; hidden outputs are zero.",
       "Padding would leak into scores, and with it the make-up of the batch. Masked negatives are the loss's own "
       "duty.",
       with_run, false, check_masks},
      {"equal-rows", "Outputs and gradients are finite when all rows are equal.",
       "Cold items, one user's batch: deviations and distances of zero are divided by.", with_gradient, false,
       check_equal_rows},
      {"gradient",
       "The gradient of each floating input and weight agrees with central differences in double, in evaluation and in "
       "training.",
       "A wrong gradient trains, only worse.", with_gradient, false, check_gradient},
      {"strides", "Inputs that are not contiguous, or are expanded, give the same results.",
       "Slices, transposes and broadcast vectors arrive like that.", with_run, false, check_strides},
      {"range", "Outputs and gradients are finite for large and tiny inputs within the declared ranges.",
       "exp of a large logit, the logarithm of a small probability.", with_gradient, false, check_range},
      {"row-order", "Rows in another order give the same rows in that order.",
       "A batch is a set: its order carries no meaning.", with_gradient, false, check_row_order},
      {"row-alone", "A row alone gives what it gives within the batch.",
       "Otherwise a served score depends on who else asks.", by_rows, false, check_row_alone},
      {"save",
       "What is saved and restored into a fresh object gives the same bits: the weights of a node, the state of a "
       "field.",
       "What a component keeps elsewhere is lost by a checkpoint, and differs in serving.",
       joined(with_gradient, fields), false, check_save},
      {"records", "Records have one cell a column, whatever the limit of a call, and the same again after seek().",
       "Resuming jumps into the middle of a file.", readers},
      {"broken-files", "A cut or damaged file ends in records, bad records or a braid::Error.",
       "Half-copied files are common.", readers},
      {"batches", "A metric is the same number for whatever batches its rows came in, and is defined for none (NaN).",
       "Threads, ranks and batch sizes would change the figure.", metrics},
      {"threads", "Many threads on one object give what one thread gives.",
       "Serving calls one object from all threads.", joined(with_gradient, fields), true, check_threads},
      {"memory", "1,000 calls keep no memory.", "Training makes millions.", joined(joined(with_run, fields), readers),
       true, check_memory},
      {"bfloat16",
       "bfloat16 agrees with the same function in double, within what that many rounded operations may do to it.",
       "A difference of large numbers, or a long sum in half precision, shows here first.", with_gradient, false,
       check_bfloat16},
      {"cuda", "CUDA agrees with the CPU, within what rounding may do.", "A kernel has two versions.", with_gradient,
       true, check_cuda},
      {"cost", "Calls at 64, 256 and 1,024 rows (fewer of large inputs) work; time, memory and parameters are shown.",
       "What a component costs is known before it is used.", with_gradient, true},
  };
  return all;
}

const Check* find_check(std::string_view name) {
  for (const auto& c : all_checks())
    if (c.name == name) return &c;
  return nullptr;
}

}  // namespace braid::conform
