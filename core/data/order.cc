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

// A date or a moment in nanoseconds since 1970, in the years 1678 to 2261. Forms: 2026-9-30, 2026/09/30, 30.9.2026; a
// time after a blank or T: 12:30, 12:30:15, 12:30:15.25; a zone at its end: Z, +02:00, -0530; without one it is UTC.
std::optional<std::int64_t> moment_of(std::string_view text) {
  text = kernels::trimmed(text);
  std::size_t at = 0;
  const auto number = [&](std::size_t most) -> std::optional<int> {
    int value = 0;
    const auto from = at;
    while (at < text.size() && at - from < most && text[at] >= '0' && text[at] <= '9')
      value = value * 10 + (text[at++] - '0');
    return at > from ? std::optional(value) : std::nullopt;
  };
  const auto take = [&](char c) { return at < text.size() && text[at] == c ? (++at, true) : false; };
  const auto first = number(4);
  if (!first || at >= text.size()) return std::nullopt;
  const auto width = at;
  const char sign = text[at];
  if (sign != '-' && sign != '/' && sign != '.') return std::nullopt;
  ++at;
  const auto second = number(2);
  if (!second || !take(sign)) return std::nullopt;
  const auto start = at;
  const auto third = number(4);
  if (!third) return std::nullopt;
  int year = 0, day = 0;
  if (width == 4 && sign != '.' && at - start <= 2) year = *first, day = *third;
  else if (width <= 2 && sign == '.' && at - start == 4) year = *third, day = *first;
  else return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), month(static_cast<unsigned>(*second)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1678 || year > 2261) return std::nullopt;
  std::int64_t seconds = sys_days(date).time_since_epoch().count() * std::int64_t{86400}, nanoseconds = 0;
  if (at < text.size()) {
    if (!take('T') && !take('t') && !take(' ')) return std::nullopt;
    const auto hour = number(2);
    if (!hour || *hour > 23 || !take(':')) return std::nullopt;
    const auto minute = number(2);
    if (!minute || *minute > 59) return std::nullopt;
    seconds += *hour * 3600 + *minute * 60;
    if (take(':')) {
      const auto second_of = number(2);
      if (!second_of || *second_of > 60) return std::nullopt;
      seconds += *second_of;
      if (take('.') || take(',')) {
        const auto from = at;
        std::int64_t unit = 100'000'000;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
          if (at - from >= 9 && text[at] != '0') return std::nullopt;  // finer than can be held
          nanoseconds += unit * (text[at] - '0');
        }
        if (at == from) return std::nullopt;
      }
    }
    if (take('Z') || take('z')) {
    } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      const int east = text[at++] == '+' ? 1 : -1;
      const auto hours = number(2);
      take(':');
      const auto minutes = at < text.size() ? number(2) : std::optional(0);
      if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
      seconds -= east * (*hours * 3600 + *minutes * 60);
    }
  }
  if (at != text.size()) return std::nullopt;
  return seconds * 1'000'000'000 + nanoseconds;
}

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
    const bool integer = kind == Column::Kind::whole || kind == Column::Kind::padded;
    kinds.integers += integer;
    kinds.decimals += kind == Column::Kind::real;
    if (integer) exact = exact && column[r].size() <= 15;
    if (kind == Column::Kind::real) exact = exact && exact_as_double(column[r], column.real(r));
  }
  auto& order = table.order;
  order.resize(rows);
  if (kinds.integers == table.rows) {
    for (std::int64_t r = 0; r < table.rows; ++r) order[static_cast<std::size_t>(r)] = column.whole(r);
    return;
  }
  if (kinds.numbers() == table.rows && exact) {
    for (std::int64_t r = 0; r < table.rows; ++r) {
      // A double's bits sort like the number once the negative ones are turned round; -0 and 0 are one.
      const double value =
          (column.kind(r) == Column::Kind::real ? column.real(r) : static_cast<double>(column.whole(r))) + 0.0;
      const auto bits = std::bit_cast<std::int64_t>(value);
      order[static_cast<std::size_t>(r)] = bits < 0 ? bits ^ 0x7fffffffffffffff : bits;
    }
    return;
  }
  if (kinds.numbers() == table.rows) {
    std::vector<Decimal> decimals(rows);
    tbb::parallel_for(std::size_t{0}, rows,
                      [&](std::size_t r) { decimals[r] = decimal_of(column[static_cast<std::int64_t>(r)]); });
    return rank(order, [&](std::int64_t a, std::int64_t b) {
      return compare(decimals[static_cast<std::size_t>(a)], decimals[static_cast<std::size_t>(b)]) < 0;
    });
  }
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
