// [train] and [data].
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

// The component that `keys` names under `use`, or the kind's default, whose name is filled in.
Found named_or_default(Checker& c, Keys& keys, const char* key, Kind kind) {
  if (keys.table().find(key)) {
    const auto* name = keys.find(key, Item::Kind::text);
    return name ? c.cards.find(*name, {kind}, c.report) : Found{};
  }
  keys.find(key);
  const auto found = c.cards.by_default(kind, keys.place(), c.report);
  if (found) keys.fill(key, c.cards.name_in_recipes(found));
  return found;
}

// The schedule: a name, with its parameters beside those of the optimizer, or a table of its own.
Found read_schedule(Checker& c, Keys& keys, Use& use) {
  const auto absent = [&](const std::string& path) { return c.absent(path); };
  auto* item = keys.table().find("schedule");
  if (item && !item->is(Item::Kind::table) && !item->is(Item::Kind::text)) {
    keys.find("schedule");
    c.error(item->place, "wrong-type",
            "'schedule' is " + std::string(name_of(item->kind)) + "; a schedule's name or a table is wanted",
            {"schedules: " + listed(c.cards.names({Kind::schedule})), "a table is { use = NAME, ... }"});
    return {};
  }
  if (!item || item->is(Item::Kind::text)) {
    const auto found = named_or_default(c, keys, "schedule", Kind::schedule);
    if (found) use = read_use(keys, found, absent);
    return found;
  }
  keys.find("schedule");
  Keys inner(c.report, *item, "the schedule of an optimizer group", &section("schedule"));
  const auto* name = inner.required("use", Item::Kind::text, "name the component: schedule = { use = NAME }");
  const auto found = name ? c.cards.find(*name, {Kind::schedule}, c.report) : Found{};
  if (!found) return inner.accept_all(), found;
  use = read_use(inner, found, absent);
  inner.finish();
  return found;
}

std::vector<std::string> params_of(const Found& found) {
  std::vector<std::string> out;
  for (const auto& param : found.schema->params) out.push_back(param.name);
  return out;
}

// Reports keys that another optimizer or schedule has. A component that was not found may have any key of its kind.
void refuse_others(Checker& c, Keys& keys, const Found& optimizer, const Found& schedule) {
  for (const auto& item : keys.table().items) {
    const auto& key = item->key;
    const auto optimizers = c.cards.with_param({Kind::optimizer}, key),
               schedules = c.cards.with_param({Kind::schedule}, key);
    if ((!optimizer && !optimizers.empty()) || (!schedule && !schedules.empty())) continue;
    const auto refuse = [&](const std::vector<std::string>& owners, const Found& own) {
      keys.refuse(key, "unknown-key", quote(key) + " is a parameter of " + listed(owners),
                  {c.cards.name_in_recipes(own) + " has " + listed(params_of(own))});
    };
    if (schedule && schedule.schema->param(key))
      keys.refuse(
          key, "unknown-key", quote(key) + " is a parameter of the schedule, which has a table of its own here",
          {"write it there: schedule = { use = \"" + c.cards.name_in_recipes(schedule) + "\", " + key + " = ... }"});
    else if (!optimizers.empty()) refuse(optimizers, optimizer);
    else if (!schedules.empty()) refuse(schedules, schedule);
  }
}

void read_group(Checker& c, Item& item) {
  GroupPlan group;
  group.place = item.place;
  if (!demand(c.report, item, Item::Kind::table, "an optimizer group")) return;
  Keys keys(c.report, item, "an optimizer group", &section("group"));
  if (const auto* match = keys.find("match", Item::Kind::text)) group.match = match->text, group.place = match->place;
  else keys.fill("match", group.match);
  const auto optimizer = named_or_default(c, keys, "use", Kind::optimizer);
  group.rate = keys.number("rate");
  if (optimizer) group.optimizer = read_use(keys, optimizer, [&](const std::string& path) { return c.absent(path); });
  group.decay_all = keys.boolean("decay_all");
  group.touched = keys.choice("rows") == "touched";
  const auto schedule = read_schedule(c, keys, group.schedule);
  refuse_others(c, keys, optimizer, schedule);
  if (optimizer && schedule) keys.finish();
  else keys.accept_all();  // a component that was not found may have them
  c.plan.train.groups.push_back(std::move(group));
}

void read_rows_key(Checker& c, Keys* keys, const Place& place) {
  auto& train = c.plan.train;
  if (const auto* rows = keys ? keys->find("rows", Item::Kind::text) : nullptr) {
    train.rows = c.table(rows->text);
    if (train.rows) return;
    Notes notes;
    note_choices(notes, rows->text, c.table_names());
    return c.error(rows->place, "unknown-table", "no table " + quote(rows->text), notes);
  }
  if (keys && keys->table().find("rows")) return;  // of a wrong type
  std::vector<std::string> events;
  for (const auto table : c.plan.tables.ids())
    if (c.plan.tables[table].event()) events.push_back(c.plan.tables[table].name), train.rows = table;
  if (events.size() == 1 && keys) return keys->fill("rows", events[0]);
  if (events.size() == 1 || c.plan.tables.empty()) return;
  train.rows.reset();
  c.error(place, "missing-key", "[train] needs 'rows': which table's rows are learnt from",
          {events.empty() ? "no table is an event table; name an entity table to learn from its rows"
                          : "event tables: " + listed(events)});
}

