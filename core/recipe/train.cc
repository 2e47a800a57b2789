// [train] and [data].
#include "recipe/checker.h"
#include "recipe/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

void read_group(Checker& c, Item& item) {
  GroupPlan group;
  group.place = item.place;
  if (!demand(c.report, item, Item::Kind::table, "an optimizer group")) return;
  Keys keys(c.report, item, "an optimizer group");
  if (const auto* match = keys.find("match", Item::Kind::text)) group.match = match->text, group.place = match->place;
  else keys.fill("match", group.match);
  group.use = keys.choice("use", "adamw", {"adamw", "sgd"});
  group.rate = keys.number("rate", group.rate, 0);
  group.decay = keys.number("decay", group.decay, 0);
  const bool adam = group.use == "adamw";
  if (adam) {
    group.beta1 = keys.number("beta1", group.beta1, 0, 1);
    group.beta2 = keys.number("beta2", group.beta2, 0, 1);
    group.eps = keys.number("eps", group.eps, 0);
    keys.refuse("momentum", "unknown-key", "'momentum' belongs to sgd; adamw has beta1 and beta2");
  } else {
    group.momentum = keys.number("momentum", group.momentum, 0, 1);
    for (const auto* name : {"beta1", "beta2", "eps"})
      keys.refuse(name, "unknown-key", quote(name) + " belongs to adamw; sgd has momentum");
  }
  group.decay_all = keys.boolean("decay_all", false);
  group.touched = keys.choice("rows", "all", {"all", "touched"}) == "touched";
  const auto schedule = keys.choice("schedule", "constant", {"constant", "cosine", "exponential"});
  group.warm_up = keys.whole("warm_up", 0, 0);
  using Schedule = GroupPlan::Schedule;
  group.schedule = schedule == "cosine"        ? Schedule::cosine
                   : schedule == "exponential" ? Schedule::exponential
                                               : Schedule::constant;
  if (group.schedule == Schedule::exponential) group.factor = keys.number("factor", 1, 0);
  else
    keys.refuse("factor", "unknown-key",
                "'factor' belongs to schedule = \"exponential\": rate times factor after each epoch");
  if (group.schedule == Schedule::cosine) group.last = keys.number("last", 0, 0, 1);
  else keys.refuse("last", "unknown-key", "'last' belongs to schedule = \"cosine\": the share of the rate at the end");
  keys.finish();
  c.plan.train.groups.push_back(std::move(group));
}

void read_rows_key(Checker& c, Keys* keys, const Place& place) {
  auto& train = c.plan.train;
  if (const auto* rows = keys ? keys->find("rows", Item::Kind::text) : nullptr) {
    train.rows = c.table(rows->text);
    if (train.rows != none) return;
    std::vector<std::string> notes;
    note_choices(notes, rows->text, c.table_names());
    return c.error(rows->place, "unknown-table", "no table " + quote(rows->text), notes);
  }
  if (keys && keys->table().find("rows")) return;  // of a wrong type
  std::vector<std::string> events;
  for (std::size_t k = 0; k < c.plan.tables.size(); ++k)
    if (c.plan.tables[k].event()) events.push_back(c.plan.tables[k].name), train.rows = static_cast<int>(k);
  if (events.size() == 1 && keys) return keys->fill("rows", events[0]);
  if (events.size() == 1 || c.plan.tables.empty()) return;
  train.rows = none;
  c.error(place, "missing-key", "[train] needs 'rows': which table's rows are learnt from",
          {events.empty() ? "no table is an event table; name an entity table to learn from its rows"
                          : "event tables: " + listed(events)});
}

// "2GiB", "500 MB", or bytes.
std::optional<std::int64_t> bytes_of(const std::string& text) {
  std::size_t at = 0;
  double value = 0;
  try {
    value = std::stod(text, &at);
  } catch (const std::exception&) {
    return {};
  }
  auto unit = text.substr(at);
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  static constexpr std::pair<const char*, double> units[] = {{"", 1},
                                                             {"B", 1},
                                                             {"kB", 1e3},
                                                             {"KB", 1e3},
                                                             {"MB", 1e6},
                                                             {"GB", 1e9},
                                                             {"TB", 1e12},
                                                             {"KiB", 1024.0},
                                                             {"MiB", 1048576.0},
                                                             {"GiB", 1073741824.0},
                                                             {"TiB", 1099511627776.0}};
  for (const auto& [name, factor] : units)
    if (unit == name && value >= 0 && value * factor < 9e18) return static_cast<std::int64_t>(value * factor);
  return {};
}

