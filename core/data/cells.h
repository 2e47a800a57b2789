// One field of one table: its component, its cells, and what of them is decoded already.
#pragma once

#include "braid/field.h"
#include "data/content.h"
#include "data/layout.h"
#include "data/media.h"
#include "data/table.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace braid::data {

// How many bytes of decoded cells may be kept, over all fields.
struct Budget {
  std::atomic<std::int64_t> left{0};
  bool take(std::int64_t bytes) {
    if (left.fetch_sub(bytes) >= bytes) return true;
    left.fetch_add(bytes);
    return false;
  }
};

// Safe from many threads once prepared.
class FieldCells {
 public:
  // A decoded cell; kept by the cache, or owned by the caller.
  struct Handle {
    const Decoded* cell = nullptr;
    std::unique_ptr<const Decoded> owned;
  };

  FieldCells(const Table& table, recipe::FieldId field, std::unique_ptr<Field> component, Budget& budget,
             Complaints& complaints);
  ~FieldCells();

  // Says which files of an archive its rows name; before prepare() of any field. Throws Error.
  void find_media(ArchiveShelf& shelf);
  // Opens the component and fits it, or loads what was saved: by this run (`saved`), or by the one that the field is
  // of. Finds its media, and out of how many rows there is something to read. Throws Error, too when there is nothing.
  void prepare(ArchiveShelf& shelf, const std::string* saved);

  const Field& component() const { return *component_; }
  const Layout& layout() const { return layout_; }
  bool prepared() const { return prepared_; }
  bool still() const { return plan_.still; }  // placed without the draws of training
  bool fits() const { return plan_.use.schema.fits; }
  std::uint64_t name_hash() const { return name_hash_; }
  const std::string& name() const { return plan_.name; }

  // Row's cell through the field's `decode`. A broken cell is an Error that names file, line and column, or counts as
  // missing where the table says bad_rows = "skip".
  Handle decoded(std::int64_t row) const;

  bool can_be_absent() const { return prepared_ && layout_.optional_rows; }
  Content content() const;

 private:
  class Rows;
  struct Texts;
  std::int64_t source(std::int64_t row) const;  // where the row's cells come from
  void cell(std::int64_t row, Texts& texts) const;
  Decoded decode(std::int64_t row) const;
  std::string named(std::int64_t row, const Texts& texts) const;
  std::string place() const;
  std::string_view text_at(const Column& column, std::int64_t source) const;
  std::optional<std::string> file_of(std::int64_t row) const;
  void count_content();
  bool is_given(std::int64_t row) const;
  std::int64_t count_missing() const;
  struct Asked {
    std::int64_t rows = 0, absent = 0;
  };
  Asked ask_for_content();
  void require_content() const;
  bool gives(std::int64_t row, Texts& texts) const;
  void note_absent(std::int64_t row) const;

  const Table& table_;
  const recipe::FieldPlan& plan_;
  std::unique_ptr<Field> component_;
  Budget& budget_;
  Complaints& complaints_;
  std::vector<const Column*> columns_;
  std::unique_ptr<Media> media_;
  bool permuted_ = false, prepared_ = false;
  std::uint64_t name_hash_;
  Layout layout_;
  mutable std::vector<std::atomic<const Decoded*>> cache_;  // per row
  mutable std::mutex broken_mutex_;
  mutable std::set<std::int64_t> broken_;  // rows whose cell was complained about
  Content content_;                        // as prepare() found it: `missing` has the rows without cell or file
  mutable std::vector<std::atomic<std::uint64_t>> absent_;  // a bit for each row whose cell the field has nothing for
  mutable std::atomic<std::int64_t> absent_count_{0};
};

}  // namespace braid::data
