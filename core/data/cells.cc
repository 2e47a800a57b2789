#include "data/cells.h"

#include "data/hash.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

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
      auto count = table.counts.empty() ? 0u : table.counts[static_cast<std::size_t>(r)];
      if (table.plan->fit_all && !table.is_held(r)) count = std::max(count, 1u);
      if (!count) continue;
      cells_.cell(r, texts);
      visit(texts.cell, count);
    }
  }

 private:
  const FieldCells& cells_;
};

FieldCells::FieldCells(const Table& table, int field, std::unique_ptr<Field> component, Budget& budget,
                       Complaints& complaints)
    : table_(table),
      plan_(table.plan->fields[static_cast<std::size_t>(field)]),
      component_(std::move(component)),
      budget_(budget),
      complaints_(complaints),
      name_hash_(field_hash(table.plan->name, plan_.name)),
      cache_(static_cast<std::size_t>(table.rows)) {
  auto from = plan_.from;
  if (from.empty() && plan_.media.empty()) from = {plan_.name};
  for (const auto& name : from) columns_.push_back(table.column(name));
  if (table.plan->permute)
    for (const int f : table.plan->permute->fields) permuted_ = permuted_ || f == field;
}

FieldCells::~FieldCells() {
  for (auto& slot : cache_) delete slot.load();
}

void FieldCells::prepare(const Media::Archives& archives, const std::string* saved) {
  const auto place =
      plan_.place.file + ":" + std::to_string(plan_.place.line) + ":" + std::to_string(plan_.place.column);
  try {
    if (!plan_.media.empty()) media_ = std::make_unique<Media>(plan_.media, archives);
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
    const std::string what = e.what();
    if (what.find(": error: ") != std::string::npos) throw;
    throw Error(place + ": error: field '" + table_.plan->name + "." + plan_.name + "': " + what + " [field-failed]");
  }
  prepared_ = true;
}

std::int64_t FieldCells::source(std::int64_t row) const {
  return permuted_ ? table_.permuted[static_cast<std::size_t>(row)] : row;
}

void FieldCells::cell(std::int64_t row, Texts& texts) const {
  row = source(row);
  const auto text_at = [&](const Column& column) {
    const auto text = column[row];
    for (const auto& m : plan_.missing)
      if (text.data() && m == text) return std::string_view();
    return text;
  };
  texts.texts.clear();
  for (const auto* column : columns_) texts.texts.push_back(text_at(*column));
  texts.cell.texts = texts.texts;
  texts.cell.bytes.reset();
  texts.file.clear();
  if (!media_) return;
  const auto name = media_->name([&](const std::string& column) { return text_at(*table_.column(column)); });
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
  try {
    cell(row, texts);
    out.present = component_->decode(texts.cell, out.bytes);
  } catch (const Error& e) {
    const std::string what = e.what();
    if (what.find(": error: ") != std::string::npos) throw;  // no cell's fault: a folder that cannot be read
    const auto at = source(row);
    const auto text = named(at, texts) + ": " + what + " [cell-broken]";
    if (table_.plan->bad_rows == recipe::TablePlan::BadRows::error)
      throw Error(table_.where(at) + ": error: " + text + "\n  fix the cell, or say bad_rows = \"skip\" in table '" +
                  table_.plan->name + "' to count it as missing");
    const std::lock_guard lock(broken_mutex_);
    if (!broken_.insert(at).second) return {};  // told already; the cell was not kept
    complaints_.warning("broken cells of '" + table_.plan->name + "." + plan_.name + "'",
                        table_.where(at) + ": counts as missing: " + text);
    out = {};
  }
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
