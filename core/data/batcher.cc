#include "data/batcher.h"

#include "data/hash.h"
#include "data/parallel.h"
#include "recipe/needed.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace braid::data {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }
std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Which uses the losses need; all where there is no loss.
std::vector<bool> trained_uses(const recipe::Plan& plan, const std::vector<LinkUse>& uses) {
  const auto nodes = recipe::trained_nodes(plan);
  if (std::find(nodes.begin(), nodes.end(), true) == nodes.end()) return std::vector<bool>(uses.size(), true);
  std::vector<bool> out(uses.size(), false);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    for (const auto& port : plan.nodes[k].inputs)
      for (const auto& wire : port) {
        const auto use = std::find(uses.begin(), uses.end(), LinkUse{wire.via, wire.to_axis, wire.axis});
        if (nodes[k] && use != uses.end()) out[static_cast<std::size_t>(use - uses.begin())] = true;
      }
  return out;
}

}  // namespace

Route make_route(const recipe::Plan& plan) {
  Route route;
  const auto axes = plan.axes.size();
  route.uses = link_uses(plan);
  route.axis_gathers.resize(axes);
  route.gather_after.resize(axes);
  const auto add = [&](const Gather& gather) {
    const auto found = std::find(route.gathers.begin(), route.gathers.end(), gather);
    if (found != route.gathers.end()) return static_cast<int>(found - route.gathers.begin());
    route.gathers.push_back(gather);
    route.gather_after[at(gather.from_axis)].push_back(static_cast<int>(route.gathers.size()) - 1);
    return static_cast<int>(route.gathers.size()) - 1;
  };
  const auto puts = [&](int axis, int gather) {
    auto& list = route.axis_gathers[at(axis)];
    if (std::find(list.begin(), list.end(), gather) == list.end()) list.push_back(gather);
  };
  for (const auto& use : route.uses) {
    const int gather = add({use.via, use.via.axis != recipe::none ? use.via.axis : use.from_axis});
    route.use_gather.push_back(gather);
    if (use.via.axis != use.axis) puts(use.axis, gather);
  }
  std::vector<int> declared;
  for (std::size_t a = 0; a < axes; ++a)
    for (const auto& from : plan.axes[a].from) {
      recipe::Wire::Via via;
      via.table = from.table, via.link = from.link, via.list = from.list;
      const int gather = add({via, from.table});  // a table's own axis has the table's number
      puts(static_cast<int>(a), gather);
      declared.push_back(gather);
    }

  route.use_trains = trained_uses(plan, route.uses);
  route.gather_trains.assign(route.gathers.size(), false);
  for (std::size_t u = 0; u < route.uses.size(); ++u)
    if (route.use_trains[u]) route.gather_trains[at(route.use_gather[u])] = true;
  for (const int gather : declared) route.gather_trains[at(gather)] = true;  // stands there in any case

  if (plan.train.rows != recipe::none && !route.axis_gathers[at(plan.train.rows)].empty())
    throw Error("axis-own", "axis '" + plan.axes[at(plan.train.rows)].name + "'",
                "the rows of '" + plan.axes[at(plan.train.rows)].name +
                    "' are the batch; what a link or list of theirs reaches in the same table needs an axis of its "
                    "own: [axes.NAME] table = \"" +
                    plan.axes[at(plan.train.rows)].name + "\", from = [...]");
  std::vector<int> state(axes, 0);  // 1: being visited, 2: done
  const std::function<void(int)> visit = [&](int axis) {
    if (state[at(axis)] == 2) return;
    if (state[at(axis)] == 1)
      throw Error("axis-cycle", "axis '" + plan.axes[at(axis)].name + "'",
                  "its entities depend on themselves; declare an axis of its own for one of the links");
    state[at(axis)] = 1;
    if (!plan.axes[at(axis)].whole)
      for (const int g : route.axis_gathers[at(axis)]) visit(route.gathers[at(g)].from_axis);
    state[at(axis)] = 2;
    route.axis_order.push_back(axis);
  };
  for (std::size_t a = 0; a < axes; ++a) visit(static_cast<int>(a));
  return route;
}

