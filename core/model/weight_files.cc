#include "model/weight_files.h"

#include "kernels/text/key_lines.h"
#include "model/assembly.h"
#include "recipe/document/diagnostics.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_map>

namespace braid::model {

namespace {

constexpr std::string_view ids_prefix = "ids/";

std::string lines_of(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) text::add_key_line(out, value);
  return out;
}

at::Tensor bytes_of(std::string_view text) {
  auto out = at::empty({static_cast<std::int64_t>(text.size())}, at::TensorOptions().dtype(at::kByte));
  if (!text.empty()) std::memcpy(out.mutable_data_ptr(), text.data(), text.size());
  return out;
}

at::Tensor wholes_of(const std::vector<std::int64_t>& values) {
  auto out = at::empty({static_cast<std::int64_t>(values.size())}, at::TensorOptions().dtype(at::kLong));
  if (!values.empty()) std::memcpy(out.mutable_data_ptr(), values.data(), out.nbytes());
  return out;
}

struct OpenFile {
  std::map<std::string, at::Tensor> tensors;
  nlohmann::json rows;  // which table has the rows of which tensor of values
};

OpenFile open_weights(const std::string& file) {
  OpenFile out;
  std::map<std::string, std::string> metadata;
  out.tensors = load_safetensors(file, &metadata);
  out.rows = nlohmann::json::parse(metadata["rows"], nullptr, false);
  return out;
}

// Where a recipe names a file of weights.
struct Named {
  Location at;
  std::string file;
};

// The values of a table's rows, as its own file says them; nullopt where it says none.
std::optional<std::vector<std::string>> values_in(const OpenFile& file, const std::string& name, const Named& named) {
  if (!file.rows.is_object() || !file.rows.contains(name)) return std::nullopt;
  const auto found = file.tensors.find(file.rows.at(name).get<std::string>());
  if (found == file.tensors.end() || found->second.scalar_type() != at::kByte)
    throw Error("weights-file", named.at,
                named.file + " says that the rows of '" + name + "' belong to values that it lacks");
  const auto& bytes = found->second;
  return text::read_key_lines<Error>(
      {static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::size_t>(bytes.numel())});
}

std::string sizes_differ(const std::string& name, const at::Tensor& there, const at::Tensor& here) {
  std::ostringstream out;
  out << "weight '" << name << "' is " << there.sizes() << ", the recipe makes it " << here.sizes();
  return out.str();
}

[[noreturn]] void other_size(const Named& named, const std::string& name, const at::Tensor& there,
                             const at::Tensor& here) {
  throw Error("weights-file", named.at, named.file + ": " + sizes_differ(name, there, here));
}

// An embedding table from a file's: by the values of its field where it has one, by numbers else. Says how many rows
// were found, where values decide.
std::string start_table(const recipe::Plan& plan, graph::NamedWeight& w, const std::string& own,
                        const at::Tensor& there, const std::string& name, const OpenFile& file, const Named& named) {
  const auto& node = plan.nodes[w.node];
  const auto given = node.weights.keys.find(own);
  auto values = given == node.weights.keys.end()
                    ? values_in(file, name, named)
                    : text::read_key_lines(read_file(given->second), [&](std::size_t line, const std::string& what) {
                        throw Error("file", {given->second, static_cast<std::int64_t>(line)}, what);
                      });
  if (!w.rows.field) {  // rows are numbers here
    if (values)
      throw Error("weights-rows", named.at,
                  named.file + ": the rows of '" + name + "' belong to values, those of '" + w.name + "' are numbers",
                  {"wire it to a field whose ids stand for values, such as a vocabulary"});
    if (there.sizes() != w.value.sizes()) other_size(named, name, there, w.value);
    w.value.copy_(there);
    return {};
  }
  if (!values)
    throw Error("weights-rows", named.at,
                named.file + " does not say which value of '" + w.rows.name + "' each row of '" + name + "' belongs to",
                {"say it: weights.keys = { \"" + own +
                 "\" = \"FILE\" }, a text file with one value a line, line by line as the rows are"});
  if (there.dim() != 2 || there.size(1) != w.value.size(1)) other_size(named, name, there, w.value);
  if (static_cast<std::int64_t>(values->size()) != there.size(0))
    throw Error("weights-rows", named.at,
                (given == node.weights.keys.end() ? named.file : given->second) + " has " +
                    std::to_string(values->size()) + " values, and '" + name + "' has " +
                    std::to_string(there.size(0)) + " rows");

  const auto texts = w.rows.field->id_texts();
  // A value that stands twice, as in some vocabularies of word pieces, has its rows in order.
  std::unordered_map<std::string_view, std::int64_t> at;
  std::unordered_map<std::string_view, std::deque<std::int64_t>> again;
  for (std::size_t row = 0; row < values->size(); ++row) {
    const auto& value = (*values)[row];
    if (row == 0 && value.empty()) continue;  // the unknown value
    if (!at.emplace(value, static_cast<std::int64_t>(row)).second)
      again[value].push_back(static_cast<std::int64_t>(row));
  }
  const auto theirs = static_cast<std::int64_t>(values->size()) - (!values->empty() && (*values)[0].empty());
  std::vector<std::int64_t> to, from;
  if (!texts.empty() && texts[0].empty() && !values->empty() && (*values)[0].empty())
    to.push_back(0), from.push_back(0);
  const auto unknown = to.size();
  for (std::size_t row = texts.empty() || !texts[0].empty() ? 0 : 1; row < texts.size(); ++row)
    if (const auto found = at.find(texts[row]); found != at.end()) {
      to.push_back(static_cast<std::int64_t>(row));
      from.push_back(found->second);
      const auto more = again.find(texts[row]);
      if (more == again.end() || more->second.empty()) continue;  // found again: the last one serves all
      found->second = more->second.front();
      more->second.pop_front();
    }
  const auto matched = static_cast<std::int64_t>(to.size() - unknown);
  const auto own_rows = static_cast<std::int64_t>(texts.size()) - (!texts.empty() && texts[0].empty());
  if (matched == 0 && own_rows > 0 && theirs > 0)
    throw Error("weights-rows", named.at,
                named.file + ": none of the " + std::to_string(own_rows) + " values of '" + w.rows.name +
                    "' is among the " + std::to_string(theirs) + " of '" + name + "', such as '" + values->back() +
                    "'");
  w.value.index_copy_(0, wholes_of(to), there.index_select(0, wholes_of(from)).to(w.value.scalar_type()));
  return "'" + w.name + "' starts from " + node.weights.file + ": " + std::to_string(matched) + " of " +
         std::to_string(own_rows) + " rows, matched by their values of '" + w.rows.name +
         "'; new: " + std::to_string(own_rows - matched) +
         ", which start as declared; only in the file: " + std::to_string(theirs - std::min(matched, theirs));
}

}  // namespace

