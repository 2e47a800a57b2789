#include "conform/checks.h"

#include <algorithm>

namespace braid::conform {
namespace {

const std::vector<Kind> with_run{Kind::tower, Kind::fusion, Kind::ranker, Kind::loss, Kind::distiller, Kind::metric};
const std::vector<Kind> with_gradient{Kind::tower, Kind::fusion, Kind::ranker, Kind::loss, Kind::distiller};
const std::vector<Kind> by_rows{Kind::tower, Kind::fusion, Kind::ranker, Kind::loss, Kind::distiller};
const std::vector<Kind> fields{Kind::field}, readers{Kind::reader}, metrics{Kind::metric};
const std::vector<Kind> optimizers{Kind::optimizer}, schedules{Kind::schedule};

std::vector<Kind> joined(std::vector<Kind> a, const std::vector<Kind>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

bool Check::holds_for(Kind kind) const { return std::count(kinds.begin(), kinds.end(), kind) > 0; }

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all{
      {"runs", "A call at the guessed sizes returns, with every output set, in its declared sizes.",
       "Nothing else can be said of a call that fails: the other checks leave such cases out, and are not run if none "
       "is left.",
       "Set each output that is wanted, in its declared sizes, for any sizes of the inputs; values that do not fit are "
       "refused by braid::Error in the constructor or in infer(), and not in run().",
       with_run, false, check_runs},
      {"ports", "With other legal values of its parameters a component has the ports that its card shows.",
       "A recipe is checked against the card, before anything is constructed with the recipe's values.",
       "Declare every port always, optional where it may be left unwired; a dim that a parameter turns on is 'dim if "
       "param'.",
       joined(with_run, fields), false, check_ports},
      {"inputs", "A call leaves its inputs and weights as they are.", "Another node reads the same tensor after it.",
       "Use operations without '_' at their end (sub, not sub_), or change a clone().", with_run, false, check_inputs},
      {"shapes", "Outputs have their declared sizes at several sizes of each run-time axis, 0 and 1 among them.",
       "A batch may have one row, a history no place, and the last batch of a split any size.",
       "Keep the dims: no squeeze() without a dim, keepdim where a sum is divided by, and no branch on the number of "
       "rows.",
       with_run, false, check_shapes},
      {"slots", "place() fills no more than its slot, with ids inside their range, and no more places than its bound.",
       "It writes into memory that the next row uses.",
       "Write through slot.values<T>(), which ends where the slot does, and give id 0 to what is not known.", fields},
      {"cells", "Example cells decode; missing and damaged ones end as a row, an absent row or a braid::Error.",
       "Data is dirty, and a message with file and line is worth more than a crash.",
       "Return false for a cell without a value, and throw braid::Error with the cell's text for one that cannot be "
       "read.",
       fields},
      {"generator", "LibTorch's global generator does not move.",
       "Its state is in no checkpoint: a run that moves it cannot be repeated or gone on with.",
       "Draw by f.uniform, f.generator or braid::dropout, which follow the seed and the step.", with_run, false,
       check_generator},
      {"repeat", "The same call with the same seed and step gives the same bits, forward and backward.",
       "Resuming, replaying and debugging rest on it.",
       "Keep nothing between calls, draw by f.uniform, f.generator or braid::dropout, and gather with "
       "braid::gather_rows.",
       with_run, false, check_repeat},
      {"indexing", "Nothing is gathered by indexing with a tensor.",
       "The gradient of x[index] is summed in an order that changes from run to run.",
       "Write braid::gather_rows(x, index), or x.index_select(0, index), for x.index({index}).", with_gradient, false,
       check_indexing},
      {"evaluation", "An evaluation does not draw: it is the same at any step and seed.", "A served model has no step.",
       "Draw only where f.training() is true; braid::dropout knows by itself.", joined(with_run, fields), false,
       check_evaluation},
      {"absent", "Outputs and gradients are finite where places or whole rows of the inputs are absent, even all.",
       "A shard without a single poster must not end a run.",
       "Divide by a count with clamp_min(1), give softmax and log what they can take, and leave absent rows zero; an "
       "end of a range that cannot work is left out of it ({.low, .high}).",
       with_gradient, false, check_absent},
      {"masks", "What a mask hides changes no output, not by a bit, and gets no gradient; hidden outputs are zero.",
       "Padding would leak into scores, and with it the make-up of the batch. Masked negatives are the loss's own "
       "duty.",
       "Fill what f.mask(port) hides before it is summed, compared or softmaxed, and fill hidden outputs with 0.",
       with_run, false, check_masks},
      {"equal-rows", "Outputs and gradients are finite when all rows are equal.",
       "Cold items, one user's batch: deviations and distances of zero are divided by.",
       "Add a small number under a square root, and clamp_min what is divided by.", with_gradient, false,
       check_equal_rows},
      {"gradient",
       "The gradient of each floating input and weight agrees with central differences in double, in evaluation and in "
       "training.",
       "A wrong gradient trains, only worse.",
       "Leave no detach(), item() or rounding on the way of a gradient; a port without gradient by design says "
       "{.constant = true}.",
       with_gradient, false, check_gradient},
      {"strides", "Inputs that are not contiguous, or are expanded, give the same results.",
       "Slices, transposes and broadcast vectors arrive like that.",
       "Write reshape for view, and contiguous() before data_ptr().", with_run, false, check_strides},
      {"range", "Outputs and gradients are finite for large and tiny inputs within the declared ranges.",
       "exp of a large logit, the logarithm of a small probability.",
       "Use log_softmax, log_sigmoid, softplus or logsumexp, or say with {.low, .high} at the port what it is made "
       "for.",
       with_gradient, false, check_range},
      {"row-order", "Rows in another order give the same rows in that order.",
       "A batch is a set: its order carries no meaning.",
       "Use no row's place in the batch; what tells rows apart is an input.", with_gradient, false, check_row_order},
      {"row-alone", "A row alone gives what it gives within the batch.",
       "Otherwise a served score depends on who else asks, and batches that are accumulated learn from another loss "
       "than "
       "one large batch.",
       "Statistics over the batch? Use braid::Norm, or the `number` field, which learns them from the training rows; "
       "if it is meant so, say it: braid::Decline.",
       by_rows, false, check_row_alone},
      {"save",
       "What is saved and restored into a fresh object gives the same bits: the weights of a node, the state of a "
       "field or of an optimizer.",
       "What a component keeps elsewhere is lost by a checkpoint, and differs in serving.",
       "Keep in weights what a call learns and another uses; what a field learns goes into save() and load().",
       joined(joined(with_gradient, fields), optimizers), false, check_save},
      {"formula", "50 steps on quadratics agree with the documented formula, number by number, with and without decay.",
       "An optimizer with a slip still learns, only worse.",
       "Compute in step() what formula() says, for each number of a weight apart.", optimizers},
      {"touched-rows", "Rows of a table that a step touches change as in a dense step; the others keep every bit.",
       "Recipes choose between `rows = \"all\"` and \"touched\" for speed.",
       "Use in step() only the rows that it is given, and `steps` for what counts steps.", optimizers},
      {"factor", "The factor of every step is finite, at least 0 and a function of the position alone.",
       "A resumed run asks for the factors of its later steps only.",
       "Keep nothing between calls, and mind runs that are shorter than the warm-up.", schedules},
      {"records", "Records have one cell a column, whatever the limit of a call, and the same again after seek().",
       "Resuming jumps into the middle of a file.",
       "Fill every record with one cell a column, and let seek(n) go to what the n-th record was.", readers},
      {"broken-files", "A cut or damaged file ends in records, bad records or a braid::Error.",
       "Half-copied files are common.",
       "Put what is wrong with a record into its `error`, and throw braid::Error with the file's name for what is "
       "wrong with the file.",
       readers},
      {"batches", "A metric is the same number for whatever batches its rows came in, and is defined for none (NaN).",
       "Threads, ranks and batch sizes would change the figure.",
       "Append one value a row in run(), compute the number of all rows in finish(), and return NaN for none.",
       metrics},
      {"threads", "Many threads on one object give what one thread gives.",
       "Serving calls one object from all threads.",
       "Keep no tensor of a call in a member: the frame and local variables hold it.", joined(with_gradient, fields),
       true, check_threads},
      {"memory", "1,000 calls keep no memory.", "Training makes millions.",
       "Keep nothing of a call in a member or in a global.", joined(joined(with_run, fields), readers), true,
       check_memory},
      {"bfloat16",
       "bfloat16 agrees with the same function in double, within what that many rounded operations may do to it.",
       "A difference of large numbers, or a long sum in half precision, shows here first.",
       "Sum in float32 (x.to(at::kFloat)) and round once, and do not take large numbers from each other.",
       with_gradient, false, check_bfloat16},
      {"cuda", "CUDA agrees with the CPU, within what rounding may do.", "A kernel has two versions.",
       "Make new tensors with the options of an input, x.options().", with_gradient, true, check_cuda},
      {"cost", "Calls at 64, 256 and 1,024 rows (fewer of large inputs) work; time, memory and parameters are shown.",
       "What a component costs is known before it is used.",
       "Work at any number of rows; refuse nothing in run() that grows with the batch.", with_gradient, true},
  };
  return all;
}

const Check* find_check(std::string_view name) {
  for (const auto& c : all_checks())
    if (c.name == name) return &c;
  return nullptr;
}

}  // namespace braid::conform
