// Numbers that say of what they are, and rows of things that only numbers of their own kind look into.
//
// A plan names its tables, axes, nodes and their parts by number. A `TableId` is a number of a table and nothing else:
// it does not convert from or to an int, an `AxisId` or a place in some other vector. What may be absent is a
// `std::optional<TableId>`; no number stands for "none".
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace braid::recipe {

// The number of a `Thing`.
template <class Thing>
class Id {
 public:
  constexpr explicit Id(std::size_t index) : index_(index) {}
  constexpr std::size_t index() const { return index_; }
  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::size_t index_;
};

// The numbers 0 ... count - 1 in a loop: `for (const auto table : plan.tables.ids())`.
template <class Key>
class Ids {
 public:
  class Iterator {
   public:
    explicit Iterator(std::size_t index) : index_(index) {}
    Key operator*() const { return Key{index_}; }
    Iterator& operator++() { return ++index_, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    std::size_t index_;
  };
  explicit Ids(std::size_t count) : count_(count) {}
  Iterator begin() const { return Iterator(0); }
  Iterator end() const { return Iterator(count_); }

 private:
  std::size_t count_;
};

// A vector whose items are found by their own kind of number, or by name.
template <class Key, class Item>
class Indexed : private std::vector<Item> {
  using Items = std::vector<Item>;

 public:
  using Items::Items;
  Indexed() = default;
  explicit Indexed(Items items) : Items(std::move(items)) {}

  using Items::assign, Items::back, Items::begin, Items::clear, Items::emplace_back, Items::empty, Items::end,
      Items::pop_back, Items::push_back, Items::reserve, Items::resize, Items::size;
  using typename Items::const_reference, typename Items::reference, typename Items::value_type;
  friend bool operator==(const Indexed& a, const Indexed& b) { return a.items() == b.items(); }

  reference operator[](Key key) { return Items::operator[](key.index()); }
  const_reference operator[](Key key) const { return Items::operator[](key.index()); }
  // The same for numbers from elsewhere: throws std::out_of_range.
  reference at(Key key) { return Items::at(key.index()); }
  const_reference at(Key key) const { return Items::at(key.index()); }
  bool contains(Key key) const { return key.index() < size(); }

  // Adds at the end; the new item's number.
  Key add(Item item) {
    push_back(std::move(item));
    return Key{size() - 1};
  }
  Ids<Key> ids() const { return Ids<Key>(size()); }
  // The first item with this name.
  std::optional<Key> find(std::string_view name) const {
    for (const auto key : ids()) {
      const auto& item = (*this)[key];
      if constexpr (requires { item.name; }) {
        if (item.name == name) return key;
      } else if (item.plan.name == name) {
        return key;
      }
    }
    return std::nullopt;
  }
  const Items& items() const { return *this; }
};

// A function for each alternative of a variant: `std::visit(Cases{[](const A&) {...}, [](const B&) {...}}, value)`.
template <class... Case>
struct Cases : Case... {
  using Case::operator()...;
};
template <class... Case>
Cases(Case...) -> Cases<Case...>;

// Whether a variant holds an `Alternative`.
template <class Alternative, class Variant>
constexpr bool is(const Variant& value) {
  return std::holds_alternative<Alternative>(value);
}

}  // namespace braid::recipe
