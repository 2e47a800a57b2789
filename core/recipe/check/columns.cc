// Columns: what the files' first lines say, and expressions over them.
#include "recipe/check/checker.h"
#include "recipe/document/words.h"

#include <algorithm>

namespace braid::recipe {

bool Columns::has(const std::string& name) const { return std::find(names.begin(), names.end(), name) != names.end(); }

bool need_column(Checker& c, TableId table, const std::string& name, const Place& place) {
  const auto& columns = c.columns[table];
  if (!columns.known || columns.has(name)) return true;
  Notes notes;
  note_nearest(notes, name, columns.names);
  notes.push_back("columns: " + listed(columns.names));
  c.error(place, "unknown-column", "no column " + quote(name) + " in " + columns.file, notes);
  return false;
}

namespace {

TextForm form_of(const Use& reader, bool named) {
  const auto said = [&](const std::string& name) {
    const auto value = reader.values.find(name);
    const auto* text = value == reader.values.end() ? nullptr : std::get_if<std::string>(&value->second);
    return text ? *text : std::string();
  };
  return {said("separator"), said("quote"), said("encoding"), named};
}

}  // namespace

Columns read_columns(Checker& c, const std::vector<Item*>& items, const std::vector<std::string>& files,
                     const Use& reader) {
  Columns out;
  if (!files.empty()) out.file = files[0];
  if (const auto given = reader.values.find("columns"); given != reader.values.end())
    if (const auto* names = std::get_if<std::vector<std::string>>(&given->second); names && !names->empty()) {
      out.known = true;
      out.names = *names;
    }
  if (!c.files || !c.world.header || reader.schema.header != "text") return out;
  const bool named = out.known;
  for (std::size_t k = 0; k < files.size(); ++k) {
    const auto& place = items[std::min(k, items.size() - 1)]->place;
    auto header = c.world.header(files[k], form_of(reader, named));
    if (const auto* why = std::get_if<std::string>(&header)) {
      c.error(place, "bad-header", (named ? "the file cannot be read: " : "the columns cannot be read: ") + *why);
      return {};
    }
    if (named) continue;
    auto& names = std::get<std::vector<std::string>>(header);
    if (!out.known) {
      out.known = true;
      out.names = std::move(names);
    } else if (names != out.names) {
      Notes notes{quote(files[0]) + " has " + listed(out.names), quote(files[k]) + " has " + listed(names)};
      c.error(place, "columns-differ", "the files of one table have different columns", notes);
    }
  }
  return out;
}

std::optional<Use> read_reader(Checker& c, Keys& keys, const Item& file) {
  Found found;
  if (keys.table().find("reader")) {
    const auto* name = keys.find("reader", Item::Kind::text);
    if (name) found = c.cards.find(*name, {Kind::reader}, c.report);
    if (!found) return {};
  } else {
    found = c.cards.reader_for(file.text);
    if (!found) {
      const auto suffixes = c.cards.suffixes();
      c.error(file.place, "no-reader", "no reader takes " + quote(file.text),
              {suffixes.empty() ? "no plugin with a reader was found"
                                : "readers take files that end in " + listed(suffixes),
               "or name one: reader = \"NAME\""});
      return {};
    }
    keys.find("reader");
    keys.fill("reader", found.plugin->name == found.schema->name ? found.schema->name
                                                                 : found.plugin->name + "/" + found.schema->name);
  }
  return read_use(keys, found, [&](const std::string& path) { return c.absent(path); });
}

// ---- expressions ----

namespace {

class Resolver {
 public:
  Resolver(Checker& c, const Item& item, TableId table, bool counts)
      : c_(c), item_(item), plan_(c.plan.tables[table]), table_(table), counts_(counts) {}

  bool resolve(Expression& e) {
    if (e.op == Expression::Op::column) return column(e);
    if (e.op == Expression::Op::train_count) return count(e);
    bool good = true;
    for (auto& arg : e.args) good = resolve(arg) && good;
    return good;
  }

 private:
  Place at(const Expression& e) const { return c_.document.inside(item_, e.at); }
  const Columns& columns() const { return c_.columns[table_]; }

  bool column(Expression& e) {
    if (columns().known && columns().has(e.name)) return true;
    if (const auto dot = e.name.find('.'); dot != std::string::npos) {
      const auto link = plan_.links.find(e.name.substr(0, dot));
      if (!link) return unknown_link(e, e.name.substr(0, dot));
      const auto other = c_.target(TableLink{table_, *link});
      return !other || need_column(c_, *other, e.name.substr(dot + 1), at(e));
    }
    if (const auto link = plan_.links.find(e.name)) {  // a link's name stands for its column
      e.name = plan_.links[*link].column;
      return true;
    }
    return need_column(c_, table_, e.name, at(e));
  }

  bool count(const Expression& e) {
    if (!counts_) {
      c_.error(at(e), "bad-expression", "train_count is known once rows are split: it stands in [slices] only");
      return false;
    }
    return plan_.links.find(e.name) || unknown_link(e, e.name);
  }

  bool unknown_link(const Expression& e, const std::string& name) {
    Notes notes;
    std::vector<std::string> names;
    for (const auto& link : plan_.links) names.push_back(link.name);
    note_choices(notes, name, names);
    c_.error(at(e), "unknown-link", "table " + quote(plan_.name) + " has no link " + quote(name), notes);
    return false;
  }

  Checker& c_;
  const Item& item_;
  const TablePlan& plan_;
  TableId table_;
  bool counts_;
};

}  // namespace

std::optional<Expression> read_expression(Checker& c, const Item& item, TableId table, bool counts) {
  if (!demand(c.report, item, Item::Kind::text, "an expression")) return {};
  auto parsed = parse_expression(item.text);
  if (const auto* error = std::get_if<ExpressionError>(&parsed)) {
    c.error(c.document.inside(item, error->at), "bad-expression", error->what, {"in \"" + item.text + "\""});
    return {};
  }
  auto expression = std::get<Expression>(std::move(parsed));
  if (!Resolver(c, item, table, counts).resolve(expression)) return {};
  return expression;
}

}  // namespace braid::recipe
