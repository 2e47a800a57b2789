// Words of training, of the data plane, of evaluation and of serving.
#include "recipe/keywords/language_parts.h"

namespace braid::recipe {

namespace {

using Is = Word::Is;
using I = std::int64_t;
using S = std::string;

Section train() {
  return {
      "train",
      "How the model learns.",
      {{.name = "rows",
        .is = Is::text,
        .help = "The table whose rows are learnt from. Default: the event table where there is one."},
       {.name = "each",
        .is = Is::text,
        .help = "A link of these rows: of each entity's training rows only the last in `order` is learnt from, whose "
                "lists hold the others."},
       {.name = "batch",
        .is = Is::whole,
        .fallback = I{1024},
        .low = 1,
        .high = most_counted,
        .unit = "rows",
        .help = "Rows a batch; the last one of an epoch may be smaller."},
       {.name = "accumulate",
        .is = Is::whole,
        .fallback = I{1},
        .low = 1,
        .high = most_counted,
        .unit = "batches",
        .help = "Batches a step: their losses are added up and divided by the count of all of them, and weights change "
                "once."},
       {.name = "epochs",
        .is = Is::whole,
        .fallback = I{1},
        .low = 0,
        .high = most_counted,
        .help = "How often each training row is seen; 0: the model is only evaluated."},
       {.name = "steps",
        .is = Is::whole,
        .fallback = I{0},
        .low = 0,
        .high = most_counted,
        .unit = "steps",
        .help = "Stop after so many steps; 0: off."},
       {.name = "seed",
        .is = Is::whole,
        .fallback = I{1},
        .low = 0,
        .help = "Decides all that is random: the same seed gives the same bits."},
       {.name = "optimizer",
        .is = Is::tables,
        .section = "group",
        .help = "Groups of weights with their optimizer. A weight belongs to the first that matches."},
       {.name = "clip",
        .is = Is::number,
        .fallback = 0.0,
        .low = 0,
        .help = "Longest gradient, over all weights together; 0: off."},
       {.name = "validate",
        .is = Is::whole,
        .fallback = I{0},
        .low = 0,
        .high = most_counted,
        .unit = "steps",
        .help = "Validate every so many steps; 0: after each epoch."},
       {.name = "best", .is = Is::text, .help = "The metric that judges validation rows. Default: the first one."},
       {.name = "keep",
        .is = Is::choice,
        .choices = {"best", "last"},
        .help = "Whose weights are kept. Default: \"best\" where there are validation rows and a metric."},
       {.name = "patience",
        .is = Is::whole,
        .fallback = I{0},
        .low = 0,
        .high = most_counted,
        .help = "Stop after so many validations without gain; 0: off. One on whose rows the metric is not "
                "defined does not count."},
       {.name = "checkpoint",
        .is = Is::whole,
        .fallback = I{0},
        .low = 0,
        .high = most_counted,
        .unit = "steps",
        .help = "Save every so many steps; 0: every five minutes."},
       {.name = "not_finite",
        .is = Is::choice,
        .fallback = S("stop"),
        .choices = {"stop", "skip"},
        .help = "What a step does whose loss or gradient is nan or infinite: end the run, or be left out."}}};
}

Section group() {
  return {
      "group",
      "Weights with one optimizer. Its parameters are beside these keys.",
      {{.name = "match",
        .is = Is::text,
        .fallback = S("*"),
        .help = "Glob over weights' names, \"words.*\"; `*` is any run of characters, dots too; `?` is one character."},
       {.name = "use",
        .is = Is::component,
        .kinds = {Kind::optimizer},
        .help = "The optimizer. Default: the one whose card marks it as the default (`braid list optimizers`)."},
       {.name = "rate", .is = Is::number, .fallback = 1e-3, .low = 0, .help = "Learning rate."},
       {.name = "decay_all",
        .is = Is::boolean,
        .fallback = false,
        .help = "Weight decay changes biases, norms and learnable scalars too."},
       {.name = "rows",
        .is = Is::choice,
        .fallback = S("all"),
        .choices = {"all", "touched"},
        .help = "Of embedding tables: which rows a step updates."},
       {.name = "schedule",
        .is = Is::component,
        .section = "schedule",
        .kinds = {Kind::schedule},
        .help = "The learning-rate schedule: a component's name, with its parameters in the group, or a table { use, "
                "... } of its own. Default: the one whose card marks it as the default (`braid list schedules`)."}}};
}

Section schedule() {
  return {"schedule",
          "How the learning rate changes from step to step. The schedule's parameters are beside `use`.",
          {{.name = "use", .is = Is::component, .kinds = {Kind::schedule}, .required = true, .help = "The schedule."}}};
}

Section data() {
  return {"data",
          "The data plane.",
          {{.name = "threads",
            .is = Is::whole,
            .fallback = I{0},
            .low = 0,
            .high = 4096,
            .help = "Threads that prepare batches; 0: all cores less one."},
           {.name = "cache",
            .is = Is::whole,
            .fallback = I{2} << 30,
            .low = 0,
            .high = most_bytes,
            .unit = "bytes",
            .help = "Decoded cells kept, over all fields."},
           {.name = "ahead",
            .is = Is::whole,
            .fallback = I{2},
            .low = 1,
            .high = 4096,
            .unit = "batches",
            .help = "Batches prepared ahead of the graph."},
           {.name = "warn_missing",
            .is = Is::number,
            .fallback = 0.05,
            .low = 0,
            .high = 1,
            .help = "The share of a field's rows without content, or of a split's rows with an entity that training "
                    "rows never show, above which a warning is given."}}};
}

Section eval() {
  return {"eval",
          "What metrics read, and which splits are evaluated.",
          {{.name = "score", .is = Is::wires, .help = "Wired to every metric's `score` that is not wired itself."},
           {.name = "label", .is = Is::wires, .help = "Wired to every metric's `label` that is not wired itself."},
           {.name = "group", .is = Is::wires, .help = "Wired to every metric's `group` that is not wired itself."},
           {.name = "batch",
            .is = Is::whole,
            .fallback = I{0},
            .low = 0,
            .high = most_counted,
            .unit = "rows",
            .help = "Rows a batch; 0: as in training."},
           {.name = "seed",
            .is = Is::whole,
            .fallback = I{1},
            .low = 0,
            .help = "What is drawn in evaluation depends on it and on the rows' keys, not on [train] seed."},
           {.name = "splits",
            .is = Is::texts,
            .help = "Default: valid and test where the split has them, then the held-out ones."}}};
}

Section serve() {
  return {
      "serve",
      "What a served model answers with.",
      {{.name = "outputs", .is = Is::wires, .help = "Wires on the rows of [train] rows. Default: [eval] score."},
       {.name = "candidates",
        .is = Is::text,
        .help = "The link that a request's candidates stand for. Default: what the first history is of, else the last "
                "link that a served wire "
                "goes through."}}};
}

}  // namespace

std::vector<Section> words_of_training() { return {train(), group(), schedule(), data(), eval(), serve()}; }

}  // namespace braid::recipe
