#include "references.h"

#include "column_names.h"
#include "recipe/document/words.h"

#include <algorithm>
#include <optional>

namespace braid::tools {
namespace {

// Names under which other tables may speak of an entity of the table `file`.
Words names_of(const std::string& file, const std::string& key) {
  const auto table = plain(stem(file)), one = singular(table), name = plain(key);
  Words out{one, one + "id", one + "key", one + "code", "id" + one, table, table + "id"};
  if (!has({"id", "key", "name", "index", "code", "no", "nr", "number"}, name)) out.push_back(name);
  return out;
}

std::size_t shared(const Column& column, const Column& key) {
  std::size_t n = 0;
  for (const auto& [value, _] : column.values) n += key.values.count(value);
  return n;
}

// How sure it is that `column` names entities whose key is `key`, from 0 to 3, and why.
int link_strength(const Column& column, const Sample& to, const Column& key, std::string& why) {
  if (column.values.empty()) return 0;
  const auto common = shared(column, key), distinct = column.values.size();
  const auto share =
      std::to_string(common) + " of its " + recipe::counted(distinct, "value") + " in the sample are keys there";
  const auto name = plain(column.header);
  const auto names = names_of(to.file, key.header);
  const bool sampled = !to.whole;  // keys beyond the sample are not seen
  if (!name.empty() && has(names, name)) {
    if (common == 0 && !sampled) return 0;
    why = "by its name; " + share;
    return 3;
  }
  const bool ends =
      std::any_of(names.begin(), names.end(), [&](const auto& n) { return n.size() > 2 && name.ends_with(n); });
  if (ends && common * 2 >= distinct) {
    why = "by the end of its name; " + share;
    return 2;
  }
  // Small whole numbers lie in each other's range by chance: they are not taken for keys without a name.
  if (!(column.wholes && key.wholes) && distinct >= 3 && common * 5 >= distinct * 4) {
    why = "by its values: " + share;
    return 1;
  }
  return 0;
}

}  // namespace

std::vector<Reference> references(const std::vector<TableGuess>& tables) {
  std::vector<Reference> out;
  for (std::size_t from = 0; from < tables.size(); ++from)
    for (const auto& column : tables[from].first().columns) {
      std::optional<Reference> best;
      for (std::size_t to = 0; to < tables.size(); ++to) {
        if (to == from) continue;
        for (const auto& key : tables[to].first().columns) {
          if (!key.unique()) continue;
          std::string why;
          const auto strength = link_strength(column, tables[to].first(), key, why);
          if (strength > (best ? best->strength : 0)) best = Reference{from, to, &column, &key, strength, why};
        }
      }
      if (best) out.push_back(*best);
    }
  return out;
}

}  // namespace braid::tools
