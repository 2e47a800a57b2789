#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/plan/expression.h"

#include "recipe/check/check.h"
#include "recipe/document/document.h"
#include "recipe/document/words.h"

#include <doctest/doctest.h>

using namespace braid::recipe;
using Op = Expression::Op;

namespace {

// Fully bracketed, so that a test shows what binds how.
std::string shown(const Expression& e) {
  static constexpr const char* names[] = {"",   "",   "",        "hash",    "train_count", "+",  "-",  "*",
                                          "/",  "%",  "neg",     "==",      "!=",          "<",  "<=", ">",
                                          ">=", "in", "missing", "present", "and",         "or", "not"};
  switch (e.op) {
    case Op::number:
      return number_text(e.number) + (e.whole ? "" : "f");
    case Op::text:
      return "'" + e.name + "'";
    case Op::column:
      return e.name;
    case Op::train_count:
      return "train_count(" + e.name + ")";
    default:
      break;
  }
  std::string out = std::string("(") + names[static_cast<int>(e.op)];
  for (const auto& a : e.args) out += " " + shown(a);
  return out + ")";
}

std::string parsed(std::string_view text) {
  const auto result = parse_expression(text);
  if (const auto* error = std::get_if<ExpressionError>(&result)) return std::to_string(error->at) + ": " + error->what;
  return shown(std::get<Expression>(result));
}

}  // namespace

TEST_CASE("precedence and associativity") {
  CHECK(parsed("a + b * c - d") == "(- (+ a (* b c)) d)");
  CHECK(parsed("a - b - c") == "(- (- a b) c)");
  CHECK(parsed("a or b and not c == 1") == "(or a (and b (not (== c 1))))");
  CHECK(parsed("not not a") == "(not (not a))");
  CHECK(parsed("(a or b) and c") == "(and (or a b) c)");
  CHECK(parsed("-a * 2") == "(* (neg a) 2)");
  CHECK(parsed("a % 10 == 0") == "(== (% a 10) 0)");
  CHECK(parsed("1 - -2") == "(- 1 (neg 2))");
}

TEST_CASE("atoms") {
  CHECK(parsed("3") == "3");
  CHECK(parsed("3.0") == "3f");
  CHECK(parsed("1_000_000") == "1e+06");
  CHECK(parsed("1.5e-3") == "0.0015f");
  CHECK(parsed("'it''s'") == "'it's'");
  CHECK(parsed("''") == "''");
  CHECK(parsed("item.year") == "item.year");
  CHECK(parsed("`user id` > 1") == "(> user id 1)");
  CHECK(parsed("hash(49181, item) % 10 == 0") == "(== (% (hash 49181 item) 10) 0)");
  CHECK(parsed("train_count(item) < 50") == "(< train_count(item) 50)");
  CHECK(parsed("android") == "android");  // starts like 'and'
  CHECK(parsed("notes == 1 and inside or orbit") == "(or (and (== notes 1) inside) orbit)");
}

TEST_CASE("tests on values") {
  CHECK(parsed("a in [1, 2.5, 'x']") == "(in a 1 2.5f 'x')");
  CHECK(parsed("a is missing") == "(missing a)");
  CHECK(parsed("a is not missing and b != 2") == "(and (present a) (!= b 2))");
  CHECK(parsed("a <= 1 or a >= 2") == "(or (<= a 1) (>= a 2))");
}

TEST_CASE("errors say where") {
  CHECK(parsed("") == "0: the expression ends where a value is expected");
  CHECK(parsed("rating = 3") == "7: write '==' for '='");
  CHECK(parsed("a && b") == "2: write 'and' for '&&'");
  CHECK(parsed("a || b") == "2: write 'or' for '||'");
  CHECK(parsed("!a") == "0: write 'not' for '!'");
  CHECK(parsed("1 < a < 3") == "6: comparisons do not chain: join two of them with 'and'");
  CHECK(parsed("a 3") == "2: unexpected '3' after the expression");
  CHECK(parsed("(a") == "2: ')' is missing");
  CHECK(parsed("a in 3") == "5: 'in' is followed by [ ]");
  CHECK(parsed("a in [1") == "7: ']' is missing after the list");
  CHECK(parsed("a is 3") == "5: 'is' is followed by 'missing' or 'not missing'");
  CHECK(parsed("'open") == "0: the text has no closing '");
  CHECK(parsed("`open") == "0: the name has no closing `");
  CHECK(parsed("3x") == "0: a number ends where a name begins: '3x'");
  CHECK(parsed("hahs(a)") == "0: no function 'hahs'; did you mean 'hash'?");
  CHECK(parsed("train_count(1)") == "0: train_count takes one link: train_count(item)");
  CHECK(parsed("a + and") == "4: 'and' stands where a value is expected");
  CHECK(parsed("a == \"x\"") == "5: texts stand in single quotes: 'text'");
  CHECK(parsed("\xc3\xa4 > 1").substr(0, 2) == "0:");
}