void read_data(Checker& c) {
  auto* section = c.section("data");
  if (!section) return;
  Keys keys(c.report, *section, "[data]");
  auto& data = c.plan.data;
  data.threads = keys.whole("threads", 0, 0);
  data.ahead = keys.whole("ahead", data.ahead, 1);
  if (auto* cache = keys.find("cache")) {
    const auto bytes = cache->is(Item::Kind::text)                         ? bytes_of(cache->text)
                       : cache->is(Item::Kind::whole) && cache->whole >= 0 ? std::optional(cache->whole)
                                                                           : std::nullopt;
    if (bytes) data.cache_bytes = *bytes;
    else c.error(cache->place, "wrong-type", "'cache' is no amount of memory", {"write cache = \"2GiB\", or bytes"});
  } else {
    keys.fill("cache", data.cache_bytes);
  }
  keys.finish();
}

}  // namespace

void read_train(Checker& c) {
  read_data(c);
  auto* section = c.section("train");
  auto& train = c.plan.train;
  if (const auto* said = c.document.root().find("train")) train.place = said->key_place;
  if (!section) {
    if (train.place.line > 0) return;  // of a wrong type
    read_rows_key(c, nullptr, {c.plan.recipe, 0, 0});
    train.groups.emplace_back();
    return;
  }
  Keys keys(c.report, *section, "[train]");
  read_rows_key(c, &keys, section->key_place);
  train.batch = keys.whole("batch", train.batch, 1);
  train.epochs = keys.whole("epochs", train.epochs, 1);
  train.steps = keys.whole("steps", 0, 0);
  train.seed = static_cast<std::uint64_t>(keys.whole("seed", 1, 0));
  train.clip = keys.number("clip", 0, 0);
  train.validate = keys.whole("validate", 0, 0);
  train.patience = keys.whole("patience", 0, 0);
  train.checkpoint = keys.whole("checkpoint", 0, 0);
  train.skip_not_finite = keys.choice("not_finite", "stop", {"stop", "skip"}) == "skip";
  keys.later({"order", "test_then_train", "draw", "losses"});
  if (auto* groups = keys.find("optimizer")) {
    if (groups->is(Item::Kind::array))
      for (const auto& one : groups->items) read_group(c, *one);
    else read_group(c, *groups);
  } else {
    train.groups.emplace_back();
  }

  // Which weights are kept: the metrics are read by now.
  const auto* best = keys.find("best", Item::Kind::text);
  const auto* patience = keys.table().find("patience");
  std::vector<std::string> metrics;
  for (const auto& metric : c.metrics) metrics.push_back(metric.node.plan.name);
  if (best && std::find(metrics.begin(), metrics.end(), best->text) == metrics.end()) {
    std::vector<std::string> notes;
    note_choices(notes, best->text, metrics);
    c.error(best->place, "unknown-metric", "no metric " + quote(best->text), notes);
  }
  if (best) train.keep_best = best->text;
  const bool valid = train.rows != none && c.plan.tables[static_cast<std::size_t>(train.rows)].split.valid > 0;
  const bool can = valid && !metrics.empty();
  train.best = keys.choice("keep", can ? "best" : "last", {"best", "last"}) == "best";
  const auto* keep = keys.table().find("keep");
  const bool asked = best || (keep && !keep->filled_in && train.best) || (patience && train.patience > 0);
  if (asked && train.rows != none && !can)
    c.error(
        best                                     ? best->place
        : keep && !keep->filled_in && train.best ? keep->place
                                                 : patience->place,
        "no-validation",
        "the best weights are chosen on validation rows" +
            std::string(valid ? ", by a metric; there is none"
                              : "; " + quote(c.plan.tables[static_cast<std::size_t>(train.rows)].name) + " has none"),
        {valid ? "add [metrics.auc] use = \"auc\"" : "give its split a 'valid' share", "or keep = \"last\""});
  keys.finish();
}

}  // namespace braid::recipe
