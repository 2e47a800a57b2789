#include "data/source.h"

#include "braid/reader.h"
#include "data/batcher.h"
#include "data/hash.h"
#include "data/pass.h"
#include "data/world.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <thread>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace braid::data {

namespace {

class Loaded final : public Source {
 public:
  Loaded(const recipe::Plan& plan, const Makers& makers, const std::map<std::string, std::string>& saved,
         std::unique_ptr<tbb::global_control> more_threads)
      : world_(std::make_shared<World>()) {
    auto& w = *world_;
    w.more_threads = std::move(more_threads);
    w.plan = plan;
    if (!plan.train.rows) throw Error("rows-missing", plan.recipe, "[train] names no rows");
    w.budget.left = plan.data.cache_bytes;
    w.reads = reads(w.plan);
    w.ranges = ranges_of(w.plan);
    w.route = make_route(w.plan);
    w.encoded = PerAxis<World::Encoded>(plan.axes.size());
    w.whole.resize(plan.axes.size());
    load_tables(makers);
    deal_out();
    make_fields(makers, saved);
    report();
  }

  const Report& report() const override {
    const std::lock_guard lock(report_mutex_);
    report_.warnings = world_->complaints.warnings();
    report_.content.clear();
    for (const auto t : world_->cells.ids())
      for (const auto& cells : world_->cells[t])
        if (cells->can_be_absent())
          report_.content.push_back({world_->plan.tables[t].name, cells->name(), cells->content()});
    return report_;
  }
  recipe::Fitted fitted() const override {
    recipe::Fitted out;
    each_field([&](const std::string& name, const FieldCells& cells) { out[name] = cells.component().sizes(); });
    return out;
  }
  std::map<std::string, std::string> save() const override {
    std::map<std::string, std::string> out;
    each_field([&](const std::string& name, const FieldCells& cells) {
      auto text = cells.component().save();
      if (!text.empty() || cells.fits()) out[name] = std::move(text);
    });
    return out;
  }
  const braid::Field& field(recipe::TableId table, recipe::FieldId field) const override {
    return world_->cells.at(table).at(field)->component();
  }
  std::string row_name(recipe::TableId table, std::int64_t row) const override {
    const auto& t = world_->tables.at(table);
    if (t.event() || row < t.first_row()) return t.where(row);
    const auto* key = t.column(t.plan->key);
    return (key ? std::string((*key)[row]) + " " : "") + "(" + t.where(row) + ")";
  }
  std::uint64_t fingerprint() const override { return fingerprint_; }
  std::int64_t rows(const std::string& split) const override {
    const auto at = world_->splits.find(split);
    return at ? static_cast<std::int64_t>(world_->splits.rows[*at].size()) : 0;
  }
  std::unique_ptr<Pass> pass(const PassOptions& options) override { return make_pass(world_, options); }

  void read_only(const recipe::Indexed<recipe::NodeId, bool>& nodes) override {
    auto& fields = world_->reads.fields;
    fields = reads_of(world_->plan, nodes).fields;
    const auto add = [&](const recipe::Wire& wire) {
      if (const auto* from = wire.field()) fields[*wire.axis][from->field] = true;
    };
    for (const auto& metric : world_->plan.metrics)
      for (const auto& port : metric.inputs)
        for (const auto& wire : port) add(wire);
    for (const auto* wire : {&world_->plan.eval.score, &world_->plan.eval.label, &world_->plan.eval.group})
      if (*wire) add(**wire);
    for (auto& axis : world_->whole) axis.reset();
  }

  const std::vector<bool>& slice(std::size_t number) const override {
    const std::lock_guard lock(slices_mutex_);
    auto& rows = slices_.at(number);
    if (!rows) rows = rows_of(world_->plan.slices.at(number));
    return *rows;
  }
  std::vector<bool> rows_of(const recipe::SlicePlan& slice) const {
    auto& w = *world_;
    const Evaluator where(slice.where, names_of(w.tables, w.driving(), &w.link_counts));
    const auto& table = w.tables[w.driving()];
    std::vector<std::uint8_t> in(static_cast<std::size_t>(table.rows), 0);
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(table.first_row(), table.rows, 2048), [&](const auto& range) {
      for (auto r = range.begin(); r != range.end(); ++r) in[static_cast<std::size_t>(r)] = where.truth(r);
    });
    tell_mixed(where, table, "slice '" + slice.name + "' (" + slice.text + ")", w.complaints);
    return {in.begin(), in.end()};
  }

