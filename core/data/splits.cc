#include "data/splits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

namespace braid::data {

namespace {

constexpr std::int8_t train = 0, valid = 1, test = 2;
using Rows = std::vector<std::int32_t>;

template <class Each>
void each_row(const Table& table, const Each& each) {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(table.first_row(), table.rows, 2048), [&](const auto& range) {
    for (auto r = range.begin(); r != range.end(); ++r) each(r);
  });
}

// Rows of `kept` that are marked so have no answer to an expression: they are bad rows, and not kept.
constexpr std::uint8_t no_answer = 2;
void drop_unanswered(const Evaluator& evaluator, Table& table, const std::string& what, std::vector<std::uint8_t>& kept,
                     Complaints& complaints) {
  for (std::size_t r = 0; r < kept.size(); ++r) {
    if (kept[r] != no_answer) continue;
    kept[r] = 0;
    const auto row = static_cast<std::int64_t>(r);
    bad_row(table, row, "text-for-number", what + ": " + evaluator.why_mixed(row), complaints, text_for_number_fix);
  }
}

// Marks held-out entities; gives their rows, and nothing else, a split of their own.
void hold_out(Tables& tables, recipe::TableId driving, Splits& splits, Complaints& complaints) {
  auto& table = tables[driving];
  const auto& links = table.plan->links;
  for (std::size_t h = 0; h < table.plan->hold_out.size(); ++h) {
    const auto& plan = table.plan->hold_out[h];
    const auto target_number = links[plan.link].table;
    auto& target = tables[target_number];
    const Evaluator where(plan.where, names_of(tables, target_number, nullptr));
    std::vector<std::uint8_t> chosen(static_cast<std::size_t>(target.rows), 0);
    each_row(target, [&](std::int64_t r) { chosen[static_cast<std::size_t>(r)] = where.truth(r); });
    tell_mixed(where, target, "hold_out '" + plan.name + "'", complaints);
    if (target.held.empty()) target.held.resize(chosen.size(), 0);
    for (std::size_t r = 0; r < chosen.size(); ++r) target.held[r] |= chosen[r];
    const auto split = static_cast<std::int8_t>(test + 1 + static_cast<int>(h));
    splits.names.push_back(plan.name);
    // Any link into the table counts: an item held out as a target must not be learnt as a query.
    for (const auto l : links.ids()) {
      if (links[l].table != target_number) continue;
      const auto& rows = table.links[l];
      each_row(table, [&](std::int64_t r) {
        auto& own = splits.of[static_cast<std::size_t>(r)];
        if (own == no_split && chosen[static_cast<std::size_t>(rows[static_cast<std::size_t>(r)])]) own = split;
      });
    }
  }
}

// The kept rows of each key in the order of their hash: of n rows the last floor(share * n) test, as many as that share
// says before them validate, the others train. Rows without a key, and those that `keep` drops, only train.
void by_hash_per_key(const Tables& tables, const Table& table, const recipe::SplitPlan::ByHash& plan,
                     recipe::LinkId per, const Evaluator& value, Splits& splits) {
  const auto& key = table.links[per];
  const auto& target = tables[table.plan->links[per].table];
  std::vector<Rows> of_key(static_cast<std::size_t>(target.rows));
  for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (splits.of[at] != no_split) continue;
    splits.of[at] = train;
    if (splits.kept[at] && key[at] > 0)
      of_key[static_cast<std::size_t>(key[at])].push_back(static_cast<std::int32_t>(r));
  }
  const double sum = plan.train + plan.valid + plan.test;
  tbb::parallel_for(tbb::blocked_range<std::size_t>(1, of_key.size(), 16), [&](const auto& range) {
    for (auto k = range.begin(); k != range.end(); ++k) {
      std::vector<std::pair<Wide, std::int32_t>> order;
      for (const auto r : of_key[k]) {
        const auto cooked = value(r);
        order.emplace_back(cooked.kind == Cooked::Kind::whole ? cooked.whole : 0, r);
      }
      std::sort(order.begin(), order.end());
      const auto share = [&](double part) {
        return static_cast<std::size_t>(std::floor(part / sum * static_cast<double>(order.size()) + 1e-9));
      };
      const auto tests = share(plan.test), valids = share(plan.valid);
      for (std::size_t i = 0; i < tests + valids; ++i)
        splits.of[static_cast<std::size_t>(order[order.size() - 1 - i].second)] = i < tests ? test : valid;
    }
  });
}

