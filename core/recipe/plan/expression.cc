#include "recipe/plan/expression.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <charconv>

namespace braid::recipe {

namespace {

// Bounds: more is no intent of a person, and whatever walks an expression uses stack for each level of it.
constexpr int deepest = 100;               // parentheses, calls, 'not' and '-' inside each other
constexpr int most_signs = 1000;           // + - * / %: each makes the expression one level deeper
constexpr std::size_t longest = 1u << 20;  // bytes
constexpr std::size_t most_digits = 38;    // of an integer: so many fit 127 bits

struct Parser {
  std::string_view text;
  std::size_t at = 0;
  int depth = 0, sign_count = 0;

  [[noreturn]] void fail(std::size_t where, std::string what) const { throw ExpressionError{where, std::move(what)}; }

  static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool digit(char c) { return c >= '0' && c <= '9'; }

  void skip() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  }
  char peek() {
    skip();
    return at < text.size() ? text[at] : '\0';
  }
  bool take(std::string_view sign) {
    skip();
    if (text.substr(at, sign.size()) != sign) return false;
    return at += sign.size(), true;
  }
  std::string_view peek_word() {
    skip();
    auto end = at;
    while (end < text.size() && (letter(text[end]) || (end > at && digit(text[end])))) ++end;
    return text.substr(at, end - at);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    return at += word.size(), true;
  }

  static Expression make(Expression::Op op, std::size_t where, std::vector<Expression> args) {
    Expression e;
    e.op = op;
    e.at = where;
    e.args = std::move(args);
    return e;
  }

  Expression either() {
    if (++depth > deepest) fail(at, "the expression is nested too deeply");
    auto left = chain(Expression::Op::or_, "or", "||", [this] { return both(); });
    --depth;
    return left;
  }

  // `a or b or c` is one node with three arguments: however many there are, nothing gets deeper.
  template <class Part>
  Expression chain(Expression::Op op, std::string_view word, std::string_view sign, Part part) {
    auto left = part();
    std::vector<Expression> args;
    std::size_t first = 0;
    for (;;) {
      skip();
      const auto where = at;
      if (take(sign)) fail(where, "write " + quote(word) + " for " + quote(sign));
      if (!take_word(word)) break;
      if (args.empty()) args.push_back(std::move(left)), first = where;
      args.push_back(part());
    }
    return args.empty() ? std::move(left) : make(op, first, std::move(args));
  }

  void count_sign(std::size_t where) {
    if (++sign_count > most_signs)
      fail(where, "the expression has more than " + std::to_string(most_signs) + " of + - * / %");
  }

  Expression both() {
    return chain(Expression::Op::and_, "and", "&&", [this] { return inverse(); });
  }

  Expression inverse() {
    skip();
    const auto where = at;
    if (text.substr(at, 1) == "!" && text.substr(at, 2) != "!=") fail(where, "write 'not' for '!'");
    if (!take_word("not")) return test();
    if (++depth > deepest) fail(at, "the expression is nested too deeply");
    std::vector<Expression> args;
    args.push_back(inverse());
    --depth;
    return make(Expression::Op::not_, where, std::move(args));
  }

  std::optional<Expression::Op> comparison() {
    using Op = Expression::Op;
    static constexpr std::pair<std::string_view, Op> signs[] = {
        {"==", Op::equal},     {"!=", Op::not_equal}, {"<=", Op::less_equal}, {">=", Op::greater_equal},
        {"<>", Op::not_equal}, {"<", Op::less},       {">", Op::greater},
    };
    const auto where = (skip(), at);
    for (const auto& [sign, op] : signs)
      if (take(sign)) {
        if (sign == "<>") fail(where, "write '!=' for '<>'");
        return op;
      }
    if (peek() == '=') fail(where, "write '==' for '='");
    return {};
  }

  Expression test() {
    auto left = sum();
    skip();
    const auto where = at;
    if (const auto op = comparison()) {
      std::vector<Expression> args;
      args.push_back(std::move(left));
      args.push_back(sum());
      const auto after = (skip(), at);
      if (comparison()) fail(after, "comparisons do not chain: join two of them with 'and'");
      return make(*op, where, std::move(args));
    }
    if (take_word("in")) {
      if (!take("[")) fail(at, "'in' is followed by [ ]");
      std::vector<Expression> args;
      args.push_back(std::move(left));
      do args.push_back(sum());
      while (take(","));
      if (!take("]")) fail(at, "']' is missing after the list");
      return make(Expression::Op::in, where, std::move(args));
    }
    if (take_word("is")) {
      const bool present = take_word("not");
      if (!take_word("missing")) fail(at, "'is' is followed by 'missing' or 'not missing'");
      std::vector<Expression> args;
      args.push_back(std::move(left));
      return make(present ? Expression::Op::is_present : Expression::Op::is_missing, where, std::move(args));
    }
    return left;
  }

  Expression sum() {
    auto left = product();
    for (;;) {
      const char c = peek();
      if (c != '+' && c != '-') return left;
      const auto where = at++;
      count_sign(where);
      std::vector<Expression> args;
      args.push_back(std::move(left));
      args.push_back(product());
      left = make(c == '+' ? Expression::Op::add : Expression::Op::subtract, where, std::move(args));
    }
  }

