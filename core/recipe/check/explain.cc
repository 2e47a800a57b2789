#include "recipe/check/explain.h"

#include "recipe/check/checker.h"
#include "recipe/document/flat.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <fstream>
#include <set>

namespace braid::recipe {

namespace {

std::string below(const std::string& path, const std::string& key) {
  return (path.empty() ? "" : path + ".") + toml_key(key);
}

// Places that are not `item`'s own, of the elements below it.
void other_places(const Item& item, const Item& top, std::vector<Place>& out) {
  for (const auto& inner : item.items) {
    if (inner->from_set && inner->place.file != top.place.file &&
        std::none_of(out.begin(), out.end(), [&](const Place& p) { return p.file == inner->place.file; }))
      out.push_back(inner->place);
    other_places(*inner, top, out);
  }
}

Explained value_at(const Item& item, const std::string& path, const std::string& recipe) {
  Explained out;
  out.key = path;
  out.item = copy(item);
  using From = Explained::From;
  out.from = item.filled_in              ? From::fallback
             : item.from_set             ? From::set
             : item.place.file == recipe ? From::recipe
                                         : From::include;
  out.place = item.place;
  other_places(item, item, out.parts);
  for (const auto* old = item.instead.get(); old; old = old->instead.get())
    if (!old->filled_in) out.before.push_back({inline_toml(*old), old->place});
  return out;
}

// A component as the tree names it.
struct Owner {
  Found found;
  const ComponentSchema* operator->() const { return found.schema; }
  explicit operator bool() const { return bool(found); }
};

// Walks the tree by the language's sections, so that each value meets its word, parameter, coefficient or port.
class Walk {
 public:
  Walk(Checker& c, std::vector<Explained>& out)
      : c_(c), out_(out), vars_(c.document.root().find("vars")), recipe_(c.document.files().front()) {}

  void run() {
    table(*c_.resolved, "", section("top"), {}, "");
    if (vars_)
      for (const auto& var : vars_->items)
        leaf(*var, below("vars", var->key), [](Explained& e) { e.word = section("top").find("vars"); });
  }

 private:
  template <class Mean>
  void leaf(const Item& item, const std::string& path, const Mean& mean) {
    each_value(item, path, [&](const Item& at, const std::string& key) {
      auto value = value_at(at, key, recipe_);
      for (const auto& name : at.vars) var(name, value);
      for (const auto& one : at.items)
        for (const auto& name : one->vars) var(name, value);
      mean(value);
      out_.push_back(std::move(value));
    });
  }

  void var(const std::string& name, Explained& value) const {
    const auto* item = vars_ ? vars_->find(name) : nullptr;
    const auto known = [&](const auto& one) { return one.first == name; };
    if (item && std::none_of(value.vars.begin(), value.vars.end(), known)) value.vars.emplace_back(name, item->place);
  }

  Owner component(const Item& item, const char* key, const std::vector<Kind>& kinds) const {
    const auto* use = item.find(key);
    if (!use || !use->is(Item::Kind::text)) return {};
    Report unheard;  // whatever is wrong with it has been told
    return {c_.cards.find(*use, kinds, unheard)};
  }

  // A node's component; of one that runs or copies another's, that one's.
  Owner of_node(const Item& item) const {
    for (const auto* key : {"same", "copy"})
      if (const auto* other = item.find(key); other && !item.find("use"))
        if (const auto* nodes = c_.resolved->find("nodes"))
          if (const auto* target = nodes->find(other->text)) return component(*target, "use", node_kinds());
    return component(item, "use", node_kinds());
  }
  static const std::vector<Kind>& node_kinds() { return section("node").find("use")->kinds; }

  // Which list of words holds in a table: some depend on what it says.
  static const Section& words_of(const std::string& name, const Item& item) {
    const auto has = [&](const char* key) { return item.find(key) != nullptr; };
    if (name == "split") {
      const auto* by = item.find("by");
      const auto text = by ? by->text : "";
      return section(text == "time" ? "time_split" : text == "leave_last" ? "leave_last_split" : "hash_split");
    }
    if (name == "list")
      return section(has("draw") ? "draw" : has("column") ? "column" : has("after") ? "after" : "history");
    if (name == "node" && !has("use"))
      return section(has("same") ? "same" : has("copy") ? "copy" : has("run") ? "run" : "node");
    return section(name);
  }

  Owner owner_of(const std::string& name, const Item& item) const {
    if (name == "table" || name == "join") return component(item, "reader", {Kind::reader});
    if (name == "field") return component(item, "use", {Kind::field});
    if (name == "metric") return component(item, "use", {Kind::metric});
    if (name == "group") return component(item, "use", {Kind::optimizer});
    if (name == "schedule") return component(item, "use", {Kind::schedule});
    if (name == "node") return of_node(item);
    return {};
  }

  void below_section(const Item& item, const std::string& path, const std::string& name) {
    if (!item.is(Item::Kind::table) || item.items.empty()) return leaf(item, path, [](Explained&) {});
    table(item, path, words_of(name, item), owner_of(name, item), "");
  }

  void table(const Item& item, const std::string& path, const Section& words, const Owner& owner,
             const std::string& prefix) {
    const auto* named = item.find("schedule");
    const auto schedule = words.name == "group" && named && named->is(Item::Kind::text)
                              ? component(item, "schedule", {Kind::schedule})
                              : Owner{};
    for (const auto& inner : item.items) {
      const auto at = below(path, inner->key);
      if (owner && parameter(*inner, at, words, owner, prefix)) continue;
      // A group's schedule may have its parameters there too.
      if (schedule && parameter(*inner, at, words, schedule, prefix)) continue;
      if (const auto* word = prefix.empty() ? words.find(inner->key) : nullptr) said(*inner, at, *word, owner);
      else leaf(*inner, at, [](Explained&) {});
    }
  }

