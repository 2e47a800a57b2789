// Words of nodes and metrics, of wires and coefficients.
#include "recipe/keywords/language_parts.h"

namespace braid::recipe {

namespace {

using Is = Word::Is;
using I = std::int64_t;
using S = std::string;

const S wire_help =
    "\"node.port\", \"table.field\", \"table.label\", \"table.link\", \"table.key\"; carried over a link or list: "
    "\"content.vector[ratings.item]\".";

Word in() {
  return {.name = "in",
          .is = Is::inputs,
          .help = "Wires by the component's ports: in.tokens = \"items.text\". " + wire_help};
}

Word weight() {
  return {.name = "weight",
          .is = Is::coefficient,
          .fallback = 1.0,
          .low = 0,
          .help = "Losses and distillers: what the loss is multiplied by."};
}

Word serve() {
  return {.name = "serve",
          .is = Is::choice,
          .choices = {"ahead", "request"},
          .help = "In serving: computed ahead for every entity, or when a request comes. Default: as its wires say."};
}

Section node() {
  return {"node",
          "A component at work.",
          {{.name = "use",
            .is = Is::component,
            .kinds = {Kind::tower, Kind::fusion, Kind::ranker, Kind::bank, Kind::loss, Kind::distiller},
            .required = true,
            .help = "The component: \"din\", or \"plugin/component\"."},
           in(),
           weight(),
           {.name = "frozen", .is = Is::boolean, .fallback = false, .help = "No gradient, evaluation mode."},
           {.name = "weights",
            .is = Is::table,
            .section = "weights",
            .help = "A file of weights to start from. Default: they are drawn."},
           serve()}};
}

Section weights() {
  return {
      "weights",
      "Weights that a node starts from.",
      {{.name = "file", .is = Is::text, .required = true, .help = "A safetensors file."},
       {.name = "prefix", .is = Is::text, .help = "What the file's names have in front: \"encoder.\"."},
       {.name = "names",
        .is = Is::values,
        .help = "The file's name of a weight where it is another one: \"hidden.0.weight\" = \"layer1.weight\"."},
       {.name = "keys",
        .is = Is::values,
        .help = "For embedding tables of other programs: a text file with the value that each row belongs to, one a "
                "line: rows = \"items.keys.txt\"."},
       {.name = "transpose",
        .is = Is::boolean,
        .fallback = false,
        .help = "The file's matrices are [in, out]; ours are [out, in]. Embedding tables stay as they are."}}};
}

Section same() {
  return {"same",
          "A node that runs another's component, with its weights, on other wires.",
          {{.name = "same", .is = Is::text, .required = true, .help = "The node whose component this one runs again."},
           in(),
           weight(),
           serve()}};
}

Section copy() {
  return {
      "copy",
      "A node whose weights are another's of some steps ago, frozen.",
      {{.name = "copy", .is = Is::text, .required = true, .help = "The node whose parameters and weights are copied."},
       {.name = "every",
        .is = Is::whole,
        .low = 1,
        .high = most_counted,
        .unit = "steps",
        .required = true,
        .help = "Weights are copied before step 0 and before every step that this divides."},
       in(),
       serve()}};
}

Section run() {
  return {"run",
          "All nodes of an exported run, frozen.",
          {{.name = "run", .is = Is::text, .required = true, .help = "The folder that `braid export` wrote."}}};
}

Section metric() {
  return {
      "metric",
      "A figure of every split and slice.",
      {{.name = "use", .is = Is::component, .kinds = {Kind::metric}, .required = true, .help = "The metric."}, in()}};
}

Section wire() {
  return {"wire",
          "A wire without gradient.",
          {{.name = "from", .is = Is::text, .required = true, .help = wire_help},
           {.name = "stop", .is = Is::boolean, .help = "No gradient passes."}}};
}

Section first_wire() {
  return {"first_wire",
          "The first of several wires that fits.",
          {{.name = "first", .is = Is::wires, .required = true, .help = "The first whose table the link points into."},
           {.name = "stop", .is = Is::boolean, .help = "No gradient passes."}}};
}

Section learnt() {
  return {"learnt",
          "A coefficient that is a weight.",
          {{.name = "learn",
            .is = Is::boolean,
            .required = true,
            .help = "It is a weight, held inside the coefficient's range."},
           {.name = "start", .is = Is::number, .help = "Where it starts. Default: the coefficient's."},
           {.name = "log", .is = Is::boolean, .fallback = false, .help = "Its logarithm is what is learnt."}}};
}

Section scheduled() {
  return {"scheduled",
          "A coefficient that changes linearly.",
          {{.name = "from", .is = Is::number, .required = true, .help = "The value at step 0."},
           {.name = "to", .is = Is::number, .required = true, .help = "The value after `steps` steps."},
           {.name = "steps",
            .is = Is::whole,
            .low = 1,
            .high = most_counted,
            .unit = "steps",
            .required = true,
            .help = "How many optimizer steps it takes."}}};
}

}  // namespace

std::vector<Section> words_of_nodes() {
  return {node(), weights(), same(), copy(), run(), metric(), wire(), first_wire(), learnt(), scheduled()};
}

}  // namespace braid::recipe
