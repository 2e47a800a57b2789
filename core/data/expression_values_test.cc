// Values of expressions over rows: numbers, texts, missing cells, hashes; by hand.
#include <doctest/doctest.h>

#include "data/hash.h"
#include "tests/toys/components.h"
#include "data/world.h"

#include <algorithm>
#include <set>
#include <sstream>

using namespace braid::data;
using namespace braid::data::testing;
namespace recipe = braid::recipe;

namespace {

// A table of its own: columns a, b, word, gap.
struct Sheet {
  recipe::TablePlan plan;
  Tables tables{std::vector<Table>(1)};
  Sheet(const std::vector<std::vector<const char*>>& rows) {
    plan.name = "sheet";
    tables[0_id].plan = &plan;
    for (const auto* name : {"a", "b", "word", "gap"}) tables[0_id].columns.emplace_back(name);
    for (const auto& row : rows)
      for (std::size_t c = 0; c < 4; ++c)
        row[c] ? tables[0_id].columns[c].add(row[c]) : tables[0_id].columns[c].add_missing();
    tables[0_id].rows = static_cast<std::int64_t>(rows.size());
  }
  Cooked value(const std::string& text, std::int64_t row = 0) {
    return Evaluator(expression(text), names_of(tables, 0_id, nullptr))(row);
  }
  bool is(const std::string& text, std::int64_t row = 0) { return value(text, row).truth(); }
};

}  // namespace

TEST_CASE("hash: SplitMix64 on whole numbers, the texts' hash otherwise") {
  CHECK(mix64(1) == 10451216379200822465u);
  Sheet s({{"1", "2", "x", "007"}, {"4294967296", "-1", "x y", "1.5"}});
  CHECK(s.value("hash(a)").whole == static_cast<Wide>(10451216379200822465u));
  CHECK(s.value("hash(a, b)").whole == static_cast<Wide>(mix64((1ull << 32) + 2)));
  CHECK(s.value("hash(49181, b)").whole == static_cast<Wide>(mix64((49181ull << 32) + 2)));
  CHECK(s.value("hash(a, word)").whole == static_cast<Wide>(mix64(key_of("1\x1fx"))));
  CHECK(s.value("hash(gap)").whole == static_cast<Wide>(mix64(key_of("007"))));
  CHECK(s.value("hash(a)", 1).whole == static_cast<Wide>(mix64(key_of("4294967296"))));
  CHECK(s.value("hash(a, b, word)").whole == static_cast<Wide>(mix64(key_of("1\x1f"
                                                                            "2\x1fx"))));
  CHECK(s.is("hash(a) % 10 == 5"));  // 10451216379200822465 needs more than 63 bits
  CHECK(s.is("hash(a) > 9223372036854775807"));
  CHECK_FALSE(s.is("hash(a) < 0"));
}

