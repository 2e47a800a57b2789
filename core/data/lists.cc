#include "data/lists.h"

#include "data/hash.h"

#include <algorithm>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

namespace braid::data {

namespace {

using recipe::ListPlan;

// Entities in one piece, by group: [starts[g], starts[g + 1]).
struct Groups {
  std::vector<std::int64_t> starts;
  std::vector<std::int32_t> entities;
};

// The last n events by the same key, strictly before the row in `order`, or the last n of all. A row without a key has
// an empty history: there is no telling that two unknown users are one.
class History final : public List {
 public:
  History(const ListContext& c, recipe::TableId which, const std::string& name, const ListPlan::History& plan)
      : table_(c.tables[which]), by_(table_.links[plan.by]), length_(plan.last), always_(plan.always) {
    const auto& table = table_;
    const auto& of = table.links[plan.of];
    const auto& listed = c.tables[table.plan->links[plan.of].table];
    const auto keys = c.tables[table.plan->links[plan.by].table].rows;
    const auto visible = plan.visible;
    std::vector<std::uint8_t> eligible(static_cast<std::size_t>(table.rows), 0);
    std::optional<Evaluator> where;
    if (plan.where) where.emplace(*plan.where, names_of(c.tables, which, &c.link_counts));
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, table.rows, 2048), [&](const auto& range) {
      for (auto r = range.begin(); r != range.end(); ++r) {
        const auto at = static_cast<std::size_t>(r);
        eligible[at] = by_[at] > 0 && !listed.is_held(of[at]) && (visible != Visible::train || c.splits.of[at] == 0) &&
                       (!where || where->truth(r));
      }
    });
    if (where) tell_mixed(*where, table, "list '" + name + "' (where)", c.complaints);
    groups_.starts.assign(static_cast<std::size_t>(keys) + 1, 0);
    for (std::size_t r = 0; r < eligible.size(); ++r)
      if (eligible[r]) ++groups_.starts[static_cast<std::size_t>(by_[r]) + 1];
    for (std::size_t k = 1; k < groups_.starts.size(); ++k) groups_.starts[k] += groups_.starts[k - 1];
    std::vector<std::int32_t> rows(static_cast<std::size_t>(groups_.starts.back()));
    auto next = groups_.starts;
    for (std::size_t r = 0; r < eligible.size(); ++r)
      if (eligible[r])
        rows[static_cast<std::size_t>(next[static_cast<std::size_t>(by_[r])]++)] = static_cast<std::int32_t>(r);
    groups_.entities.resize(rows.size());
    order_.resize(rows.size());
    if (visible == Visible::earlier) splits_.resize(rows.size()), split_of_ = &c.splits.of;
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, keys, 64), [&](const auto& range) {
      for (auto k = range.begin(); k != range.end(); ++k) {
        const auto begin = groups_.starts[static_cast<std::size_t>(k)],
                   end = groups_.starts[static_cast<std::size_t>(k) + 1];
        std::stable_sort(rows.begin() + begin, rows.begin() + end,
                         [&](auto a, auto b) { return table.order_of(a) < table.order_of(b); });
        for (auto e = begin; e < end; ++e) {
          const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(e)]);
          groups_.entities[static_cast<std::size_t>(e)] = of[row];
          order_[static_cast<std::size_t>(e)] = table.order_of(static_cast<std::int64_t>(row));
          if (split_of_) splits_[static_cast<std::size_t>(e)] = (*split_of_)[row];
        }
      }
    });
  }

  std::int64_t count(std::int64_t row) const override {
    const auto [begin, end] = span(row);
    if (!split_of_) return std::min(end - begin, length_);
    std::int64_t n = 0;
    for (auto e = end; e-- > begin && n < length_;) n += seen(row, e);
    return n;
  }
  void fill(std::int64_t row, const Moment&, std::span<std::int32_t> out) const override {
    auto e = span(row).second;
    if (!split_of_) {
      const auto end = groups_.entities.begin() + e;
      std::copy(end - static_cast<std::ptrdiff_t>(out.size()), end, out.begin());
      return;
    }
    for (auto at = out.rbegin(); at != out.rend(); ++at) {
      while (!seen(row, --e)) {
      }
      *at = groups_.entities[static_cast<std::size_t>(e)];
    }
  }

 private:
  using Visible = ListPlan::History::Visible;
  std::pair<std::int64_t, std::int64_t> span(std::int64_t row) const {
    const auto key = static_cast<std::size_t>(by_[static_cast<std::size_t>(row)]);
    const auto begin = order_.begin() + groups_.starts[key], last = order_.begin() + groups_.starts[key + 1];
    const auto end = (always_ ? last : std::lower_bound(begin, last, table_.order_of(row))) - order_.begin();
    return {groups_.starts[key], end};
  }
  // Whether an event's split is visible from the row's: training rows from everywhere, others from later splits.
  bool seen(std::int64_t row, std::int64_t event) const {
    const auto split = splits_[static_cast<std::size_t>(event)];
    return split == 0 || split < (*split_of_)[static_cast<std::size_t>(row)];
  }
  const Table& table_;
  const std::vector<std::int32_t>& by_;
  std::int64_t length_;
  bool always_;
  Groups groups_;
  std::vector<std::int64_t> order_;  // beside the entities
  std::vector<std::int8_t> splits_;  // the same, where earlier splits are visible
  const std::vector<std::int8_t>* split_of_ = nullptr;
};

