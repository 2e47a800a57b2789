#include "recipe/language.h"

#include <stdexcept>

namespace braid::recipe {

namespace {

using Is = Word::Is;
using I = std::int64_t;
using S = std::string;

const S wire_help =
    "\"node.port\", \"table.field\", \"table.label\", \"table.link\", \"table.key\"; carried over a link or list: "
    "\"content.vector[ratings.item]\".";

std::vector<Section> make() {
  std::vector<Section> all;

  all.push_back(
      {"top",
       "A recipe: tables, components and losses of a model.",
       {{.name = "braid",
         .is = Is::whole,
         .low = 1,
         .high = 1,
         .required = true,
         .help = "Version of the recipe language: 1."},
        {.name = "include",
         .is = Is::texts,
         .help = "Files that are read first, in order. Tables merge by key; anything else is replaced by what is said "
                 "later."},
        {.name = "spare",
         .is = Is::texts,
         .help = "Nodes (\"facts\") and fields (\"items.year\"), or globs of them, that may stay unused."},
        {.name = "serving",
         .is = Is::boolean,
         .fallback = false,
         .help = "In exported recipes only: this is the part of a model that answers requests."},
        {.name = "lookup_only",
         .is = Is::boolean,
         .fallback = false,
         .help = "In exported recipes only: what only new entities need was left out."},
        {.name = "vars",
         .is = Is::values,
         .help = "Texts, numbers and booleans; `${name}` in any text is replaced by the value."},
        {.name = "tables", .is = Is::named, .section = "table", .help = "What is read."},
        {.name = "axes",
         .is = Is::named,
         .section = "axis",
         .help = "Sets of rows in a batch, besides each table's own."},
        {.name = "nodes", .is = Is::named, .section = "node", .help = "Components at work."},
        {.name = "train", .is = Is::table, .section = "train", .help = "How the model learns."},
        {.name = "data", .is = Is::table, .section = "data", .help = "The data plane. No figure depends on it."},
        {.name = "eval",
         .is = Is::table,
         .section = "eval",
         .help = "What metrics read, and which splits are evaluated."},
        {.name = "metrics", .is = Is::named, .section = "metric", .help = "Figures of every split and slice."},
        {.name = "slices",
         .is = Is::expressions,
         .help =
             "Parts of the rows by expressions, as rare = \"train_count(item) < 50\". Every metric is told for each."},
        {.name = "serve", .is = Is::table, .section = "serve", .help = "What a served model answers with."}}});

  all.push_back(
      {"table",
       "A table. With `key` each row is one entity; without, a row is an event with links to entities. The reader's "
       "parameters "
       "stand here too.",
       {{.name = "file",
         .is = Is::text,
         .help = "The file that holds the rows; `*` in its last part stands for any characters."},
        {.name = "files", .is = Is::texts, .help = "Several files with the same columns, instead of `file`."},
        {.name = "reader",
         .is = Is::component,
         .kinds = {Kind::reader},
         .help = "The reader of the files. Default: by the file's ending."},
        {.name = "key", .is = Is::text, .help = "The column that names the row: makes this an entity table."},
        {.name = "from",
         .is = Is::text,
         .help = "Instead of `file`: an event table; each different cell of its column `key` is an entity."},
        {.name = "fit",
         .is = Is::choice,
         .fallback = S("train"),
         .choices = {"train", "all"},
         .help = "Entity tables: fields are fitted on the rows that training rows reach, or on all: a closed catalogue, "
                 "each of whose items has an id of its own."},
        {.name = "missing", .is = Is::texts, .help = "Cells with one of these texts are missing. Default: empty ones."},
        {.name = "bad_rows",
         .is = Is::choice,
         .fallback = S("error"),
         .choices = {"error", "skip"},
         .help = "Broken rows and cells end the run, or are left out and counted."},
        {.name = "join",
         .is = Is::tables,
         .section = "join",
         .help = "Entity tables: columns of other files are added, { file, key }."},
        {.name = "order",
         .is = Is::text,
         .help = "Event tables: the column that orders the rows. Default: as in the file."},
        {.name = "keep",
         .is = Is::expression,
         .help = "Event tables: rows that count, as \"rating != 3\". Lists see the others too."},
        {.name = "at_least",
         .is = Is::values,
         .help = "Event tables: links, and how many kept rows each of their entities has, as { user = 10, item = 10 }; "
                 "rows of others are left out, until all have."},
        {.name = "split",
         .is = Is::table,
         .section = "split",
         .help = "Deals rows into train, valid and test. Without it every row trains."},
        {.name = "fields", .is = Is::named, .section = "field", .help = "Columns and files as tensors."},
        {.name = "links",
         .is = Is::links,
         .section = "link",
         .help = "Event tables: columns that hold keys of entity tables, as user = \"users\"."},
        {.name = "labels", .is = Is::expressions, .help = "One number a row, as liked = \"rating > 3\"."},
        {.name = "lists",
         .is = Is::named,
         .section = "list",
         .help = "Event tables: several entities a row: histories, draws, keys in a cell."},
        {.name = "hold_out",
         .is = Is::named,
         .section = "hold_out",
         .help = "Event tables: entities whose rows form a split of their own and are seen nowhere else."},
        {.name = "permute",
         .is = Is::table,
         .section = "permute",
         .help = "Entity tables: rows take some fields' cells from other rows; the control that shows whether content "
                 "helps."}}});

  all.push_back({"join",
                 "Columns of another file, by key. The reader's parameters stand here too.",
                 {{.name = "file", .is = Is::text, .required = true, .help = "The file that holds the columns."},
                  {.name = "key", .is = Is::text, .help = "Its column of keys. Default: the table's."},
                  {.name = "reader",
                   .is = Is::component,
                   .kinds = {Kind::reader},
                   .help = "The reader of the file. Default: by its ending."}}});

  all.push_back(
      {"field",
       "A column, or a file of each row, as tensors.",
       {{.name = "use",
         .is = Is::component,
         .kinds = {Kind::field},
         .required = true,
         .help = "The component that reads the cells."},
        {.name = "from", .is = Is::texts, .help = "The column or columns that it reads. Default: the field's name."},
        {.name = "media",
         .is = Is::text,
         .help =
             "One file a row: \"archive.tar.gz:{item}.jpg\" or \"folder/{item}.jpg\"; `{column}` is the row's cell."},
        {.name = "missing", .is = Is::texts, .help = "Texts that count as missing here, besides the table's."},
        {.name = "names",
         .is = Is::text,
         .help = "\"C{1..26}\": 26 fields of this kind, each from the column of its name."}}});

  all.push_back({"link",
                 "A column that holds keys of an entity table; a text alone is the table.",
                 {{.name = "table", .is = Is::text, .required = true, .help = "The entity table."},
                  {.name = "column", .is = Is::text, .help = "The column of keys. Default: the link's name."}}});

  all.push_back(
      {"history",
       "Entities of earlier rows with the same entity, oldest first.",
       {{.name = "last", .is = Is::whole, .low = 1, .required = true, .help = "At most so many, the latest."},
        {.name = "of", .is = Is::text, .required = true, .help = "The link whose entity is listed: \"item\"."},
        {.name = "by", .is = Is::text, .required = true, .help = "The link whose history it is: \"user\"."},
        {.name = "where", .is = Is::expression, .help = "Events that count, as \"rating > 3\"."},
        {.name = "visible",
         .is = Is::choice,
         .choices = {"train", "earlier", "all"},
         .help =
             "Rows of which splits may stand in it; \"earlier\": training rows, in the lists of test rows valid ones "
             "too. Default: \"all\" under splits by time and leave_last, else \"train\"."},
        {.name = "when",
         .is = Is::choice,
         .fallback = S("before"),
         .choices = {"before", "always"},
         .help =
             "\"always\": all events of the key, later ones and the row itself too. To leave seen entities out of a "
             "ranking; learning from it would look ahead."}}});
  all.push_back({"draw",
                 "Entities that are drawn for each row, with replacement: negatives.",
                 {{.name = "draw", .is = Is::whole, .low = 1, .required = true, .help = "How many a row."},
                  {.name = "of", .is = Is::text, .required = true, .help = "The table that is drawn from."},
                  {.name = "by",
                   .is = Is::choice,
                   .fallback = S("uniform"),
                   .choices = {"uniform", "popularity"},
                   .help = "Each entity alike, or by how many training rows reach it."},
                  {.name = "exclude",
                   .is = Is::choice,
                   .choices = {"seen"},
                   .help = "Leaves out what the row reaches, and what training rows of the same key reach."},
                  {.name = "per", .is = Is::text, .help = "A list above this one: draws for each of its places."}}});
  all.push_back({"column",
                 "Keys that stand in a cell.",
                 {{.name = "column",
                   .is = Is::text,
                   .required = true,
                   .help = "The column, or one of a linked entity: \"user.candidates\"."},
                  {.name = "of", .is = Is::text, .required = true, .help = "The table whose keys they are."},
                  {.name = "separator", .is = Is::text, .fallback = S(" "), .help = "Stands between the keys."},
                  {.name = "last",
                   .is = Is::whole,
                   .fallback = I{0},
                   .low = 0,
                   .help = "At most so many, the last ones; 0: all."}}});

  all.push_back({"after",
                 "What came next after each place of a history; after the last one, the row's own.",
                 {{.name = "after",
                   .is = Is::text,
                   .required = true,
                   .help = "The history, a list above this one. Both have the same places."}}});

  const auto shares = [](Is is) {
    std::vector<Word> out;
    for (const char* part : {"train", "valid", "test"})
      out.push_back({.name = part,
                     .is = is,
                     .low = 0,
                     .help = S("The share of rows that ") + (part[1] == 'r'   ? "train."
                                                             : part[0] == 'v' ? "validate."
                                                                              : "test.")});
    return out;
  };
  all.push_back({"hash_split",
                 "By a hash of the row's keys.",
                 {{.name = "by",
                   .is = Is::text,
                   .required = true,
                   .help = "\"hash(user, item)\" over any columns, \"time\" (shares in the order of `order`) or "
                           "\"leave_last\" (the last rows "
                           "of each key)."}}});
  all.push_back(all.back());
  all.back().name = "time_split";
  all.back().help = "By time: shares of the rows in the order of `order`.";
  all.push_back(all.back());
  all.back().name = "leave_last_split";
  all.back().help = "The last rows of each key test, those before them validate.";
  all[all.size() - 3].words.push_back(
      {.name = "per", .is = Is::text, .help = "A link: the rows of each of its entities are dealt out by the shares."});
  for (auto& word : shares(Is::whole)) all[all.size() - 3].words.push_back(word);
  for (auto& word : shares(Is::number)) all[all.size() - 2].words.push_back(word);
  all.back().words.push_back(
      {.name = "key", .is = Is::text, .required = true, .help = "The link whose last rows are left out."});
  all.back().words.push_back({.name = "rows",
                              .is = Is::whole,
                              .fallback = I{1},
                              .low = 1,
                              .help = "So many rows of each key test, and as many before them validate."});

  all.push_back(
      {"hold_out",
       "A split of rows whose entities are seen nowhere else.",
       {{.name = "link", .is = Is::text, .required = true, .help = "The link through which the entities are reached."},
        {.name = "where",
         .is = Is::expression,
         .required = true,
         .help = "Which entities, over their own columns: \"hash(1, item) % 10 == 0\"."}}});
  all.push_back(
      {"permute",
       "Rows take these fields' cells from other rows.",
       {{.name = "fields", .is = Is::texts, .required = true, .help = "The fields that are moved."},
        {.name = "by",
         .is = Is::expression,
         .required = true,
         .help = "Each row takes the cells of the next one in ascending order of this, the last of the first."},
        {.name = "on",
         .is = Is::boolean,
         .fallback = true,
         .help = "false switches it off, so that an arm can switch it on."}}});
  all.push_back({"axis",
                 "A set of a table's rows in each batch.",
                 {{.name = "table", .is = Is::text, .required = true, .help = "The table whose rows it holds."},
                  {.name = "from",
                   .is = Is::texts,
                   .help = "Links and lists, \"ratings.item\": the rows that come through these alone."},
                  {.name = "whole",
                   .is = Is::boolean,
                   .fallback = false,
                   .help = "Every row of an entity table, or every training row of the event table, in every step."}}});

  const Word in{.name = "in",
                .is = Is::inputs,
                .help = "Wires by the component's ports: in.tokens = \"items.text\". " + wire_help};
  const Word weight{.name = "weight",
                    .is = Is::coefficient,
                    .fallback = 1.0,
                    .low = 0,
                    .help = "Losses and distillers: what the loss is multiplied by."};
  const Word serve{
      .name = "serve",
      .is = Is::choice,
      .choices = {"ahead", "request"},
      .help = "In serving: computed ahead for every entity, or when a request comes. Default: as its wires say."};
  all.push_back({"node",
                 "A component at work.",
                 {{.name = "use",
                   .is = Is::component,
                   .kinds = {Kind::tower, Kind::fusion, Kind::ranker, Kind::bank, Kind::loss, Kind::distiller},
                   .required = true,
                   .help = "The component: \"din\", or \"plugin/component\"."},
                  in,
                  weight,
                  {.name = "frozen", .is = Is::boolean, .fallback = false, .help = "No gradient, evaluation mode."},
                  {.name = "weights",
                   .is = Is::table,
                   .section = "weights",
                   .help = "A file of weights to start from. Default: they are drawn."},
                  serve}});
  all.push_back(
      {"weights",
       "Weights that a node starts from.",
       {{.name = "file", .is = Is::text, .required = true, .help = "A safetensors file."},
        {.name = "prefix", .is = Is::text, .help = "What the file's names have in front: \"encoder.\"."},
        {.name = "names",
         .is = Is::values,
         .help = "The file's name of a weight where it is another one: \"hidden.0.weight\" = \"layer1.weight\"."},
        {.name = "transpose",
         .is = Is::boolean,
         .fallback = false,
         .help = "The file's matrices are [in, out]; ours are [out, in]. Embedding tables stay as they are."}}});
  all.push_back(
      {"same",
       "A node that runs another's component, with its weights, on other wires.",
       {{.name = "same", .is = Is::text, .required = true, .help = "The node whose component this one runs again."},
        in,
        weight,
        serve}});
  all.push_back(
      {"copy",
       "A node whose weights are another's of some steps ago, frozen.",
       {{.name = "copy", .is = Is::text, .required = true, .help = "The node whose parameters and weights are copied."},
        {.name = "every",
         .is = Is::whole,
         .low = 1,
         .unit = "steps",
         .required = true,
         .help = "Weights are copied before step 0 and before every step that this divides."},
        in,
        serve}});
  all.push_back({"run",
                 "All nodes of an exported run, frozen.",
                 {{.name = "run", .is = Is::text, .required = true, .help = "The folder that `braid export` wrote."}}});
  all.push_back(
      {"metric",
       "A figure of every split and slice.",
       {{.name = "use", .is = Is::component, .kinds = {Kind::metric}, .required = true, .help = "The metric."}, in}});
  all.push_back({"wire",
                 "A wire without gradient.",
                 {{.name = "from", .is = Is::text, .required = true, .help = wire_help},
                  {.name = "stop", .is = Is::boolean, .help = "No gradient passes."}}});
  all.push_back(
      {"first_wire",
       "The first of several wires that fits.",
       {{.name = "first", .is = Is::wires, .required = true, .help = "The first whose table the link points into."},
        {.name = "stop", .is = Is::boolean, .help = "No gradient passes."}}});
  all.push_back({"learnt",
                 "A coefficient that is a weight.",
                 {{.name = "learn",
                   .is = Is::boolean,
                   .required = true,
                   .help = "It is a weight, held inside the coefficient's range."},
                  {.name = "start", .is = Is::number, .help = "Where it starts. Default: the coefficient's."},
                  {.name = "log", .is = Is::boolean, .fallback = false, .help = "Its logarithm is what is learnt."}}});
  all.push_back({"scheduled",
                 "A coefficient that changes linearly.",
                 {{.name = "from", .is = Is::number, .required = true, .help = "The value at step 0."},
                  {.name = "to", .is = Is::number, .required = true, .help = "The value after `steps` steps."},
                  {.name = "steps",
                   .is = Is::whole,
                   .low = 1,
                   .unit = "steps",
                   .required = true,
                   .help = "How many optimiser steps it takes."}}});

  all.push_back(
      {"train",
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
         .unit = "rows",
         .help = "Rows a batch; the last one of an epoch may be smaller."},
        {.name = "accumulate",
         .is = Is::whole,
         .fallback = I{1},
         .low = 1,
         .unit = "batches",
         .help = "Batches a step: the mean of their losses is learnt from, and weights change once."},
        {.name = "epochs",
         .is = Is::whole,
         .fallback = I{1},
         .low = 0,
         .help = "How often each training row is seen; 0: the model is only evaluated."},
        {.name = "steps",
         .is = Is::whole,
         .fallback = I{0},
         .low = 0,
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
         .help = "Groups of weights with their optimiser. A weight belongs to the first that matches."},
        {.name = "clip",
         .is = Is::number,
         .fallback = 0.0,
         .low = 0,
         .help = "Longest gradient, over all weights together; 0: off."},
        {.name = "validate",
         .is = Is::whole,
         .fallback = I{0},
         .low = 0,
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
         .help = "Stop after so many validations without gain; 0: off."},
        {.name = "checkpoint",
         .is = Is::whole,
         .fallback = I{0},
         .low = 0,
         .unit = "steps",
         .help = "Save every so many steps; 0: every five minutes."},
        {.name = "not_finite",
         .is = Is::choice,
         .fallback = S("stop"),
         .choices = {"stop", "skip"},
         .help = "What a step does whose loss or gradient is nan or infinite: end the run, or be left out."}}});
  all.push_back(
      {"group",
       "Weights with one optimiser.",
       {{.name = "match",
         .is = Is::text,
         .fallback = S("*"),
         .help = "Glob over weights' names, \"words.*\"; `*` is any run of characters, dots too."},
        {.name = "use",
         .is = Is::choice,
         .fallback = S("adamw"),
         .choices = {"adamw", "adam", "adagrad", "rmsprop", "sgd"},
         .help = "The optimiser."},
        {.name = "rate", .is = Is::number, .fallback = 1e-3, .low = 0, .help = "Learning rate."},
        {.name = "decay",
         .is = Is::number,
         .fallback = 0.0,
         .low = 0,
         .help = "Weight decay: apart from the gradient in adamw, added to it in the others. Biases, norms and learnt "
                 "coefficients are left alone."},
        {.name = "beta1",
         .is = Is::number,
         .fallback = 0.9,
         .low = 0,
         .high = 1,
         .of = {"adamw", "adam"},
         .help = "adamw, adam: decay of the first moment."},
        {.name = "beta2",
         .is = Is::number,
         .fallback = 0.999,
         .low = 0,
         .high = 1,
         .of = {"adamw", "adam"},
         .help = "adamw, adam: decay of the second moment."},
        {.name = "eps",
         .is = Is::number,
         .fallback = 1e-8,
         .low = 0,
         .of = {"adamw", "adam", "adagrad", "rmsprop"},
         .help = "All but sgd: added to the root of the second moment, or of the sum of squares."},
        {.name = "alpha",
         .is = Is::number,
         .fallback = 0.99,
         .low = 0,
         .high = 1,
         .of = {"rmsprop"},
         .help = "rmsprop: decay of the second moment."},
        {.name = "momentum",
         .is = Is::number,
         .fallback = 0.0,
         .low = 0,
         .high = 1,
         .of = {"rmsprop", "sgd"},
         .help = "rmsprop, sgd: momentum."},
        {.name = "by_row",
         .is = Is::boolean,
         .fallback = false,
         .of = {"adagrad"},
         .help = "adagrad: embedding tables keep one sum a row, of the means of its squares, instead of one a number."},
        {.name = "decay_all",
         .is = Is::boolean,
         .fallback = false,
         .help = "Biases, norms and learnt coefficients decay too."},
        {.name = "rows",
         .is = Is::choice,
         .fallback = S("all"),
         .choices = {"all", "touched"},
         .help = "Of embedding tables: which rows a step updates."},
        {.name = "schedule",
         .is = Is::choice,
         .fallback = S("constant"),
         .choices = {"constant", "cosine", "exponential"},
         .help = "How the rate goes on."},
        {.name = "warm_up",
         .is = Is::whole,
         .fallback = I{0},
         .low = 0,
         .unit = "steps",
         .help = "Steps over which the rate grows to `rate`."},
        {.name = "factor",
         .is = Is::number,
         .fallback = 1.0,
         .low = 0,
         .help = "exponential: the rate is multiplied by it after each epoch."},
        {.name = "last",
         .is = Is::number,
         .fallback = 0.0,
         .low = 0,
         .high = 1,
         .help = "cosine: the share of the rate that is left at the end."}}});
  all.push_back({"data",
                 "The data plane.",
                 {{.name = "threads",
                   .is = Is::whole,
                   .fallback = I{0},
                   .low = 0,
                   .help = "Threads that prepare batches; 0: all cores less one."},
                  {.name = "cache",
                   .is = Is::whole,
                   .fallback = I{2} << 30,
                   .low = 0,
                   .unit = "bytes",
                   .help = "Decoded cells kept, over all fields."},
                  {.name = "ahead",
                   .is = Is::whole,
                   .fallback = I{2},
                   .low = 1,
                   .unit = "batches",
                   .help = "Batches prepared ahead of the graph."}}});
  all.push_back(
      {"eval",
       "What metrics read, and which splits are evaluated.",
       {{.name = "score", .is = Is::wires, .help = "Wired to every metric's `score` that is not wired itself."},
        {.name = "label", .is = Is::wires, .help = "Wired to every metric's `label` that is not wired itself."},
        {.name = "group", .is = Is::wires, .help = "Wired to every metric's `group` that is not wired itself."},
        {.name = "batch",
         .is = Is::whole,
         .fallback = I{0},
         .low = 0,
         .unit = "rows",
         .help = "Rows a batch; 0: as in training."},
        {.name = "splits",
         .is = Is::texts,
         .help = "Default: valid and test where the split has them, then the held-out ones."}}});
  all.push_back(
      {"serve",
       "What a served model answers with.",
       {{.name = "outputs", .is = Is::wires, .help = "Wires on the rows of [train] rows. Default: [eval] score."},
        {.name = "candidates",
         .is = Is::text,
         .help = "The link that a request's candidates stand for. Default: what the first history is of, else the last "
                 "link that a served wire "
                 "goes through."}}});
  return all;
}

}  // namespace

const Word* Section::find(std::string_view word) const {
  for (const auto& one : words)
    if (one.name == word) return &one;
  return nullptr;
}

const std::vector<Section>& all_sections() {
  static const auto all = make();
  return all;
}

const Section& section(std::string_view name) {
  for (const auto& one : all_sections())
    if (one.name == name) return one;
  throw std::logic_error("the recipe language has no section " + std::string(name));
}

}  // namespace braid::recipe
