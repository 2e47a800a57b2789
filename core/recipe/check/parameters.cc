#include "recipe/check/parameters.h"

#include "recipe/document/words.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace braid::recipe {

namespace {

using Absent = std::function<bool(const std::string&)>;

class ParamReader {
 public:
  ParamReader(const Absent& absent, Report& report, Use& use) : absent_(absent), report_(report), use_(use) {}

  // All parameters below `prefix` ("" or "unknown."), from the table that `keys` reads.
  void group(Keys& keys, const std::string& prefix) {
    std::vector<std::string> done;
    for (const auto& param : use_.schema.params) {
      if (!param.name.starts_with(prefix)) continue;
      const auto rest = param.name.substr(prefix.size());
      const auto dot = rest.find('.');
      if (dot == std::string::npos) {
        one(keys, rest, param);
        continue;
      }
      const auto head = rest.substr(0, dot);
      if (std::find(done.begin(), done.end(), head) != done.end()) continue;
      done.push_back(head);
      auto* table = keys.parameter(head);
      if (table && !demand(report_, *table, Item::Kind::table, quote(prefix + head))) {
        defaults(prefix + head + ".");
        continue;
      }
      if (!table) {
        auto made = std::make_unique<Item>();
        made->place = made->key_place = keys.place();
        made->filled_in = made->used = true;
        table = &keys.table().add(head, std::move(made));
      }
      Keys inner(report_, *table, quote(prefix + head) + " of " + keys.what());
      group(inner, prefix + head + ".");
      inner.finish();
    }
  }

 private:
  void defaults(const std::string& prefix) {
    for (const auto& param : use_.schema.params)
      if (param.name.starts_with(prefix)) use_.values[param.name] = param.fallback;
  }

  void one(Keys& keys, const std::string& key, const ParamSchema& param) {
    auto& value = use_.values[param.name];
    value = param.fallback;
    auto* item = keys.parameter(key);
    if (!item) {
      if (param.required) {
        Notes notes{param.help};
        report_.error(keys.place(), "missing-param",
                      keys.what() + " needs " + quote(param.name) + ", " + std::string(type_words(param)), notes);
      } else {
        fill(keys, key, param.fallback);
      }
      return;
    }
    if (auto read = convert(*item, param)) value = std::move(*read);
  }

  static std::string_view type_words(const ParamSchema& param) {
    static constexpr std::string_view words[] = {
        "true or false", "a whole number",          "a number",          "text",
        "a file",        "a list of whole numbers", "a list of numbers", "a list of texts"};
    return words[static_cast<int>(param.type)];
  }

  static void fill(Keys& keys, const std::string& key, const Value& value) {
    const auto list = [&](const auto& values, auto make) {
      auto item = std::make_unique<Item>();
      item->kind = Item::Kind::array;
      item->filled_in = item->used = true;
      item->place = item->key_place = keys.place();
      for (const auto& v : values) item->items.push_back(make(v));
      keys.table().add(key, std::move(item));
      keys.parameter(key);
    };
    const auto leaf = [](Item::Kind kind) {
      auto item = std::make_unique<Item>();
      item->kind = kind;
      return item;
    };
    if (const auto* b = std::get_if<bool>(&value)) keys.fill(key, *b);
    else if (const auto* i = std::get_if<std::int64_t>(&value)) keys.fill(key, *i);
    else if (const auto* d = std::get_if<double>(&value)) keys.fill(key, *d);
    else if (const auto* s = std::get_if<std::string>(&value)) keys.fill(key, *s);
    else if (const auto* is = std::get_if<std::vector<std::int64_t>>(&value))
      list(*is, [&](std::int64_t v) {
        auto item = leaf(Item::Kind::whole);
        item->whole = v;
        item->number = static_cast<double>(v);
        return item;
      });
    else if (const auto* ds = std::get_if<std::vector<double>>(&value))
      list(*ds, [&](double v) {
        auto item = leaf(Item::Kind::number);
        item->number = v;
        return item;
      });
    else if (const auto* ss = std::get_if<std::vector<std::string>>(&value))
      list(*ss, [&](const std::string& v) {
        auto item = leaf(Item::Kind::text);
        item->text = v;
        return item;
      });
  }

