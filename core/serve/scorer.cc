#include "serve/scorer.h"

#include "data/hash.h"
#include "graph/carry.h"
#include "graph/chunks.h"
#include "graph/rows.h"
#include "kernels/text/key_lines.h"
#include "model/weight_files.h"
#include "serve/arrays.h"
#include "serve/export_folder.h"
#include "serve/npy.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

namespace braid::serve {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t inline_chunk = 256;  // entities that run through the nodes ahead at a time

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

}  // namespace

struct Scorer::Inside {
  std::string place, files;
  recipe::Plan plan;
  recipe::Serving side;
  Fields fields;
  recipe::Indexed<recipe::TableId, recipe::Indexed<recipe::FieldId, data::Layout>> layouts;
  std::unique_ptr<Ahead> ahead;
  std::unique_ptr<graph::Model> graph;
  graph::Mode mode;
  std::unique_ptr<data::RequestBatcher> batcher;
  mutable std::mutex batching;  // held while `batcher` makes batches
  std::unique_ptr<RequestReader> reader;
  std::vector<std::string> outputs;
  std::vector<Flow> stored;         // per Serving::stored
  std::vector<graph::Given> whole;  // what nodes ahead read of whole axes
  struct Feed {                     // what the part on request reads of a stored array
    graph::SlotId slot;
    recipe::AxisId axis;
    std::size_t stored;
  };
  std::vector<Feed> feeds;
  std::vector<graph::Bound> served;       // per output
  std::vector<graph::Bound> stored_from;  // per Serving::stored: what nodes ahead give
  recipe::Indexed<recipe::TableId, data::Reads> inline_reads;

  Error broken(const std::string& file, const std::string& why, const std::vector<std::string>& notes = {}) const {
    return Error("export-folder", place + "/" + file, why, notes);
  }

  // ---- opening ----

  void open(const model::RuntimeServices& services) {
    const auto world = services.world(place + "/serve.toml");
    const auto manifest = open_folder(place, world, services);
    try {
      const auto text = model::read_file(place + "/serve.toml");
      const auto first = taken(recipe::check_text(text, place + "/serve.toml", {}, world));
      plan = *taken(recipe::with_sizes(first, make_fields(*first.plan, services))).plan;
      side = recipe::serving(plan);
      if (!plan.serving || side.outputs.empty()) throw broken("serve.toml", "is not the serving side of a run");
      ahead = std::make_unique<Ahead>(plan, side);
      for (const auto& wire : side.outputs) outputs.push_back(wire.text);
      use_fields();
      make_graph(services);
      read_arrays(manifest);
      make_batcher();
    } catch (const Json::exception& e) {
      throw broken("manifest.json", std::string("is no manifest of an export: ") + e.what());
    }
  }

  recipe::Checked taken(recipe::Checked result) const {
    if (result.plan) return result;
    std::vector<std::string> notes;
    for (const auto& problem : result.problems) notes.push_back(problem.text());
    throw broken("serve.toml", "this Braid does not take the exported recipe:", notes);
  }

  recipe::Fitted make_fields(const recipe::Plan& first, const model::RuntimeServices& services) {
    recipe::Fitted fitted;
    for (const auto& table : first.tables) {
      auto& own = fields.emplace_back();
      auto& sizes = layouts.emplace_back();
      for (const auto& field : table.fields) {
        auto component = services.makers.field(field.use);
        const auto name = table.name + "." + field.name;
        const auto file = place + "/fields/" + name;
        try {
          if (std::filesystem::exists(file)) component->load(model::read_file(file));
          else component->open();
          fitted[name] = component->sizes();
          sizes.push_back(data::layout_of(field, *component));
        } catch (const Error& e) {
          throw broken("fields/" + name, e.what());
        }
        own.push_back({std::move(component), false});
      }
    }
    return fitted;
  }

  // Fields of event rows that requests read, and fields of entities that may come inline.
  void use_fields() {
    const auto request = data::reads_of(plan, side.request);
    for (const auto table : plan.tables.ids()) inline_reads.push_back(ahead->reads(table, side));
    for (const auto a : plan.axes.ids()) {
      const auto table = plan.axes[a].table;
      const auto& reads = plan.tables[table].event() ? request : inline_reads[table];
      for (const auto f : reads.fields[a].ids())
        if (reads.fields[a][f]) fields[table][f].inline_cells = true;
    }
    for (const auto& wire : side.outputs)
      if (wire.field()) throw broken("serve.toml", "serves a field");
  }

  void make_graph(const model::RuntimeServices& services) {
    graph = std::make_unique<graph::Model>(
        plan,
        [this](recipe::TableId table, recipe::FieldId field) -> const Field& {
          return *fields[table][field].component;
        },
        services.component);
    const auto needed = weighted(plan, side, plan.lookup_only);
    mode.step = model::load_weights(*graph, place + "/weights.safetensors",
                                    [&](const graph::NamedWeight& w) { return needed[w.node]; });
  }

