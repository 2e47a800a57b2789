// Any bytes as a text table. The first byte says how it is read, by bits: the encoding (2 bits; 1: as sequences),
// quotes, columns that the recipe names, a header beside them, `rest`, the separator "::", and whether the bytes are
// packed by gzip first.
//
// All records come, or an error that names the file; they are the same in blocks of any size, after going back, packed
// or not, and after they were written again; a table has exactly the good ones; its order column is in order.
#include "data/table.h"
#include "kernels/text/number.h"
#include "kernels/text/utf8.h"

#include <braid/reader.h>

#include "driver.h"
#include "plugin.h"

#include <zlib.h>

using namespace braid;

const std::size_t fuzz::largest_piece = std::size_t{600} << 20;

extern "C" void register_delimited(Registrar&);
extern "C" void register_sequences(Registrar&);

namespace {

struct Records {
  std::vector<std::string> columns;
  std::vector<Record> all;
  std::string error;  // the file's; empty: read to its end
};

void names_the_file(const Error& error) {
  fuzz::demand(fuzz::says(error, "/input"), "an error that does not name its file", error.what());
}

Records records_of(Reader& reader, const std::string& path, std::size_t block) {
  Records out;
  try {
    reader.open(path);
    out.columns = reader.columns();
    while (reader.next(out.all, block)) {
    }
  } catch (const Error& error) {
    names_the_file(error);
    out.error = error.what();
    out.all.clear();  // the last one is half read
  }
  return out;
}

bool same(const Record& a, const Record& b) { return a.cells == b.cells && a.line == b.line && a.error == b.error; }

void demand_same(const Records& a, const Records& b, const char* what) {
  fuzz::demand(a.columns == b.columns && a.error.empty() == b.error.empty(), what, a.error + "\n" + b.error);
  if (!a.error.empty()) return;
  fuzz::demand(a.all.size() == b.all.size(), what);
  for (std::size_t k = 0; k < a.all.size(); ++k) fuzz::demand(same(a.all[k], b.all[k]), what);
}

// As two members, with zeros between them, so that all of what gzip allows is there.
std::string packed(std::string_view text) {
  std::string out;
  const auto half = text.size() / 2;
  for (const auto piece : {text.substr(0, half), text.substr(half)}) {
    z_stream z{};
    fuzz::demand(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib");
    std::string member(deflateBound(&z, piece.size()) + 32, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    z.avail_in = static_cast<uInt>(piece.size());
    z.next_out = reinterpret_cast<Bytef*>(member.data());
    z.avail_out = static_cast<uInt>(member.size());
    fuzz::demand(deflate(&z, Z_FINISH) == Z_STREAM_END, "zlib");
    member.resize(z.total_out);
    deflateEnd(&z);
    if (!out.empty()) out.append(3, '\0');
    out += member;
  }
  return out;
}

void look_at_records(const Records& read, bool encoded, bool sequences) {
  std::int64_t line = 0;
  for (const auto& record : read.all) {
    fuzz::demand(sequences ? record.line >= line : record.line > line, "records are not counted upwards");
    line = record.line;
    fuzz::demand(!record.error.empty() || record.cells.size() == read.columns.size(),
                 "a good record has another number of cells");
    if (encoded)
      for (const auto& cell : record.cells)
        fuzz::demand(text::not_utf8(cell) == std::string_view::npos, "a cell whose encoding is told is no UTF-8");
  }
}

// Some records again, by going there.
void go_back(Reader& reader, const Records& read) {
  const auto count = static_cast<std::int64_t>(read.all.size());
  for (const auto k : {count - 1, std::int64_t{0}, count / 2, count}) {
    if (k < 0) continue;
    std::vector<Record> one;
    reader.seek(k);
    const bool more = reader.next(one, 1);
    fuzz::demand(more == (k < count) && one.size() == (more ? 1u : 0u), "another number of records after going back");
    if (more) fuzz::demand(same(one[0], read.all[static_cast<std::size_t>(k)]), "another record after going back");
  }
}

// Good records as CSV, every cell in quotes: they are read as they were.
void write_again(const Records& read) {
  const auto quoted = [](const std::vector<std::string>& cells) {
    std::string out;
    for (const auto& cell : cells) {
      out += out.empty() ? "\"" : ",\"";
      for (const char c : cell) out.append(c == '"' ? 2 : 1, c);
      out += '"';
    }
    return out + "\n";
  };
  std::vector<std::vector<std::string>> good;
  std::string text = quoted(read.columns);
  for (const auto& record : read.all) {
    // What holds whole records in its quotes is told as bad, by design.
    std::size_t breaks = 0;
    for (const auto& cell : record.cells)
      breaks += static_cast<std::size_t>(std::count(cell.begin(), cell.end(), '\n'));
    if (!record.error.empty() || breaks > 1) continue;
    good.push_back(record.cells);
    text += quoted(record.cells);
  }
  for (const auto& name : read.columns)
    if (std::count(name.begin(), name.end(), '\n') > 1) return;
  const auto reader =
      fuzz::made<Reader>(register_delimited, {{"separator", std::string(",")}, {"quote", std::string("\"")}});
  const auto again = records_of(*reader, fuzz::file("input.csv", text), 16);
  fuzz::demand(again.error.empty() && again.columns == read.columns && again.all.size() == good.size(),
               "records are not read as they were written", text + again.error);
  for (std::size_t k = 0; k < good.size(); ++k)
    fuzz::demand(again.all[k].error.empty() && again.all[k].cells == good[k],
                 "a record is another one than was written", text + again.all[k].error);
}

// Equal texts have equal places, and numbers stand by their values.
void look_at_order(const data::Table& table, const data::Column& column) {
  using kernels::NumberText;
  fuzz::demand(static_cast<std::int64_t>(table.order.size()) == table.rows, "rows without a place in the order");
  const auto some = std::min<std::int64_t>(table.rows, 24);
  for (std::int64_t a = 0; a < some; ++a)
    for (std::int64_t b = 0; b < a; ++b) {
      const auto x = table.order_of(a), y = table.order_of(b);
      if (column[a] == column[b]) fuzz::demand(x == y, "equal cells have two places");
      const auto p = kernels::read_number(column[a]), q = kernels::read_number(column[b]);
      if (p.kind == NumberText::integer_number && q.kind == NumberText::integer_number)
        fuzz::demand((p.integer < q.integer) == (x < y) && (p.integer == q.integer) == (x == y),
                     "whole numbers out of order");
      const auto is_number = [](const NumberText& n) { return n.kind >= NumberText::real_number; };
      if (is_number(p) && is_number(q) && p.real != q.real)
        fuzz::demand((p.real < q.real) == (x < y), "numbers out of order");
    }
}

void load(const std::string& path, const Values& values, void (*enter)(Registrar&), const Records& read) {
  recipe::Plan plan;
  plan.tables.resize(1);
  auto& table_plan = plan.tables[recipe::TableId{0}];
  table_plan.name = "events";
  table_plan.files = {path};
  table_plan.bad_rows = recipe::TablePlan::BadRows::skip;
  if (!read.columns.empty()) table_plan.order = read.columns.back();
  data::Makers makers;
  makers.reader = [&](const recipe::Use&) { return fuzz::made<Reader>(enter, values); };
  data::Table table;
  table.plan = &table_plan;
  data::Complaints complaints;
  try {
    data::load_table(table, {read.columns.begin(), read.columns.end()}, makers, complaints);
  } catch (const Error& error) {
    names_the_file(error);
    fuzz::demand(!read.error.empty() || fuzz::says(error, "[order-mixed]"), "a table of records cannot be loaded",
                 error.what());
    return;
  }
  complaints.throw_if_any();
  fuzz::demand(read.error.empty(), "a table of a broken file", read.error);
  fuzz::demand(table.rows + table.bad_rows == static_cast<std::int64_t>(read.all.size()), "records that are no rows");
  for (const auto& column : table.columns) fuzz::demand(column.rows() == table.rows, "a column of another length");
  if (table.rows && !table_plan.order.empty()) look_at_order(table, *table.column(table_plan.order));
}

}  // namespace

void fuzz::one(std::string_view input) {
  if (input.empty()) return;
  const auto how = static_cast<unsigned char>(input[0]);
  const auto text = input.substr(1);
  static const char* const encodings[] = {"utf-8", "", "latin-1", "windows-1252"};
  const bool sequences = (how & 3) == 1, encoded = (how & 3) > 1;
  const bool quotes = how & 4, named = how & 8, header = how & 16, rest = how & 32, wide = how & 64, pack = how & 128;
  const auto enter = sequences ? register_sequences : register_delimited;
  Values values{{"separator", std::string(wide ? "::" : sequences ? " " : quotes ? "," : "\t")}};
  if (!sequences) {
    values["encoding"] = std::string(encodings[how & 3]);
    values["quote"] = std::string(quotes ? "\"" : "none");
    values["header"] = header;
    values["rest"] = rest && !quotes;
    if (named) values["columns"] = std::vector<std::string>{"a", "b"};
  }
  const auto path = fuzz::file("input", pack ? packed(text) : std::string(text));
  const auto make = [&] { return fuzz::made<Reader>(enter, values); };
  const auto reader = make();
  const auto read = records_of(*reader, path, 3);
  look_at_records(read, encoded, sequences);
  demand_same(read, records_of(*make(), path, 1000), "blocks of another size have other records");
  if (read.error.empty()) {
    go_back(*reader, read);
    if (quotes && !sequences) write_again(read);
  }
  load(path, values, enter, read);
  if (!pack || text.starts_with("\x1f\x8b")) return;
  const auto plain = records_of(*make(), fuzz::file("input.plain", text), 3);
  const bool other_format = plain.error.find("packed by") != std::string::npos ||
                            plain.error.find("a zip archive") != std::string::npos ||
                            plain.error.find("a Parquet file") != std::string::npos;  // known where it is not packed
  if (!other_format) demand_same(read, plain, "packed it is another table");
}