// What comes next after each place of a history; after its last one, what the row itself reaches.
class After final : public List {
 public:
  After(const std::vector<std::int32_t>& own, const List& base) : own_(own), base_(base) {}
  std::int64_t count(std::int64_t row) const override { return base_.count(row); }
  void fill(std::int64_t row, const Moment& moment, std::span<std::int32_t> out) const override {
    if (out.empty()) return;
    base_.fill(row, moment, out);
    std::copy(out.begin() + 1, out.end(), out.begin());
    out.back() = own_[static_cast<std::size_t>(row)];
  }

 private:
  const std::vector<std::int32_t>& own_;
  const List& base_;
};

// Entity keys that stand in a cell, of the row or of an entity that it reaches. Held-out entities leave; an unknown key
// reaches the unknown entity and is counted.
class FromColumn final : public List {
 public:
  FromColumn(const ListContext& c, Table& table, const ListPlan& list, const ListPlan::Keys& plan) {
    const auto* through = plan.through ? &table.links[*plan.through] : nullptr;
    auto& holder = through ? c.tables[table.plan->links[*plan.through].table] : table;
    const auto& column = *holder.column(plan.column);
    const auto& target = c.tables[list.table];
    const auto last = plan.last.value_or(0);
    std::int64_t dangling = 0, first = 0;
    std::string lost;
    groups_.starts.push_back(0);
    for (std::int64_t r = 0; r < table.rows; ++r) {
      auto text = column[through ? (*through)[static_cast<std::size_t>(r)] : r];
      while (text.data() && !text.empty()) {
        const auto end = text.find(plan.separator);
        const auto key = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + plan.separator.size());
        if (key.empty()) continue;
        const auto row = std::max(0, target.index.find(key_of(key)));
        if (!row && !dangling++) first = r, lost = key;
        if (!target.is_held(row)) groups_.entities.push_back(row);
      }
      auto& entities = groups_.entities;
      const auto begin = groups_.starts.back(), extra = static_cast<std::int64_t>(entities.size()) - begin - last;
      if (last > 0 && extra > 0) entities.erase(entities.begin() + begin, entities.begin() + begin + extra);
      groups_.starts.push_back(static_cast<std::int64_t>(entities.size()));
    }
    if (dangling)
      c.complaints.warning("dangling keys in '" + table.plan->name + "." + list.name + "'",
                           table.where(first) + ": warning: '" + table.plan->name + "." + list.name + "' names '" +
                               lost + "', which table '" + target.plan->name + "' does not have; " +
                               std::to_string(dangling) + " such places [link-dangling]");
  }
  std::int64_t count(std::int64_t row) const override {
    return groups_.starts[static_cast<std::size_t>(row) + 1] - groups_.starts[static_cast<std::size_t>(row)];
  }
  void fill(std::int64_t row, const Moment&, std::span<std::int32_t> out) const override {
    std::copy_n(groups_.entities.begin() + groups_.starts[static_cast<std::size_t>(row)], out.size(), out.begin());
  }

 private:
  Groups groups_;
};