  Flow read_flow(const Json& entry) const {
    Flow out;
    out.value = load_npy(place + "/" + entry.at("file").get<std::string>());
    if (entry.contains("mask")) {
      out.mask = load_npy(place + "/" + entry.at("mask").get<std::string>());
      if (out.mask.scalar_type() != at::kBool || out.mask.dim() > out.value.dim() ||
          out.mask.sizes() != out.value.sizes().slice(0, at(out.mask.dim())))
        throw broken(entry.at("mask").get<std::string>(), "is no mask of the array beside it");
    }
    return out;
  }

  void read_arrays(const Json& manifest) {
    const auto find = [&](const char* list, const std::string& name) -> const Json& {
      if (manifest.contains(list))
        for (const auto& entry : manifest.at(list))
          if (entry.at("name") == name) return entry;
      throw broken("manifest.json", "lists no array '" + name + "', which serve.toml needs");
    };
    for (const auto& one : side.stored) {
      const auto& entry = find("stored", one.name);
      stored.push_back(read_flow(entry));
      const auto rows = manifest.at("tables").at(plan.tables[one.table].name).at("rows").get<std::int64_t>();
      const auto& value = stored.back().value;
      if (value.dim() != static_cast<std::int64_t>(one.wire.type.dims.size()) || value.size(0) != rows)
        throw broken(entry.at("file").get<std::string>(), "has not the shape that serve.toml and the keys tell");
    }
    if (!plan.lookup_only)
      for (const auto& one : ahead->whole) {
        auto flow = read_flow(find("whole", one.name));
        flow.value = flow.value.scalar_type() == at::kHalf ? flow.value.to(at::kFloat) : flow.value;
        if (const auto slot = graph->program().source_of(one.wire)) whole.push_back({*slot, flow});
      }
    // What requests read of them.
    const auto feed = [&](const recipe::Wire& wire) {
      if (!wire.axis || plan.table_of(*wire.axis).event()) return;
      if (wire.node() ? side.request[wire.node()->node] : !wire.field()) return;
      const auto slot = graph->program().source_of(wire).value();
      if (std::any_of(feeds.begin(), feeds.end(), [&](const Feed& f) { return f.slot == slot; })) return;
      for (std::size_t k = 0; k < side.stored.size(); ++k) {
        const auto& one = side.stored[k];
        if (one.wire.source == wire.source && one.table == plan.axes[*wire.axis].table)
          return void(feeds.push_back({slot, *wire.axis, k}));
      }
      throw std::logic_error("nothing is stored for the wire '" + wire.text + "'");
    };
    for (const auto k : plan.nodes.ids())
      if (side.request[k])
        for (const auto& port : plan.nodes[k].inputs)
          for (const auto& wire : port) feed(wire);
    for (const auto& wire : side.outputs) feed(wire), served.push_back(graph->program().bind(wire));
    for (const auto& one : side.stored)
      stored_from.push_back({graph->program().source_of(one.wire).value(), one.wire.axis, {}, false});
  }

  void make_batcher() {
    data::EntityKeys known(plan.tables.size());
    for (const auto t : plan.tables.ids()) {
      const auto& table = plan.tables[t];
      if (table.event()) continue;
      const auto file = "keys/" + table.name + ".txt";
      const auto bytes = model::read_file(place + "/" + file);
      try {
        for (const auto& key : text::read_key_lines<Error>(bytes))
          known[t].push_back(known[t].empty() ? 0 : data::key_of(key));
      } catch (const Error& e) {
        throw broken(file, e.what());
      }
      if (known[t].empty()) throw broken(file, "is empty");
      for (std::size_t k = 0; k < side.stored.size(); ++k)
        if (side.stored[k].table == t && stored[k].value.size(0) != static_cast<std::int64_t>(known[t].size()))
          throw broken(file, "has another number of lines than the table has rows");
    }
    recipe::Indexed<recipe::FieldId, data::RequestBatcher::EventField> events;
    const auto driving = *plan.train.rows;
    for (const auto f : fields[driving].ids())
      events.push_back(
          {fields[driving][f].inline_cells ? fields[driving][f].component.get() : nullptr, layouts[driving][f]});
    batcher = std::make_unique<data::RequestBatcher>(plan, std::move(known), std::move(events));
    Closed closed(plan.tables.size());
    for (const auto t : closed.ids()) {
      if (plan.lookup_only) closed[t] = "this export is --lookup-only: it knows keys, and nothing of new entities";
      else if (ahead->closed[t])
        closed[t] = "the model reads all of '" + plan.tables[t].name + "' at once: none can come with a request";
    }
    reader = std::make_unique<RequestReader>(plan, side.candidates, *batcher, fields, std::move(closed), files);
  }

  // ---- scoring ----

