// The order of event rows, from a column of texts.
#include "braid/component.h"
#include "data/decimal.h"
#include "data/table.h"
#include "kernels/text/number.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <optional>

#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

namespace braid::data {

namespace {

// Reads a date or a moment.
class MomentReader {
 public:
  explicit MomentReader(std::string_view text) : text_(text) {}

  std::optional<std::int64_t> run() {
    if (!date() || (!ends() && !(time() && zone()))) return std::nullopt;
    if (!ends()) return std::nullopt;
    return seconds_ * 1'000'000'000 + nanoseconds_;
  }

 private:
  bool ends() const { return at_ == text_.size(); }
  bool digit() const { return !ends() && text_[at_] >= '0' && text_[at_] <= '9'; }
  bool take(char c) { return !ends() && text_[at_] == c ? (++at_, true) : false; }
  // A number of at most so many digits.
  std::optional<int> number(std::size_t most) {
    int value = 0;
    const auto from = at_;
    while (at_ - from < most && digit()) value = value * 10 + (text_[at_++] - '0');
    return at_ > from ? std::optional(value) : std::nullopt;
  }

  bool date() {
    const auto first = number(4);
    if (!first || ends()) return false;
    const auto width = at_;
    const char sign = text_[at_];
    if (sign != '-' && sign != '/' && sign != '.') return false;
    ++at_;
    const auto second = number(2);
    if (!second || !take(sign)) return false;
    const auto start = at_;
    const auto third = number(4);
    if (!third) return false;
    int year = 0, day = 0;
    if (width == 4 && sign != '.' && at_ - start <= 2) year = *first, day = *third;
    else if (width <= 2 && sign == '.' && at_ - start == 4) year = *third, day = *first;
    else return false;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*second)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || year < 1678 || year > 2261) return false;
    seconds_ = std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400};
    return true;
  }

  bool time() {
    if (!take('T') && !take('t') && !take(' ')) return false;
    const auto hour = number(2);
    if (!hour || *hour > 23 || !take(':')) return false;
    const auto minute = number(2);
    if (!minute || *minute > 59) return false;
    seconds_ += *hour * 3600 + *minute * 60;
    if (!take(':')) return true;
    const auto second = number(2);
    if (!second || *second > 60) return false;
    seconds_ += *second;
    return (!take('.') && !take(',')) || fraction();
  }

  bool fraction() {
    const auto from = at_;
    std::int64_t unit = 100'000'000;
    for (; digit(); ++at_, unit /= 10) {
      if (at_ - from >= 9 && text_[at_] != '0') return false;  // finer than can be held
      nanoseconds_ += unit * (text_[at_] - '0');
    }
    return at_ > from;
  }

  bool zone() {
    if (take('Z') || take('z') || ends() || (text_[at_] != '+' && text_[at_] != '-')) return true;
    const int east = text_[at_++] == '+' ? 1 : -1;
    const auto hours = number(2);
    take(':');
    const auto minutes = ends() ? std::optional(0) : number(2);
    if (!hours || !minutes || *hours > 18 || *minutes > 59) return false;
    seconds_ -= east * (*hours * 3600 + *minutes * 60);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t seconds_ = 0, nanoseconds_ = 0;
};

// A date or a moment in nanoseconds since 1970, in the years 1678 to 2261. Forms: 2026-9-30, 2026/09/30, 30.9.2026; a
// time after a blank or T: 12:30, 12:30:15, 12:30:15.25; a zone at its end: Z, +02:00, -0530; without one it is UTC.
std::optional<std::int64_t> moment_of(std::string_view text) { return MomentReader(kernels::trimmed(text)).run(); }

// Ranks by `before`, equal ones alike.
template <class Before>
void rank(std::vector<std::int64_t>& order, const Before& before) {
  std::vector<std::int64_t> rows(order.size());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::int64_t>(r);
  tbb::parallel_sort(rows.begin(), rows.end(),
                     [&](std::int64_t a, std::int64_t b) { return before(a, b) || (!before(b, a) && a < b); });
  std::int64_t at = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k && before(rows[k - 1], rows[k])) ++at;
    order[static_cast<std::size_t>(rows[k])] = at;
  }
}

// The kinds that cells of an order column can have.
struct Kinds {
  std::int64_t integers = 0, decimals = 0, moments = 0, texts = 0;
  std::int64_t numbers() const { return integers + decimals; }
  bool mixed(std::int64_t rows) const { return numbers() != rows && moments != rows && texts != rows; }
};