TEST_CASE("expressions: typed comparison, missing cells, arithmetic") {
  Sheet s({{"10", "9", "apple", nullptr}, {"2.5", "1e1", "Zoo", "007"}, {"x1", "10", "", "-7"}});
  CHECK(s.is("a > b"));  // as numbers, not as texts
  CHECK(s.is("a == 10"));
  CHECK(s.is("a == 10.0"));
  CHECK(s.is("a in [1, 10]"));
  CHECK_FALSE(s.is("a in [1, 2]"));
  CHECK(s.is("word == 'apple' and word < 'b'"));
  CHECK(s.is("a == '10'"));  // against a text, a cell is its text
  CHECK(s.is("b == 10", 1));
  CHECK(s.is("gap == 7", 1));
  CHECK_FALSE(s.is("gap == '7'", 1));
  CHECK(s.is("gap is missing"));
  CHECK_FALSE(s.is("gap is missing", 1));
  CHECK(s.is("gap is not missing", 1));
  for (const char* op : {"==", "!=", "<", "<=", ">", ">="}) CHECK_FALSE(s.is(std::string("gap ") + op + " 1"));
  CHECK(s.is("not gap > 1"));
  CHECK(s.value("gap + 1").kind == Cooked::Kind::missing);
  CHECK(s.value("word * 2").kind == Cooked::Kind::mixed);
  CHECK(s.value("a / b").real == doctest::Approx(10.0 / 9));
  CHECK(s.value("a / 5").whole == 2);
  CHECK(s.value("a / 0").kind == Cooked::Kind::missing);
  CHECK(s.value("gap % 4", 2).whole == 1);  // -7: the remainder has the divisor's sign
  CHECK(s.value("-b + 1").whole == -8);
  CHECK(s.value("gap / -1", 2).whole == 7);
  CHECK(s.value("gap % -1", 2).whole == 0);
  // A text that is no number beside a number: no answer, however the rest goes; a quoted text is one.
  for (const auto* text : {"a == 1", "a != 1", "a > 1", "not a > 1", "a + 1 == 2", "a in [1, 2]", "gap < 0 and a > 1"})
    CHECK(s.value(text, 2).kind == Cooked::Kind::mixed);
  CHECK(s.is("a == 'x1'", 2));
  CHECK(s.is("a in [1, 'x1']", 2));
  CHECK_FALSE(s.is("a in [1, 'y']", 2));
  CHECK_FALSE(s.is("gap > 0 and a > 1", 2));  // decided before the text is met
  const Evaluator over(expression("a > 1"), names_of(s.tables, 0_id, nullptr));
  for (const std::int64_t row : {0, 2, 2}) over.truth(row);
  CHECK(over.truth(1));
  const Evaluator condition(expression("word"), names_of(s.tables, 0_id, nullptr));
  CHECK_FALSE(condition.truth(0));  // a text is no condition: "False" would hold
  CHECK(condition.first_mixed() == 0);
  CHECK(s.value("not word").kind == Cooked::Kind::mixed);
  CHECK(over.mixed_rows() == 2);
  CHECK(over.first_mixed() == 2);
  CHECK(over.why_mixed(2) == "column 'a' is 'x1', which is not a number");
  CHECK(s.is("a > 1 or gap > 1"));
  CHECK_THROWS_AS(s.value("nobody > 1"), braid::Error);
}