void by_hash(Tables& tables, recipe::TableId driving, const recipe::SplitPlan::ByHash& plan, Splits& splits,
             Complaints& complaints) {
  const auto& table = tables[driving];
  const Evaluator value(plan.value, names_of(tables, driving, nullptr));
  const auto first = static_cast<Wide>(std::llround(plan.train)), second = static_cast<Wide>(std::llround(plan.valid));
  const auto sum = first + second + static_cast<Wide>(std::llround(plan.test));
  if (sum <= 0) throw Error("split-empty", table.plan->name, "the shares of 'split' add up to 0");
  std::atomic<std::int64_t> missing{0};
  if (plan.per) return by_hash_per_key(tables, table, plan, *plan.per, value, splits);
  each_row(table, [&](std::int64_t r) {
    auto& own = splits.of[static_cast<std::size_t>(r)];
    if (own != no_split) return;
    const auto cooked = value(r);
    if (cooked.kind != Cooked::Kind::whole) {
      own = train;
      if (splits.kept[static_cast<std::size_t>(r)]) ++missing;
      return;
    }
    Wide bucket = cooked.whole % sum;
    if (bucket < 0) bucket += sum;
    own = bucket < first ? train : bucket < first + second ? valid : test;
  });
  if (missing)
    complaints.warning("splits of '" + table.plan->name + "'",
                       table.plan->name + ": warning: " + std::to_string(missing) +
                           " rows have no whole number to be split by, they train [split-missing]");
}

// Shares of the kept rows in order; rows of equal time stay together, in the later split.
void by_time(const Table& table, const recipe::SplitPlan::ByTime& plan, Splits& splits) {
  std::vector<std::int64_t> times;
  for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (splits.kept[at] && splits.of[at] == no_split) times.push_back(table.order_of(r));
  }
  tbb::parallel_sort(times.begin(), times.end());
  const double sum = plan.train + plan.valid + plan.test;
  if (!(sum > 0)) throw Error("split-empty", table.plan->name, "the shares of 'split' add up to 0");
  const auto boundary = [&](double share) -> std::optional<std::int64_t> {
    const auto at = static_cast<std::size_t>(std::llround(share / sum * static_cast<double>(times.size())));
    return at < times.size() ? std::optional(times[at]) : std::nullopt;
  };
  const auto first = boundary(plan.train), second = boundary(plan.train + plan.valid);
  each_row(table, [&](std::int64_t r) {
    auto& own = splits.of[static_cast<std::size_t>(r)];
    if (own != no_split) return;
    const auto time = table.order_of(r);
    own = !first || time < *first ? train : !second || time < *second ? valid : test;
  });
}

// Of each key's kept rows in order, the last n test and the n before them validate. Keys with no more than 2n rows, and
// rows without a key, only train. A row that `keep` drops trains when it stands before its key's first validation row.
void leave_last(const Table& table, const Table& target, const recipe::SplitPlan::LeaveLast& plan, Splits& splits) {
  const auto& key = table.links[plan.key];
  std::vector<Rows> of_key(static_cast<std::size_t>(target.rows));
  for (std::int64_t r = table.first_row(); r < table.rows; ++r)
    if (splits.of[static_cast<std::size_t>(r)] == no_split)
      of_key[static_cast<std::size_t>(key[static_cast<std::size_t>(r)])].push_back(static_cast<std::int32_t>(r));
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, of_key.size(), 16), [&](const auto& range) {
    for (auto k = range.begin(); k != range.end(); ++k) {
      auto& rows = of_key[k];
      std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return table.order_of(a) < table.order_of(b); });
      std::int64_t kept = 0, seen = 0;
      for (const auto r : rows) kept += splits.kept[static_cast<std::size_t>(r)];
      const bool all_train = k == 0 || kept <= 2 * plan.rows;
      for (const auto r : rows) {
        const auto left = kept - seen;  // kept rows from here on, this one included
        const bool is_kept = splits.kept[static_cast<std::size_t>(r)];
        const auto own = all_train || left > 2 * plan.rows || (!is_kept && seen == 0) ? train
                         : left > plan.rows                                           ? valid
                                                                                      : test;
        splits.of[static_cast<std::size_t>(r)] = own;
        seen += is_kept;
      }
    }
  });
}

}  // namespace

