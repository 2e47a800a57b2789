#include "data/cells.h"

#include "data/hash.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

namespace braid::data {

namespace {

std::optional<std::string> bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

// A row's cells with what they point into.
struct FieldCells::Texts {
  std::vector<std::string_view> texts;
  std::vector<std::byte> buffer;
  std::string file;  // of a media field
  Cell cell;
};

// Entities that training rows reach, each with how many do.
class FieldCells::Rows final : public FitRows {
 public:
  explicit Rows(const FieldCells& cells) : cells_(cells) {}
  void each(const std::function<void(const Cell&, std::int64_t)>& visit) const override {
    const auto& table = cells_.table_;
    Texts texts;
    for (std::int64_t r = table.first_row(); r < table.rows; ++r) {
      auto count = table.counts.empty() ? 0u : table.counts[r];
      if (table.plan->fit_all && !table.is_held(r)) count = std::max(count, 1u);
      if (!count) continue;
      cells_.cell(r, texts);
      visit(texts.cell, count);
    }
  }

 private:
  const FieldCells& cells_;
};

FieldCells::FieldCells(const Table& table, recipe::FieldId field, std::unique_ptr<Field> component, Budget& budget,
                       Complaints& complaints)
    : table_(table),
      plan_(table.plan->fields[field]),
      component_(std::move(component)),
      budget_(budget),
      complaints_(complaints),
      name_hash_(field_hash(table.plan->name, plan_.name)),
      cache_(static_cast<std::size_t>(table.rows)) {
  auto from = plan_.from;
  if (from.empty() && plan_.media.empty()) from = {plan_.name};
  for (const auto& name : from) columns_.push_back(table.column(name));
  if (table.plan->permute)
    for (const auto f : table.plan->permute->fields) permuted_ = permuted_ || f == field;
}

FieldCells::~FieldCells() {
  for (auto& slot : cache_) delete slot.load();
}

std::string FieldCells::place() const {
  return plan_.place.file + ":" + std::to_string(plan_.place.line) + ":" + std::to_string(plan_.place.column);
}

void FieldCells::find_media(ArchiveShelf& shelf) {
  if (plan_.media.empty()) return;
  media_ = std::make_unique<Media>(plan_.media);
  if (media_->archive().empty() || !Archive::is_compressed(media_->archive())) return;
  TextSet names;
  for (std::int64_t r = table_.first_row(); r < table_.rows; ++r)
    if (auto name = file_of(r)) {
      std::string_view plain = *name;
      while (plain.starts_with("./")) plain.remove_prefix(2);
      names.emplace(plain);
    }
  shelf.want(media_->archive(), std::move(names));
}

void FieldCells::prepare(ArchiveShelf& shelf, const std::string* saved) {
  try {
    if (media_) media_->open(shelf);
    std::optional<std::string> kept;  // what an exported run saved of this field
    if (!saved && !plan_.saved.empty()) {
      kept = bytes_of(plan_.saved);
      if (!kept && plan_.use.schema.fits)
        throw Error("it was fitted in another run, and '" + plan_.saved + "' cannot be read");
      saved = kept ? &*kept : nullptr;
    }
    if (saved) {
      component_->load(*saved);
    } else {
      component_->open();
      if (plan_.use.schema.fits) component_->fit(Rows(*this));
    }
    layout_ = layout_of(plan_, *component_);
  } catch (const Error& e) {
    if (!e.diagnostic().location.file.empty()) throw;
    throw Error(e.diagnostic().in("field '" + table_.plan->name + "." + plan_.name + "'").at(place(), "field-failed"));
  }
  prepared_ = true;
  if (layout_.optional_rows) count_content();
}

// Whether the field gives something for the row. A broken cell is none of this function's business.
bool FieldCells::gives(std::int64_t row, Texts& texts) const {
  thread_local Bytes bytes;
  try {
    cell(row, texts);
    return component_->decode(texts.cell, bytes);
  } catch (const Error&) {
    return true;
  }
}

void FieldCells::note_absent(std::int64_t row) const {
  auto& word = absent_[static_cast<std::size_t>(row) / 64];
  const auto bit = std::uint64_t{1} << (row % 64);
  if (!(word.load(std::memory_order_relaxed) & bit) && !(word.fetch_or(bit) & bit)) ++absent_count_;
}

// Whether a row has a file or a cell, which is cheap to look for.
bool FieldCells::is_given(std::int64_t row) const {
  if (media_) {
    const auto name = file_of(row);
    return name && media_->exists(*name);
  }
  row = source(row);
  for (const auto* column : columns_) {
    const auto text = (*column)[row];
    if (text.data() && std::find(plan_.missing.begin(), plan_.missing.end(), text) == plan_.missing.end()) return true;
  }
  return columns_.empty();
}

std::int64_t FieldCells::count_missing() const {
  std::atomic<std::int64_t> missing{0};
  const tbb::blocked_range<std::int64_t> rows(table_.first_row(), table_.rows, media_ ? 64 : 8192);
  tbb::parallel_for(rows, [&](const auto& range) {
    std::int64_t lost = 0;
    for (auto r = range.begin(); r != range.end(); ++r) lost += !is_given(r);
    if (lost) missing += lost;
  });
  return missing;
}

constexpr std::size_t shown_examples = 3;

// Asks the field, by decoding, whether it has something for a cell: for some rows, and for all when none of these has
// anything.
FieldCells::Asked FieldCells::ask_for_content() {
  constexpr std::int64_t most_asked = 4096;
  Texts texts;
  Asked out;
  const auto ask = [&](std::int64_t row) {
    if (!is_given(row)) return false;
    ++out.rows;
    if (gives(row, texts)) return true;
    ++out.absent;
    note_absent(row);
    if (content_.examples.size() < shown_examples && !texts.cell.texts.empty() && texts.cell.texts[0].data())
      content_.examples.emplace_back(texts.cell.texts[0]);
    return false;
  };
  const auto step = std::max<std::int64_t>(1, content_.rows / most_asked);
  for (auto r = table_.first_row(); r < table_.rows; r += step) ask(r);
  if (out.rows == out.absent)
    for (auto r = table_.first_row(); r < table_.rows && !ask(r);) ++r;
  return out;
}

// Looks for every row's file or cell. What only decoding tells is asked of some rows: nothing is decoded twice but
// these.
void FieldCells::count_content() {
  content_.rows = table_.rows - table_.first_row();
  content_.looked_for = media_ ? "'" + media_->pattern() + "'" : "";
  for (std::size_t c = 0; !media_ && c < columns_.size(); ++c)
    content_.looked_for += (c ? ", '" : columns_.size() > 1 ? "columns '" : "column '") + columns_[c]->name() + "'";
  absent_ = std::vector<std::atomic<std::uint64_t>>(static_cast<std::size_t>(table_.rows) / 64 + 1);
  content_.missing = count_missing();
  if (media_ && content_.missing > 0)
    for (auto r = table_.first_row(); r < table_.rows && content_.examples.size() < shown_examples; ++r)
      if (const auto name = file_of(r); name && !media_->exists(*name))
        content_.examples.push_back(media_->shown(*name));
  const auto asked = !media_ && content_.missing < content_.rows ? ask_for_content() : Asked{};
  const auto rows = static_cast<double>(std::max<std::int64_t>(1, content_.rows));
  const auto lost = static_cast<double>(content_.missing);
  const auto absent =
      asked.rows ? (rows - lost) * static_cast<double>(asked.absent) / static_cast<double>(asked.rows) : 0;
  content_.share = (lost + absent) / rows;
  require_content();
}

void FieldCells::require_content() const {
  if (content_.rows == 0 || content_.missing + absent_count_ < content_.rows) return;
  std::string text = "field '" + table_.plan->name + "." + plan_.name + "' has nothing in all " +
                     std::to_string(content_.rows) + " rows of table '" + table_.plan->name + "'; it looks for " +
                     content_.looked_for;
  for (std::size_t k = 0; k < content_.examples.size(); ++k)
    text += (k ? ", '" : ", as '") + content_.examples[k] + "'";
  throw Error("content-missing", place(), text,
              {media_ ? "fix: name the files as they are called, or take the field out"
                      : "fix: name the column that has it, or take the field out"});
}

Content FieldCells::content() const {
  auto out = content_;
  out.missing += absent_count_;
  const std::lock_guard lock(broken_mutex_);
  out.broken = static_cast<std::int64_t>(broken_.size());
  return out;
}

std::int64_t FieldCells::source(std::int64_t row) const {
  return permuted_ ? table_.permuted[static_cast<std::size_t>(row)] : row;
}

std::string_view FieldCells::text_at(const Column& column, std::int64_t source) const {
  const auto text = column[source];
  for (const auto& m : plan_.missing)
    if (text.data() && m == text) return {};
  return text;
}

std::optional<std::string> FieldCells::file_of(std::int64_t row) const {
  return media_->name([&, at = source(row)](const std::string& column) { return text_at(*table_.column(column), at); });
}

void FieldCells::cell(std::int64_t row, Texts& texts) const {
  const auto at = source(row);
  texts.texts.clear();
  for (const auto* column : columns_) texts.texts.push_back(text_at(*column, at));
  texts.cell.texts = texts.texts;
  texts.cell.bytes.reset();
  texts.file.clear();
  if (!media_) return;
  const auto name = file_of(row);
  if (!name) return;
  texts.file = media_->shown(*name);
  texts.cell.bytes = media_->read(*name, texts.buffer);
}

std::string FieldCells::named(std::int64_t row, const Texts& texts) const {
  std::string out;
  if (!texts.file.empty()) return "file '" + texts.file + "' of field '" + plan_.name + "'";
  for (const auto* column : columns_) out += (out.empty() ? "column '" : ", '") + column->name() + "'";
  return out.empty() ? table_.where(row) : out;
}

Decoded FieldCells::decode(std::int64_t row) const {
  thread_local Texts texts;
  Decoded out;
  bool is_broken = false;
  try {
    cell(row, texts);
    out.present = component_->decode(texts.cell, out.bytes);
  } catch (const Error& e) {
    if (!e.diagnostic().location.file.empty()) throw;  // no cell's fault: a folder that cannot be read
    const auto at = source(row);
    if (table_.plan->bad_rows == recipe::TablePlan::BadRows::error) {
      auto broken = e.diagnostic().in(named(at, texts)).at(table_.location(at), "cell-broken");
      broken.notes.push_back("fix the cell, or say bad_rows = \"skip\" in table '" + table_.plan->name +
                             "' to count it as missing");
      throw Error(broken);
    }
    const auto text = named(at, texts) + ": " + e.what() + " [cell-broken]";
    is_broken = true;
    const std::lock_guard lock(broken_mutex_);
    if (!broken_.insert(at).second) return {};  // reported already; the cell was not kept
    complaints_.warning("broken cells of '" + table_.plan->name + "." + plan_.name + "'",
                        table_.where(at) + ": counts as missing: " + text);
    out = {};
  }
  if (!out.present && !absent_.empty() && !texts.cell.missing() && !is_broken) note_absent(row);
  if (!out.present) out.bytes.clear();
  out.bytes.shrink_to_fit();
  return out;
}

FieldCells::Handle FieldCells::decoded(std::int64_t row) const {
  auto& slot = cache_[static_cast<std::size_t>(row)];
  if (const auto* kept = slot.load(std::memory_order_acquire)) return {kept, nullptr};
  auto made = std::make_unique<const Decoded>(decode(row));
  constexpr std::int64_t overhead = sizeof(Decoded) + 32;  // the allocator's share
  const auto bytes = static_cast<std::int64_t>(made->bytes.size()) + overhead;
  if (!budget_.take(bytes)) {
    const auto* cell = made.get();
    return {cell, std::move(made)};
  }
  const Decoded* nobody = nullptr;
  if (slot.compare_exchange_strong(nobody, made.get(), std::memory_order_acq_rel)) return {made.release(), nullptr};
  budget_.left += bytes;  // another thread was first
  return {nobody, nullptr};
}

}  // namespace braid::data