TEST_CASE("numbers of cells and literals compare to their last digit") {
  const auto long_one = "1" + std::string(59, '0') + "1";  // 10^60 + 1
  Sheet s({{"9007199254740993", "9007199254740992", "9007199254740993.0", "0.1"},
           {"18446744073709551615", "-18446744073709551615", "1.8446744073709551615e19", "0.10"},
           {"12345678901234567890123456789012345678", long_one.c_str(), "1e300", "1e-310"}});
  CHECK(s.is("a == 9007199254740993"));  // 2^53 + 1: no double is that
  CHECK_FALSE(s.is("a == 9007199254740992"));
  CHECK(s.is("a > 9007199254740992"));
  CHECK(s.is("a > 9007199254740992.0"));
  CHECK(s.is("a < 9007199254740993.5"));
  CHECK(s.is("a in [1, 9007199254740993]"));
  CHECK_FALSE(s.is("a in [1, 9007199254740992, 9007199254740994]"));
  CHECK(s.is("a > b"));
  CHECK(s.is("a == word"));
  CHECK(s.is("a == word and word == a and b != word and word > b"));
  CHECK(s.is("b + 1 == a"));
  CHECK(s.is("b + 1 == word"));
  CHECK(s.is("-a == -9007199254740993"));
  CHECK(s.is("-a != -9007199254740992.0"));
  CHECK(s.is("0 - a == -9007199254740993.0"));
  CHECK(s.is("a == 18446744073709551615", 1));
  CHECK_FALSE(s.is("a == 18446744073709551614", 1));
  CHECK(s.is("b == -18446744073709551615 and b > -18446744073709551616", 1));
  CHECK(s.is("a == word", 1));
  CHECK(s.is("a - 1 == 18446744073709551614", 1));
  CHECK(s.is("a % 10 == 5", 1));
  CHECK(s.is("a == 12345678901234567890123456789012345678", 2));
  CHECK_FALSE(s.is("a == 12345678901234567890123456789012345679", 2));
  CHECK(s.is("b > 1e60 and b < 1.00000000000000001e60", 2));
  CHECK_FALSE(s.is("b == 1e60", 2));
  CHECK(s.is("word > a and word == 1e300", 2));
  CHECK(s.is("gap == 0.1 and gap == 0.10"));
  CHECK(s.is("gap * 1.0 == 0.1"));                                   // a double, as 0.1 is one
  CHECK_FALSE(s.is("gap == 0.1000000000000000055511151231257827"));  // which is what the double of 0.1 is
  CHECK(s.is("gap < 0.1000000000000000055511151231257827"));
  CHECK(s.is("gap == 1e-310 and gap < 1.00000000000001e-310", 2));
  CHECK(s.value("hash(18446744073709551615)").whole == static_cast<Wide>(mix64(key_of("18446744073709551615"))));
  CHECK(s.value("hash(a)", 1).whole == static_cast<Wide>(mix64(key_of("18446744073709551615"))));
  CHECK(s.value("hash(007)").whole == static_cast<Wide>(mix64(7)));
  // Nothing is rounded where 127 bits do not hold it.
  const auto large = "a * a * a";
  CHECK(s.value(large, 1).kind == Cooked::Kind::mixed);
  const Evaluator evaluator(expression(large), names_of(s.tables, 0_id, nullptr));
  CHECK(evaluator.can_be_mixed());
  // -2^127 is the least integer; 2^127 is none.
  const std::string two_62 = "4611686018427387904", least = "(" + two_62 + " * " + two_62 + " * -8)";
  CHECK(s.value(least).whole < 0);
  CHECK(s.value(least + " / -1").kind == Cooked::Kind::mixed);
  CHECK(s.value("-" + least).kind == Cooked::Kind::mixed);
  CHECK(s.value(least + " % -1").whole == 0);
  CHECK(s.is(least + " < " + least + " + 1 and " + least + " == 0.5 * " + least + " + 0.5 * " + least));
  CHECK(s.is("-(" + least + " + 1) < -1.0 * " + least + " and -(" + least + " + 1) > -0.5 * " + least));
  CHECK(s.is("-(" + least + " / 2) + 1 > -0.5 * " + least));
  CHECK(evaluator.why_mixed(1).find("more than 127 bits") != std::string::npos);
  for (const auto& [text, can] : std::initializer_list<std::pair<const char*, bool>>{{"hash(a, b) % 10", false},
                                                                                     {"a % 10", true},
                                                                                     {"hash(a > 1) % 10", true},
                                                                                     {"hash(a) % 10 == 0", false},
                                                                                     {"a == b", false},
                                                                                     {"a == 'x'", false},
                                                                                     {"a == 1", true},
                                                                                     {"a in ['x', 1]", true},
                                                                                     {"a is missing", false},
                                                                                     {"not a", true}})
    CHECK(Evaluator(expression(text), names_of(s.tables, 0_id, nullptr)).can_be_mixed() == can);
}

TEST_CASE("what is a number: blanks around it, a sign, a fraction, an exponent; words, commas and more are not") {
  Column cells("x");
  const auto kind_of = [&](const char* text) {
    Column one("x");
    one.add(text);
    one.parse_numbers();
    return one.kind(0);
  };
  using Kind = Column::Kind;
  for (const auto* text : {"0", "7", "-7", "9223372036854775807", "-9223372036854775808"})
    CHECK(kind_of(text) == Kind::whole);
  for (const auto* text : {" 7", "7\t", "+7", "007", "-0", " +7 "}) CHECK(kind_of(text) == Kind::padded);
  for (const auto* text : {"7.0", ".5", "5.", "1e3", "-2.5E-3", " 0.9 ", "9223372036854775808"})
    CHECK(kind_of(text) == Kind::real);
  for (const auto* text :
       {"", " ", "NaN", "inf", "-inf", "True", "0,9", "1_000", "0x1f", "+-7", "--7", "7 8", "1e999", "-", "."})
    CHECK(kind_of(text) == Kind::text);
}