Batcher::Batcher(const World& world)
    : world_(world),
      gathered_(world.route.gathers.size()),
      marks_(world.plan.axes.size()),
      lasting_links_(world.route.uses.size()),
      axis_rows_(world.plan.axes.size()) {
  for (std::size_t a = 0; a < marks_.size(); ++a) {
    if (world.plan.axes[a].whole || a == world.driving || world.route.axis_gathers[a].empty()) continue;
    const auto rows = at(world.table_of(static_cast<int>(a)).rows);
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
  for (const int axis : route.axis_order) {
    if (at(axis) == world_.driving) axis_rows_[at(axis)].assign(rows.begin(), rows.end());
    else collect(axis, batch);
    for (const int g : route.gather_after[at(axis)])
      if (moment.training && !route.gather_trains[at(g)]) gathered_[at(g)] = {};
      else if (const auto& one = route.gathers[at(g)]; !lasts(one) || gathered_[at(g)].rows.empty())
        gather(one, batch, moment, gathered_[at(g)]);
  }
  for (std::size_t a = 0; a < batch.axes.size(); ++a)
    batch.axes[a] = lasts(static_cast<int>(a), moment) ? fill_lasting(static_cast<int>(a), axis_rows_[a], moment)
                                                       : fill(static_cast<int>(a), axis_rows_[a], world_.reads, moment);
  for (std::size_t u = 0; u < route.uses.size(); ++u) {
    const auto& use = route.uses[u];
    if (moment.training && !route.use_trains[u]) {
      batch.links.push_back({use.axis, {}, {}, false});
      continue;
    }
    const auto& gathered = gathered_[at(route.use_gather[u])];
    if (!lasts(route.gathers[at(route.use_gather[u])]) || !world_.plan.axes[at(use.axis)].whole) {
      batch.links.push_back(link(use, gathered, batch));
      continue;
    }
    auto& kept = lasting_links_[u];
    if (!kept) kept = link(use, gathered, batch);
    batch.links.push_back(*kept);
  }

  const auto& table = world_.tables[world_.driving];
  for (const auto& label : world_.labels) {
    Array out;
    if (!label.empty() || (world_.reads.labels[batch.labels.size()])) {
      out = new_array(DType::floating, {batch.rows});
      for (std::size_t i = 0; i < rows.size(); ++i) out.as<float>()[i] = label[at(rows[i])];
    }
    batch.labels.push_back(std::move(out));
  }
  for (std::size_t l = 0; l < world_.reads.link_keys.size(); ++l) {
    Array out;
    if (world_.reads.link_keys[l]) {
      const auto& plan = table.plan->links[l];
      const auto& column = *table.column(plan.column.empty() ? plan.name : plan.column);
      out = new_array(DType::key, {batch.rows});
      parallel(batch.rows, 1024, [&](std::int64_t i) {
        const auto text = column[rows[at(i)]];  // of a dangling link too: its rows still belong together
        out.as<std::uint64_t>()[i] = text.data() ? key_of(text) : 0;
      });
    }
    batch.link_keys.push_back(std::move(out));
  }
  return batch;
}

// Links from a whole axis reach the same in every batch; lists may draw.
bool Batcher::lasts(const Gather& gather) const {
  return gather.via.link != recipe::none && world_.plan.axes[at(gather.from_axis)].whole;
}

bool Batcher::lasts(int axis, const Moment& moment) const {
  if (!world_.plan.axes[at(axis)].whole) return false;
  const auto& read = world_.reads.fields[at(axis)];
  const auto& cells = world_.cells[at(world_.plan.axes[at(axis)].table)];
  for (std::size_t f = 0; moment.training && f < read.size(); ++f)
    if (read[f] && !cells[f]->still()) return false;
  return true;
}

void Batcher::gather(const Gather& gather, const Batch&, const Moment& moment, Gathered& out) const {
  const auto& from = axis_rows_[at(gather.from_axis)];
  const auto n = static_cast<std::int64_t>(from.size());
  out.places = out.group = 1;
  out.list = false;
  if (gather.via.axis != recipe::none) {
    out.rows = from;
    return;
  }
  const auto& table = world_.tables[at(gather.via.table)];
  if (gather.via.link != recipe::none) {
    const auto& link = table.links[at(gather.via.link)];
    out.rows.resize(from.size());
    parallel(n, 4096, [&](std::int64_t i) { out.rows[at(i)] = link[at(from[at(i)])]; });
    return;
  }
  out.list = true;
  const auto& lists = world_.lists[at(gather.via.table)];
  if (lists.empty()) {  // a table that this run does not step through
    out.rows.assign(from.size(), -1);
    return;
  }
  const auto& list = *lists[at(gather.via.list)];
  out.group = list.group();
  std::vector<std::int64_t> counts(from.size());
  parallel(n, 512, [&](std::int64_t i) { counts[at(i)] = list.count(from[at(i)]); });
  for (const auto c : counts) out.places = std::max(out.places, c);
  out.places = std::max(out.places, out.group);
  out.rows.resize(at(n * out.places));
  parallel(n, 256, [&](std::int64_t i) {
    auto* row = out.rows.data() + i * out.places;
    const auto used = counts[at(i)];
    list.fill(from[at(i)], moment, {row, at(used)});
    std::fill(row + used, row + out.places, -1);
  });
}

// Different entities that the axis' gathers reach, ascending.
void Batcher::collect(int axis, Batch&) {
  auto& rows = axis_rows_[at(axis)];
  if (world_.plan.axes[at(axis)].whole) {
    if (rows.empty()) rows = all_rows(axis);
    return;
  }
  rows.clear();
  auto& marks = marks_[at(axis)];
  if (const auto size = at(world_.table_of(axis).rows); marks.stamp.size() < size) {
    marks.stamp.resize(size, 0);
    marks.place.resize(size);
  }
  for (const int g : world_.route.axis_gathers[at(axis)])
    for (const auto row : gathered_[at(g)].rows) {
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

std::vector<std::int32_t> Batcher::all_rows(int axis) const {
  const auto& table = world_.table_of(axis);
  if (table.event()) return world_.train_rows;
  std::vector<std::int32_t> rows(at(table.rows - table.inline_rows));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Batch Batcher::entities(int table, std::int64_t first, std::int64_t count, const Reads& reads,
                        const Moment& moment) const {
  const auto& axes = world_.plan.axes;
  Batch batch;
  batch.axes.resize(axes.size());
  std::vector<std::int32_t> chosen(at(count));
  std::iota(chosen.begin(), chosen.end(), static_cast<std::int32_t>(first));
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (!axes[a].whole && axes[a].table != table) continue;
    batch.axes[a] = fill(static_cast<int>(a), axes[a].whole ? all_rows(static_cast<int>(a)) : chosen, reads, moment);
  }
  const bool all = count == world_.tables[at(table)].rows;
  for (const auto& use : world_.route.uses) {
    LinkBatch out;
    out.axis = use.axis;
    const bool here = use.via.axis != recipe::none && axes[at(use.axis)].table == table;
    if (here && (all || axes[at(use.axis)].whole || !axes[at(use.from_axis)].whole)) {
      const auto& from = batch.axes[at(use.from_axis)];
      out.index = new_array(DType::whole, {from.rows});
      if (axes[at(use.axis)].whole || all)
        std::copy_n(from.row.as<std::int64_t>(), from.rows, out.index.as<std::int64_t>());
      else std::iota(out.index.as<std::int64_t>(), out.index.as<std::int64_t>() + from.rows, std::int64_t{0});
    } else if (use.via.link != recipe::none && axes[at(use.from_axis)].whole && axes[at(use.axis)].whole) {
      const auto from = all_rows(use.from_axis);
      const auto& link = world_.tables[at(use.via.table)].links[at(use.via.link)];
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
AxisBatch Batcher::fill_lasting(int axis, const std::vector<std::int32_t>& rows, const Moment& moment) const {
  {
    const std::lock_guard lock(world_.whole_mutex);
    if (world_.whole[at(axis)]) return *world_.whole[at(axis)];
  }
  auto out = fill(axis, rows, world_.reads, moment);
  const std::lock_guard lock(world_.whole_mutex);
  world_.whole[at(axis)] = std::make_shared<const AxisBatch>(out);
  return out;
}

AxisBatch Batcher::fill(int axis, const std::vector<std::int32_t>& rows, const Reads& reads,
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
  if (reads.counts[at(axis)]) {
    out.count = new_array(DType::floating, {out.rows});
    for (std::size_t i = 0; i < rows.size(); ++i)
      out.count.as<float>()[i] = table.counts.empty() ? 0 : static_cast<float>(table.counts[at(rows[i])]);
  }
  const auto& read = reads.fields[at(axis)];
  out.fields.resize(read.size());
  for (std::size_t f = 0; f < read.size(); ++f)
    if (read[f]) out.fields[f] = field(*world_.cells[at(world_.plan.axes[at(axis)].table)][f], table, rows, moment);
  return out;
}

FieldBatch Batcher::field(const FieldCells& cells, const Table& table, std::span<const std::int32_t> rows,
                          const Moment& moment) const {
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
  const auto t = at(&table - world_.tables.data());
  if (t < world_.ranges.fields.size())  // requests have no losses or metrics, whose ports these ranges are
    if (const auto& range = world_.ranges.fields[t][at(cells.number())]; range.bounded())
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

LinkBatch Batcher::link(const LinkUse& use, const Gathered& gathered, const Batch& batch) const {
  LinkBatch out;
  out.axis = use.axis;
  const auto n = static_cast<std::int64_t>(gathered.rows.size());
  std::vector<std::int64_t> sizes{n / gathered.places};
  if (gathered.list) sizes.push_back(gathered.places / gathered.group);
  if (gathered.group > 1) sizes.push_back(gathered.group);
  out.index = new_array(DType::whole, sizes);
  auto* index = out.index.as<std::int64_t>();
  if (world_.plan.axes[at(use.axis)].whole) {
    for (std::int64_t i = 0; i < n; ++i) index[i] = gathered.rows[at(i)];
  } else if (use.via.axis == use.axis) {
    std::iota(index, index + n, std::int64_t{0});
  } else {
    const auto& place = marks_[at(use.axis)].place;
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
  static_cast<void>(batch);
  return out;
}

}  // namespace braid::data