  std::int64_t table_rows(recipe::TableId table) const override { return world_->tables.at(table).rows; }
  std::optional<std::string_view> cell(recipe::TableId table, const std::string& column,
                                       std::int64_t row) const override {
    const auto* cells = std::as_const(world_->tables.at(table)).column(column);
    if (!cells) throw std::logic_error("column '" + column + "' was not loaded");
    const auto text = (*cells)[row];
    return text.data() ? std::optional(text) : std::nullopt;
  }
  std::int32_t linked(const recipe::TableLink& link, std::int64_t row) const override {
    return world_->tables.at(link.table).links.at(link.link).at(static_cast<std::size_t>(row));
  }
  std::vector<std::int32_t> listed(const recipe::TableList& list, std::int64_t row) const override {
    const auto& lists = world_->lists.at(list.table);
    if (lists.empty()) return {};
    const auto& one = *lists.at(list.list);
    std::vector<std::int32_t> out(static_cast<std::size_t>(one.count(row)));
    one.fill(row, {world_->plan.eval.seed, 0, false}, out);
    return out;
  }
  std::shared_ptr<const Batch> entities(recipe::TableId table, std::int64_t first, std::int64_t count,
                                        const Reads& reads) const override {
    if (!batcher_) batcher_ = std::make_unique<Batcher>(*world_);
    return std::make_shared<const Batch>(
        batcher_->entities(table, first, count, reads, {world_->plan.eval.seed, 0, false}));
  }

  PerAxis<std::pair<std::int64_t, std::int64_t>> encoded() const override {
    PerAxis<std::pair<std::int64_t, std::int64_t>> out;
    for (const auto& e : world_->encoded) out.emplace_back(e.entities.load(), e.rows.load());
    return out;
  }

 private:
  void load_tables(const Makers& makers) {
    auto& w = *world_;
    const auto needed = needed_columns(w.plan);
    w.tables.resize(w.plan.tables.size());
    for (const auto t : w.tables.ids()) w.tables[t].plan = &w.plan.tables[t];
    // The largest first: a table is read by at most two threads.
    tbb::parallel_for(
        std::size_t{0}, w.tables.size(),
        [&](std::size_t k) {
          const recipe::TableId t{k};
          if (!w.plan.tables[t].from) load_table(w.tables[t], needed[t], makers, w.complaints);
        },
        tbb::simple_partitioner());
    for (const auto t : w.tables.ids())
      if (const auto from = w.plan.tables[t].from)
        collect_table(w.tables[t], w.tables[*from], needed[t], makers, w.complaints);
    w.complaints.throw_if_any();
    for (const auto t : w.tables.ids()) resolve_links(w.tables, t, w.complaints);
    // Slices are bound again while batches are made; their numbers have to stand ready then.
    for (const auto& slice : w.plan.slices) bind_only(slice.where);
    slices_.resize(w.plan.slices.size());
  }

  void bind_only(const recipe::Expression& e) {
    const LinkCounts none(world_->tables[world_->driving()].links.size(), std::vector<std::uint32_t>(1));
    const Evaluator bound(e, names_of(world_->tables, world_->driving(), &none));
  }

  void deal_out() {
    auto& w = *world_;
    auto kept = kept_rows(w.tables, w.driving(), w.complaints);
    make_labels(kept);
    w.complaints.throw_if_any();
    keep_core(w.tables, w.driving(), kept);
    w.splits = make_splits(w.tables, w.driving(), std::move(kept), w.complaints);
    check_labels(w);
    w.link_counts = count_training(w.tables, w.driving(), w.splits);
    w.train_rows = w.splits.rows[0];
    permute(w.tables, w.complaints);
    w.lists.resize(w.tables.size());
    const ListContext context{w.tables, w.driving(), w.splits, w.link_counts, w.complaints};
    for (const auto t : w.tables.ids())
      if (t == w.driving() || !w.tables[t].event()) w.lists[t] = make_lists(context, t);
    if (w.plan.train.each) keep_last(*w.plan.train.each, w.splits.rows[0]);
  }

