#include "serve/export.h"

#include "graph/chunks.h"
#include "kernels/text/key_lines.h"
#include "log/log.h"
#include "model/content_report.h"
#include "model/run_folder.h"
#include "model/safetensors.h"
#include "model/weight_files.h"
#include "recipe/document/words.h"
#include "serve/ahead.h"
#include "serve/export_folder.h"
#include "serve/npy.h"
#include "serve/side.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

namespace braid::serve {
namespace {

using Json = nlohmann::json;

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

const char* dtype_name(at::ScalarType type) {
  return type == at::kFloat ? "float32" : type == at::kHalf ? "float16" : type == at::kLong ? "int64" : "bool";
}

class Export {
 public:
  Export(model::Assembly& model, const command::Export& request)
      : model_(model), plan_(model.plan), request_(request) {}

  void served(const recipe::World& world, const model::RuntimeServices& services) {
    const auto side = recipe::serving(plan_);
    if (side.outputs.empty()) throw Error("export", request_.run, "nothing to serve: " + side.trouble);
    const auto& rows = plan_.driving();
    if (!rows.event())
      throw Error("export", request_.run,
                  "the rows of [train] are entities of table '" + rows.name + "'; requests are rows of an event table");
    auto text = recipe::serving_text(plan_);
    if (request_.lookup_only) text = "lookup_only = true\n" + text;
    const auto serve = serving_plan(text, request_.out + "/serve.toml", world, model_.source->fitted());
    const auto serve_side = recipe::serving(serve);
    prove(side, serve_side);

    NewFolder folder(request_.out);
    model::write_file(folder.file("serve.toml"), text);
    Json manifest{{"format", "braid-export"},
                  {"version", format_version},
                  {"braid", BRAID_VERSION},
                  {"half", request_.half},
                  {"lookup_only", request_.lookup_only},
                  {"plugins", plugins(serve, world, services)}};
    for (const auto& wire : serve_side.outputs) manifest["outputs"].push_back(wire.text);
    if (serve_side.candidates) manifest["candidates"] = serve.driving().links[*serve_side.candidates].name;
    tables(serve, folder, manifest);
    weights(serve, serve_side, services, folder, manifest);
    fields(serve, folder);
    arrays(side, folder, manifest);
    folder.commit(manifest);
    std::printf("%s: %zu stored arrays, %lld weights; `braid score %s < requests.jsonl` answers requests\n",
                request_.out.c_str(), manifest["stored"].size(), manifest["parameters"].get<long long>(),
                request_.out.c_str());
  }

  void vectors() {
    const auto wire = port(request_.vectors);
    const auto table = plan_.axes[*wire.axis].table;
    recipe::Serving side;  // as if this output were all that is stored
    side.ahead.assign(plan_.nodes.size(), false);
    side.request.assign(plan_.nodes.size(), false);
    need(wire.node()->node, side.ahead);
    side.stored.push_back({table, wire, request_.vectors});
    NewFolder folder(request_.out);
    Json manifest{{"format", "braid-vectors"}, {"version", format_version}, {"braid", BRAID_VERSION}};
    run_ahead(side);
    auto flow = stored_.at(0);
    const auto n = model_.source->table_rows(table) - 1;  // the unknown entity is nobody's vector
    flow.value = flow.value.narrow(0, 1, n);
    if (flow.mask.defined()) flow.mask = flow.mask.narrow(0, 1, n);
    save(folder, request_.vectors, flow);
    write_keys(table, 1, folder.file(request_.vectors + ".keys.txt"));
    folder.commit(manifest);
    std::ostringstream sizes;
    sizes << flow.value.sizes();
    std::printf("%s/%s.npy: %s, keys beside it in %s.keys.txt\n", request_.out.c_str(), request_.vectors.c_str(),
                sizes.str().c_str(), request_.vectors.c_str());
  }

 private:
  // The serving recipe stands by itself: it has to split the nodes in the same way.
  static void prove(const recipe::Serving& a, const recipe::Serving& b) {
    const auto names = [](const recipe::Serving& side) {
      std::vector<std::string> out;
      for (const auto& one : side.stored) out.push_back(one.name);
      std::sort(out.begin(), out.end());
      return out;
    };
    if (names(a) != names(b)) throw std::logic_error("the serving recipe stores other arrays than the run's");
  }

  static Json plugins(const recipe::Plan& serve, const recipe::World& world, const model::RuntimeServices& services) {
    std::map<std::string, std::string> used;
    for (const auto& table : serve.tables)
      for (const auto& field : table.fields) used[field.use.plugin] = field.use.plugin_file;
    for (const auto& node : serve.nodes) used[node.use.plugin] = node.use.plugin_file;
    Json out = Json::object();
    for (const auto& [name, file] : used) {
      const auto card = std::find_if(world.plugins.begin(), world.plugins.end(),
                                     [&, wanted = file](const auto& p) { return p.first == wanted; });
      out[name] = {{"version", card == world.plugins.end() ? "" : card->second.version},
                   {"file", std::filesystem::path(file).filename().string()},
                   {"digest", services.digest(file)}};
    }
    return out;
  }

