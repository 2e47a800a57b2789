#include "data/batcher.h"

#include "data/hash.h"
#include "data/parallel.h"

#include <algorithm>
#include <numeric>

namespace braid::data {

namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

}  // namespace

Batcher::Batcher(const World& world)
    : world_(world),
      gathered_(world.route.gathers.size()),
      marks_(world.plan.axes.size()),
      lasting_links_(world.route.uses.size()),
      axis_rows_(world.plan.axes.size()) {
  for (const auto a : marks_.ids()) {
    if (world.plan.axes[a].whole || a == own_axis(world.driving()) || world.route.axis_gathers[a].empty()) continue;
    const auto rows = at(world.table_of(a).rows);
    marks_[a].stamp.assign(rows, 0);
    marks_[a].place.resize(rows);
  }
}

Batch Batcher::make(std::span<const std::int32_t> rows, const Moment& moment, std::int64_t number) {
  const auto& route = world_.route;
  if (++now_ == 0) {  // stamps are used up after 2^32 batches
    for (auto& m : marks_) std::fill(m.stamp.begin(), m.stamp.end(), 0u);
    now_ = 1;
  }
  Batch batch;
  batch.number = number;
  batch.rows = static_cast<std::int64_t>(rows.size());
  batch.row_numbers.assign(rows.begin(), rows.end());
  batch.axes.resize(world_.plan.axes.size());
  const auto driving = own_axis(world_.driving());
  for (const auto axis : route.axis_order) {
    if (axis == driving) axis_rows_[axis].assign(rows.begin(), rows.end());
    else collect(axis);
    for (const auto g : route.gather_after[axis])
      if (moment.training && !route.gather_trains[g]) gathered_[g] = {};
      else if (const auto& one = route.gathers[g]; !lasts(one) || gathered_[g].rows.empty())
        gather(one, moment, gathered_[g]);
  }
  for (const auto a : batch.axes.ids())
    batch.axes[a] =
        lasts(a, moment) ? fill_lasting(a, axis_rows_[a], moment) : fill(a, axis_rows_[a], world_.reads, moment);
  for (const auto u : route.uses.ids()) batch.links.push_back(link_of(u, moment));
  for (const auto l : world_.labels.ids()) batch.labels.push_back(label_of(l, rows));
  for (const auto l : world_.reads.link_keys.ids()) batch.link_keys.push_back(link_keys_of(l, rows));
  return batch;
}

LinkBatch Batcher::link_of(LinkUseId number, const Moment& moment) {
  const auto& route = world_.route;
  const auto& use = route.uses[number];
  if (moment.training && !route.use_trains[number]) return {use.axis, {}, {}, false};
  const auto& gathered = gathered_[route.use_gather[number]];
  if (!lasts(route.gathers[route.use_gather[number]]) || !world_.plan.axes[use.axis].whole) return link(use, gathered);
  auto& kept = lasting_links_[number];
  if (!kept) kept = link(use, gathered);
  return *kept;
}

Array Batcher::label_of(recipe::LabelId number, std::span<const std::int32_t> rows) const {
  const auto& label = world_.labels[number];
  if (label.empty() && !world_.reads.labels[number]) return {};
  auto out = new_array(DType::floating, {static_cast<std::int64_t>(rows.size())});
  for (std::size_t i = 0; i < rows.size(); ++i) out.as<float>()[i] = label[at(rows[i])];
  return out;
}

Array Batcher::link_keys_of(recipe::LinkId link, std::span<const std::int32_t> rows) const {
  if (!world_.reads.link_keys[link]) return {};
  const auto& table = world_.tables[world_.driving()];
  const auto& column = table.columns[table.link_columns[link]];
  const auto count = static_cast<std::int64_t>(rows.size());
  auto out = new_array(DType::key, {count});
  parallel(count, 1024, [&](std::int64_t i) {
    const auto text = column[rows[at(i)]];  // of a dangling link too: its rows still belong together
    out.as<std::uint64_t>()[i] = text.data() ? key_of(text) : 0;
  });
  return out;
}

// Links from a whole axis reach the same in every batch; lists may draw.
bool Batcher::lasts(const recipe::Via& gather) const { return gather.link() && world_.plan.axes[gather.rows].whole; }

bool Batcher::lasts(recipe::AxisId axis, const Moment& moment) const {
  if (!world_.plan.axes[axis].whole) return false;
  const auto& read = world_.reads.fields[axis];
  const auto& cells = world_.cells[world_.plan.axes[axis].table];
  if (!moment.training) return true;
  for (const auto f : read.ids())
    if (read[f] && !cells[f]->still()) return false;
  return true;
}