  std::optional<Value> convert(Item& item, const ParamSchema& param) {
    using K = Item::Kind;
    const auto is = [&](Item& one, K kind) {
      if (kind == K::whole || kind == K::number)
        if (!settle(report_, one, kind == K::whole, param.unit, quote(param.name))) return false;
      if (one.is(kind) || (kind == K::number && one.is(K::whole))) return true;
      Notes notes;
      if (param.type == ParamType::texts && &one == &item && one.is(K::text))
        notes.push_back("write " + param.name + " = [\"" + one.text + "\"]");
      if ((param.type == ParamType::wholes || param.type == ParamType::numbers) && &one == &item &&
          (one.is(K::whole) || one.is(K::number)))
        notes.push_back("write " + param.name + " = [" + number_text(one.number) + "]");
      report_.error(one.place, "wrong-type",
                    quote(param.name) + " is " + std::string(name_of(one.kind)) + "; " +
                        std::string(&one == &item ? type_words(param) : name_of(kind)) + " is wanted",
                    notes);
      return false;
    };
    const auto list = [&](K kind, auto take) {
      if (!is(item, K::array)) return false;
      for (const auto& one : item.items) {
        if (!is(*one, kind) || !in_range(*one, param)) return false;
        take(*one);
      }
      return true;
    };
    switch (param.type) {
      case ParamType::boolean:
        return is(item, K::boolean) ? std::optional<Value>(item.boolean) : std::nullopt;
      case ParamType::whole:
        return is(item, K::whole) && in_range(item, param) ? std::optional<Value>(item.whole) : std::nullopt;
      case ParamType::number:
        return is(item, K::number) && in_range(item, param) ? std::optional<Value>(item.number) : std::nullopt;
      case ParamType::text:
        return is(item, K::text) && in_range(item, param) ? std::optional<Value>(item.text) : std::nullopt;
      case ParamType::path:
        return is(item, K::text) ? path(item) : std::nullopt;
      case ParamType::wholes: {
        std::vector<std::int64_t> out;
        return list(K::whole, [&](const Item& i) { out.push_back(i.whole); }) ? std::optional<Value>(std::move(out))
                                                                              : std::nullopt;
      }
      case ParamType::numbers: {
        std::vector<double> out;
        return list(K::number, [&](const Item& i) { out.push_back(i.number); }) ? std::optional<Value>(std::move(out))
                                                                                : std::nullopt;
      }
      case ParamType::texts: {
        std::vector<std::string> out;
        return list(K::text, [&](const Item& i) { out.push_back(i.text); }) ? std::optional<Value>(std::move(out))
                                                                            : std::nullopt;
      }
    }
    return {};
  }

  std::optional<Value> path(Item& item) {
    item.text = joined_path(item.folder, item.text);
    item.folder.clear();
    item.written.clear();
    if (!item.text.empty() && absent_(item.text)) {
      report_.error(item.place, "missing-file", "no file " + quote(item.text));
      return {};
    }
    return Value(Path{item.text});
  }

  bool in_range(const Item& item, const ParamSchema& param) {
    if (item.is(Item::Kind::text)) {
      if (param.choices.empty() ||
          std::find(param.choices.begin(), param.choices.end(), item.text) != param.choices.end())
        return true;
      Notes notes;
      note_nearest(notes, item.text, param.choices);
      notes.push_back("choices: " + listed(param.choices));
      report_.error(item.place, "bad-choice", quote(param.name) + " cannot be " + quote(item.text), notes);
      return false;
    }
    // Whole numbers without declared limits have 32 bits, so that sizes made of two of them have 64.
    const bool whole = param.type == ParamType::whole || param.type == ParamType::wholes;
    const auto low = param.low ? param.low : whole ? std::optional(-2147483648.0) : std::nullopt;
    const auto high = param.high ? param.high : whole ? std::optional(2147483647.0) : std::nullopt;
    if (std::isfinite(item.number) && (!low || item.number >= *low) && (!high || item.number <= *high)) return true;
    const auto text = [&](double x) { return whole ? std::to_string(static_cast<std::int64_t>(x)) : number_text(x); };
    std::string range = low && high ? "from " + text(*low) + " to " + text(*high)
                        : low       ? "at least " + text(*low)
                        : high      ? "at most " + text(*high)
                                    : "a finite number";
    if (!param.unit.empty()) range += " " + param.unit;
    report_.error(item.place, "out-of-range",
                  quote(param.name) + " is " + number_text(item.number) + "; it is " + range, {param.help});
    return false;
  }

