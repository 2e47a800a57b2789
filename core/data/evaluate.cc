#include "data/evaluate.h"

#include "data/decimal.h"
#include "data/hash.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace braid::data {

namespace {

using Op = recipe::Expression::Op;
using Kind = Cooked::Kind;

Cooked whole(Wide n) { return {.kind = Kind::whole, .whole = n}; }
Cooked real(double x) { return std::isfinite(x) ? Cooked{.kind = Kind::real, .real = x} : Cooked{}; }
Cooked boolean(bool b) { return whole(b ? 1 : 0); }
double as_real(const Cooked& c) { return c.kind == Kind::whole ? static_cast<double>(c.whole) : c.real; }

Cooked no_answer() { return {.kind = Kind::mixed}; }
// Whether the two cannot be compared: a text, and a number that no text stands for.
bool are_mixed(const Cooked& a, const Cooked& b) {
  if (a.kind == Kind::mixed || b.kind == Kind::mixed) return true;
  const auto bare = [](const Cooked& c) {
    return (c.kind == Kind::whole || c.kind == Kind::real) && (!c.text.data() || c.literal);
  };
  return (a.kind == Kind::text && bare(b)) || (b.kind == Kind::text && bare(a));
}

void append_text(std::string& out, const Cooked& c) {
  if (c.text.data() && !c.literal) {
    out.append(c.text);
    return;
  }
  char digits[48];
  if (c.kind == Kind::real) {
    out.append(digits, std::to_chars(digits, digits + sizeof digits, c.real).ptr);
    return;
  }
  auto* at = digits + sizeof digits;
  auto left = c.whole;
  do *--at = static_cast<char>('0' + static_cast<int>(left < 0 ? -(left % 10) : left % 10));
  while ((left /= 10) != 0);
  if (c.whole < 0) *--at = '-';
  out.append(at, digits + sizeof digits);
}

// Two numbers that round to one double.
int compare_exactly(const Cooked& a, const Cooked& b) {
  const bool written_a = a.text.data(), written_b = b.text.data();
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (written_a && written_b) {
    const double value = as_real(a);
    if (exact_as_double(a.text, value) && exact_as_double(b.text, value)) return 0;
    return compare(decimal_of(a.text), decimal_of(b.text));
  }
  if (a.kind == Kind::real && b.kind == Kind::real) return 0;  // a computed double is no more than that
  if (a.kind == Kind::real) return -compare_exactly(b, a);
  if (!written_b) {
    if (b.real >= 0x1p127) return -1;
    if (b.real < -0x1p127) return 1;
    return sign(a.whole, static_cast<Wide>(b.real));
  }
  std::string text;
  append_text(text, a);
  return compare(decimal_of(text), decimal_of(b.text));
}

// -1, 0, 1; nullopt where one is missing. The two are not mixed.
std::optional<int> compare(const Cooked& a, const Cooked& b) {
  if (a.kind == Kind::missing || b.kind == Kind::missing) return std::nullopt;
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (a.kind == Kind::text || b.kind == Kind::text) return sign(a.text, b.text);
  if (a.kind == Kind::whole && b.kind == Kind::whole) return sign(a.whole, b.whole);
  const double x = as_real(a), y = as_real(b);  // rounding keeps the order of what it tells apart
  return x != y ? sign(x, y) : compare_exactly(a, b);
}

bool equal(const Cooked& a, const Cooked& b) { return compare(a, b) == 0; }

bool not_equal(const Cooked& a, const Cooked& b) {
  const auto order = compare(a, b);
  return order && *order != 0;
}

// The remainder has the divisor's sign.
Wide floor_mod(Wide a, Wide b) {
  if (b == -1) return 0;  // the least number by -1 does not fit, and the remainder is made by way of it
  const Wide r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}

Cooked arithmetic(Op op, const Cooked& a, const Cooked& b) {
  if (a.kind == Kind::mixed || b.kind == Kind::mixed || a.kind == Kind::text || b.kind == Kind::text)
    return no_answer();
  if (a.kind == Kind::missing || b.kind == Kind::missing) return {};
  if (a.kind == Kind::whole && b.kind == Kind::whole) {
    Wide out = 0;
    switch (op) {
      case Op::add:
        return __builtin_add_overflow(a.whole, b.whole, &out) ? no_answer() : whole(out);
      case Op::subtract:
        return __builtin_sub_overflow(a.whole, b.whole, &out) ? no_answer() : whole(out);
      case Op::multiply:
        return __builtin_mul_overflow(a.whole, b.whole, &out) ? no_answer() : whole(out);
      case Op::remainder:
        return b.whole == 0 ? Cooked{} : whole(floor_mod(a.whole, b.whole));
      case Op::divide:
        if (b.whole == 0) return {};
        if (b.whole == -1) return arithmetic(Op::subtract, whole(0), a);
        if (a.whole % b.whole == 0) return whole(a.whole / b.whole);
        break;
      default:
        break;
    }
  }
  const double x = as_real(a), y = as_real(b);
  switch (op) {
    case Op::add:
      return real(x + y);
    case Op::subtract:
      return real(x - y);
    case Op::multiply:
      return real(x * y);
    case Op::divide:
      return y == 0 ? Cooked{} : real(x / y);
    default: {
      if (y == 0) return {};
      const double r = std::fmod(x, y);
      return real(r != 0 && ((r < 0) != (y < 0)) ? r + y : r);
    }
  }
}

// An integer of at most 38 digits.
std::optional<Wide> integer_of(std::string_view text) {
  text = kernels::trimmed(text);
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return {};
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  if (text.size() > 38 || text.find_first_not_of("0123456789") != text.npos) return {};
  Wide out = 0;
  for (const char c : text) out = out * 10 + (c - '0');
  return minus ? -out : out;
}

Cooked cell(const Column& column, std::int64_t row) {
  switch (column.kind(row)) {
    case Column::Kind::missing:
      return {};
    case Column::Kind::text:
      return {.kind = Kind::text, .text = column[row]};
    case Column::Kind::real:
      if (std::fabs(column.real(row)) >= 0x1p63)
        if (const auto wide = integer_of(column[row]))
          return {.kind = Kind::whole, .whole = *wide, .text = column[row]};
      return {.kind = Kind::real, .real = column.real(row), .text = column[row]};
    case Column::Kind::whole:
      return {.kind = Kind::whole, .whole = column.whole(row), .text = column[row]};
    case Column::Kind::padded:
      return {.kind = Kind::whole, .number_text = true, .whole = column.whole(row), .text = column[row]};
  }
  return {};
}

}  // namespace