void save_weights(const std::string& file, const std::vector<graph::NamedWeight>& weights,
                  std::map<std::string, std::string> metadata) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  std::map<std::string, at::Tensor> ids;
  auto rows = nlohmann::json::object();
  for (const auto& w : weights) {
    tensors.emplace_back(w.name, w.value);
    if (!w.rows.field) continue;
    const auto name = std::string(ids_prefix) + w.rows.name;
    rows[w.name] = name;
    if (!ids.count(name)) ids[name] = bytes_of(lines_of(w.rows.field->id_texts()));
  }
  tensors.insert(tensors.end(), ids.begin(), ids.end());
  if (!rows.empty()) metadata["rows"] = rows.dump();
  save_safetensors(file, tensors, metadata);
}

void load_runs(const recipe::Plan& plan, graph::Model& graph) {
  const at::NoGradGuard off;
  std::map<std::string, std::map<std::string, at::Tensor>> open;
  for (auto& w : graph.weights()) {
    const auto& node = plan.nodes[w.node];
    if (node.weights_file.empty()) continue;
    auto [file, fresh] = open.try_emplace(node.weights_file);
    if (fresh) file->second = load_safetensors(node.weights_file);
    const auto name = node.weights_prefix + w.name.substr(node.name.size());
    const auto found = file->second.find(name);
    if (found == file->second.end())
      throw Error("weights-file", node.weights_file,
                  "has no weight '" + name + "', which node '" + node.name + "' needs");
    if (found->second.sizes() != w.value.sizes())
      throw Error("weights-file", node.weights_file, sizes_differ(name, found->second, w.value));
    w.value.copy_(found->second);
  }
}

