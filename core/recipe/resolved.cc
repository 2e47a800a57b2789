// The whole recipe as one TOML text: includes merged, --set and variables applied, defaults filled in, paths absolute.
// And such a text as a list of keys.
#include "recipe/checker.h"
#include "recipe/flat.h"
#include "recipe/words.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace braid::recipe {

namespace {

std::string toml_text(const std::string& text) {
  std::string out = "\"";
  for (const char ch : text) {
    if (ch == '"' || ch == '\\') out += '\\', out += ch;
    else if (ch == '\n') out += "\\n";
    else if (ch == '\t') out += "\\t";
    else if (ch == '\r') out += "\\r";
    else if (static_cast<unsigned char>(ch) < 0x20 || ch == 0x7f) {
      static constexpr char hex[] = "0123456789ABCDEF";
      out += std::string("\\u00") + hex[(ch >> 4) & 15] + hex[ch & 15];
    } else out += ch;
  }
  return out + "\"";
}

}  // namespace

std::string toml_key(const std::string& key) {
  for (const char ch : key)
    if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'))
      return toml_text(key);
  return key.empty() ? "\"\"" : key;
}

namespace {

std::string toml_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  auto text = number_text(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string inline_toml(const Item& item) {
  switch (item.kind) {
    case Item::Kind::text:
      return toml_text(item.text);
    case Item::Kind::whole:
      return std::to_string(item.whole);
    case Item::Kind::number:
      return toml_number(item.number);
    case Item::Kind::boolean:
      return item.boolean ? "true" : "false";
    case Item::Kind::date:
      return toml_text("");
    case Item::Kind::array: {
      std::string out = "[";
      for (std::size_t k = 0; k < item.items.size(); ++k) out += (k ? ", " : "") + inline_toml(*item.items[k]);
      return out + "]";
    }
    case Item::Kind::table: {
      if (item.items.empty()) return "{}";
      std::string out = "{ ";
      for (std::size_t k = 0; k < item.items.size(); ++k)
        out += (k ? ", " : "") + toml_key(item.items[k]->key) + " = " + inline_toml(*item.items[k]);
      return out + " }";
    }
  }
  return "";
}

namespace {

// Tables down to `depth` get a heading of their own: [tables.items.fields]; deeper ones stand in one line.
void section(const Item& item, const std::string& path, int depth, std::string& out) {
  std::string own;
  for (const auto& inner : item.items)
    if (!inner->is(Item::Kind::table) || depth == 0) own += toml_key(inner->key) + " = " + inline_toml(*inner) + "\n";
  if (!own.empty() || item.items.empty()) out += "\n[" + path + "]\n" + own;
  if (depth > 0)
    for (const auto& inner : item.items)
      if (inner->is(Item::Kind::table)) section(*inner, path + "." + toml_key(inner->key), depth - 1, out);
}

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

std::string toml_of(const Item& root) {
  std::string out;
  for (const auto& item : root.items)
    if (!item->is(Item::Kind::table)) out += toml_key(item->key) + " = " + inline_toml(*item) + "\n";
  for (const auto& item : root.items) {
    if (!item->is(Item::Kind::table)) continue;
    const int depth = item->key == "tables"                                                   ? 2
                      : item->key == "nodes" || item->key == "axes" || item->key == "metrics" ? 1
                                                                                              : 0;
    section(*item, toml_key(item->key), depth, out);
  }
  return out;
}

bool list_of_tables(const Item& item) {
  return item.is(Item::Kind::array) && !item.items.empty() &&
         std::all_of(item.items.begin(), item.items.end(), [](const auto& one) { return one->is(Item::Kind::table); });
}

void each_value(const Item& item, const std::string& path,
                const std::function<void(const Item& value, const std::string& key)>& visit) {
  const bool tables = list_of_tables(item);
  if (!tables && (!item.is(Item::Kind::table) || (item.items.empty() && !path.empty()))) return visit(item, path);
  for (std::size_t k = 0; k < item.items.size(); ++k) {
    const auto& inner = *item.items[k];
    each_value(inner,
               tables ? path + "[" + std::to_string(k) + "]" : (path.empty() ? "" : path + ".") + toml_key(inner.key),
               visit);
  }
}

std::optional<std::map<std::string, std::string>> flat_recipe(const std::string& text, const std::string& name) {
  Report report;
  Document document;
  if (!document.load(name, &text, report)) return std::nullopt;
  std::map<std::string, std::string> out;
  each_value(document.root(), "", [&](const Item& item, const std::string& key) {
    out[key] = item.is(Item::Kind::text) ? item.text : inline_toml(item);
  });
  return out;
}

std::vector<Change> changes(const std::string& was, const std::string& is) {
  const auto before = flat_recipe(was, "the recipe as it was"), now = flat_recipe(is, "the recipe as it is");
  if (!before || !now)
    return {{"", before ? std::nullopt : std::optional<std::string>("no TOML"),
             now ? std::nullopt : std::optional<std::string>("no TOML")}};
  std::vector<Change> out;
  const auto value = [](const auto& keys, const std::string& key) {
    const auto at = keys.find(key);
    return at == keys.end() ? std::nullopt : std::optional(at->second);
  };
  for (const auto& [key, text] : *before)
    if (const auto other = value(*now, key); other != text) out.push_back({key, text, other});
  for (const auto& [key, text] : *now)
    if (!before->count(key)) out.push_back({key, std::nullopt, text});
  return out;
}

}  // namespace braid::recipe
