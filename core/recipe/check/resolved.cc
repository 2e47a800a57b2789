// The whole recipe as one tree: includes merged, --set and variables applied, defaults filled in, paths absolute.
#include "recipe/check/checker.h"

#include <algorithm>
#include <filesystem>

namespace braid::recipe {

namespace {

// Paths as seen from anywhere.
void make_absolute(Item& text) {
  std::error_code error;
  const auto path = std::filesystem::absolute(text.text, error);
  if (!error && !text.text.empty()) text.text = path.lexically_normal().string();
}

void absolute_file(Item& holder, const char* key) {
  auto* item = holder.find(key);
  if (!item) return;
  if (item->is(Item::Kind::text)) make_absolute(*item);
  for (auto& one : item->items)
    if (one->is(Item::Kind::text)) make_absolute(*one);
}

void absolute_params(Item& holder, const ComponentSchema& schema) {
  for (const auto& param : schema.params) {
    if (param.type != ParamType::path) continue;
    auto* at = &holder;
    std::string rest = param.name;
    for (auto dot = rest.find('.'); at && dot != std::string::npos; dot = rest.find('.'))
      at = at->find(rest.substr(0, dot)), rest = rest.substr(dot + 1);
    if (at) absolute_file(*at, rest.c_str());
  }
}

void absolute_paths(Checker& c, Item& root) {
  if (auto* tables = root.find("tables"))
    for (const auto& plan : c.plan.tables) {
      auto* table = tables->find(plan.name);
      if (!table) continue;
      absolute_file(*table, "file");
      absolute_file(*table, "files");
      absolute_params(*table, plan.reader.schema);
      if (auto* join = table->find("join")) {
        absolute_file(*join, "file");
        for (auto& one : join->items) absolute_file(*one, "file");
      }
      if (auto* fields = table->find("fields"))
        for (const auto& field : plan.fields)
          if (auto* item = fields->find(field.name))
            absolute_file(*item, "media"), absolute_params(*item, field.use.schema);
    }
  if (auto* nodes = root.find("nodes"))
    for (const auto& node : c.nodes)
      if (auto* item = nodes->find(node.plan.name); item && node.found && node.same.empty()) {
        absolute_params(*item, *node.found.schema);
        if (auto* weights = item->find("weights"); weights && !node.plan.weights.file.empty()) {
          absolute_file(*weights, "file");
          if (auto* keys = weights->find("keys"))
            for (const auto& [own, file] : node.plan.weights.keys) absolute_file(*keys, own.c_str());
        }
      }
  for (const auto& run : c.runs)
    if (auto* item = root.find("nodes")->find(run.name)) absolute_file(*item, "run");
  if (auto* metrics = root.find("metrics"))
    for (const auto& metric : c.metrics)
      if (auto* item = metrics->find(metric.node.plan.name); item && metric.node.found)
        absolute_params(*item, *metric.node.found.schema);
}

}  // namespace

std::unique_ptr<Item> resolved_tree(Checker& c) {
  auto root = copy(c.document.root());
  absolute_paths(c, *root);
  auto& items = root->items;
  items.erase(std::remove_if(items.begin(), items.end(), [](const auto& item) { return item->key == "vars"; }),
              items.end());
  return root;
}

}  // namespace braid::recipe