  const Absent& absent_;
  Report& report_;
  Use& use_;
};

}  // namespace

Use read_use(Keys& keys, const Found& found, const Absent& absent) {
  Use use{found.schema->name, found.plugin->name, *found.file, *found.schema, {}};
  ParamReader(absent, keys.report(), use).group(keys, "");
  return use;
}

ScalarPlan read_scalar(Keys& keys, const std::string& name, double fallback, std::optional<double> low,
                       std::optional<double> high) {
  ScalarPlan out{ScalarPlan::Constant{fallback}, low, high};
  auto* item = keys.parameter(name);
  if (!item) return keys.fill(name, fallback), out;
  const auto within = [&](const Item& at, double value) {
    if (!std::isnan(value) && (!low || value >= *low) && (!high || value <= *high)) return;
    keys.report().error(at.place, "out-of-range",
                        quote(name) + " is " + number_text(value) + "; it is " +
                            (low ? "at least " + number_text(*low) : "") + (low && high ? " and " : "") +
                            (high ? "at most " + number_text(*high) : ""));
  };
  if (item->is(Item::Kind::number) || item->is(Item::Kind::whole)) {
    out.how = ScalarPlan::Constant{item->number};
    within(*item, item->number);
    return out;
  }
  if (!item->is(Item::Kind::table)) {
    keys.report().error(item->place, "wrong-type",
                        quote(name) + " is " + std::string(name_of(item->kind)) + "; a coefficient is wanted",
                        {"a number, { learn = true, start = 0.1 } or { from = 0, to = 1, steps = 1000 }"});
    return out;
  }
  Keys inner(keys.report(), *item, quote(name) + " of " + keys.what(),
             &section(item->find("learn") ? "learnt" : "scheduled"));
  if (auto* learn = item->find("learn") ? inner.find("learn") : nullptr) {
    bool on = false;
    if (learn->is(Item::Kind::text) && learn->text == "per_dataset")
      keys.report().error(learn->place, "not-yet",
                          "learn = \"per_dataset\" is a word of the language that this version does not carry out",
                          {"write learn = true"});
    else on = demand(keys.report(), *learn, Item::Kind::boolean, "'learn'") && learn->boolean;
    ScalarPlan::Learnt learnt{};
    learnt.start = inner.number("start", fallback);
    within(*item, learnt.start);
    learnt.log = inner.boolean("log");
    if (on) out.how = learnt;
    else out.how = ScalarPlan::Constant{learnt.start};
    if (learnt.log && learnt.start <= 0)
      keys.report().error(item->place, "out-of-range",
                          "the logarithm of " + quote(name) + " is learnt: start is above 0");
  } else {
    const auto* from = inner.required("from", Item::Kind::number, "a schedule is { from = 0, to = 1, steps = 1000 }");
    const auto* to = inner.required("to", Item::Kind::number, "a schedule is { from = 0, to = 1, steps = 1000 }");
    const auto* steps = inner.required("steps", Item::Kind::whole, "a schedule is { from = 0, to = 1, steps = 1000 }");
    ScalarPlan::Scheduled schedule{0, 0, 1};
    if (from) schedule.from = from->number, within(*from, schedule.from);
    if (to) schedule.to = to->number, within(*to, schedule.to);
    if (steps) schedule.steps = steps->whole;
    out.how = schedule;
    if (steps && steps->whole < 1)
      keys.report().error(steps->place, "out-of-range",
                          "'steps' is " + std::to_string(steps->whole) + "; it is at least 1");
  }
  inner.finish();
  return out;
}

}  // namespace braid::recipe
