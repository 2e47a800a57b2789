#include "serve/rows_as_requests.h"

#include "serve/ahead.h"
#include "serve/arrays.h"
#include "serve/json.h"
#include "serve/side.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

namespace braid::serve {
namespace {

class LineFile {
 public:
  explicit LineFile(const std::string& file) : file_(file), out_(file, std::ios::binary) { prove(); }
  void write(const std::string& text) { out_ << text << '\n'; }
  void close() {
    out_.close();
    prove();
  }

 private:
  void prove() const {
    if (!out_) throw Error("file", file_, "cannot be written");
  }
  std::string file_;
  std::ofstream out_;
};

// One row of the driving table as a request.
class RowWriter {
 public:
  RowWriter(const model::Assembly& model, const recipe::Plan& serve)
      : source_(*model.source), plan_(model.plan), own_(serve.driving()) {
    candidates_ = recipe::serving(serve).candidates;
    for (const auto& field : own_.fields)
      if (!field.media.empty())
        throw Error("eval", {},
                    "field '" + own_.name + "." + field.name + "' is read from files; rows with files are not written");
  }

  std::string text(std::int64_t row) const {
    const auto rows = *plan_.train.rows;
    const auto& ours = plan_.driving();
    std::string out;
    std::vector<std::string> said{"id", "candidates"};
    const auto add = [&](const std::string& name, const std::string& json) {
      out += (out.empty() ? "{" : ",") + json_text(name) + ":" + json;
      said.push_back(name);
    };
    for (const auto l : own_.links.ids()) {
      const auto& link = own_.links[l];
      const auto key = cell(rows, link.column.empty() ? link.name : link.column, row);
      if (candidates_ == l) add("candidates", "[" + key + "]"), said.push_back(link.name);
      else add(link.name, key);
    }
    for (const auto& list : own_.lists) {
      const auto number = ours.lists.find(list.name).value();
      const auto places = source_.listed({rows, number}, row);
      const auto table = ours.lists[number].table;
      std::string keys;
      for (const auto entity : places)
        if (entity >= 0)
          keys += (keys.empty() ? "" : ",") + (entity ? cell(table, plan_.tables[table].key, entity) : "null");
      add(list.name, "[" + keys + "]");
    }
    for (const auto& field : own_.fields)
      for (const auto& column : columns_of(field))
        if (std::find(said.begin(), said.end(), column) == said.end()) add(column, cell(rows, column, row));
    return out.empty() ? "{}" : out + "}";
  }

 private:
  std::string cell(recipe::TableId table, const std::string& column, std::int64_t row) const {
    const auto text = source_.cell(table, column, row);
    return text ? json_text(*text) : "null";
  }

  const data::Source& source_;
  const recipe::Plan& plan_;
  const recipe::TablePlan& own_;  // the driving table as serving knows it
  std::optional<recipe::LinkId> candidates_;
};

}  // namespace

int rows_as_requests_command(const command::Eval& request, const model::RuntimeServices& services) {
  if (request.splits.size() != 1) throw Error("command-line", "braid eval", "--requests and --scores take one --split");
  const auto model = model::load_run(request.run, request.sets, services);
  if (!model) return 1;
  const auto& plan = model->plan;
  const auto side = recipe::serving(plan);
  if (side.outputs.empty()) throw Error("eval", request.run, "nothing to serve: " + side.trouble);
  const auto serve = serving_plan(recipe::serving_text(plan), request.run + "/resolved.toml",
                                  services.world(request.run + "/resolved.toml"), model->source->fitted());
  const RowWriter rows(*model, serve);
  std::optional<LineFile> requests, scores;
  if (!request.requests.empty()) requests.emplace(request.requests);
  if (!request.scores.empty()) scores.emplace(request.scores);

  const at::NoGradGuard off;
  data::PassOptions options;
  options.split = request.splits[0];
  options.batch = plan.eval.batch > 0 ? plan.eval.batch : plan.train.batch;
  options.seed = plan.train.seed;
  Nodes on(plan.nodes.size());
  for (const auto k : on.ids()) on[k] = side.ahead[k] || side.request[k];
  std::int64_t count = 0;
  const auto pass = model->source->pass(options);
  graph::Execution execution(*model->graph);
  std::vector<graph::Bound> outputs;
  for (const auto& wire : side.outputs) outputs.push_back(model->graph->program().bind(wire));
  while (const auto batch = pass->next()) {
    count += batch->rows;
    if (requests)
      for (const auto row : batch->row_numbers) requests->write(rows.text(row));
    if (!scores) continue;
    execution.run(batch, model->mode, on);
    std::vector<Flow> flows;
    for (const auto& output : outputs) flows.push_back(answer_of(execution.read(output)));
    for (std::int64_t r = 0; r < batch->rows; ++r) {
      std::string line = "{\"scores\":[";
      append_row(line, flows[0], r);
      line += "]";
      for (std::size_t o = 0; flows.size() > 1 && o < flows.size(); ++o) {
        line += (o ? "," : ",\"outputs\":{") + json_text(side.outputs[o].text) + ":[";
        append_row(line, flows[o], r);
        line += o + 1 == flows.size() ? "]}" : "]";
      }
      scores->write(line + "}");
    }
  }
  if (requests) requests->close();
  if (scores) scores->close();
  std::printf("%lld rows of split %s\n", static_cast<long long>(count), request.splits[0].c_str());
  return 0;
}

}  // namespace braid::serve
