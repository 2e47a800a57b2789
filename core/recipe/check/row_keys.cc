// Which rows of a table count, and as what: order, keep, labels, splits, held-out entities, permuted cells.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

namespace {

// Several tables' words in the wrong kind of table.
bool event_only(Checker& c, const TablePlan& plan, const Item& item) {
  if (plan.event()) return true;
  c.error(item.key_place, "event-only",
          quote(item.key) + " stands in event tables; " + quote(plan.name) + " has a key and is an entity table",
          {"leave 'key' out when a row is an event"});
  return false;
}

// Into ByHash or ByTime.
template <class Shares>
void read_shares(Checker& c, Keys& keys, const Place& place, Shares& split, bool whole) {
  bool good = true;
  const auto share = [&](const char* name) {
    auto* item = keys.find(name, whole ? Item::Kind::whole : Item::Kind::number);
    constexpr double most = 2147483647;  // three of them add up in 64 bits
    if (item && item->number >= 0 && item->number <= most) return item->number;
    if (item)
      c.error(item->place, "out-of-range",
              quote(name) + " is " + number_text(item->number) + "; a share is from 0 to " + number_text(most));
    good = good && !keys.table().find(name);
    if (!keys.table().find(name)) keys.fill(name, std::int64_t{0});
    return 0.0;
  };
  split.train = share("train");
  split.valid = share("valid");
  split.test = share("test");
  const double sum = split.train + split.valid + split.test;
  if (sum <= 0 && good)
    c.error(
        place, "bad-split", "all shares are 0",
        {whole ? "for example train = 8, valid = 1, test = 1" : "for example train = 0.8, valid = 0.1, test = 0.1"});
  if (!whole && sum > 0) split.train /= sum, split.valid /= sum, split.test /= sum;
}

// A link of the table by name, for a key whose value is one.
std::optional<LinkId> read_link(Checker& c, const TablePlan& plan, const std::string& name, const Place& place) {
  if (const auto found = plan.links.find(name)) return found;
  Notes notes;
  std::vector<std::string> names;
  for (const auto& link : plan.links) names.push_back(link.name);
  note_choices(notes, name, names);
  c.error(place, "unknown-link", "table " + quote(plan.name) + " has no link " + quote(name), notes);
  return std::nullopt;
}

void read_at_least(Checker& c, TablePlan& plan, Item& item) {
  for (const auto& one : item.items) {
    one->used = true;
    if (!demand(c.report, *one, Item::Kind::whole, quote(one->key))) continue;
    constexpr std::int64_t most = 2147483647;
    if (one->whole < 1 || one->whole > most)
      c.error(one->place, "out-of-range",
              quote(one->key) + " is " + std::to_string(one->whole) + "; it is from 1 to " + std::to_string(most));
    if (const auto link = read_link(c, plan, one->key, one->key_place)) plan.at_least.push_back({*link, one->whole});
  }
}

void read_split(Checker& c, TableId table, Item& item) {
  auto& plan = c.plan.tables[table];
  auto& split = plan.split;
  split.place = item.key_place;
  Keys keys(c.report, item, "split of [tables." + plan.name + "]", &section("hash_split"));
  auto* by = keys.required("by", Item::Kind::text, "by is \"hash(user, item)\", \"time\" or \"leave_last\"");
  if (!by) return keys.accept_all();
  split.text = by->text;
  if (by->text == "time") {
    SplitPlan::ByTime time;
    keys.reads(section("time_split"));
    read_shares(c, keys, split.place, time, false);
    split.how = time;
    if (plan.order.empty())
      c.error(by->place, "bad-split", "a split by time needs the column that orders rows",
              {"give [tables." + plan.name + "] order = \"COLUMN\""});
  } else if (by->text == "leave_last") {
    keys.reads(section("leave_last_split"));
    const auto rows = keys.whole("rows");
    const auto* key = keys.required("key", Item::Kind::text, "say whose last rows are left out: key = \"user\"");
    const auto link = key ? read_link(c, plan, key->text, key->place) : std::nullopt;
    split.how = SplitPlan::LeaveLast{link.value_or(LinkId{0}), rows};  // without a link the plan is not used
  } else {
    SplitPlan::ByHash hash;
    if (by->text.find("hash") == std::string::npos) {
      Notes notes;
      note_nearest(notes, by->text, {"time", "leave_last"});
      notes.push_back("choices: \"hash(user, item)\" over any columns, \"time\", \"leave_last\"");
      c.error(by->place, "bad-split", quote(by->text) + " is no way to split", notes);
    } else if (auto expression = read_expression(c, *by, table)) {
      hash.value = std::move(*expression);
    }
    if (const auto* per = keys.find("per", Item::Kind::text)) hash.per = read_link(c, plan, per->text, per->place);
    read_shares(c, keys, split.place, hash, true);
    split.how = std::move(hash);
  }
  keys.finish();
}

void read_hold_out(Checker& c, TableId table, Item& item) {
  auto& plan = c.plan.tables[table];
  for (const auto& one : item.items) {
    good_name(c, *one, "a split");
    if (one->key == "train" || one->key == "valid" || one->key == "test")
      c.error(one->key_place, "name-clash", quote(one->key) + " is one of the splits that every table has",
              {"choose another name, for example cold"});
    if (!demand(c.report, *one, Item::Kind::table, "hold_out " + quote(one->key))) continue;
    Keys keys(c.report, *one, "hold_out " + quote(one->key), &section("hold_out"));
    const auto* link =
        keys.required("link", Item::Kind::text, "say through which link the entities are reached: link = \"item\"");
    const auto* where =
        keys.required("where", Item::Kind::text, "say which entities: where = \"hash(1, item) % 10 == 0\"");
    keys.finish();
    if (!link || !where) continue;
    const auto through = read_link(c, plan, link->text, link->place);
    const auto other = through ? c.target(TableLink{table, *through}) : std::nullopt;
    if (!other) continue;
    // Over the entity's own columns; the link's name stands for the entity's key, and leads nowhere.
    auto& entity = c.plan.tables[*other];
    const TableLink key{*other, entity.links.add({link->text, *other, entity.key})};
    c.broken_links.insert(key);
    auto expression = read_expression(c, *where, *other);
    c.broken_links.erase(key);
    entity.links.pop_back();
    if (expression) plan.hold_out.push_back({one->key, *through, std::move(*expression), one->key_place});
  }
}

void read_permute(Checker& c, TableId table, Item& item) {
  auto& plan = c.plan.tables[table];
  Keys keys(c.report, item, "permute of [tables." + plan.name + "]", &section("permute"));
  TablePlan::Permute permute;
  permute.place = item.key_place;
  const bool on = keys.boolean("on");
  std::vector<Item*> items;
  if (!keys.find("fields"))
    c.error(item.key_place, "missing-key", keys.what() + " needs 'fields'",
            {"name the fields that are moved: fields = [\"text\"]"});
  const auto names = keys.texts("fields", &items);
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (const auto found = plan.fields.find(names[k])) {
      permute.fields.push_back(*found);
      continue;
    }
    if (c.broken_names.contains({table, names[k]})) continue;
    Notes notes;
    std::vector<std::string> all;
    for (const auto& field : plan.fields) all.push_back(field.name);
    note_choices(notes, names[k], all);
    c.error(items[k]->place, "unknown-field", "table " + quote(plan.name) + " has no field " + quote(names[k]), notes);
  }
  const auto* by = keys.required("by", Item::Kind::text, "say in which order: by = \"hash(1, " + plan.key + ")\"");
  keys.finish();
  auto expression = by ? read_expression(c, *by, table) : std::nullopt;
  if (!expression || !on) return;
  permute.by = std::move(*expression);
  plan.permute = std::move(permute);
}

}  // namespace