  void write_keys(recipe::TableId table, std::int64_t first, const std::string& file) const {
    const auto& key = plan_.tables[table].key;
    std::string lines;
    for (auto r = first; r < model_.source->table_rows(table); ++r)
      text::add_key_line(lines, model_.source->cell(table, key, r).value_or(""));
    model::write_file(file, lines);
  }

  // Keys of the entity tables that serving knows.
  void tables(const recipe::Plan& serve, NewFolder& folder, Json& manifest) {
    for (const auto& table : serve.tables) {
      if (table.event()) continue;
      const auto t = plan_.tables.find(table.name).value();
      write_keys(t, 0, folder.file("keys/" + table.name + ".txt"));
      manifest["tables"][table.name] = {{"rows", model_.source->table_rows(t)}, {"key", table.key}};
    }
  }

  // Builds the serving graph too: what is written must fit it.
  void weights(const recipe::Plan& serve, const recipe::Serving& side, const model::RuntimeServices& services,
               NewFolder& folder, Json& manifest) {
    const graph::Model graph(
        serve,
        [&](recipe::TableId table, recipe::FieldId field) -> const Field& {
          const auto t = plan_.tables.find(serve.tables[table].name).value();
          const auto& name = serve.tables[table].fields[field].name;
          return model_.source->field(t, plan_.tables[t].fields.find(name).value());
        },
        services.component);
    const auto kept = weighted(serve, side, request_.lookup_only);
    std::map<std::string, at::Tensor> have;
    for (const auto& w : model_.graph->weights()) have[w.name] = w.value;
    std::vector<graph::NamedWeight> out;
    std::int64_t parameters = 0;
    for (const auto& w : graph.weights()) {
      if (!kept[w.node]) continue;
      const auto found = have.find(w.name);
      if (found == have.end() || found->second.sizes() != w.value.sizes())
        throw std::logic_error("the serving graph's weight '" + w.name + "' is not the run's");
      out.push_back(w);
      out.back().value = found->second;
      parameters += w.value.numel();
    }
    model::save_weights(folder.file("weights.safetensors"), out,
                        {{"braid", BRAID_VERSION}, {"step", std::to_string(model_.mode.step)}});
    manifest["parameters"] = parameters;
  }

  void fields(const recipe::Plan& serve, NewFolder& folder) {
    const auto saved = model_.source->save();
    for (const auto& table : serve.tables)
      for (const auto& field : table.fields) {
        const auto name = table.name + "." + field.name;
        if (const auto found = saved.find(name); found != saved.end())
          model::write_file(folder.file("fields/" + name), found->second);
      }
  }

  void arrays(const recipe::Serving& side, NewFolder& folder, Json& manifest) {
    const auto wholes = run_ahead(side);
    manifest["stored"] = Json::array();
    for (std::size_t k = 0; k < side.stored.size(); ++k) {
      auto entry = save(folder, "vectors/" + side.stored[k].name, stored_[k]);
      entry["name"] = side.stored[k].name;
      entry["table"] = plan_.tables[side.stored[k].table].name;
      manifest["stored"].push_back(entry);
      stored_[k] = {};
    }
    if (request_.lookup_only) return;
    const Ahead ahead(plan_, side);
    for (std::size_t k = 0; k < ahead.whole.size(); ++k) {
      auto entry = save(folder, "whole/" + ahead.whole[k].name, wholes[k]);
      entry["name"] = ahead.whole[k].name;
      manifest["whole"].push_back(entry);
    }
  }

  Json save(NewFolder& folder, const std::string& name, const Flow& flow) const {
    auto value = flow.value.detach();
    if (request_.half && value.is_floating_point()) {
      // Larger numbers would be infinite in 16 bits.
      constexpr double largest = 65504;
      const double most = value.numel() ? value.abs().nan_to_num(0, 0, 0).max().item<double>() : 0;
      if (most <= largest) value = value.to(at::kHalf);
      else
        log::warning("'" + name + "' has numbers up to " + std::to_string(most) +
                     ", beyond what 16 bits hold: it keeps 32 bits");
    }
    save_npy(folder.file(name + ".npy"), value);
    Json entry{{"file", name + ".npy"}, {"dtype", dtype_name(value.scalar_type())}, {"shape", value.sizes().vec()}};
    if (flow.mask.defined()) {
      save_npy(folder.file(name + ".mask.npy"), flow.mask);
      entry["mask"] = name + ".mask.npy";
    }
    return entry;
  }