void Batcher::gather(const recipe::Via& gather, const Moment& moment, Gathered& out) const {
  const auto& from = axis_rows_[gather.rows];
  const auto n = static_cast<std::int64_t>(from.size());
  out.places = out.group = 1;
  out.list = false;
  if (gather.axis_row()) {
    out.rows = from;
    return;
  }
  if (const auto* way = gather.link()) {
    const auto& link = world_.tables[way->table].links[way->link];
    out.rows.resize(from.size());
    parallel(n, 4096, [&](std::int64_t i) { out.rows[at(i)] = link[at(from[at(i)])]; });
    return;
  }
  out.list = true;
  const auto& way = *gather.list();
  const auto& lists = world_.lists[way.table];
  if (lists.empty()) {  // a table that this run does not step through
    out.rows.assign(from.size(), -1);
    return;
  }
  const auto& list = *lists[way.list];
  out.group = list.group();
  std::vector<std::int64_t> counts(from.size());
  parallel(n, 512, [&](std::int64_t i) { counts[i] = list.count(from[at(i)]); });
  for (const auto c : counts) out.places = std::max(out.places, c);
  out.places = std::max(out.places, out.group);
  out.rows.resize(at(n * out.places));
  parallel(n, 256, [&](std::int64_t i) {
    auto* row = out.rows.data() + i * out.places;
    const auto used = counts[i];
    list.fill(from[at(i)], moment, {row, at(used)});
    std::fill(row + used, row + out.places, -1);
  });
}

// Different entities that the axis' gathers reach, ascending.
void Batcher::collect(recipe::AxisId axis) {
  auto& rows = axis_rows_[axis];
  if (world_.plan.axes[axis].whole) {
    if (rows.empty()) rows = all_rows(axis);
    return;
  }
  rows.clear();
  auto& marks = marks_[axis];
  if (const auto size = at(world_.table_of(axis).rows); marks.stamp.size() < size) {
    marks.stamp.resize(size, 0);
    marks.place.resize(size);
  }
  for (const auto g : world_.route.axis_gathers[axis])
    for (const auto row : gathered_[g].rows) {
      if (row < 0 || marks.stamp[at(row)] == now_) continue;
      marks.stamp[at(row)] = now_;
      rows.push_back(row);
    }
  // Sorting many rows of a small table costs more than a walk through its stamps.
  if (rows.size() * 12 > marks.stamp.size()) {
    rows.clear();
    for (std::size_t r = 0; r < marks.stamp.size(); ++r)
      if (marks.stamp[r] == now_) rows.push_back(static_cast<std::int32_t>(r));
  } else {
    std::sort(rows.begin(), rows.end());
  }
  for (std::size_t k = 0; k < rows.size(); ++k) marks.place[at(rows[k])] = static_cast<std::int32_t>(k);
}

std::vector<std::int32_t> Batcher::all_rows(recipe::AxisId axis) const {
  const auto& table = world_.table_of(axis);
  if (table.event()) return world_.train_rows;
  std::vector<std::int32_t> rows(at(table.rows - table.inline_rows));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Batch Batcher::entities(recipe::TableId table, std::int64_t first, std::int64_t count, const Reads& reads,
                        const Moment& moment) const {
  const auto& axes = world_.plan.axes;
  Batch batch;
  batch.axes.resize(axes.size());
  std::vector<std::int32_t> chosen(at(count));
  std::iota(chosen.begin(), chosen.end(), static_cast<std::int32_t>(first));
  for (const auto a : axes.ids()) {
    if (!axes[a].whole && axes[a].table != table) continue;
    batch.axes[a] = fill(a, axes[a].whole ? all_rows(a) : chosen, reads, moment);
  }
  const bool all = count == world_.tables[table].rows;
  for (const auto& use : world_.route.uses) {
    LinkBatch out{use.axis, {}, {}, false};
    const bool here = use.via.axis_row() && axes[use.axis].table == table;
    if (here && (all || axes[use.axis].whole || !axes[use.via.rows].whole)) {
      const auto& from = batch.axes[use.via.rows];
      out.index = new_array(DType::whole, {from.rows});
      if (axes[use.axis].whole || all)
        std::copy_n(from.row.as<std::int64_t>(), from.rows, out.index.as<std::int64_t>());
      else std::iota(out.index.as<std::int64_t>(), out.index.as<std::int64_t>() + from.rows, std::int64_t{0});
    } else if (const auto* way = use.via.link(); way && axes[use.via.rows].whole && axes[use.axis].whole) {
      const auto from = all_rows(use.via.rows);
      const auto& link = world_.tables[way->table].links[way->link];
      out.index = new_array(DType::whole, {static_cast<std::int64_t>(from.size())});
      for (std::size_t i = 0; i < from.size(); ++i) out.index.as<std::int64_t>()[i] = link[at(from[i])];
    }
    batch.links.push_back(std::move(out));
  }
  batch.labels.resize(reads.labels.size());
  batch.link_keys.resize(reads.link_keys.size());
  return batch;
}

// Whole axes do not change outside training.
AxisBatch Batcher::fill_lasting(recipe::AxisId axis, const std::vector<std::int32_t>& rows,
                                const Moment& moment) const {
  {
    const std::lock_guard lock(world_.whole_mutex);
    if (world_.whole[axis]) return *world_.whole[axis];
  }
  auto out = fill(axis, rows, world_.reads, moment);
  const std::lock_guard lock(world_.whole_mutex);
  world_.whole[axis] = std::make_shared<const AxisBatch>(out);
  return out;
}

AxisBatch Batcher::fill(recipe::AxisId axis, const std::vector<std::int32_t>& rows, const Reads& reads,
                        const Moment& moment) const {
  const auto& table = world_.table_of(axis);
  AxisBatch out;
  out.rows = static_cast<std::int64_t>(rows.size());
  out.row = new_array(DType::whole, {out.rows});
  out.key = new_array(DType::key, {out.rows});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.row.as<std::int64_t>()[i] = rows[i];
    out.key.as<std::uint64_t>()[i] = table.keys[at(rows[i])];
  }
  if (reads.counts[axis]) {
    out.count = new_array(DType::floating, {out.rows});
    for (std::size_t i = 0; i < rows.size(); ++i)
      out.count.as<float>()[i] = table.counts.empty() ? 0 : static_cast<float>(table.counts[rows[i]]);
  }
  const auto& read = reads.fields[axis];
  out.fields.resize(read.size());
  for (const auto f : read.ids())
    if (read[f]) out.fields[f] = field(world_.plan.axes[axis].table, f, rows, moment);
  return out;
}