  Expression product() {
    auto left = atom();
    for (;;) {
      const char c = peek();
      if (c != '*' && c != '/' && c != '%') return left;
      const auto where = at++;
      count_sign(where);
      std::vector<Expression> args;
      args.push_back(std::move(left));
      args.push_back(atom());
      left = make(c == '*'   ? Expression::Op::multiply
                  : c == '/' ? Expression::Op::divide
                             : Expression::Op::remainder,
                  where, std::move(args));
    }
  }

  Expression number() {
    Expression e;
    e.at = at;
    const auto start = at;
    while (at < text.size() && (digit(text[at]) || text[at] == '_')) ++at;
    e.whole = true;
    if (at < text.size() && text[at] == '.') {
      e.whole = false;
      for (++at; at < text.size() && digit(text[at]);) ++at;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      e.whole = false;
      ++at;
      if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
      while (at < text.size() && digit(text[at])) ++at;
    }
    std::string digits;
    for (const char c : text.substr(start, at - start))
      if (c != '_') digits += c;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), e.number);
    if (error != std::errc() || end != digits.data() + digits.size())
      fail(start, quote(text.substr(start, at - start)) + " is no number");
    if (at < text.size() && letter(text[at]))
      fail(start, "a number ends where a name begins: " + quote(text.substr(start, at + 1 - start)));
    const auto zeros = std::min(digits.find_first_not_of('0'), digits.size());
    if (e.whole && digits.size() - zeros > most_digits)
      fail(start, "an integer has at most " + std::to_string(most_digits) + " digits, this one " +
                      std::to_string(digits.size() - zeros));
    e.name = std::move(digits);
    return e;
  }

  Expression literal() {
    Expression e;
    e.op = Expression::Op::text;
    e.at = at++;
    for (;; ++at) {
      if (at >= text.size()) fail(e.at, "the text has no closing '");
      if (text[at] == '\'') {
        if (text.substr(at + 1, 1) != "'") break;
        ++at;  // '' inside a text is one quote
      }
      e.name += text[at];
    }
    ++at;
    return e;
  }

  std::string plain_name() {
    if (peek() == '`') {  // a column whose name is no identifier: `user id`
      const auto start = at++;
      const auto end = text.find('`', at);
      if (end == std::string_view::npos) fail(start, "the name has no closing `");
      const auto name = text.substr(at, end - at);
      at = end + 1;
      return std::string(name);
    }
    const auto word = peek_word();
    at += word.size();
    return std::string(word);
  }

  Expression call(const std::string& name, std::size_t where) {
    std::vector<Expression> args;
    if (peek() != ')') {
      do args.push_back(either());
      while (take(","));
    }
    if (!take(")")) fail(at, "')' is missing after the arguments of " + name);
    if (name == "hash") {
      if (args.empty() || args.size() > 8) fail(where, "hash takes one to eight arguments");
      return make(Expression::Op::hash, where, std::move(args));
    }
    if (name == "train_count") {
      if (args.size() != 1 || args[0].op != Expression::Op::column)
        fail(where, "train_count takes one link: train_count(item)");
      auto e = make(Expression::Op::train_count, args[0].at, {});
      e.name = std::move(args[0].name);
      return e;
    }
    const auto near = nearest(name, {"hash", "train_count"});
    fail(where, "no function " + quote(name) +
                    (near ? "; did you mean " + quote(*near) + "?" : "; there are hash and train_count"));
  }

  Expression atom() {
    const char c = peek();
    const auto where = at;
    if (digit(c)) return number();
    if (c == '\'') return literal();
    if (c == '"') fail(where, "texts stand in single quotes: 'text'");
    if (c == '-') {
      ++at;
      if (++depth > deepest) fail(at, "the expression is nested too deeply");
      std::vector<Expression> args;
      args.push_back(atom());
      --depth;
      return make(Expression::Op::negate, where, std::move(args));
    }
    if (c == '(') {
      ++at;
      auto inner = either();
      if (!take(")")) fail(at, "')' is missing");
      return inner;
    }
    if (c == '\0') fail(where, "the expression ends where a value is expected");
    if (!letter(c) && c != '`') fail(where, "unexpected " + quote(text.substr(where, 1)));
    for (const std::string_view word : {"and", "or", "not", "in", "is", "missing"})
      if (c != '`' && peek_word() == word) fail(where, quote(word) + " stands where a value is expected");
    auto name = plain_name();
    if (peek() == '(') return ++at, call(name, where);
    Expression e;
    e.op = Expression::Op::column;
    e.at = where;
    if (peek() == '.') {
      ++at;
      const auto after = at;
      const auto column = plain_name();
      if (column.empty()) fail(after, "a column's name follows '.'");
      name += "." + column;
    }
    e.name = std::move(name);
    return e;
  }
};

}  // namespace

std::variant<Expression, ExpressionError> parse_expression(std::string_view text) {
  if (text.size() > longest)
    return ExpressionError{0, "an expression has " + std::to_string(longest) + " bytes at most; this one has " +
                                  std::to_string(text.size())};
  Parser p{text};
  try {
    auto e = p.either();
    if (p.peek()) {
      const auto left = text.substr(p.at);
      return ExpressionError{p.at, "unexpected " + quote(left.substr(0, left.find(' '))) + " after the expression"};
    }
    return e;
  } catch (ExpressionError& error) {
    return std::move(error);
  }
}

}  // namespace braid::recipe
