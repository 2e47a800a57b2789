// Expressions of the recipe language: `rating > 3`, `hash(49181, item) % 10 == 0`, `train_count(item) < 50`.
//
// Parsed once by the checker, evaluated by the data plane. Grammar (RECIPES.md has it in words):
//   or   := and ('or' and)*            and := not ('and' not)*        not := 'not' not | test
//   test := sum (('==' | '!=' | '<' | '<=' | '>' | '>=') sum | 'in' '[' sum, ... ']' | 'is' ['not'] 'missing')?
//   sum  := product (('+' | '-') product)*     product := atom (('*' | '/' | '%') atom)*
//   atom := number | 'text' | name ['.' name] | name '(' or, ... ')' | '(' or ')' | '-' atom
// '' inside a text is one quote. A name that is no identifier stands in backquotes: `user id`.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace braid::recipe {

struct Expression {
  enum class Op {
    number,
    text,
    column,  // leaves; a column may be `link.column` of the linked entity
    hash,
    train_count,  // calls; train_count's argument is a link
    add,
    subtract,
    multiply,
    divide,
    remainder,
    negate,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    is_missing,
    is_present,
    and_,
    or_,
    not_,
  };
  Op op = Op::number;
  double number = 0;  // Op::number; `whole` when it was written without a point
  bool whole = false;
  std::string name;  // column, link, text, or a number's digits
  std::vector<Expression> args;
  std::size_t at = 0;  // offset in the source text, for messages
};

struct ExpressionError {
  std::size_t at;
  std::string what;
};

// Parses `text`, or says where it breaks.
std::variant<Expression, ExpressionError> parse_expression(std::string_view text);

// Calls `visit(node)` on the expression and everything below.
template <class Visit>
void walk(const Expression& e, Visit&& visit) {
  visit(e);
  for (const auto& a : e.args) walk(a, visit);
}

}  // namespace braid::recipe