bool Cooked::truth() const {
  switch (kind) {
    case Kind::missing:
      return false;
    case Kind::whole:
      return whole != 0;
    case Kind::real:
      return real != 0;
    case Kind::text:
    case Kind::mixed:
      return false;
  }
  return false;
}

std::optional<double> Cooked::number() const {
  if (kind == Kind::whole) return static_cast<double>(whole);
  if (kind == Kind::real) return real;
  return std::nullopt;
}

Evaluator::Evaluator(const recipe::Expression& expression, const Names& names) { bind(root_, expression, names); }

void Evaluator::set_number(Node& node, const recipe::Expression& number, bool minus) {
  const double value = minus ? -number.number : number.number;
  node.literal = number.name.empty() ? "" : (minus ? "-" : "") + number.name;
  const auto exact = number.whole ? integer_of(node.literal) : std::nullopt;
  if (exact) node.constant = whole(*exact);
  else if (number.whole && std::fabs(value) < 0x1p63) node.constant = whole(static_cast<std::int64_t>(value));
  else node.constant = real(value);
  if (!node.literal.empty()) node.constant.text = node.literal, node.constant.literal = true;
}

void Evaluator::bind(Node& node, const recipe::Expression& expression, const Names& names) {
  node.op = expression.op;
  switch (expression.op) {
    case Op::number:
      set_number(node, expression, false);
      break;
    case Op::negate:
      if (expression.args.at(0).op == Op::number) {  // a literal, with its sign
        node.op = Op::number;
        set_number(node, expression.args[0], true);
        return;
      }
      break;
    case Op::text:
      node.literal = expression.name;
      break;
    case Op::column:
      node.column = names.column(expression.name);
      break;
    case Op::train_count: {
      const auto& link =
          expression.name.empty() && !expression.args.empty() ? expression.args[0].name : expression.name;
      node.counts = names.train_count(link);
      return;
    }
    default:
      break;
  }
  node.args.resize(expression.args.size());
  for (std::size_t k = 0; k < node.args.size(); ++k) bind(node.args[k], expression.args[k], names);
}

Cooked Evaluator::evaluate(const Node& node, std::int64_t row) {
  const auto arg = [&](std::size_t k) { return evaluate(node.args[k], row); };
  const auto compared = [&](auto&& test) {
    const auto a = arg(0), b = arg(1);
    return are_mixed(a, b) ? no_answer() : boolean(test(a, b));
  };
  const auto ordered = [&](auto&& test) {
    return compared([&](const Cooked& a, const Cooked& b) {
      const auto order = compare(a, b);
      return order && test(*order);
    });
  };
  switch (node.op) {
    case Op::number:
      return node.constant;
    case Op::text:
      return {.kind = Kind::text, .text = node.literal};
    case Op::column:
      return cell(*node.column.column, node.column.through ? node.column.through[row] : row);
    case Op::train_count:
      return whole(node.counts.counts[node.counts.through ? node.counts.through[row] : row]);
    case Op::hash:
      return hash(node, row);
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
      return arithmetic(node.op, arg(0), arg(1));
    case Op::negate:
      return arithmetic(Op::subtract, whole(0), arg(0));
    case Op::equal:
      return compared(equal);
    case Op::not_equal:
      return compared(not_equal);
    case Op::less:
      return ordered([](int o) { return o < 0; });
    case Op::less_equal:
      return ordered([](int o) { return o <= 0; });
    case Op::greater:
      return ordered([](int o) { return o > 0; });
    case Op::greater_equal:
      return ordered([](int o) { return o >= 0; });
    case Op::in:
      return in(node, row);
    case Op::is_missing:
      if (const auto value = arg(0); value.kind != Kind::mixed) return boolean(value.kind == Kind::missing);
      return no_answer();
    case Op::is_present:
      if (const auto value = arg(0); value.kind != Kind::mixed) return boolean(value.kind != Kind::missing);
      return no_answer();
    case Op::and_:
    case Op::or_:
      return and_or(node, row);
    case Op::not_:
      if (const auto value = arg(0); value.kind != Kind::mixed && value.kind != Kind::text)
        return boolean(!value.truth());
      return no_answer();
  }
  return {};
}

