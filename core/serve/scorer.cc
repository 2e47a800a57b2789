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

using Source = recipe::Wire::Source;
using Json = nlohmann::json;

constexpr std::int64_t inline_chunk = 256;  // entities that run through the nodes ahead at a time

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

}  // namespace

struct Scorer::Inside {
  std::string place, files;
  recipe::Plan plan;
  recipe::Serving side;
  std::vector<std::vector<FieldOf>> fields;
  std::vector<std::vector<data::Layout>> layouts;
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
    recipe::Wire wire;              // without link
    std::size_t stored;
  };
  std::vector<Feed> feeds;

  Error broken(const std::string& file, const std::string& why, const std::vector<std::string>& notes = {}) const {
    return Error("export-folder", place + "/" + file, why, notes);
  }

  // ---- opening ----

  void open(const model::RuntimeServices& services) {
    const auto world = services.world(place + "/serve.toml");
    const auto manifest = open_folder(place, world, services);
    try {
      const auto text = model::read_file(place + "/serve.toml");
      const auto first = checked(text, world, {});
      plan = checked(text, world, make_fields(first, services));
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

  recipe::Plan checked(const std::string& text, const recipe::World& world, const recipe::Fitted& fitted) const {
    auto result = recipe::check_text(text, place + "/serve.toml", {}, world, fitted);
    if (result.plan) return std::move(*result.plan);
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
    for (std::size_t a = 0; a < plan.axes.size(); ++a) {
      const int table = plan.axes[a].table;
      if (plan.tables[at(table)].event()) {
        for (std::size_t f = 0; f < request.fields[a].size(); ++f)
          if (request.fields[a][f]) fields[at(table)][f].inline_cells = true;
        continue;
      }
      const auto reads = ahead->reads(table, side);
      for (std::size_t f = 0; f < reads.fields[a].size(); ++f)
        if (reads.fields[a][f]) fields[at(table)][f].inline_cells = true;
    }
    for (const auto& wire : side.outputs)
      if (wire.source == Source::field) throw broken("serve.toml", "serves a field");
  }

  void make_graph(const model::RuntimeServices& services) {
    graph = std::make_unique<graph::Model>(
        plan, [this](int table, int field) -> const Field& { return *fields[at(table)][at(field)].component; },
        services.component);
    const auto needed = weighted(plan, side, plan.lookup_only);
    mode.step = model::load_weights(*graph, place + "/weights.safetensors",
                                    [&](const graph::NamedWeight& w) { return needed[at(w.node)]; });
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
      const auto rows = manifest.at("tables").at(plan.tables[at(one.table)].name).at("rows").get<std::int64_t>();
      const auto& value = stored.back().value;
      if (value.dim() != static_cast<std::int64_t>(one.wire.type.dims.size()) || value.size(0) != rows)
        throw broken(entry.at("file").get<std::string>(), "has not the shape that serve.toml and the keys tell");
    }
    if (!plan.lookup_only)
      for (const auto& one : ahead->whole) {
        auto flow = read_flow(find("whole", one.name));
        flow.value = flow.value.scalar_type() == at::kHalf ? flow.value.to(at::kFloat) : flow.value;
        whole.push_back({one.wire, flow});
      }
    // What requests read of them.
    const auto feed = [&](const recipe::Wire& wire) {
      if (wire.axis == recipe::none || plan.tables[at(plan.axes[at(wire.axis)].table)].event()) return;
      if (wire.source == Source::node && side.request[at(wire.node)]) return;
      if (wire.source != Source::node && wire.source != Source::field) return;
      const auto source = graph::source_of(wire);
      if (std::any_of(feeds.begin(), feeds.end(), [&](const Feed& f) { return graph::source_of(f.wire) == source; }))
        return;
      for (std::size_t k = 0; k < side.stored.size(); ++k) {
        const auto& one = side.stored[k];
        const bool same = one.wire.source == wire.source && std::max(one.wire.port, 0) == std::max(wire.port, 0) &&
                          one.table == plan.axes[at(wire.axis)].table &&
                          (wire.source == Source::node ? one.wire.node == wire.node : one.wire.field == wire.field);
        if (same) return void(feeds.push_back({graph::without_link(wire), k}));
      }
      throw std::logic_error("nothing is stored for the wire '" + wire.text + "'");
    };
    for (std::size_t k = 0; k < plan.nodes.size(); ++k)
      if (side.request[k])
        for (const auto& port : plan.nodes[k].inputs)
          for (const auto& wire : port) feed(wire);
    for (const auto& wire : side.outputs) feed(wire);
  }

  void make_batcher() {
    std::vector<std::vector<std::uint64_t>> known(plan.tables.size());
    for (std::size_t t = 0; t < plan.tables.size(); ++t) {
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
        if (side.stored[k].table == static_cast<int>(t) &&
            stored[k].value.size(0) != static_cast<std::int64_t>(known[t].size()))
          throw broken(file, "has another number of lines than the table has rows");
    }
    std::vector<data::RequestBatcher::EventField> events;
    const auto driving = at(plan.train.rows);
    for (std::size_t f = 0; f < fields[driving].size(); ++f)
      events.push_back(
          {fields[driving][f].inline_cells ? fields[driving][f].component.get() : nullptr, layouts[driving][f]});
    batcher = std::make_unique<data::RequestBatcher>(plan, std::move(known), std::move(events));
    std::vector<std::string> closed(plan.tables.size());
    for (std::size_t t = 0; t < closed.size(); ++t) {
      if (plan.lookup_only) closed[t] = "this export is --lookup-only: it knows keys, and nothing of new entities";
      else if (ahead->closed[t])
        closed[t] = "the model reads all of '" + plan.tables[t].name + "' at once: none can come with a request";
    }
    reader = std::make_unique<RequestReader>(plan, side.candidates, *batcher, fields, std::move(closed), files);
  }

  // ---- scoring ----

  // Entities that came inline with the rows of one batch.
  struct Gathered {
    std::vector<std::vector<std::uint64_t>> keys;        // per table
    std::vector<std::vector<const InlineGiven*>> given;  // per table
  };

  // The stored arrays of a table for entities that came inline, [entities, ...].
  // `batches`: of these entities, inline_chunk at a time.
  void run_inline(int table, const std::vector<const InlineGiven*>& given, std::vector<data::Batch>& batches,
                  std::vector<Flow>& out) const {
    graph::Execution execution(*graph);
    const auto reads = ahead->reads(table, side);
    std::vector<std::size_t> here;
    std::vector<recipe::Wire> wires;
    for (std::size_t k = 0; k < side.stored.size(); ++k)
      if (side.stored[k].table == table && !plan.axes[at(side.stored[k].wire.axis)].whole)
        here.push_back(k), wires.push_back(side.stored[k].wire);
    const auto batch_of = [&](std::int64_t first, std::int64_t count) {
      auto batch = std::make_shared<data::Batch>(std::move(batches[at(first / inline_chunk)]));
      std::vector<std::uint64_t> keys;
      for (std::int64_t k = 0; k < count; ++k) keys.push_back(given[at(first + k)]->key);
      std::vector<const data::Decoded*> cells(at(count));
      for (std::size_t a = 0; a < plan.axes.size(); ++a)
        for (std::size_t f = 0; f < reads.fields[a].size(); ++f) {
          if (!reads.fields[a][f]) continue;
          for (std::int64_t k = 0; k < count; ++k) cells[at(k)] = &given[at(first + k)]->cells[f];
          batch->axes[a].fields[f] =
              data::lay_out(layouts[at(table)][f], *fields[at(table)][f].component,
                            data::field_hash(plan.tables[at(table)].name, plan.tables[at(table)].fields[f].name), cells,
                            keys, {plan.train.seed, 0, false});
        }
      return batch;
    };
    const auto flows =
        graph::run_chunks(execution, mode, ahead->nodes[at(table)], whole, wires,
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
  std::shared_ptr<const data::Batch> batch_of(const std::vector<data::RequestRow>& rows, const Gathered& gathered,
                                              std::vector<std::vector<data::Batch>>& inlined) const {
    const std::lock_guard lock(batching);
    auto batch = std::make_shared<data::Batch>(batcher->make(rows, gathered.keys));
    for (std::size_t t = 0; t < inlined.size(); ++t) {
      const auto n = static_cast<std::int64_t>(gathered.given[t].size());
      for (std::int64_t first = 0; first < n; first += inline_chunk)
        inlined[t].push_back(batcher->inline_entities(static_cast<int>(t), first, std::min(inline_chunk, n - first)));
    }
    return batch;
  }

  std::vector<Flow> score(std::span<const Part> parts) const {
    const at::NoGradGuard off;
    const auto tables = plan.tables.size();
    Gathered gathered{std::vector<std::vector<std::uint64_t>>(tables),
                      std::vector<std::vector<const InlineGiven*>>(tables)};
    const auto& driving = plan.tables[at(plan.train.rows)];
    std::vector<data::RequestRow> rows;
    std::vector<std::vector<std::vector<std::int32_t>>> lists(parts.size());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto& part = parts[p];
      const auto& request = *part.request;
      std::vector<std::vector<std::int32_t>> numbers(tables);  // of the request's inline entities in this batch
      for (std::size_t t = 0; t < tables; ++t) numbers[t].assign(request.inlined[t].size(), -1);
      const auto row_of = [&](Reference reference, int table) -> std::int32_t {
        if (reference >= 0) return reference;
        const auto k = at(-1 - reference);
        auto& number = numbers[at(table)][k];
        if (number < 0) {
          const auto& given = request.inlined[at(table)][k];
          number = static_cast<std::int32_t>(batcher->known(table) +
                                             static_cast<std::int64_t>(gathered.given[at(table)].size()));
          gathered.keys[at(table)].push_back(given.key);
          gathered.given[at(table)].push_back(&given);
        }
        return number;
      };
      for (std::size_t l = 0; l < driving.lists.size(); ++l) {
        lists[p].emplace_back();
        for (const auto one : request.lists[l]) lists[p].back().push_back(row_of(one, driving.lists[l].table));
      }
      data::RequestRow row;
      for (std::size_t l = 0; l < driving.links.size(); ++l) {
        row.links.push_back(row_of(request.links[l], driving.links[l].table));
        row.link_texts.push_back(request.link_keyed[l] ? std::string_view(request.link_texts[l]) : std::string_view());
      }
      row.lists = &lists[p];
      row.cells = &request.cells;
      for (auto r = part.first; r < part.first + part.count; ++r) {
        if (request.many) {
          const auto l = at(side.candidates);
          row.links[l] = row_of(request.candidates[at(r)], driving.links[l].table);
          row.link_texts[l] =
              request.candidate_keyed[at(r)] ? std::string_view(request.candidate_texts[at(r)]) : std::string_view();
        }
        rows.push_back(row);
      }
    }
    std::vector<std::vector<data::Batch>> inline_batches(tables);
    const auto batch = batch_of(rows, gathered, inline_batches);
    std::vector<Flow> inlined(side.stored.size());
    for (std::size_t t = 0; t < tables; ++t)
      if (!gathered.given[t].empty()) run_inline(static_cast<int>(t), gathered.given[t], inline_batches[t], inlined);
    std::vector<graph::Given> given;
    for (const auto& feed : feeds) {
      const auto& axis = batch->axes[at(feed.wire.axis)];
      const int table = plan.axes[at(feed.wire.axis)].table;
      given.push_back({feed.wire, feed_of(stored[feed.stored], inlined[feed.stored], graph::wrap(axis.row),
                                          batcher->known(table))});
    }
    graph::Execution execution(*graph);
    execution.run(batch, mode, side.request, given);
    std::vector<Flow> out;
    for (const auto& wire : side.outputs) out.push_back(answer_of(execution.read(wire)));
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
