#include "train/scored_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace braid::train {
namespace {

struct ScoredRow {
  std::int64_t key = 0, group = 0;
  float label = 0, score = 0;
};

const recipe::Wire& wired(const std::optional<recipe::Wire>& wire, const std::string& name, const std::string& run) {
  if (!wire)
    throw Error("bootstrap", run, "the recipe has no [eval] " + name + ", so its rows cannot be compared",
                {"say which wire it is: [eval] " + name + " = \"...\""});
  if (wire->type.dims.size() != 1)
    throw Error("bootstrap", run,
                "[eval] " + name + ", '" + wire->text + "', is not one value a row, so rows cannot be compared");
  return *wire;
}

// One tensor of a batch's rows.
at::Tensor column(const Flow& flow, at::ScalarType type) { return flow.value.to(type).cpu().contiguous(); }

std::vector<ScoredRow> score(const model::Assembly& model, const std::string& run, const std::string& split) {
  const auto& plan = model.plan;
  const auto& score = wired(plan.eval.score, "score", run);
  const auto& label = wired(plan.eval.label, "label", run);
  const auto& group = wired(plan.eval.group, "group", run);
  const auto axis = score.to_axis();
  if (!axis || axis != label.to_axis() || axis != group.to_axis())
    throw Error("bootstrap", run, "[eval] score, label and group are not of the same rows");
  if (const auto* from = score.node(); from && !model.graph->needed(false)[from->node])
    throw Error("bootstrap", run, "no metric reads [eval] score, so it is not computed",
                {"add [metrics.auc] use = \"auc\""});
  data::PassOptions options;
  options.split = split;
  options.batch = plan.eval.batch > 0 ? plan.eval.batch : plan.train.batch;
  options.seed = plan.train.seed;
  options.first_step = model.mode.step;
  const auto pass = model.source->pass(options);
  std::vector<ScoredRow> out;
  const auto& program = model.graph->program();
  const auto score_slot = program.bind(score), label_slot = program.bind(label), group_slot = program.bind(group);
  graph::Execution execution(*model.graph);
  while (const auto batch = pass->next()) {
    execution.run(batch, model.mode);
    const auto keys = execution.keys(*axis).cpu().contiguous();
    const auto labels = execution.read(label_slot);
    const auto s = column(execution.read(score_slot), at::kFloat), y = column(labels, at::kFloat),
               g = column(execution.read(group_slot), at::kLong);
    const auto there = labels.mask.defined() ? labels.mask.cpu().contiguous() : at::Tensor();
    for (std::int64_t r = 0; r < keys.numel(); ++r) {
      if (there.defined() && !there.const_data_ptr<bool>()[r]) continue;
      const ScoredRow row{keys.const_data_ptr<std::int64_t>()[r], g.const_data_ptr<std::int64_t>()[r],
                          y.const_data_ptr<float>()[r], s.const_data_ptr<float>()[r]};
      if (!std::isnan(row.label)) out.push_back(row);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return out;
}

// The shortest text that reads back as the same number.
template <class Number>
void add(std::string& out, Number value, char end) {
  char text[48];
  const auto [last, failed] = std::to_chars(text, text + sizeof text, value);
  out.append(text, last);
  out += end;
}

}  // namespace

int scored_rows_command(const command::Eval& asked, const model::RuntimeServices& services) {
  if (asked.splits.size() != 1) throw Error("command-line", "braid eval", "--rows takes one --split");
  const auto& split = asked.splits[0];
  const auto model = model::load_run(asked.run, asked.sets, services);
  if (!model) return 1;
  const auto& known = model->source->report().splits;
  if (!known.count(split)) {
    std::string names;
    for (const auto& [name, rows] : known) names += (names.empty() ? "" : ", ") + name;
    throw Error("split-unknown", {}, "there is no split '" + split + "'; this data has " + names);
  }
  const at::NoGradGuard off;
  const auto rows = score(*model, asked.run, split);
  std::ofstream out(asked.rows, std::ios::binary);
  std::string text = "row\tgroup\tlabel\tscore\n";
  for (const auto& row : rows) {
    add(text, row.key, '\t');
    add(text, row.group, '\t');
    add(text, row.label, '\t');
    add(text, row.score, '\n');
    if (text.size() > (1U << 16)) out << text, text.clear();
  }
  if (!(out << text) || !out.flush()) throw Error("file", asked.rows, "cannot be written");
  std::printf("%zu rows of split %s\n", rows.size(), split.c_str());
  return 0;
}

}  // namespace braid::train
