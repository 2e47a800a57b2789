// Any bytes as an expression and, after the first line break, as cells of a column: parsing, binding and evaluation
// end, a row gives the same value twice, and cells that are numbers keep their values.
#include "data/evaluate.h"
#include "kernels/text/number.h"

#include "driver.h"

#include <cmath>

using namespace braid;

const std::size_t fuzz::largest_piece = std::size_t{64} << 20;

namespace {

void look_at_number(const data::Column& column, std::int64_t row) {
  using Kind = data::Column::Kind;
  const auto text = column[row];
  const auto number = kernels::read_number(text);
  const auto kind = column.kind(row);
  fuzz::demand((kind == Kind::missing) == (text.data() == nullptr), "a cell is missing and is not");
  const bool whole = kind == Kind::whole || kind == Kind::padded;
  fuzz::demand(whole == (number.kind == kernels::NumberText::integer_number) &&
                   (kind == Kind::real) == (number.kind == kernels::NumberText::real_number),
               "a column reads a number in another way");
  if (kind == Kind::whole) fuzz::demand(std::to_string(column.whole(row)) == text, "a whole number has another text");
  if (whole) {  // written in the one usual way it is the same number
    const auto again = kernels::read_number(std::to_string(column.whole(row)));
    fuzz::demand(again.plain && again.integer == column.whole(row), "a whole number is written as another one");
  }
  if (kind == Kind::real) fuzz::demand(std::isfinite(column.real(row)), "a cell is a number that is none");
}

}  // namespace

void fuzz::one(std::string_view text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto parsed = recipe::parse_expression(text.substr(0, end));
  if (const auto* error = std::get_if<recipe::ExpressionError>(&parsed)) {
    fuzz::demand(error->at <= end && !error->what.empty(), "an error of an expression without place or words");
    return;
  }
  recipe::walk(std::get<recipe::Expression>(parsed), [&](const recipe::Expression& e) {
    fuzz::demand(e.at <= end, "a part of an expression outside of it");
  });
  data::Column column("c");
  for (auto rest = text.substr(end); !rest.empty();) {
    rest.remove_prefix(1);
    const auto line = std::min(rest.find('\n'), rest.size());
    if (line == 0) column.add_missing();
    else column.add(rest.substr(0, line));
    rest.remove_prefix(line);
  }
  if (column.rows() == 0) column.add("1");
  column.parse_numbers();
  const std::vector<std::uint32_t> counts(static_cast<std::size_t>(column.rows()), 3);
  data::Names names;
  names.column = [&](const std::string&) { return data::Names::Found{&column, nullptr}; };
  names.train_count = [&](const std::string&) { return data::Names::Counts{counts.data(), nullptr}; };
  const data::Evaluator evaluate(std::get<recipe::Expression>(parsed), names);
  std::int64_t mixed = 0;
  for (std::int64_t row = 0; row < std::min<std::int64_t>(column.rows(), 20); ++row) {
    look_at_number(column, row);
    const auto first = evaluate(row), again = evaluate(row);
    fuzz::demand(first.kind == again.kind && first.truth() == again.truth(), "a row has two values");
    const auto number = first.number();
    fuzz::demand(!number || std::isfinite(*number), "an expression gave a number that is none");
    const bool no_answer = first.kind == data::Cooked::Kind::mixed || first.kind == data::Cooked::Kind::text;
    const bool truth = evaluate.truth(row);
    fuzz::demand(!no_answer || !truth, "a row without an answer is true");
    mixed += no_answer;
    if (no_answer) fuzz::demand(!evaluate.why_mixed(row).empty(), "a row has no answer and no reason");
  }
  fuzz::demand(evaluate.mixed_rows() == mixed, "rows without an answer are counted wrongly");
}