// Rows whose cells are of another kind than most. Those are bad rows where most are numbers, or dates; else, and under
// bad_rows = "error", it is an error.
void drop_mixed(Table& table, const Column& column, const Kinds& kinds,
                const std::vector<std::optional<std::int64_t>>& moments, Complaints& complaints) {
  const auto is_number = [&](std::int64_t r) {
    const auto kind = column.kind(r);
    return kind == Column::Kind::whole || kind == Column::Kind::padded || kind == Column::Kind::real;
  };
  const bool numbers = kinds.numbers() >= kinds.moments && kinds.numbers() >= kinds.texts;
  const bool times = !numbers && kinds.moments >= kinds.texts;
  std::vector<std::uint8_t> gone(static_cast<std::size_t>(table.rows), 0);
  std::int64_t others = 0;
  for (std::int64_t r = 0; r < table.rows; ++r) {
    const bool moment = !moments.empty() && moments[static_cast<std::size_t>(r)].has_value();
    const bool fits = numbers ? is_number(r) : times ? moment : !is_number(r) && !moment;
    others += gone[static_cast<std::size_t>(r)] = !fits;
  }
  const std::string rule = numbers ? "numbers, which are ordered by value"
                           : times ? "dates, which are ordered in time"
                                   : "texts that are neither numbers nor dates";
  const bool most = (numbers || times) && others * 2 < table.rows;
  const bool skip = most && table.plan->bad_rows == recipe::TablePlan::BadRows::skip;
  std::vector<Diagnostic> mixed;
  for (std::int64_t r = 0; r < table.rows && (skip || mixed.size() < 3); ++r) {
    if (!gone[static_cast<std::size_t>(r)]) continue;
    const auto what = "the order column '" + column.name() + "' is '" + std::string(column[r].substr(0, 60)) + "' here";
    if (skip) {
      ++table.bad_rows;
      complaints.warning("skipped rows of '" + table.plan->name + "'",
                         table.where(r) + ": skipped: " + what + " [order-mixed]");
    } else {
      mixed.push_back({"order-mixed", table.location(r), what});
    }
  }
  if (skip) return drop_rows(table, gone);
  mixed.back().notes = {std::to_string(table.rows - others) + " of " + std::to_string(table.rows) + " cells are " +
                        rule + "; fix the other " + std::to_string(others) + ", or list their texts in `missing`" +
                        (most ? ", or say bad_rows = \"skip\" to leave them out" : "") +
                        "; dates are written 2026-09-30"};
  throw Error(mixed);
}

// Whether a number is in a double what it is as text.
bool is_exact(const Column& column, std::int64_t row) {
  switch (column.kind(row)) {
    case Column::Kind::whole:
    case Column::Kind::padded:
      return column[row].size() <= 15;
    case Column::Kind::real:
      return exact_as_double(column[row], column.real(row));
    default:
      return true;
  }
}

// A double's bits sort like the number once the negative ones are turned round; -0 and 0 are one.
std::int64_t sortable_bits(const Column& column, std::int64_t row) {
  const double value =
      (column.kind(row) == Column::Kind::real ? column.real(row) : static_cast<double>(column.whole(row))) + 0.0;
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits < 0 ? bits ^ 0x7fffffffffffffff : bits;
}

// `exact`: all of them are in doubles.
void order_numbers(std::vector<std::int64_t>& order, const Column& column, bool integers, bool exact) {
  const auto rows = order.size();
  if (integers || exact) {
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = static_cast<std::int64_t>(r);
      order[r] = integers ? column.whole(row) : sortable_bits(column, row);
    }
    return;
  }
  std::vector<Decimal> decimals(rows);
  tbb::parallel_for(std::size_t{0}, rows,
                    [&](std::size_t r) { decimals[r] = decimal_of(column[static_cast<std::int64_t>(r)]); });
  rank(order, [&](std::int64_t a, std::int64_t b) {
    return compare(decimals[static_cast<std::size_t>(a)], decimals[static_cast<std::size_t>(b)]) < 0;
  });
}

}  // namespace

void read_order(Table& table, Complaints& complaints) {
  if (table.plan->order.empty() || table.rows == 0) return;
  auto& column = *table.column(table.plan->order);
  column.parse_numbers();
  const auto rows = static_cast<std::size_t>(table.rows);
  Kinds kinds;
  bool exact = true;  // in doubles
  for (std::int64_t r = 0; r < table.rows; ++r) {
    const auto kind = column.kind(r);
    kinds.integers += kind == Column::Kind::whole || kind == Column::Kind::padded;
    kinds.decimals += kind == Column::Kind::real;
    exact = exact && is_exact(column, r);
  }
  auto& order = table.order;
  order.resize(rows);
  if (kinds.numbers() == table.rows) return order_numbers(order, column, kinds.integers == table.rows, exact);
  std::vector<std::optional<std::int64_t>> moments(rows);
  tbb::parallel_for(std::size_t{0}, rows, [&](std::size_t r) {
    if (column.kind(static_cast<std::int64_t>(r)) == Column::Kind::text)
      moments[r] = moment_of(column[static_cast<std::int64_t>(r)]);
  });
  for (const auto& moment : moments) kinds.moments += moment.has_value();
  kinds.texts = table.rows - kinds.numbers() - kinds.moments;
  if (kinds.mixed(table.rows)) {
    drop_mixed(table, column, kinds, moments, complaints);
    return read_order(table, complaints);
  }
  if (kinds.moments == table.rows) {
    for (std::size_t r = 0; r < rows; ++r) order[r] = *moments[r];
    return;
  }
  complaints.warning("order of '" + table.plan->name + "'",
                     table.where(0) + ": warning: the order column '" + column.name() +
                         "' has neither numbers nor dates, such as '" + std::string(column[0].substr(0, 60)) +
                         "': its texts are ordered by their bytes [order-text]\n  dates are " +
                         "written 2026-09-30, with a time 2026-09-30T12:00:00Z");
  rank(order, [&](std::int64_t a, std::int64_t b) { return column[a].compare(column[b]) < 0; });
}

}  // namespace braid::data