  // The stored arrays of a table for entities that came inline, [entities, ...].
  // `batches`: of these entities, inline_chunk at a time.
  void run_inline(recipe::TableId table, const std::vector<const InlineGiven*>& given,
                  std::vector<data::Batch>& batches, std::vector<Flow>& out) const {
    graph::Execution execution(*graph);
    const auto& reads = inline_reads[table];
    std::vector<std::size_t> here;
    std::vector<graph::Bound> wires;
    for (std::size_t k = 0; k < side.stored.size(); ++k)
      if (side.stored[k].table == table && !plan.axes[*side.stored[k].wire.axis].whole)
        here.push_back(k), wires.push_back(stored_from[k]);
    const auto batch_of = [&](std::int64_t first, std::int64_t count) {
      auto batch = std::make_shared<data::Batch>(std::move(batches[at(first / inline_chunk)]));
      std::vector<std::uint64_t> keys;
      for (std::int64_t k = 0; k < count; ++k) keys.push_back(given[at(first + k)]->key);
      std::vector<const data::Decoded*> cells(at(count));
      for (const auto a : plan.axes.ids())
        for (const auto f : reads.fields[a].ids()) {
          if (!reads.fields[a][f]) continue;
          for (std::int64_t k = 0; k < count; ++k) cells[k] = &given[at(first + k)]->cells[f];
          batch->axes[a].fields[f] =
              data::lay_out(layouts[table][f], *fields[table][f].component,
                            data::field_hash(plan.tables[table].name, plan.tables[table].fields[f].name), cells, keys,
                            {plan.train.seed, 0, false});
        }
      return batch;
    };
    const auto flows =
        graph::run_chunks(execution, mode, ahead->nodes[table], whole, wires,
                          {.rows = static_cast<std::int64_t>(given.size()), .size = inline_chunk, .batch = batch_of});
    for (std::size_t k = 0; k < here.size(); ++k) out[here[k]] = flows->at(k);
  }

  // A stored array at the rows of an axis; those from `known` on came inline.
  static Flow feed_of(const Flow& known_rows, const Flow& inlined, const at::Tensor& rows, std::int64_t known) {
    const auto* row = rows.const_data_ptr<std::int64_t>();
    const auto split = std::lower_bound(row, row + rows.numel(), known) - row;  // an axis' rows ascend
    std::vector<Flow> parts;
    if (split > 0 || rows.numel() == 0) parts.push_back(graph::rows_of(known_rows, rows.narrow(0, 0, split)));
    if (split < rows.numel())
      parts.push_back(graph::rows_of(inlined, rows.narrow(0, split, rows.numel() - split) - known));
    return graph::join(parts);
  }

  // The batch of these rows, and those of the entities that came with them. One thread at a time makes batches.
  std::shared_ptr<const data::Batch> batch_of(
      const BatchRows& asked, recipe::Indexed<recipe::TableId, std::vector<data::Batch>>& inlined) const {
    const std::lock_guard lock(batching);
    auto batch = std::make_shared<data::Batch>(batcher->make(asked.rows, asked.keys));
    for (const auto t : inlined.ids()) {
      const auto n = static_cast<std::int64_t>(asked.inlined[t].size());
      for (std::int64_t first = 0; first < n; first += inline_chunk)
        inlined[t].push_back(batcher->inline_entities(t, first, std::min(inline_chunk, n - first)));
    }
    return batch;
  }

  std::vector<Flow> score(std::span<const Part> parts) const {
    const at::NoGradGuard off;
    const BatchRows asked(parts, plan, side.candidates, *batcher);
    recipe::Indexed<recipe::TableId, std::vector<data::Batch>> inline_batches(plan.tables.size());
    const auto batch = batch_of(asked, inline_batches);
    std::vector<Flow> inlined(side.stored.size());
    for (const auto t : inline_batches.ids())
      if (!asked.inlined[t].empty()) run_inline(t, asked.inlined[t], inline_batches[t], inlined);
    std::vector<graph::Given> given;
    for (const auto& feed : feeds) {
      const auto& axis = batch->axes[feed.axis];
      const auto table = plan.axes[feed.axis].table;
      given.push_back({feed.slot, feed_of(stored[feed.stored], inlined[feed.stored], graph::wrap(axis.row),
                                          batcher->known(table))});
    }
    graph::Execution execution(*graph);
    execution.run(batch, mode, side.request, given);
    std::vector<Flow> out;
    for (const auto& output : served) out.push_back(answer_of(execution.read(output)));
    return out;
  }
};

Scorer::Scorer(const std::string& place, const model::RuntimeServices& services, const std::string& files)
    : in_(std::make_unique<Inside>()) {
  in_->files = files;
  in_->place = place;
  while (in_->place.size() > 1 && in_->place.back() == '/') in_->place.pop_back();
  in_->open(services);
}
Scorer::~Scorer() = default;

const RequestReader& Scorer::reader() const { return *in_->reader; }
const std::vector<std::string>& Scorer::outputs() const { return in_->outputs; }
const recipe::Plan& Scorer::plan() const { return in_->plan; }
std::vector<Flow> Scorer::score(std::span<const Part> parts) const { return in_->score(parts); }

}  // namespace braid::serve