void read_data(Checker& c) {
  auto* item = c.section("data");
  if (!item) return;
  Keys keys(c.report, *item, "[data]", &section("data"));
  auto& data = c.plan.data;
  data.threads = keys.whole("threads");
  data.ahead = keys.whole("ahead");
  data.cache_bytes = keys.whole("cache");
  data.warn_missing = keys.number("warn_missing");
  keys.finish();
}

// Shares under which nothing trains are for evaluation alone.
void check_shares(Checker& c) {
  if (c.plan.train.epochs == 0) return;
  for (const auto& table : c.plan.tables) {
    const auto nobody =
        Cases{[](const auto& shares) { return shares.train <= 0 && shares.valid + shares.test > 0; },
              [](const SplitPlan::AllTrain&) { return false; }, [](const SplitPlan::LeaveLast&) { return false; }};
    if (std::visit(nobody, table.split.how))
      c.error(table.split.place, "bad-split", "no row would be trained on",
              {"give it a share: train = 8", "or say [train] epochs = 0 to evaluate alone"});
  }
}

void read_training(Checker& c) {
  auto* item = c.section("train");
  auto& train = c.plan.train;
  if (const auto* said = c.document.root().find("train")) train.place = said->key_place;
  if (!item) {
    if (train.place.line > 0) return;  // of a wrong type
    read_rows_key(c, nullptr, {c.plan.recipe, 0, 0});
    return;
  }
  train.place = item->key_place;
  Keys keys(c.report, *item, "[train]", &section("train"));
  read_rows_key(c, &keys, item->key_place);
  if (const auto* each = keys.find("each", Item::Kind::text); each && train.rows) {
    const auto& table = c.plan.driving();
    train.each = table.links.find(each->text);
    if (!train.each) {
      Notes notes;
      std::vector<std::string> names;
      for (const auto& link : table.links) names.push_back(link.name);
      note_choices(notes, each->text, names);
      c.error(each->place, "unknown-link", "table " + quote(table.name) + " has no link " + quote(each->text), notes);
    }
  }
  train.batch = keys.whole("batch");
  train.accumulate = keys.whole("accumulate");
  train.epochs = keys.whole("epochs");
  train.steps = keys.whole("steps");
  train.seed = static_cast<std::uint64_t>(keys.whole("seed"));
  train.clip = keys.number("clip");
  train.validate = keys.whole("validate");
  train.patience = keys.whole("patience");
  train.checkpoint = keys.whole("checkpoint");
  train.skip_not_finite = keys.choice("not_finite") == "skip";
  keys.later({"order", "test_then_train", "draw", "losses"});
  if (auto* groups = keys.find("optimizer")) {
    if (groups->is(Item::Kind::array))
      for (const auto& one : groups->items) read_group(c, *one);
    else read_group(c, *groups);
  } else {
    auto made = std::make_unique<Item>(), group = std::make_unique<Item>();
    made->kind = Item::Kind::array;
    made->place = made->key_place = group->place = group->key_place = item->key_place;
    made->filled_in = made->used = group->filled_in = true;
    made->items.push_back(std::move(group));
    auto& groups_item = item->add("optimizer", std::move(made));
    keys.find("optimizer");
    read_group(c, *groups_item.items[0]);
  }

  // Which weights are kept: the metrics are read by now.
  const auto* best = keys.find("best", Item::Kind::text);
  const auto* patience = keys.table().find("patience");
  std::vector<std::string> metrics;
  for (const auto& metric : c.metrics) metrics.push_back(metric.node.plan.name);
  if (best && std::find(metrics.begin(), metrics.end(), best->text) == metrics.end()) {
    Notes notes;
    note_choices(notes, best->text, metrics);
    c.error(best->place, "unknown-metric", "no metric " + quote(best->text), notes);
  }
  if (best) train.keep_best = best->text;
  const bool valid = train.rows && c.plan.driving().split.has_valid();
  const bool can = valid && !metrics.empty();
  train.best = keys.choice("keep", can ? "best" : "last") == "best";
  const auto* keep = keys.table().find("keep");
  const bool asked = best || (keep && !keep->filled_in && train.best) || (patience && train.patience > 0);
  if (asked && train.rows && !can)
    c.error(best                                     ? best->place
            : keep && !keep->filled_in && train.best ? keep->place
                                                     : patience->place,
            "no-validation",
            "the best weights are chosen on validation rows" +
                std::string(valid ? ", by a metric; there is none" : "; " + quote(c.plan.driving().name) + " has none"),
            {valid ? "add [metrics.auc] use = \"auc\"" : "give its split a 'valid' share", "or keep = \"last\""});
  if (train.best && can && !keys.table().find("best")) keys.fill("best", metrics[0]);
  keys.finish();
}

}  // namespace

void read_train(Checker& c) {
  read_data(c);
  read_training(c);
  check_shares(c);
}

}  // namespace braid::recipe