  // Of the rows of each entity that [train] each reaches the last in order; rows that reach nobody stay.
  void keep_last(recipe::LinkId each, std::vector<std::int32_t>& rows) const {
    const auto& table = world_->tables[world_->driving()];
    const auto& link = table.links[each];
    std::map<std::int32_t, std::int32_t> last;
    for (const auto r : rows)
      if (const auto entity = link[static_cast<std::size_t>(r)]; entity > 0) {
        const auto [at, fresh] = last.try_emplace(entity, r);
        if (!fresh && table.order_of(r) >= table.order_of(at->second)) at->second = r;
      }
    std::erase_if(rows, [&](std::int32_t r) {
      const auto entity = link[static_cast<std::size_t>(r)];
      return entity > 0 && last.at(entity) != r;
    });
  }

  // A missing label is NaN: the graph masks that row for the losses that read it. One that is a text, or beyond what 32
  // bits hold, is a bad row.
  void make_labels(std::vector<std::uint8_t>& kept) {
    auto& w = *world_;
    auto& table = w.tables[w.driving()];
    w.labels.resize(table.plan->labels.size());
    for (const auto l : w.labels.ids()) {
      if (!w.reads.labels[l]) continue;
      const auto& plan = table.plan->labels[l];
      const Evaluator value(plan.value, names_of(w.tables, w.driving(), nullptr));
      auto& out = w.labels[l];
      out.assign(static_cast<std::size_t>(table.rows), 0);
      std::vector<std::uint8_t> bad(kept.size(), 0);
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(table.first_row(), table.rows, 2048), [&](const auto& range) {
        for (auto r = range.begin(); r != range.end(); ++r) {
          const auto cooked = value(r);
          const auto number = cooked.number();
          const auto narrow = static_cast<float>(number.value_or(std::numeric_limits<double>::quiet_NaN()));
          const auto at = static_cast<std::size_t>(r);
          bad[at] = kept[at] && (cooked.kind == Cooked::Kind::text || cooked.kind == Cooked::Kind::mixed ||
                                 (number && std::isinf(narrow)));
          out[at] = narrow;
        }
      });
      for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
        if (!bad[static_cast<std::size_t>(r)]) continue;
        const auto what = "label '" + plan.name + "' (" + plan.text + ")";
        const auto kind = value(r).kind;
        kept[static_cast<std::size_t>(r)] = 0;
        if (kind == Cooked::Kind::mixed)
          bad_row(table, r, "text-for-number", what + ": " + value.why_mixed(r), w.complaints, text_for_number_fix);
        else if (kind == Cooked::Kind::text) bad_row(table, r, "label-text", what + " is no number", w.complaints);
        else
          bad_row(table, r, "value-range", what + " is beyond what 32-bit floating point holds, 3.4e38", w.complaints);
      }
    }
  }

  void make_fields(const Makers& makers, const std::map<std::string, std::string>& saved) {
    auto& w = *world_;
    struct Job {
      FieldCells* cells;
      const std::string* saved;
    };
    std::vector<Job> jobs;
    w.cells.resize(w.tables.size());
    for (const auto t : w.tables.ids())
      for (const auto f : w.plan.tables[t].fields.ids()) {
        const auto& plan = w.plan.tables[t].fields[f];
        w.cells[t].push_back(
            std::make_unique<FieldCells>(w.tables[t], f, makers.field(plan.use), w.budget, w.complaints));
        bool read = false;
        for (const auto a : w.plan.axes.ids()) read = read || (w.plan.axes[a].table == t && w.reads.fields[a][f]);
        const auto it = saved.find(w.plan.tables[t].name + "." + plan.name);
        if (read) jobs.push_back({w.cells[t].back().get(), it == saved.end() ? nullptr : &it->second});
      }
    ArchiveShelf shelf;
    for (const auto& job : jobs) job.cells->find_media(shelf);
    tbb::parallel_for(
        std::size_t{0}, jobs.size(), [&](std::size_t j) { jobs[j].cells->prepare(shelf, jobs[j].saved); },
        tbb::simple_partitioner());
  }

  void report() {
    auto& w = *world_;
    for (const auto t : w.tables.ids()) {
      const auto& table = w.tables[t];
      const auto rows = table.rows - table.first_row();
      std::int64_t dangling = 0;
      for (const auto d : table.dangling) dangling += d;
      const auto kept = t == w.driving() ? std::count(w.splits.kept.begin(), w.splits.kept.end(), 1) : rows;
      report_.tables.push_back({table.plan->name, rows - table.bad_loaded, kept, table.bad_rows, dangling,
                                mixed(key_of(table.plan->name), table.content)});
      fingerprint_ = mixed(fingerprint_, key_of(table.plan->name), table.content);
    }
    for (std::size_t s = 0; s < w.splits.names.size(); ++s)
      report_.splits[w.splits.names[s]] = static_cast<std::int64_t>(w.splits.rows[s].size());
    count_unseen();
    const auto bytes = [](const auto& v) { return XXH3_64bits(v.data(), v.size() * sizeof(v[0])); };
    fingerprint_ = mixed(fingerprint_, bytes(w.splits.of), bytes(w.splits.kept));
    for (const auto& table : w.tables) fingerprint_ = mixed(fingerprint_, bytes(table.keys), bytes(table.permuted));
  }

  // Rows of other splits than train whose entities training never shows. Held-out splits are meant to be like that.
  void count_unseen() {
    auto& w = *world_;
    const auto& table = w.tables[w.driving()];
    for (std::size_t s = 1; s < w.splits.names.size(); ++s)
      for (const auto l : table.links.ids()) {
        if (w.splits.rows[s].empty()) continue;
        auto& count = report_.unseen[w.splits.names[s]][table.plan->links[l].name];
        const auto& link = table.plan->links[l];
        const auto& column = table.columns[table.link_columns[l]];
        std::vector<const std::uint32_t*> counts;  // through any link into its table
        for (const auto other : table.links.ids())
          if (table.plan->links[other].table == link.table) counts.push_back(w.link_counts[other].data());
        const auto shown = [&](std::size_t entity) {
          return std::any_of(counts.begin(), counts.end(), [&](const auto* shows) { return shows[entity] > 0; });
        };
        for (const auto r : w.splits.rows[s]) {
          if (!column[r].data()) continue;  // an empty cell names no entity
          const auto entity = static_cast<std::size_t>(table.links[l][static_cast<std::size_t>(r)]);
          ++count.rows;
          count.unseen += entity == 0 || !shown(entity);
        }
        const bool meant = s > 2 || w.splits.rows[0].empty();
        if (!meant && static_cast<double>(count.unseen) > w.plan.data.warn_missing * static_cast<double>(count.rows))
          w.complaints.warning("unseen entities", w.splits.names[s] + ": warning: " + std::to_string(count.unseen) +
                                                      " of " + std::to_string(count.rows) + " rows have a '" +
                                                      table.plan->links[l].name + "' never seen in training [unseen]");
      }
  }

  template <class Visit>
  void each_field(const Visit& visit) const {
    for (const auto t : world_->cells.ids())
      for (const auto f : world_->cells[t].ids())
        if (world_->cells[t][f]->prepared())
          visit(world_->plan.tables[t].name + "." + world_->plan.tables[t].fields[f].name, *world_->cells[t][f]);
  }

  std::shared_ptr<World> world_;
  mutable std::unique_ptr<Batcher> batcher_;  // made by the first call of entities()
  mutable std::mutex report_mutex_, slices_mutex_;
  mutable std::vector<std::optional<std::vector<bool>>> slices_;
  mutable Report report_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace

std::unique_ptr<Source> Source::open(const recipe::Plan& plan, const Makers& makers,
                                     const std::map<std::string, std::string>& saved) {
  std::unique_ptr<Source> out;
  // Nothing else runs while data is loaded: all cores, unless the plan asks for fewer.
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::unique_ptr<tbb::global_control> more;
  if (const int threads = data_threads(plan.data); threads > cores)
    more = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                 static_cast<std::size_t>(threads));
  tbb::task_arena arena(plan.data.threads > 0 ? data_threads(plan.data) : tbb::task_arena::automatic);
  arena.execute([&] { out = std::make_unique<Loaded>(plan, makers, saved, std::move(more)); });
  return out;
}

}  // namespace braid::data