FieldBatch Batcher::field(recipe::TableId t, recipe::FieldId f, std::span<const std::int32_t> rows,
                          const Moment& moment) const {
  const auto& table = world_.tables[t];
  const auto& cells = *world_.cells[t][f];
  std::vector<FieldCells::Handle> handles(rows.size());
  std::vector<const Decoded*> decoded(rows.size());
  std::vector<std::uint64_t> keys(rows.size());
  parallel(static_cast<std::int64_t>(rows.size()), 8, [&](std::int64_t i) {
    handles[at(i)] = cells.decoded(rows[at(i)]);
    decoded[at(i)] = handles[at(i)].cell;
    keys[at(i)] = table.keys[at(rows[at(i)])];
  });
  auto calm = moment;
  calm.training = moment.training && !cells.still();
  auto out = lay_out(cells.layout(), cells.component(), cells.name_hash(), decoded, keys, calm);
  if (world_.ranges.fields.contains(t))  // requests have no losses or metrics, whose ports these ranges are
    if (const auto& range = world_.ranges.fields[t][f]; range.bounded())
      check_range(range, out, table, cells.name(), rows);
  return out;
}

void Batcher::check_range(const ValueRange& range, const FieldBatch& field, const Table& table, const std::string& name,
                          std::span<const std::int32_t> rows) const {
  for (const auto& values : field.values) {
    if (values.type != DType::floating || rows.empty()) continue;
    const auto width = values.count() / static_cast<std::int64_t>(rows.size());
    const auto masks = field.masked ? field.mask.count() / static_cast<std::int64_t>(rows.size()) : 0;
    for (std::int64_t k = 0; k < values.count(); ++k) {
      if (range.holds(values.as<float>()[k])) continue;
      const auto row = k / width;
      if (masks && !field.mask.as<bool>()[row * masks + (k % width) * masks / width]) continue;
      throw Error("value-range", table.location(rows[at(row)]),
                  outside("field '" + table.plan->name + "." + name + "'", values.as<float>()[k], range));
    }
  }
}

LinkBatch Batcher::link(const LinkUse& use, const Gathered& gathered) const {
  LinkBatch out{use.axis, {}, {}, false};
  const auto n = static_cast<std::int64_t>(gathered.rows.size());
  std::vector<std::int64_t> sizes{n / gathered.places};
  if (gathered.list) sizes.push_back(gathered.places / gathered.group);
  if (gathered.group > 1) sizes.push_back(gathered.group);
  out.index = new_array(DType::whole, sizes);
  auto* index = out.index.as<std::int64_t>();
  if (world_.plan.axes[use.axis].whole) {
    for (std::int64_t i = 0; i < n; ++i) index[i] = gathered.rows[at(i)];
  } else if (use.via.axis_row() && use.via.rows == use.axis) {
    std::iota(index, index + n, std::int64_t{0});
  } else {
    const auto& place = marks_[use.axis].place;
    parallel(n, 1 << 15, [&](std::int64_t i) {
      const auto row = gathered.rows[at(i)];
      index[i] = row < 0 ? -1 : place[at(row)];
    });
  }
  if (!gathered.list) return out;
  out.masked = std::find(gathered.rows.begin(), gathered.rows.end(), -1) != gathered.rows.end();
  if (!out.masked) return out;
  out.mask = new_array(DType::boolean, sizes);
  for (std::int64_t i = 0; i < n; ++i) out.mask.as<bool>()[i] = index[i] >= 0;
  return out;
}

}  // namespace braid::data
