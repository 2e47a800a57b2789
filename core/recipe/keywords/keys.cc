#include "recipe/keywords/keys.h"

#include "recipe/document/units.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

namespace braid::recipe {

bool demand(Report& report, const Item& item, Item::Kind kind, const std::string& what) {
  if (item.is(kind) || (kind == Item::Kind::number && item.is(Item::Kind::whole))) return true;
  report.error(item.place, "wrong-type",
               what + " is " + std::string(name_of(item.kind)) + "; " + std::string(name_of(kind)) + " is wanted");
  return false;
}

bool settle(Report& report, Item& item, bool whole, const std::string& unit, const std::string& what) {
  if (unit.empty() || !item.is(Item::Kind::text)) return true;
  const auto said = amount(item.text, unit);
  constexpr auto figures = "-.0123456789 ";
  if (!said && (item.text.find_first_of("0123456789") == std::string::npos ||
                item.text.find_first_not_of(figures) == std::string::npos)) {
    report.error(
        item.place, "wrong-type",
        what + " is text; " + std::string(name_of(whole ? Item::Kind::whole : Item::Kind::number)) + " is wanted",
        {"legal: " + amount_forms(unit)});
    return false;
  }
  if (!said || (whole && !said->whole)) {
    report.error(item.place, "bad-amount",
                 what + " is " + quote(item.text) + ", which is no " + (said ? "whole " : "") + "number of " + unit,
                 {"legal: " + amount_forms(unit)});
    return false;
  }
  item.kind = said->whole ? Item::Kind::whole : Item::Kind::number;
  item.whole = said->whole.value_or(0);
  item.number = said->value;
  item.text.clear();
  item.written.clear();
  return true;
}

bool in_range(Report& report, const Item& item, const Word& word, const std::string& what) {
  const auto low = static_cast<std::int64_t>(word.low.value_or(0));
  const auto high = word.high ? static_cast<std::int64_t>(*word.high) : std::numeric_limits<std::int64_t>::max();
  if (item.whole >= low && item.whole <= high) return true;
  report.error(item.place, "out-of-range",
               what + " is " + std::to_string(item.whole) + "; it is from " + std::to_string(low) + " to " +
                   std::to_string(high));
  return false;
}

const Word& Keys::word(const std::string& name) const {
  const auto* found = words_ ? words_->find(name) : nullptr;
  if (!found) throw std::logic_error(quote(name) + " is no word of " + (words_ ? words_->name : what_));
  return *found;
}

Item* Keys::find(const std::string& name) {
  if (words_) word(name);
  return parameter(name);
}

Item* Keys::parameter(const std::string& name) {
  known_.push_back(name);
  auto* item = table_.find(name);
  if (item) item->used = true;
  return item;
}

bool Keys::settled(const std::string& name, Item& item, Item::Kind kind) {
  if (!words_ || (kind != Item::Kind::whole && kind != Item::Kind::number)) return true;
  return settle(report_, item, kind == Item::Kind::whole, word(name).unit, quote(name));
}

Item* Keys::find(const std::string& name, Item::Kind kind) {
  auto* item = find(name);
  return item && settled(name, *item, kind) && demand(report_, *item, kind, quote(name)) ? item : nullptr;
}

Item* Keys::required(const std::string& name, Item::Kind kind, const std::string& fix) {
  auto* item = find(name);
  if (!item) {
    report_.error(place(), "missing-key", what_ + " needs " + quote(name), {fix});
    return nullptr;
  }
  return settled(name, *item, kind) && demand(report_, *item, kind, quote(name)) ? item : nullptr;
}

std::int64_t Keys::whole(const std::string& name) {
  const auto& word = this->word(name);
  const auto fallback = std::get<std::int64_t>(word.fallback);
  if (!find(name)) fill(name, fallback);
  const auto* item = find(name, Item::Kind::whole);
  if (!item) return fallback;
  return in_range(report_, *item, word, quote(name)) ? item->whole : fallback;
}

double Keys::number(const std::string& name, std::optional<double> given) {
  const auto& word = this->word(name);
  const double fallback = given ? *given : std::get<double>(word.fallback);
  if (!find(name)) fill(name, fallback);
  const auto* item = find(name, Item::Kind::number);
  if (!item) return fallback;
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  const double low = word.low.value_or(-unlimited), high = word.high.value_or(unlimited);
  if (std::isfinite(item->number) && item->number >= low && item->number <= high) return item->number;
  report_.error(item->place, "out-of-range",
                quote(name) + " is " + number_text(item->number) + "; it is " +
                    (high < unlimited ? "from " + number_text(low) + " to " + number_text(high)
                                      : "at least " + number_text(low)));
  return fallback;
}

bool Keys::boolean(const std::string& name) {
  const auto fallback = std::get<bool>(word(name).fallback);
  if (!find(name)) fill(name, fallback);
  const auto* item = find(name, Item::Kind::boolean);
  return item ? item->boolean : fallback;
}

std::string Keys::choice(const std::string& name, const std::optional<std::string>& given) {
  const auto& word = this->word(name);
  const auto* own = std::get_if<std::string>(&word.fallback);
  const auto fallback = given ? *given : own ? *own : std::string();
  const auto& choices = word.choices;
  if (!find(name) && !fallback.empty()) fill(name, fallback);
  const auto* item = find(name, Item::Kind::text);
  if (!item) return fallback;
  if (std::find(choices.begin(), choices.end(), item->text) != choices.end()) return item->text;
  Notes notes;
  note_nearest(notes, item->text, choices);
  notes.push_back("choices: " + listed(choices));
  report_.error(item->place, "bad-choice", quote(name) + " cannot be " + quote(item->text), notes);
  return fallback;
}

std::vector<std::string> Keys::texts(const std::string& name, std::vector<Item*>* items) {
  std::vector<std::string> out;
  auto* item = find(name);
  if (!item) return out;
  const auto add = [&](Item& one) {
    if (!demand(report_, one, Item::Kind::text, quote(name))) return;
    out.push_back(one.text);
    if (items) items->push_back(&one);
  };
  if (item->is(Item::Kind::array))
    for (const auto& one : item->items) add(*one);
  else add(*item);
  return out;
}

void Keys::later(std::initializer_list<const char*> names) {
  for (const std::string name : names)
    if (auto* item = parameter(name))
      report_.error(item->key_place, "not-yet",
                    quote(name) + " in " + what_ + " is a word of the language that this version does not carry out",
                    {"leave it out; CHANGELOG says what each version brings"});
}

void Keys::refuse(const std::string& name, const std::string& tag, const std::string& why, Notes notes) {
  auto* item = table_.find(name);
  if (!item || item->used) return;
  item->used = true;
  report_.error(item->key_place, tag, why, std::move(notes));
}

void Keys::accept_all() {
  for (const auto& item : table_.items) item->used = true;
}

void Keys::finish(const std::vector<std::string>& others) {
  auto candidates = known_;
  candidates.insert(candidates.end(), others.begin(), others.end());
  std::set<std::string> seen;  // a key may have been asked for twice
  std::erase_if(candidates, [&](const auto& name) { return !seen.insert(name).second; });
  for (const auto& item : table_.items) {
    if (item->used) continue;
    item->used = true;
    Notes notes;
    note_choices(notes, item->key, candidates);
    report_.error(item->key_place, "unknown-key", what_ + " has no key " + quote(item->key), notes);
  }
}

Item& Keys::filled(const std::string& name, Item::Kind kind) {
  auto item = std::make_unique<Item>();
  item->kind = kind;
  item->place = item->key_place = table_.key_place;
  item->filled_in = item->used = true;
  return table_.add(name, std::move(item));
}

void Keys::fill(const std::string& name, std::int64_t value) {
  auto& item = filled(name, Item::Kind::whole);
  item.whole = value;
  item.number = static_cast<double>(value);
}
void Keys::fill(const std::string& name, double value) { filled(name, Item::Kind::number).number = value; }
void Keys::fill(const std::string& name, bool value) { filled(name, Item::Kind::boolean).boolean = value; }
void Keys::fill(const std::string& name, const std::string& value) { filled(name, Item::Kind::text).text = value; }
void Keys::fill(const std::string& name, const std::vector<std::string>& values) {
  auto& item = filled(name, Item::Kind::array);
  for (const auto& value : values) {
    auto one = std::make_unique<Item>();
    one->kind = Item::Kind::text;
    one->text = value;
    one->place = one->key_place = item.place;
    one->filled_in = one->used = true;
    item.items.push_back(std::move(one));
  }
}

}  // namespace braid::recipe
