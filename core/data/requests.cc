#include "data/requests.h"

#include "data/hash.h"
#include "data/world.h"

#include <algorithm>
#include <numeric>

namespace braid::data {

namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// A list whose places stand ready, for each row of its table.
class ReadyList final : public List {
 public:
  std::vector<const std::vector<std::int32_t>*> rows;
  std::int64_t count(std::int64_t row) const override { return static_cast<std::int64_t>(rows[at(row)]->size()); }
  void fill(std::int64_t row, const Moment&, std::span<std::int32_t> out) const override {
    std::copy_n(rows[at(row)]->begin(), out.size(), out.begin());
  }
};

}  // namespace

struct RequestBatcher::Inside {
  World world;
  EntityKeys known;
  recipe::Indexed<recipe::FieldId, EventField> fields;
  std::unique_ptr<Batcher> batcher;
  recipe::Indexed<recipe::ListId, ReadyList*> lists;  // of the driving table

  Table& driving() { return world.tables[world.driving()]; }
  template <class Way>
  bool gathers(const Way& way) const {
    return std::any_of(world.route.gathers.begin(), world.route.gathers.end(), [&](const recipe::Via& gather) {
      const auto* through = std::get_if<Way>(&gather.through);
      return through && *through == way;
    });
  }

  void entities(recipe::TableId t, const std::vector<std::uint64_t>& inlined) {
    auto& table = world.tables[t];
    table.inline_rows = static_cast<std::int64_t>(inlined.size());
    table.keys.resize(known[t].size());
    table.keys.insert(table.keys.end(), inlined.begin(), inlined.end());
    table.rows = static_cast<std::int64_t>(table.keys.size());
  }

  void events(std::span<const RequestRow> rows) {
    auto& table = driving();
    table.rows = static_cast<std::int64_t>(rows.size());
    table.keys.assign(rows.size(), 0);
    table.columns.clear();
    table.link_columns.assign(table.links.size(), 0);
    for (const auto l : table.links.ids()) {
      table.links[l].resize(rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) table.links[l][r] = rows[r].links[l];
      if (!world.reads.link_keys[l]) continue;
      const auto& plan = table.plan->links[l];
      const auto& name = plan.column.empty() ? plan.name : plan.column;
      if (!table.column(name)) {
        Column column(name);
        for (const auto& row : rows) row.link_texts[l].data() ? column.add(row.link_texts[l]) : column.add_missing();
        table.columns.push_back(std::move(column));
      }
      table.link_columns[l] = table.column_number(name);
    }
    for (const auto l : lists.ids()) {
      auto& list = lists[l]->rows;
      list.resize(rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) list[r] = &(*rows[r].lists)[l];
    }
  }
};

RequestBatcher::RequestBatcher(const recipe::Plan& plan, EntityKeys known,
                               recipe::Indexed<recipe::FieldId, EventField> fields)
    : in_(std::make_unique<Inside>()) {
  auto& in = *in_;
  auto& w = in.world;
  w.plan = plan;
  in.known = std::move(known);
  in.fields = std::move(fields);
  w.route = make_route(w.plan);
  w.whole.resize(plan.axes.size());
  w.cells.resize(plan.tables.size());
  const auto read = reads(w.plan);
  w.reads = reads_of(w.plan, {});  // entity axes hold no fields here
  w.reads.link_keys = read.link_keys;
  w.tables.resize(plan.tables.size());
  w.lists.resize(plan.tables.size());
  for (const auto t : w.tables.ids()) {
    auto& table = w.tables[t];
    table.plan = &w.plan.tables[t];
    table.links.resize(table.plan->links.size());
    if (t == w.driving()) {
      for (const auto& list : table.plan->lists) {
        if (const auto* draw = std::get_if<recipe::ListPlan::Draw>(&list.how); draw && draw->per)
          throw Error("serve-list", {},
                      "list '" + table.plan->name + "." + list.name +
                          "' draws for each place of another list: no request can give that");
        auto made = std::make_unique<ReadyList>();
        in.lists.push_back(made.get());
        w.lists[t].push_back(std::move(made));
      }
      continue;
    }
    table.keys = in.known[t];
    for (std::size_t r = 1; r < in.known[t].size(); ++r)
      table.index.insert(in.known[t][r], static_cast<std::int32_t>(r));
    in.entities(t, {});
  }
  in.batcher = std::make_unique<Batcher>(w);
}

RequestBatcher::~RequestBatcher() = default;

std::int64_t RequestBatcher::known(recipe::TableId table) const {
  return static_cast<std::int64_t>(in_->known.at(table).size());
}
std::int32_t RequestBatcher::row_of(recipe::TableId table, std::string_view key) const {
  return std::max(0, in_->world.tables.at(table).index.find(key_of(key)));
}
bool RequestBatcher::reads_link(recipe::LinkId link) const {
  return in_->gathers(recipe::TableLink{in_->world.driving(), link}) || in_->world.reads.link_keys.at(link);
}
bool RequestBatcher::reads_list(recipe::ListId list) const {
  return in_->gathers(recipe::TableList{in_->world.driving(), list});
}

Batch RequestBatcher::make(std::span<const RequestRow> rows, const EntityKeys& inlined) {
  auto& in = *in_;
  for (const auto t : in.world.tables.ids())
    if (t != in.world.driving()) in.entities(t, inlined[t]);
  in.events(rows);
  std::vector<std::int32_t> numbers(rows.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  auto batch = in.batcher->make(numbers, {in.world.plan.train.seed, 0, false}, 0);
  auto& axis = batch.axes[own_axis(in.world.driving())];
  axis.fields.resize(in.fields.size());
  std::vector<const Decoded*> cells(rows.size());
  for (const auto f : in.fields.ids()) {
    const auto& field = in.fields[f];
    if (!field.component) continue;
    for (std::size_t r = 0; r < rows.size(); ++r) cells[r] = &(*rows[r].cells)[f];
    const auto& plan = in.driving().plan->fields[f];
    axis.fields[f] = lay_out(field.layout, *field.component, field_hash(in.driving().plan->name, plan.name), cells,
                             in.driving().keys, {in.world.plan.train.seed, 0, false});
  }
  return batch;
}

Batch RequestBatcher::inline_entities(recipe::TableId table, std::int64_t first, std::int64_t count) const {
  return in_->batcher->entities(table, known(table) + first, count, in_->world.reads,
                                {in_->world.plan.train.seed, 0, false});
}

}  // namespace braid::data