void read_rows(Checker& c, TableId table, Keys& keys) {
  auto& plan = c.plan.tables[table];
  if (const auto* order = keys.find("order", Item::Kind::text); order && event_only(c, plan, *order)) {
    plan.order = order->text;
    need_column(c, table, plan.order, order->place);
  }
  if (const auto* keep = keys.find("keep", Item::Kind::text); keep && event_only(c, plan, *keep))
    plan.keep = read_expression(c, *keep, table);
  if (auto* least = keys.find("at_least", Item::Kind::table); least && event_only(c, plan, *least))
    read_at_least(c, plan, *least);
  if (auto* labels = keys.find("labels", Item::Kind::table))
    for (const auto& item : labels->items) {
      good_name(c, *item, "a label");
      auto expression = read_expression(c, *item, table);
      if (!expression) {
        c.broken_names.insert({table, item->key});
        continue;
      }
      plan.labels.push_back({item->key, std::move(*expression), item->text, item->key_place});
    }
  if (auto* split = keys.find("split", Item::Kind::table)) read_split(c, table, *split);
  if (auto* held = keys.find("hold_out", Item::Kind::table); held && event_only(c, plan, *held))
    read_hold_out(c, table, *held);
  if (auto* permute = keys.find("permute", Item::Kind::table)) {
    if (plan.event())
      c.error(permute->key_place, "entity-only",
              "'permute' moves cells between entities; " + quote(plan.name) + " has no key",
              {"say it in the entity table"});
    else read_permute(c, table, *permute);
  }
}

}  // namespace braid::recipe
