// The data plane's door: loads a plan's tables, fits fields, and makes batches ahead of the graph.
#pragma once

#include "braid/field.h"
#include "data/batch.h"
#include "data/content.h"
#include "data/uses.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace braid {
class Reader;
}

namespace braid::data {

// Makes components for the data plane; given by the host, so that this folder opens no plugin.
struct Makers {
  std::function<std::unique_ptr<braid::Field>(const recipe::Use&)> field;
  std::function<std::unique_ptr<braid::Reader>(const recipe::Use&)> reader;
};

struct PassOptions {
  std::string split = "train";  // train, valid, test, or a held-out split's name
  std::int64_t batch = 1024;
  bool training = false;   // draws (dropped ids, masked words) are on
  bool shuffle = false;    // a permutation that is a function of (seed, epoch)
  std::uint64_t seed = 1;  // of training's draws and order; other passes draw by [eval] seed
  std::int64_t epoch = 0;
  std::int64_t accumulate = 1;  // batches a step
  std::int64_t first_step = 0;  // step of the first batch that next() returns: what draws depend on
  std::string cursor;           // where to begin, as Pass::cursor() returned it; empty: at the first row
};

// One run over a split's rows. `next` waits for the batch that was prepared ahead; nullptr at the end.
class Pass {
 public:
  virtual ~Pass() = default;
  virtual std::shared_ptr<const Batch> next() = 0;
  virtual bool more() const = 0;              // whether next() has another batch
  virtual std::string cursor() const = 0;     // after the batches that next() has returned
  virtual double waited_seconds() const = 0;  // spent inside `next`
};

struct Report {  // what loading found, for the terminal and result.json
  struct TableReport {
    std::string name;
    std::int64_t rows, kept, bad_rows, dangling_links;
    std::uint64_t fingerprint;  // over all cells
  };
  struct Unseen {
    std::int64_t rows = 0, unseen = 0;
  };
  std::vector<TableReport> tables;
  struct FieldContent {
    std::string table, field;
    Content content;
  };
  std::vector<FieldContent> content;           // of fields whose rows can be absent
  std::map<std::string, std::int64_t> splits;  // rows of the driving table per split
  // Per split and link: rows, and those of them whose entity no training row has.
  std::map<std::string, std::map<std::string, Unseen>> unseen;
  std::vector<std::string> warnings;  // bad rows skipped, cells that did not decode, first few of each
};

class Source {
 public:
  // Loads every table, builds links, lists and splits, fits fields. Throws braid::Error with all bad rows named (the
  // first 20 and a count). `saved`: fitted fields by "table.field" from an earlier run, instead of fitting.
  static std::unique_ptr<Source> open(const recipe::Plan& plan, const Makers& makers,
                                      const std::map<std::string, std::string>& saved = {});
  virtual ~Source() = default;

  virtual const Report& report() const = 0;
  virtual recipe::Fitted fitted() const = 0;                    // sizes for recipe::with_sizes
  virtual std::map<std::string, std::string> save() const = 0;  // fitted fields, by "table.field"
  virtual const braid::Field& field(recipe::TableId table, recipe::FieldId field) const = 0;
  // How messages call a row of a table: its key and where it stands, "1193 (items.tsv:12)".
  virtual std::string row_name(recipe::TableId table, std::int64_t row) const = 0;
  virtual std::uint64_t fingerprint() const = 0;  // over all cells, keys and splits
  virtual std::int64_t rows(const std::string& split) const = 0;
  // Fields and links that no wire of `plan` reads are left out of batches.
  virtual std::unique_ptr<Pass> pass(const PassOptions& options) = 0;
  // From now on passes hold only the fields that these nodes and the metrics read. To be called
  // before passes are made.
  virtual void read_only(const recipe::Indexed<recipe::NodeId, bool>& nodes) = 0;
  // Whether each driving row is in the slice, by its number in Plan::slices. Rows as in Batch::row_numbers. Found by
  // the first call; the same object by all.
  virtual const std::vector<bool>& slice(std::size_t number) const = 0;
  // What an export reads. Rows of entity tables count from 0, the unknown entity.
  virtual std::int64_t table_rows(recipe::TableId table) const = 0;
  // A cell's text, nullopt where it is missing. Throws std::logic_error for a column that no part of the plan reads.
  virtual std::optional<std::string_view> cell(recipe::TableId table, const std::string& column,
                                               std::int64_t row) const = 0;
  virtual std::int32_t linked(const recipe::TableLink& link, std::int64_t row) const = 0;  // row of the linked table
  virtual std::vector<std::int32_t> listed(const recipe::TableList& list, std::int64_t row) const = 0;  // -1: unused
  // As Batcher::entities, `count` rows from `first` on; outside training.
  virtual std::shared_ptr<const Batch> entities(recipe::TableId table, std::int64_t first, std::int64_t count,
                                                const Reads& reads) const = 0;
  // Entities encoded and rows served so far: for "entities encoded per row".
  virtual recipe::Indexed<recipe::AxisId, std::pair<std::int64_t, std::int64_t>> encoded() const = 0;
};

}  // namespace braid::data