// Entities drawn afresh at each step, with replacement, uniformly or by how often training rows reach them. Left out:
// the unknown and the held-out ones and, with `exclude = "seen"`, those that the row itself or training rows of the
// same key reach. Key: the table's first link to another table; without one, the row alone.
class Drawn final : public List {
 public:
  Drawn(const ListContext& c, recipe::TableId which, const ListPlan& list, const ListPlan::Draw& plan, const List* per)
      : table_(c.tables[which]),
        name_(key_of(table_.plan->name + "." + list.name)),
        length_(plan.count),
        per_(per),
        exclude_(plan.exclude_seen) {
    const auto& table = table_;
    const auto& target = c.tables[list.table];
    if (!table.plan->order.empty()) order_ = table.column(table.plan->order);
    for (const auto& link : table.plan->links) linked_.push_back(&c.tables[link.table]);
    for (const auto l : table.links.ids()) {
      if (table.plan->links[l].table == list.table) reaching_.push_back(l);
      else if (!by_) by_ = &table.links[l], keys_ = c.tables[table.plan->links[l].table].rows;
    }
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(target.rows), plan.by_popularity ? 0 : 1);
    if (plan.by_popularity && which == c.driving)
      for (const auto l : reaching_)
        for (std::size_t r = 0; r < counts.size(); ++r) counts[r] += c.link_counts[l][r];
    for (std::int64_t r = 1; r < target.rows; ++r)
      if (!target.is_held(r) && counts[r]) entities_.push_back(static_cast<std::int32_t>(r));
    // In the order of their keys, so that the table's order changes no draw.
    tbb::parallel_sort(entities_.begin(), entities_.end(), [&](auto a, auto b) {
      return target.keys[static_cast<std::size_t>(a)] < target.keys[static_cast<std::size_t>(b)];
    });
    std::uint64_t sum = 0;
    for (const auto entity : entities_) sums_.push_back(sum += counts[entity]);
    if (exclude_) gather_seen(c, which);
  }

  std::int64_t count(std::int64_t row) const override { return (per_ ? per_->count(row) : 1) * length_; }
  std::int64_t group() const override { return per_ ? length_ : 1; }

  // A place for which nothing is left to draw gets -1.
  void fill(std::int64_t row, const Moment& moment, std::span<std::int32_t> out) const override {
    const auto key = moment.training ? mixed(moment.seed, name_, static_cast<std::uint64_t>(moment.step),
                                             table_.keys[static_cast<std::size_t>(row)])
                                     : mixed(moment.seed, name_, identity(row));
    std::uint64_t place = 0;
    for (auto& entity : out) {
      entity = -1;
      constexpr int tries = 64;
      for (int t = 0; t < tries && entity < 0 && !entities_.empty(); ++t) {
        const auto ticket = draw_below(key, place++, sums_.back());
        const auto at = static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), ticket) - sums_.begin());
        if (!seen(row, entities_[at])) entity = entities_[at];
      }
      // Nearly everything is seen: walk on from a drawn place.
      if (entity >= 0 || entities_.empty()) continue;
      const auto start = draw_below(key, place++, entities_.size());
      for (std::size_t k = 0; k < entities_.size() && entity < 0; ++k) {
        const auto e = entities_[(start + k) % entities_.size()];
        if (!seen(row, e)) entity = e;
      }
    }
  }

 private:
  // What a row is, wherever it stands in its file: an entity's key; of an event the keys of the entities that it links
  // and its cell of the order column.
  std::uint64_t identity(std::int64_t row) const {
    if (!table_.event()) return table_.keys[static_cast<std::size_t>(row)];
    std::uint64_t out = order_ ? key_of((*order_)[row]) : 0;
    for (const auto l : table_.links.ids())
      out = mixed(out, linked_[l]->keys[static_cast<std::size_t>(table_.links[l][static_cast<std::size_t>(row)])]);
    return out;
  }

  void gather_seen(const ListContext& c, recipe::TableId which) {
    if (!by_) return;
    const auto counts_row = [&](std::size_t r) {
      return (*by_)[r] > 0 && (which != c.driving || c.splits.serves(static_cast<std::int64_t>(r), 0));
    };
    seen_.starts.assign(static_cast<std::size_t>(keys_) + 1, 0);
    for (std::size_t r = 0; r < by_->size(); ++r)
      if (counts_row(r))
        seen_.starts[static_cast<std::size_t>((*by_)[r]) + 1] += static_cast<std::int64_t>(reaching_.size());
    for (std::size_t k = 1; k < seen_.starts.size(); ++k) seen_.starts[k] += seen_.starts[k - 1];
    seen_.entities.resize(static_cast<std::size_t>(seen_.starts.back()));
    auto next = seen_.starts;
    for (std::size_t r = 0; r < by_->size(); ++r) {
      if (!counts_row(r)) continue;
      for (const auto l : reaching_)
        seen_.entities[static_cast<std::size_t>(next[static_cast<std::size_t>((*by_)[r])]++)] = table_.links[l][r];
    }
    for (std::size_t k = 0; k + 1 < seen_.starts.size(); ++k)
      std::sort(seen_.entities.begin() + seen_.starts[k], seen_.entities.begin() + seen_.starts[k + 1]);
  }

  bool seen(std::int64_t row, std::int32_t entity) const {
    if (!exclude_) return false;
    for (const auto l : reaching_)
      if (table_.links[l][static_cast<std::size_t>(row)] == entity) return true;
    if (seen_.starts.empty()) return false;
    const auto key = static_cast<std::size_t>((*by_)[static_cast<std::size_t>(row)]);
    return std::binary_search(seen_.entities.begin() + seen_.starts[key],
                              seen_.entities.begin() + seen_.starts[key + 1], entity);
  }

  const Table& table_;
  recipe::Indexed<recipe::LinkId, const Table*> linked_;  // the tables that its links reach
  const Column* order_ = nullptr;                         // of the table, where it has one
  std::uint64_t name_;
  std::int64_t length_;
  const List* per_;
  bool exclude_;
  std::vector<recipe::LinkId> reaching_;  // links of the table into the drawn table
  const std::vector<std::int32_t>* by_ = nullptr;
  std::int64_t keys_ = 0;
  std::vector<std::int32_t> entities_;
  std::vector<std::uint64_t> sums_;  // running sums of the entities' weights
  Groups seen_;                      // by key, ascending
};

}  // namespace

Lists make_lists(const ListContext& c, recipe::TableId which) {
  auto& table = c.tables[which];
  Lists lists;  // a list stands after those that it is made from
  for (const auto& list : table.plan->lists) {
    using Made = std::unique_ptr<List>;
    lists.push_back(std::visit(
        recipe::Cases{
            [&](const ListPlan::History& plan) -> Made { return std::make_unique<History>(c, which, list.name, plan); },
            [&](const ListPlan::Keys& plan) -> Made { return std::make_unique<FromColumn>(c, table, list, plan); },
            [&](const ListPlan::After& plan) -> Made {
              return std::make_unique<After>(table.links[table.plan->history(plan.base)->of], *lists[plan.base]);
            },
            [&](const ListPlan::Draw& plan) -> Made {
              return std::make_unique<Drawn>(c, which, list, plan, plan.per ? lists[*plan.per].get() : nullptr);
            }},
        list.how));
  }
  return lists;
}

}  // namespace braid::data