  // Fills `stored_`, one flow for each stored array; gives what stands on whole axes for the nodes elsewhere.
  std::vector<Flow> run_ahead(const recipe::Serving& side) {
    const at::NoGradGuard off;
    const Ahead ahead(plan_, side);
    const auto& mode = model_.mode;
    stored_.assign(side.stored.size(), {});
    auto& source = *model_.source;
    graph::Execution execution(*model_.graph);
    const auto whole_axis = [&](const recipe::Wire& wire) { return plan_.axes[*wire.axis].whole; };

    const auto& program = model_.graph->program();
    const auto bound = [&](const recipe::Wire& wire) {  // what a source gives on its own axis
      return graph::Bound{program.source_of(wire).value(), wire.axis, {}, false};
    };
    std::vector<Flow> wholes(ahead.whole.size());
    for (const auto t : plan_.tables.ids()) {
      if (plan_.tables[t].event()) continue;
      const auto here = [&](const recipe::Wire& wire) { return whole_axis(wire) && plan_.axes[*wire.axis].table == t; };
      bool any = false;
      auto reads = data::reads_of(plan_, ahead.on_whole);
      const auto look = [&](const recipe::Wire& wire) {
        if (!here(wire)) return;
        any = true;
        if (const auto* from = wire.field()) reads.fields[*wire.axis][from->field] = true;
      };
      for (const auto& one : ahead.whole) look(one.wire);
      for (const auto& one : side.stored) look(one.wire);
      if (!any) continue;
      execution.run(source.entities(t, 0, source.table_rows(t), reads), mode, ahead.on_whole);
      for (std::size_t k = 0; k < wholes.size(); ++k)
        if (here(ahead.whole[k].wire)) wholes[k] = execution.read(bound(ahead.whole[k].wire));
      for (std::size_t k = 0; k < side.stored.size(); ++k)
        if (here(side.stored[k].wire)) stored_[k] = execution.read(bound(side.stored[k].wire));
    }

    std::vector<graph::Given> given;
    for (std::size_t k = 0; k < wholes.size(); ++k)
      if (const auto slot = program.source_of(ahead.whole[k].wire)) given.push_back({*slot, wholes[k]});
    for (const auto t : plan_.tables.ids()) {
      std::vector<std::size_t> here;
      std::vector<graph::Bound> wires;
      for (std::size_t k = 0; k < side.stored.size(); ++k)
        if (side.stored[k].table == t && !whole_axis(side.stored[k].wire))
          here.push_back(k), wires.push_back(bound(side.stored[k].wire));
      if (here.empty()) continue;
      const auto reads = ahead.reads(t, side);
      const auto flows = graph::run_chunks(execution, mode, ahead.nodes[t], given, wires,
                                           {.rows = source.table_rows(t), .batch = [&](auto first, auto count) {
                                              return source.entities(t, first, count, reads);
                                            }});
      for (std::size_t k = 0; k < here.size(); ++k) stored_[here[k]] = flows->at(k);
    }
    return wholes;
  }

  // ---- --vectors ----

  // "node.port": an output that lives on an entity table and needs nothing else.
  recipe::Wire port(const std::string& text) const {
    const auto wrong = [&](const std::string& why) { return Error("export", "--vectors " + text, why); };
    std::vector<std::string> names;
    for (const auto k : plan_.nodes.ids()) {
      const auto& node = plan_.nodes[k];
      std::size_t output = 0, flat = 0;
      for (const auto& schema : node.use.schema.ports) {
        if (!schema.output) continue;
        const auto& types = node.outputs[output++];
        const auto* list = schema.named_by.empty()
                               ? nullptr
                               : std::get_if<std::vector<std::string>>(&node.use.values.at(schema.named_by));
        for (std::size_t p = 0; p < types.size(); ++p, ++flat) {
          const auto name = node.name + "." + (list ? list->at(p) : schema.name);
          names.push_back(name);
          if (name != text) continue;
          const auto& type = types[p];
          if (!type.axis() || plan_.table_of(*type.axis()).event())
            throw wrong("it does not live on the rows of an entity table");
          if (!node.wanted.empty() && !node.wanted[output - 1][p])
            throw wrong("nothing reads it, so it is not computed");
          const recipe::Wire wire{.source = recipe::NodeOutput{k, flat}, .axis = type.axis(), .text = name};
          const auto can = recipe::alone(plan_, [](auto) { return true; });
          if (!can[k].can) throw wrong("it needs more than one table: the wire '" + can[k].against->text + "'");
          return wire;
        }
      }
    }
    const auto near = recipe::nearest(text, names);
    throw wrong("no node has this output" + (near ? "; did you mean '" + *near + "'?" : std::string()));
  }

  void need(recipe::NodeId node, Nodes& on) const {
    if (on[node]) return;
    on[node] = true;
    for (const auto& in : plan_.nodes[node].inputs)
      for (const auto& wire : in)
        if (const auto* from = wire.node()) need(from->node, on);
  }

  model::Assembly& model_;
  const recipe::Plan& plan_;
  const command::Export& request_;
  std::vector<Flow> stored_;  // per stored array
};

}  // namespace

int export_command(const command::Export& request, const model::RuntimeServices& services) {
  const auto model = model::load_run(request.run, request.sets, services);
  if (!model) return 1;
  model::print_content(*model);
  Export out(*model, request);
  if (request.vectors.empty()) out.served(services.world(request.run + "/resolved.toml"), services);
  else out.vectors();
  return 0;
}

}  // namespace braid::serve