  bool parameter(const Item& item, const std::string& path, const Section& words, const Owner& owner,
                 const std::string& prefix) {
    const auto name = prefix + item.key;
    const auto mean = [&](Explained& e) {
      e.component = owner->name;
      e.plugin = owner.found.plugin->name;
    };
    if (const auto* param = owner->param(name)) {
      leaf(item, path, [&](Explained& e) { e.param = *param, mean(e); });
      return true;
    }
    for (const auto& scalar : owner->scalars)
      if (scalar.name == name) {
        coefficient(item, path, [&](Explained& e) { e.scalar = scalar, mean(e); });
        return true;
      }
    const bool group =
        item.is(Item::Kind::table) && std::any_of(owner->params.begin(), owner->params.end(),
                                                  [&](const ParamSchema& p) { return p.name.starts_with(name + "."); });
    if (group) table(item, path, words, owner, name + ".");
    return group;
  }

  template <class Mean>
  void coefficient(const Item& item, const std::string& path, const Mean& mean) {
    if (!item.is(Item::Kind::table)) return leaf(item, path, mean);
    const auto& words = section(item.find("learn") ? "learnt" : "scheduled");
    for (const auto& inner : item.items)
      leaf(*inner, below(path, inner->key), [&](Explained& e) { e.word = words.find(inner->key); });
  }

  void said(const Item& item, const std::string& path, const Word& word, const Owner& owner) {
    const auto mean = [&](Explained& e) { e.word = &word; };
    const bool is_table = item.is(Item::Kind::table) && !item.items.empty();
    const auto each = [&](const auto& visit) {
      if (!is_table) return leaf(item, path, mean);
      for (const auto& inner : item.items) visit(*inner, below(path, inner->key));
    };
    switch (word.is) {
      case Word::Is::named:
        return each([&](const Item& inner, const std::string& at) { below_section(inner, at, word.section); });
      case Word::Is::links:
        return each([&](const Item& inner, const std::string& at) {
          if (inner.is(Item::Kind::table)) return below_section(inner, at, word.section);
          leaf(inner, at, [&](Explained& e) { e.word = section(word.section).find("table"); });
        });
      case Word::Is::table:
      case Word::Is::tables:
        if (list_of_tables(item)) {
          for (std::size_t k = 0; k < item.items.size(); ++k)
            below_section(*item.items[k], path + "[" + std::to_string(k) + "]", word.section);
          return;
        }
        return is_table ? below_section(item, path, word.section) : leaf(item, path, mean);
      case Word::Is::inputs:
        return each([&](const Item& inner, const std::string& at) {
          leaf(inner, at, [&](Explained& e) {
            e.word = &word;
            const auto* port = owner ? owner->port(inner.key, false) : nullptr;
            if (!port) return;
            e.port = *port, e.word = nullptr;
            e.component = owner->name;
            e.plugin = owner.found.plugin->name;
          });
        });
      case Word::Is::coefficient:
        return coefficient(item, path, mean);
      case Word::Is::component:
        return is_table ? below_section(item, path, word.section) : leaf(item, path, mean);
      default:
        return leaf(item, path, mean);
    }
  }

  Checker& c_;
  std::vector<Explained>& out_;
  const Item* vars_;
  const std::string& recipe_;
};

// The tree as the recipe says it.
void drop_defaults(Item& item) {
  auto& items = item.items;
  items.erase(std::remove_if(items.begin(), items.end(), [](const auto& inner) { return inner->filled_in; }),
              items.end());
  for (const auto& inner : items) drop_defaults(*inner);
}

// "a[0].b" as "a.0.b".
std::string as_path(const std::string& key) {
  std::string out;
  for (const char c : key)
    if (c == '[') out += '.';
    else if (c != ']') out += c;
  return out;
}

}  // namespace

std::string Explained::value() const { return inline_toml(*item); }

Resolution resolve(const std::string& recipe_file, const std::vector<std::string>& sets, const World& world) {
  Resolution out;
  const Fitted nothing;
  Checker c(world, nothing);
  out.checked = check_into(c, recipe_file, nullptr, sets);
  if (!out.checked.plan) return out;
  Walk(c, out.values).run();
  const auto said = copy(*c.resolved);
  drop_defaults(*said);
  out.said = toml_of(*said);
  return out;
}

std::optional<std::vector<Explained>> values_of(const std::string& file) {
  Report unheard;
  Document document;
  if (!document.load(file, nullptr, unheard)) return std::nullopt;
  std::vector<Explained> out;
  each_value(document.root(), "",
             [&](const Item& item, const std::string& path) { out.push_back(value_at(item, path, file)); });
  return out;
}

std::vector<const Explained*> chosen(const std::vector<Explained>& values, const std::string& what) {
  const auto wanted = as_path(what);
  std::vector<const Explained*> out;
  for (const auto& value : values) {
    const auto key = as_path(value.key);
    const bool glob = glob_matches(wanted, key);
    if (glob || key.starts_with(wanted + ".")) out.push_back(&value);
  }
  return out;
}

std::optional<std::string> nearest_key(const std::vector<Explained>& values, const std::string& what) {
  std::set<std::string> all;
  for (const auto& value : values)
    for (auto key = value.key; !key.empty();) {
      all.insert(key);
      const auto dot = key.find_last_of(".[");
      key.resize(dot == std::string::npos ? 0 : dot);
    }
  return nearest(what, {all.begin(), all.end()});
}

}  // namespace braid::recipe
