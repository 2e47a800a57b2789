// [eval], [metrics], [slices], [serve].
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

std::optional<WireDraft> one_wire(Checker& c, Keys& keys, const char* name) {
  const auto* item = keys.find(name);
  if (!item || (item->is(Item::Kind::array) && item->items.empty())) return {};
  auto wires = read_wires(c, *item, true);
  if (wires.size() == 1) return std::move(wires[0]);
  c.error(item->place, "too-many-wires", quote(name) + " takes one wire");
  return {};
}

void read_metric(Checker& c, Item& item) {
  good_name(c, item, "a metric");
  if (!demand(c.report, item, Item::Kind::table, "metric " + quote(item.key))) return;
  Keys keys(c.report, item, "metric " + quote(item.key), &section("metric"));
  const auto* use = keys.required("use", Item::Kind::text, "name the component: use = \"auc\"");
  MetricDraft metric;
  metric.item = metric.node.item = &item;
  metric.node.plan.name = item.key;
  metric.node.plan.place = item.key_place;
  metric.node.found = use ? c.cards.find(*use, {Kind::metric}, c.report) : Found{};
  if (metric.node.found) {
    metric.node.plan.use = read_use(keys, metric.node.found, [&](const std::string& path) { return c.absent(path); });
    setup_ports(metric.node);
    read_inputs(c, metric.node, keys);
    keys.finish();
    for (std::size_t p = 0; p < metric.node.input_ports.size(); ++p) {  // [eval] wires ports that the metric does not
      auto& wires = metric.node.inputs[p];
      const auto& name = metric.node.input_ports[p]->name;
      const auto& given = name == "score"   ? c.score
                          : name == "label" ? c.label
                          : name == "group" ? c.group
                                            : std::nullopt;
      const auto* in = item.find("in");
      if (wires.empty() && given && !(in && in->find(name))) wires.push_back(*given);
    }
  }
  c.metrics.push_back(std::move(metric));
}

// [serve] candidates: which link of the rows a request's candidates stand for.
void read_candidates(Checker& c) {
  const auto* serve = c.document.root().find("serve");
  const auto* item = serve ? serve->find("candidates") : nullptr;
  if (!item || !item->is(Item::Kind::text)) return;
  const auto& table = c.plan.driving();
  c.plan.candidates = table.links.find(item->text);
  if (c.plan.candidates) return;
  Notes notes;
  std::vector<std::string> names;
  for (const auto& link : table.links) names.push_back(link.name);
  note_choices(notes, item->text, names);
  c.error(item->place, "unknown-link", "table " + quote(table.name) + " has no link " + quote(item->text), notes);
}

}  // namespace

void read_eval(Checker& c) {
  if (auto* item = c.section("eval")) {
    Keys keys(c.report, *item, "[eval]", &section("eval"));
    c.score = one_wire(c, keys, "score");
    c.label = one_wire(c, keys, "label");
    c.group = one_wire(c, keys, "group");
    c.plan.eval.batch = keys.whole("batch");
    c.plan.eval.seed = static_cast<std::uint64_t>(keys.whole("seed"));
    keys.texts("splits");
    keys.finish();
  }
  if (auto* metrics = c.section("metrics"))
    for (const auto& item : metrics->items) {
      item->used = true;
      read_metric(c, *item);
    }
  if (auto* serve = c.section("serve")) {
    Keys keys(c.report, *serve, "[serve]", &section("serve"));
    if (const auto* outputs = keys.find("outputs"))
      for (auto& wire : read_wires(c, *outputs, true)) c.serve.push_back(std::move(wire));
    keys.find("candidates", Item::Kind::text);
    keys.finish();
  }
}

// Slices, splits and candidates need to know which table is trained on.
void read_slices(Checker& c) {
  const auto rows = c.plan.train.rows;
  if (auto* slices = c.section("slices"))
    for (const auto& item : slices->items) {
      item->used = true;
      good_name(c, *item, "a slice");
      if (!rows) continue;
      auto where = read_expression(c, *item, *rows, true);
      if (where) c.plan.slices.push_back({item->key, std::move(*where), item->text, item->key_place});
    }
  if (!rows) return;
  read_candidates(c);
  const auto& table = c.plan.tables[*rows];
  auto& splits = c.plan.eval.splits;
  auto* section = c.document.root().find("eval");
  const auto* given = section ? section->find("splits") : nullptr;
  if (!given) {
    if (table.split.has_valid()) splits.push_back("valid");
    if (table.split.has_test()) splits.push_back("test");
    for (const auto& held : table.hold_out) splits.push_back(held.name);
    if (section && section->is(Item::Kind::table) && !splits.empty())
      Keys(c.report, *section, "[eval]").fill("splits", splits);
    return;
  }
  std::vector<std::string> names{"train", "valid", "test"};
  for (const auto& held : table.hold_out) names.push_back(held.name);
  const auto add = [&](const Item& item) {
    if (!item.is(Item::Kind::text)) return;
    if (std::find(splits.begin(), splits.end(), item.text) != splits.end())
      return c.error(item.place, "name-clash", "the split " + quote(item.text) + " is listed twice",
                     {"it is evaluated once; leave one out"});
    splits.push_back(item.text);
    if (std::find(names.begin(), names.end(), item.text) != names.end()) return;
    Notes notes;
    note_choices(notes, item.text, names);
    c.error(item.place, "unknown-split", "the rows of " + quote(table.name) + " have no split " + quote(item.text),
            notes);
  };
  add(*given);
  for (const auto& one : given->items) add(*one);
}

}  // namespace braid::recipe
