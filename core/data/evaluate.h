// Expressions over the rows of a table: `rating > 3`, `hash(user, item) % 10 == 0`, `items.year < 1990`.
//
// Values are typed: missing, whole (of 127 bits, so that hashes compare and divide as whole numbers), real or text. A
// comparison with a missing value is false, arithmetic with one is missing. A cell compares as a number with numbers
// and as text with texts; two cells compare as numbers when both are. Numbers of cells and literals compare by what is
// written, to the last digit; results of arithmetic with fractions are doubles. A text that is no number beside a
// number
// (`clicked > 0` where the cell is "True") has no answer, nor has an integer of more than 127 bits: the whole
// expression is `mixed` then, and whoever evaluates it says which row that is.
#pragma once

#include "data/column.h"
#include "recipe/plan/expression.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::data {

__extension__ using Wide = __int128;

struct Cooked {  // a value on its way through an expression
  enum class Kind : std::uint8_t { missing, whole, real, text, mixed } kind = Kind::missing;
  bool number_text = false;  // whole: `text` writes it otherwise than usual ("007")
  bool literal = false;      // a number whose `text` stands in the expression, in no cell
  Wide whole = 0;
  double real = 0;
  std::string_view text = {};  // a cell's or a literal's text; null for computed numbers

  bool truth() const;
  std::optional<double> number() const;  // nullopt for missing and text
};

// What names mean. All of it must outlive the Evaluator.
struct Names {
  struct Found {
    const Column* column = nullptr;
    const std::int32_t* through = nullptr;
  };                                                     // `through`: the link's rows
  std::function<Found(const std::string& name)> column;  // throws Error for an unknown name
  struct Counts {
    const std::uint32_t* counts = nullptr;
    const std::int32_t* through = nullptr;
  };
  std::function<Counts(const std::string& link)> train_count;  // throws Error where counts are not known yet
};

// An expression bound to a table's columns. Evaluation is safe from many threads.
class Evaluator {
 public:
  Evaluator(const recipe::Expression& expression, const Names& names);
  Cooked operator()(std::int64_t row) const { return evaluate(root_, row); }
  // False, and remembered, where the row has no answer.
  bool truth(std::int64_t row) const {
    const auto value = (*this)(row);
    // A text is no condition: "False" would hold.
    if (value.kind != Cooked::Kind::mixed && value.kind != Cooked::Kind::text) return value.truth();
    note_mixed(row);
    return false;
  }
  // False: the expression has an answer in every row.
  bool can_be_mixed() const { return can_be_mixed(root_); }
  // What truth() met: rows where a text stood beside a number, and the first of them.
  std::int64_t mixed_rows() const { return mixed_count_.load(); }
  std::int64_t first_mixed() const { return mixed_first_.load(); }
  // "column 'clicked' is 'True', which is not a number" for a row that is mixed.
  std::string why_mixed(std::int64_t row) const;

 private:
  struct Node {
    recipe::Expression::Op op;
    Cooked constant;
    std::string literal;
    Names::Found column;
    Names::Counts counts;
    std::vector<Node> args;
  };
  static void set_number(Node& node, const recipe::Expression& number, bool minus);
  static void bind(Node& node, const recipe::Expression& expression, const Names& names);
  static Cooked evaluate(const Node& node, std::int64_t row);
  static Cooked hash(const Node& node, std::int64_t row);
  static Cooked in(const Node& node, std::int64_t row);
  static Cooked and_or(const Node& node, std::int64_t row);
  static bool can_be_mixed(const Node& node);
  void note_mixed(std::int64_t row) const;
  Node root_;
  mutable std::atomic<std::int64_t> mixed_count_{0}, mixed_first_{std::numeric_limits<std::int64_t>::max()};
};

}  // namespace braid::data
