// Makes one batch after the other: entities per axis, links between them, fields, labels.
#pragma once

#include "data/world.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace braid::data {

// Holds scratch memory of the size of the tables; used by one thread, which oneTBB's tasks help. What it makes is a
// function of (world, rows, moment) alone.
class Batcher {
 public:
  explicit Batcher(const World& world);
  Batch make(std::span<const std::int32_t> rows, const Moment& moment, std::int64_t number);
  // `count` rows of one entity table from `first` on, on all axes of that table, whole axes in full, nothing on others;
  // the fields that `reads` names. What stands on one axis for each row of another (`AXIS.row`) is given, and links
  // between whole axes; other links and lists are not.
  Batch entities(recipe::TableId table, std::int64_t first, std::int64_t count, const Reads& reads,
                 const Moment& moment) const;

 private:
  struct Gathered {  // entity rows, [from rows, places]; -1 where padded
    std::vector<std::int32_t> rows;
    std::int64_t places = 1, group = 1;
    bool list = false;
  };
  struct Marks {  // which entities stand on an axis in this batch, and where
    std::vector<std::uint32_t> stamp;
    std::vector<std::int32_t> place;
  };
  void gather(const recipe::Via& gather, const Moment& moment, Gathered& out) const;
  void collect(recipe::AxisId axis);
  AxisBatch fill(recipe::AxisId axis, const std::vector<std::int32_t>& rows, const Reads& reads,
                 const Moment& moment) const;
  AxisBatch fill_lasting(recipe::AxisId axis, const std::vector<std::int32_t>& rows, const Moment& moment) const;
  std::vector<std::int32_t> all_rows(recipe::AxisId axis) const;  // of an axis that is whole
  FieldBatch field(recipe::TableId table, recipe::FieldId field, std::span<const std::int32_t> rows,
                   const Moment& moment) const;
  // Throws Error naming the first row whose values are outside.
  void check_range(const ValueRange& range, const FieldBatch& field, const Table& table, const std::string& name,
                   std::span<const std::int32_t> rows) const;
  // Whether it is the same in every batch of this world.
  bool lasts(const recipe::Via& gather) const;
  bool lasts(recipe::AxisId axis, const Moment& moment) const;
  LinkBatch link(const LinkUse& use, const Gathered& gathered) const;
  LinkBatch link_of(LinkUseId number, const Moment& moment);
  // Empty where nothing reads it.
  Array label_of(recipe::LabelId number, std::span<const std::int32_t> rows) const;
  Array link_keys_of(recipe::LinkId link, std::span<const std::int32_t> rows) const;

  const World& world_;
  recipe::Indexed<GatherId, Gathered> gathered_;
  PerAxis<Marks> marks_;
  recipe::Indexed<LinkUseId, std::optional<LinkBatch>> lasting_links_;  // between axes that are whole
  PerAxis<std::vector<std::int32_t>> axis_rows_;
  std::uint32_t now_ = 0;  // the stamp of this batch
};

}  // namespace braid::data