// A list of numbers asks for numbers; one that holds texts too may be asked for any cell.
Cooked Evaluator::in(const Node& node, std::int64_t row) {
  const auto value = evaluate(node.args[0], row);
  bool all_mixed = node.args.size() > 1;
  for (std::size_t k = 1; k < node.args.size(); ++k) {
    const auto other = evaluate(node.args[k], row);
    if (are_mixed(value, other)) continue;
    all_mixed = false;
    if (equal(value, other)) return boolean(true);
  }
  return all_mixed ? no_answer() : boolean(false);
}

Cooked Evaluator::and_or(const Node& node, std::int64_t row) {
  const bool stops = node.op == Op::or_;
  for (const auto& a : node.args) {
    const auto value = evaluate(a, row);
    if (value.kind == Kind::mixed || value.kind == Kind::text) return no_answer();
    if (value.truth() == stops) return boolean(stops);
  }
  return boolean(!stops);
}

void Evaluator::note_mixed(std::int64_t row) const {
  ++mixed_count_;
  auto first = mixed_first_.load();
  while (row < first && !mixed_first_.compare_exchange_weak(first, row)) {
  }
}

std::string Evaluator::why_mixed(std::int64_t row) const {
  std::string out;
  bool texts = false;
  const std::function<void(const Node&)> look = [&](const Node& node) {
    texts = texts || node.op == Op::text;
    if (node.op == Op::column && out.empty())
      if (const auto value = evaluate(node, row); value.kind == Kind::text)
        out = "column '" + node.column.column->name() + "' is '" + std::string(value.text.substr(0, 60)) +
              "', which is not a number";
    for (const auto& a : node.args) look(a);
  };
  look(root_);
  return !out.empty() ? out
         : texts      ? "a text is compared or combined with a number"
                      : "an integer has more than 127 bits; take the remainder (%) before you multiply";
}

bool Evaluator::can_be_mixed(const Node& node) {
  const auto text = [](const Node& n) { return n.op == Op::column || n.op == Op::text; };
  const auto some = [&](auto&& test) { return std::any_of(node.args.begin(), node.args.end(), test); };
  if (some([](const Node& n) { return can_be_mixed(n); })) return true;
  switch (node.op) {
    case Op::add:
    case Op::subtract:
    case Op::multiply:
      return true;  // a text, or an integer that is too large
    case Op::divide:
    case Op::remainder:
    case Op::negate:
    case Op::and_:
    case Op::or_:
    case Op::not_:
      return some(text);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::in:
      return some(text) && !std::all_of(node.args.begin(), node.args.end(), text);
    default:
      return false;
  }
}

// Whole numbers below 2^32 are mixed as they are, alone or in pairs; anything else by the hash of its text.
Cooked Evaluator::hash(const Node& node, std::int64_t row) {
  Cooked values[8];
  const std::size_t n = std::min<std::size_t>(node.args.size(), std::size(values));
  bool small = n == node.args.size() && n <= 2;
  for (std::size_t k = 0; k < n; ++k) {
    values[k] = evaluate(node.args[k], row);
    if (values[k].kind == Kind::missing || values[k].kind == Kind::mixed) return values[k];
    small = small && values[k].kind == Kind::whole && !values[k].number_text && values[k].whole >= 0 &&
            values[k].whole >> 32 == 0;
  }
  if (small) {
    const auto first = static_cast<std::uint64_t>(values[0].whole);
    return whole(mix64(n == 1 ? first : (first << 32) + static_cast<std::uint64_t>(values[1].whole)));
  }
  std::string text;
  for (std::size_t k = 0; k < node.args.size(); ++k) {
    const auto value = k < n ? values[k] : evaluate(node.args[k], row);
    if (value.kind == Kind::missing || value.kind == Kind::mixed) return value;
    if (k) text += '\x1f';
    append_text(text, value);
  }
  return whole(mix64(key_of(text)));
}

}  // namespace braid::data