std::vector<std::string> start_weights(const recipe::Plan& plan, graph::Model& graph) {
  const at::NoGradGuard off;
  std::set<std::pair<recipe::NodeId, std::string>> met;  // names of the recipe that are weights
  std::map<std::string, OpenFile> open;
  std::vector<std::string> said_of;
  for (auto& w : graph.weights()) {
    const auto& node = plan.nodes[w.node];
    const auto& from = node.weights;
    if (from.file.empty() || w.scalar || w.value.numel() == 0) continue;
    const auto opened = open.try_emplace(from.file);
    auto& open_file = opened.first->second;
    if (opened.second) open_file = open_weights(from.file);
    const auto own = w.name.substr(node.name.size() + 1);
    const auto said = from.names.find(own);
    if (said != from.names.end() || from.keys.count(own)) met.insert({w.node, own});
    const auto name = from.prefix + (said == from.names.end() ? own : said->second);
    const auto found = open_file.tensors.find(name);
    if (found == open_file.tensors.end()) {
      recipe::Notes notes;
      std::vector<std::string> names;
      for (const auto& [there, tensor] : open_file.tensors) names.push_back(there);
      recipe::note_choices(notes, name, names);
      notes.push_back("say what it is called there: weights.names = { \"" + own + "\" = \"...\" }");
      throw Error("weights-file", recipe::location(from.place),
                  from.file + " has no '" + name + "', which node '" + node.name + "' needs as '" + own + "'",
                  notes.lines, notes.suggestion);
    }
    auto there = found->second;
    const Named named{recipe::location(from.place), from.file};
    if (w.table) {
      if (auto line = start_table(plan, w, own, there, name, open_file, named); !line.empty()) said_of.push_back(line);
      continue;
    }
    if (from.transpose && there.dim() == 2) there = there.t();
    if (there.sizes() != w.value.sizes()) other_size(named, name, there, w.value);
    w.value.copy_(there);
  }
  for (const auto k : plan.nodes.ids()) {
    const auto& from = plan.nodes[k].weights;
    for (const auto* names : {&from.names, &from.keys})
      for (const auto& [own, there] : *names) {
        if (met.count({k, own})) continue;
        recipe::Notes notes;
        std::vector<std::string> known;
        for (const auto& w : graph.weights())
          if (w.node == k && !w.scalar) known.push_back(w.name.substr(plan.nodes[k].name.size() + 1));
        recipe::note_choices(notes, own, known);
        throw Error("weights-file", recipe::location(from.place),
                    "node '" + plan.nodes[k].name + "' has no weight '" + own + "' to be read from '" + there + "'",
                    notes.lines, notes.suggestion);
      }
  }
  return said_of;
}

std::int64_t load_weights(graph::Model& graph, const std::string& file,
                          const std::function<bool(const graph::NamedWeight&)>& wanted) {
  std::map<std::string, std::string> metadata;
  const auto weights = load_safetensors(file, &metadata);
  const at::NoGradGuard off;
  std::set<std::string> unused;
  for (const auto& [name, tensor] : weights)
    if (!name.starts_with(ids_prefix)) unused.insert(name);
  for (auto& w : graph.weights()) {
    const auto found = weights.find(w.name);
    if (found == weights.end() && wanted && !wanted(w)) continue;
    if (found == weights.end()) throw Error("weights-file", file, "has no weight '" + w.name + "'");
    if (found->second.sizes() != w.value.sizes())
      throw Error("weights-file", file, sizes_differ(w.name, found->second, w.value));
    w.value.copy_(found->second);
    unused.erase(w.name);
  }
  if (!unused.empty())
    throw Error("weights-file", file, "weight '" + *unused.begin() + "' belongs to no node of the recipe");
  return std::strtoll(metadata["step"].c_str(), nullptr, 10);
}

}  // namespace braid::model