std::optional<std::size_t> Splits::find(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - names.begin()));
}

std::vector<std::uint8_t> kept_rows(Tables& tables, recipe::TableId driving, Complaints& complaints) {
  auto& table = tables[driving];
  std::vector<std::uint8_t> kept(static_cast<std::size_t>(table.rows), 1);
  if (!table.event()) kept.at(0) = 0;
  if (table.plan->keep) {
    const Evaluator keep(*table.plan->keep, names_of(tables, driving, nullptr));
    std::atomic<bool> some{false};
    each_row(table, [&](std::int64_t r) {
      const auto value = keep(r);
      // A text is no condition: "False" would hold.
      const bool none = value.kind == Cooked::Kind::mixed || value.kind == Cooked::Kind::text;
      kept[static_cast<std::size_t>(r)] = none ? no_answer : value.truth();
      if (none) some = true;
    });
    if (some) drop_unanswered(keep, table, "keep", kept, complaints);
  }
  if (const auto* hash = std::get_if<recipe::SplitPlan::ByHash>(&table.plan->split.how)) {
    const Evaluator value(hash->value, names_of(tables, driving, nullptr));
    if (value.can_be_mixed()) {
      each_row(table, [&](std::int64_t r) {
        auto& own = kept[static_cast<std::size_t>(r)];
        if (own && value(r).kind == Cooked::Kind::mixed) own = no_answer;
      });
      drop_unanswered(value, table, "split (" + table.plan->split.text + ")", kept, complaints);
    }
  }
  return kept;
}

void keep_core(const Tables& tables, recipe::TableId driving, std::vector<std::uint8_t>& kept) {
  const auto& table = tables[driving];
  if (table.plan->at_least.empty()) return;
  std::vector<std::vector<std::int64_t>> counts;
  for (const auto& least : table.plan->at_least)
    counts.emplace_back(static_cast<std::size_t>(tables[table.plan->links[least.link].table].rows), 0);
  const auto entity = [&](std::size_t k, std::int64_t r) {
    return static_cast<std::size_t>(table.links[table.plan->at_least[k].link][static_cast<std::size_t>(r)]);
  };
  const auto add = [&](std::int64_t r, std::int64_t n) {
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k][entity(k, r)] += n;
  };
  for (std::int64_t r = table.first_row(); r < table.rows; ++r)
    if (kept[static_cast<std::size_t>(r)]) add(r, 1);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
      if (!kept[static_cast<std::size_t>(r)]) continue;
      for (std::size_t k = 0; k < counts.size() && kept[static_cast<std::size_t>(r)]; ++k)
        if (entity(k, r) == 0 || counts[k][entity(k, r)] < table.plan->at_least[k].rows)
          kept[static_cast<std::size_t>(r)] = 0, add(r, -1), changed = true;
    }
  }
}

Splits make_splits(Tables& tables, recipe::TableId driving, std::vector<std::uint8_t> kept, Complaints& complaints) {
  auto& table = tables[driving];
  Splits splits;
  splits.names = {"train", "valid", "test"};
  splits.of.assign(static_cast<std::size_t>(table.rows), no_split);
  splits.kept = std::move(kept);
  hold_out(tables, driving, splits, complaints);
  std::visit(
      recipe::Cases{[&](const recipe::SplitPlan::AllTrain&) {
                      each_row(table, [&](std::int64_t r) {
                        auto& own = splits.of[static_cast<std::size_t>(r)];
                        if (own == no_split) own = train;
                      });
                    },
                    [&](const recipe::SplitPlan::ByHash& plan) { by_hash(tables, driving, plan, splits, complaints); },
                    [&](const recipe::SplitPlan::ByTime& plan) { by_time(table, plan, splits); },
                    [&](const recipe::SplitPlan::LeaveLast& plan) {
                      leave_last(table, tables[table.plan->links[plan.key].table], plan, splits);
                    }},
      table.plan->split.how);
  splits.rows.resize(splits.names.size());
  for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
    const auto at = static_cast<std::size_t>(r);
    if (splits.kept[at]) splits.rows[static_cast<std::size_t>(splits.of[at])].push_back(static_cast<std::int32_t>(r));
  }
  return splits;
}