TEST_CASE("nesting is bounded") {
  const std::string deep = std::string(5000, '(') + "a" + std::string(5000, ')');
  CHECK(parsed(deep).find("nested too deeply") != std::string::npos);
  CHECK(parsed(std::string(5000, '-') + "a").find("nested too deeply") != std::string::npos);
  std::string nots;
  for (int k = 0; k < 5000; ++k) nots += "not ";
  CHECK(parsed(nots + "a").find("nested too deeply") != std::string::npos);
}

TEST_CASE("nearest") {
  const std::vector<std::string> words = {"rating", "user", "item", "title", "genres", "history"};
  CHECK(nearest("ratng", words) == "rating");
  CHECK(nearest("itme", words) == "item");  // a swap is one slip
  CHECK(nearest("Title", words) == "title");
  CHECK(nearest("histories", words) == "history");
  CHECK_FALSE(nearest("time", words));  // two slips in four letters are another word
  CHECK_FALSE(nearest("xyz", words));
  CHECK_FALSE(nearest("", words));
  CHECK(nearest("user-id", {"user_id"}) == "user_id");
  CHECK(nearest("abc", {"abd", "abc"}) == "abc");
}

TEST_CASE("globs") {
  CHECK(glob_matches("*", "words.layer.0.query.weight"));
  CHECK(glob_matches("words.*", "words.rows"));
  CHECK(glob_matches("*.bias", "a.b.bias"));
  CHECK(glob_matches("a?c", "abc"));
  CHECK_FALSE(glob_matches("a?c", "ac"));
  CHECK(glob_matches("a*c*e", "abcde"));
  CHECK_FALSE(glob_matches("a*c", "abcd"));
  CHECK(glob_matches("", ""));
  CHECK_FALSE(glob_matches("", "a"));
  CHECK(glob_matches("a*b*c", "a__b_bc"));
  CHECK(glob_matches("C?", "C1"));
  CHECK_FALSE(glob_matches("C?", "C10"));
  CHECK_FALSE(glob_matches("words.*", "word.rows"));
  CHECK_FALSE(glob_matches("", "a"));
  CHECK(glob_may_start("words.*", "words."));
  CHECK(glob_may_start("*.bias", "rank."));
  CHECK(glob_may_start("words.layer.1.*", "words."));
  CHECK_FALSE(glob_may_start("word", "words."));
  CHECK_FALSE(glob_may_start("item.*", "items."));
}

TEST_CASE("stray bytes are found outside of strings and comments only") {
  using P = std::pair<int, int>;
  CHECK(first_stray_byte("a = \"\xc3\xa4\" # \xc3\xa4\nb = '\xc3\xa4'\nc = \"\"\"\n\xc3\xa4\"\"\"\n") == P{0, 0});
  CHECK(first_stray_byte("\xef\xbb\xbf"
                         "a = 1") == P{0, 0});
  CHECK(first_stray_byte("a = \xef\xb0\xbf") == P{1, 5});
  CHECK(first_stray_byte("a = \"\\\"\xc3\xa4\"\n \xc3\xa4 = 1") == P{2, 2});
  CHECK(first_stray_byte("a = '''x''''\n\xc3\xa4") == P{2, 1});
  CHECK(first_stray_byte("a = \"open\n\xc3\xa4") == P{2, 1});
}

TEST_CASE("a number keeps its digits; an integer has at most 38") {
  const auto digits = [](const std::string& text) { return std::get<Expression>(parse_expression(text)).name; };
  CHECK(digits("9007199254740993") == "9007199254740993");
  CHECK(digits("1_000.50") == "1000.50");
  CHECK(digits("00" + std::string(38, '9')) == "00" + std::string(38, '9'));
  CHECK(parsed("a == " + std::string(39, '9')) == "5: an integer has at most 38 digits, this one 39");
  CHECK(parsed(std::string(60, '9') + ".0").find("e+") != std::string::npos);
}