LinkCounts count_training(Tables& tables, recipe::TableId driving, const Splits& splits) {
  const auto& table = tables[driving];
  LinkCounts per_link(table.links.size());
  for (auto& t : tables) t.counts.assign(static_cast<std::size_t>(t.rows), 0);
  recipe::Indexed<recipe::TableId, bool> reached(tables.size(), false);
  reached[driving] = true;
  for (const auto r : splits.rows[train]) tables[driving].counts[static_cast<std::size_t>(r)] = 1;
  for (const auto l : table.links.ids()) {
    const auto number = table.plan->links[l].table;
    auto& target = tables[number];
    per_link[l].assign(static_cast<std::size_t>(target.rows), 0);
    for (const auto r : splits.rows[train])
      ++per_link[l][static_cast<std::size_t>(table.links[l][static_cast<std::size_t>(r)])];
    if (number == driving) continue;
    reached[number] = true;
    for (std::size_t r = 0; r < per_link[l].size(); ++r) target.counts[r] += per_link[l][r];
  }
  // From entity table to entity table, outwards; a table that is reached already takes no more.
  for (recipe::Indexed<recipe::TableId, bool> before; !(before == reached);) {
    before = reached;
    for (const auto t : tables.ids()) {
      if (!before[t] || t == driving || tables[t].event()) continue;
      for (const auto l : tables[t].links.ids()) {
        const auto number = tables[t].plan->links[l].table;
        if (before[number]) continue;
        reached[number] = true;
        for (std::size_t r = 0; r < tables[t].counts.size(); ++r)
          tables[number].counts[static_cast<std::size_t>(tables[t].links[l][r])] += tables[t].counts[r];
      }
    }
  }
  for (const auto t : tables.ids()) {
    auto& target = tables[t];
    if (!reached[t] && !target.event()) std::fill(target.counts.begin(), target.counts.end(), 1u);
    if (!target.event() && !target.counts.empty()) target.counts[0] = 0;
    for (std::size_t r = 0; r < target.held.size(); ++r)
      if (target.held[r]) target.counts[r] = 0;
  }
  return per_link;
}

void permute(Tables& tables, Complaints& complaints) {
  for (const auto t : tables.ids()) {
    auto& table = tables[t];
    if (!table.plan->permute) continue;
    const Evaluator by(table.plan->permute->by, names_of(tables, t, nullptr));
    table.permuted.resize(static_cast<std::size_t>(table.rows));
    std::iota(table.permuted.begin(), table.permuted.end(), 0);
    std::vector<std::pair<Wide, std::int32_t>> order;  // rows without a value keep their cells
    std::vector<std::pair<double, std::int32_t>> real_order;
    for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
      const auto value = by(r);
      if (value.kind == Cooked::Kind::mixed) by.truth(r);
      if (value.kind == Cooked::Kind::whole) order.emplace_back(value.whole, static_cast<std::int32_t>(r));
      else if (value.kind == Cooked::Kind::real) real_order.emplace_back(value.real, static_cast<std::int32_t>(r));
    }
    tell_mixed(by, table, "permute", complaints);
    if (!real_order.empty()) {
      for (const auto& [value, row] : order) real_order.emplace_back(static_cast<double>(value), row);
      std::sort(real_order.begin(), real_order.end());
      order.clear();
      for (const auto& [value, row] : real_order) order.emplace_back(static_cast<Wide>(order.size()), row);
    }
    std::sort(order.begin(), order.end());
    for (std::size_t k = 0; k < order.size(); ++k)
      table.permuted[static_cast<std::size_t>(order[k].second)] = order[(k + 1) % order.size()].second;
  }
}

}  // namespace braid::data
