// `braid new recipe FILE...`: a recipe for tables that somebody has, from their first rows. It checks as it is written.

#include "new_recipe.h"
#include "cards/store.h"
#include "column_names.h"
#include "embedded.h"
#include "guess.h"
#include "kernels/text/records.h"
#include "log/log.h"
#include "print.h"
#include "recipe/check/check.h"
#include "recipe/document/words.h"
#include "toml_text.h"

#include <braid/diagnostic.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace braid::tools {
namespace {

namespace fs = std::filesystem;
using How = FieldGuess::How;
using Fill = std::map<std::string, std::string>;

// Piece `name` of recipe/pieces.toml with its {{words}} filled in.
std::string piece(const std::string& name, const Fill& words = {}) {
  std::string text;
  for (const auto& t : templates())
    if (t.path == "recipe/pieces.toml") text = t.text;
  const auto mark = "\n#: " + name + "\n";
  const auto from = text.find(mark);
  if (from == std::string::npos) throw std::logic_error("no piece '" + name + "'");
  text = text.substr(from + mark.size());
  text = text.substr(0, std::min(text.find("\n#: "), text.size() - 1)) + "\n";
  for (std::size_t at = 0; (at = text.find("{{", at)) != std::string::npos;) {
    const auto end = text.find("}}", at);
    const auto word = words.find(text.substr(at + 2, end - at - 2));
    if (word == words.end()) throw std::logic_error("piece '" + name + "' has an unknown word");
    text.replace(at, end + 2 - at, word->second);
    at += word->second.size();
  }
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& t : texts) out += (out.empty() ? "" : ", ") + toml_text(t);
  return out;
}

// Writes a guess as a recipe.
class Writer {
 public:
  Writer(const Guess& g, const recipe::World& world, const std::string& out_file)
      : g_(g), world_(world), folder_(out_file.empty() ? "" : fs::absolute(out_file).parent_path()), names_(taken()) {}

  std::string text() {
    pairs_ = g_.label.empty();
    out_ = piece("head", {{"files", files()}});
    for (const auto& why : g_.left_out) out_ += "# Left out: " + why + ".\n";
    for (std::size_t k = 0; k < g_.entities.size(); ++k)
      if (used(k)) entity(g_.entities[k], k);
    rows();
    if (pairs_) learn_pairs();
    else learn_label();
    return out_;
  }

 private:
  std::vector<std::string> taken() const {
    std::vector<std::string> out{g_.rows.name, "rank", "learn"};
    for (const auto& e : g_.entities) out.push_back(e.name);
    return out;
  }
  std::string files() const {
    std::vector<std::string> out;
    const auto add = [&](const TableGuess& t) {
      for (const auto* f : t.files) out.push_back(toml_text(fs::path(f->file).filename().string()));
    };
    for (const auto& e : g_.entities) add(e);
    add(g_.rows);
    return recipe::listed(out, 6);
  }
  // Without a label two links are learnt from, and the rest would have no reader.
  bool used(std::size_t entity) const {
    for (std::size_t k = 0; k < g_.links.size() && (!pairs_ || k < 2); ++k)
      if (g_.links[k].table == entity) return true;
    return false;
  }
  std::string path_of(const Sample& s) const {
    if (folder_.empty() || fs::path(s.file).is_absolute()) return s.file;
    return fs::absolute(s.file).lexically_normal().lexically_proximate(folder_.lexically_normal()).string();
  }

  // The table's head: files and how they are read.
  void files_of(const TableGuess& t) {
    const auto& s = t.first();
    std::vector<std::string> paths;
    for (const auto* f : t.files) paths.push_back(path_of(*f));
    out_ += "\n[tables." + t.name + "]\n";
    out_ += paths.size() == 1
                ? "file = " + toml_text(paths[0]) + "\n"
                : "files = [" + joined(paths) + "]   # guess: one table, for they have the same columns\n";
    auto name = s.file;
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    const auto* reader = reader_for(name);
    if (!reader) out_ += piece("reader");
    const bool csv = text::is_csv(name);
    if (s.separator != (csv ? "," : "\t"))
      out_ += "separator = " + toml_text(s.separator) + "   # guess: stands in each of the first lines\n";
    if (s.quotes && !csv) out_ += "quote = \"\\\"\"\n";
    if (s.encoding != "utf-8")
      out_ += "encoding = " + toml_text(s.encoding) +
              (s.encoding.starts_with("utf-16") ? "\n" : "   # guess: its first lines are not UTF-8\n");
    if (!s.named || s.renamed) {
      std::vector<std::string> names;
      for (const auto& c : s.columns) names.push_back(c.name);
      out_ += "columns = [" + joined(names) + "]";
      out_ +=
          s.named
              ? "   # the file's own, but for names that are missing or there twice\nheader = true\n"
              : "   # guess: the first line has numbers, so it is no line of names; call the columns what they are\n";
    }
    if (!s.missing.empty()) {
      auto words = s.missing;
      words.insert(words.begin(), "");
      out_ += "missing = [" + joined(words) + "]   # guess: these cells have nothing\n";
    }
    if (s.ragged > 0)
      out_ += "bad_rows = \"skip\"   # " + recipe::counted(s.ragged, "row") + " of the sample cannot be read as " +
              recipe::counted(s.columns.size(), "cell") + "\n";
  }

  const ComponentSchema* reader_for(const std::string& name) const {
    for (const auto& [_, plugin] : world_.plugins)
      for (const auto& c : plugin.components)
        for (const auto& suffix : c.suffixes)
          if (c.kind == Kind::reader && !suffix.empty() && name.ends_with(suffix)) return &c;
    return nullptr;
  }

  static const char* piece_of(How how) {
    switch (how) {
      case How::id:
        return "id";
      case How::category:
        return "category";
      case How::several:
        return "several";
      case How::number:
        return "number";
      case How::text:
        return "text";
      case How::image:
        return "image";
      case How::left_out:
        break;
    }
    return "left_out";
  }

  // [tables.T.fields]; the wires of ids and of numbers.
  void fields_of(const TableGuess& t, std::vector<std::string>& ids, std::vector<std::string>& numbers) {
    if (!t.fields.empty()) out_ += "[tables." + t.name + ".fields]\n";
    for (const auto& f : t.fields) {
      out_ += piece(piece_of(f.how), {{"name", f.name},
                                      {"column", toml_text(f.column)},
                                      {"split", toml_text(f.split)},
                                      {"media", toml_text("FOLDER/{" + f.column + "}")},
                                      {"why", f.why}});
      const auto wire = t.name + "." + f.name;
      if (f.how == How::id || f.how == How::category || f.how == How::several) ids.push_back(wire);
      if (f.how == How::number) numbers.push_back(wire);
    }
  }

  void node(const std::string& name, const std::string& table, const std::vector<std::string>& ids,
            const std::vector<std::string>& numbers) {
    nodes_ += "\n" + piece("entity", {{"table", table}, {"node", name}, {"features", joined(ids)}});
    if (!numbers.empty()) nodes_ += piece("numbers", {{"numbers", joined(numbers)}});
  }

  void entity(const TableGuess& t, std::size_t k) {
    files_of(t);
    out_ += "key = " + toml_text(t.key) + "   # guess: " + t.why + "\n";
    std::vector<std::string> ids, numbers;
    fields_of(t, ids, numbers);
    auto one = t.name.size() > 3 && t.name.ends_with("s") ? t.name.substr(0, t.name.size() - 1) : t.name + "_vector";
    entity_node_[k] = names_.legal(one, "entity");
    node(entity_node_[k], t.name, ids, numbers);
  }

  void rows() {
    const auto& t = g_.rows;
    files_of(t);
    if (!g_.order.empty()) {
      out_ += "order = " + toml_text(g_.order) + "   # guess: tells what came first (" + g_.order_why + ")\n";
      out_ += "split = { by = \"time\", train = 8, valid = 1, test = 1 }   # the last tenth of the rows tests\n";
    } else if (!g_.split.empty()) {
      out_ += "split = { by = " + toml_text(g_.split) +
              ", train = 8, valid = 1, test = 1 }   # at random: no column looks like a time\n";
    }
    if (!g_.keep.empty()) out_ += "keep = " + toml_text(g_.keep) + "   # rows without a label are none to learn from\n";
    if (!g_.links.empty()) out_ += "[tables." + t.name + ".links]\n";
    for (const auto& link : g_.links)
      if (used(link.table))
        out_ += link.name + " = { table = " + toml_text(g_.entities[link.table].name) +
                ", column = " + toml_text(link.column) + " }   # guess: " + link.why + "\n";
    if (!pairs_)
      out_ += "[tables." + t.name + ".labels]\nlabel = " + toml_text(g_.label) + "   # guess: " + g_.label_why + "\n";
    if (pairs_) {
      for (const auto& f : t.fields)
        out_ +=
            piece("left_out",
                  {{"name", f.name}, {"column", toml_text(f.column)}, {"why", "the loss below reads the links alone"}});
      return;
    }
    std::vector<std::string> ids;
    fields_of(t, ids, row_inputs_);
    if (ids.empty()) return;
    const auto name = names_.legal("features", "features");
    node(name, t.name, ids, row_inputs_);
    row_inputs_ = {name + ".vector"};
  }

  void learn_label() {
    const auto label = g_.rows.name + ".label";
    std::vector<std::string> inputs;
    for (const auto& link : g_.links)
      inputs.push_back(entity_node_[link.table] + ".vector[" + g_.rows.name + "." + link.name + "]");
    inputs.insert(inputs.end(), row_inputs_.begin(), row_inputs_.end());
    if (inputs.empty())
      throw Failure("no-guess", g_.rows.first().file,
                    "there is nothing to tell the label '" + g_.label +
                        "' from: no other column is a category or a number, and none names rows of another table",
                    {"a recipe needs at least one such column besides the label"});
    out_ +=
        nodes_ + "\n" + piece("rank", {{"inputs", joined(inputs)}}) + "\n" + piece("label_loss", {{"label", label}});
    train();
    out_ += "\n" + piece("eval", {{"label", label}});
    if (g_.links.empty()) return;
    const auto who = who_asks();
    out_ += piece("groups", {{"group", g_.rows.name + "." + g_.links[who].name}});
    out_ += piece("slices", {{"link", g_.links[who == 0 && g_.links.size() > 1 ? 1 : 0].name}});
  }

  void learn_pairs() {
    if (g_.links.size() < 2)
      throw Failure("no-guess", g_.rows.first().file,
                    "there is nothing to learn from: no column looks like a label, and there are no two columns that "
                    "name rows of other tables",
                    {"columns: " + columns(),
                     "a label has two values, or a name such as 'rating', 'clicked' or 'label'; entity tables (users, "
                     "items) are given with the others: braid new recipe EVENTS USERS ITEMS"});
    const auto who = who_asks() == 1 ? 1u : 0u;
    const auto& query = g_.links[who];
    const auto& item = g_.links[1 - who];
    std::string sides;
    const auto side = [&](const LinkGuess& link) {
      const auto name = names_.legal(link.name + "_side", "side");
      sides += "\n" + piece("side", {{"node", name}, {"vector", entity_node_[link.table] + ".vector"}});
      return name;
    };
    const auto left = side(query), right = side(item), table = g_.rows.name + ".";
    out_ +=
        nodes_ + sides + "\n" +
        piece("pair_loss",
              {{"query", left}, {"item", right}, {"query_link", table + query.name}, {"item_link", table + item.name}});
    train();
  }

  void train() {
    std::size_t rows = 0;
    bool whole = true;
    for (const auto* f : g_.rows.files) rows += f->rows, whole = whole && f->whole;
    out_ += "\n" + piece("train", {{"batch", whole && rows < 10'000 ? "128" : "1024"}});
  }

  // The link that stands for who asks; rows are ranked for each.
  std::size_t who_asks() const {
    for (std::size_t k = 0; k < g_.links.size(); ++k)
      for (const auto* word :
           {"user", "customer", "member", "visitor", "session", "query", "account", "reader", "viewer", "client"})
        if (g_.links[k].name.find(word) != std::string::npos ||
            g_.entities[g_.links[k].table].name.find(word) != std::string::npos)
          return k;
    return 0;
  }
  std::string columns() const {
    std::vector<std::string> out;
    for (const auto& c : g_.rows.first().columns) out.push_back(toml_text(c.name));
    return recipe::listed(out);
  }

  const Guess& g_;
  const recipe::World& world_;
  fs::path folder_;
  Names names_;
  bool pairs_ = false;
  std::string out_, nodes_;
  std::map<std::size_t, std::string> entity_node_;
  std::vector<std::string> row_inputs_;
};

// The components that a recipe names and that no plugin has.
std::vector<std::string> not_installed(const std::string& text, const recipe::World& world) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    for (const std::string key : {"use = \"", "reader = \""}) {
      const auto from = line.find(key);
      if (from == line.npos || line.starts_with("#")) continue;
      const auto name = line.substr(from + key.size(), line.find('"', from + key.size()) - from - key.size());
      const bool there = std::any_of(world.plugins.begin(), world.plugins.end(), [&](const auto& p) {
        return std::any_of(p.second.components.begin(), p.second.components.end(),
                           [&](const auto& c) { return c.name == name; });
      });
      if (!there && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    }
  }
  return out;
}

// A file that a reader takes whose first line names no columns, or whose name a recipe would read otherwise.
void refuse_unreadable(const std::string& file, const recipe::World& world) {
  if (file.find("${") != file.npos || fs::path(file).filename().string().find('*') != std::string::npos)
    throw Failure("command-line", file, "'*' and '${' mean something else in a recipe's paths", {"rename the file"});
  for (const auto& [_, plugin] : world.plugins)
    for (const auto& c : plugin.components)
      for (const auto& suffix : c.suffixes)
        if (c.kind == Kind::reader && c.header != "text" && !suffix.empty() && file.ends_with(suffix))
          throw Failure("no-guess", file,
                        "the reader '" + c.name + "' takes it, and only that reader can say what is in it",
                        {"write the recipe by hand; guesses are made from text tables whose first line has names"});
}

}  // namespace

int new_recipe(const std::vector<std::string>& files, const std::string& out) {
  if (files.empty())
    throw Failure("command-line", "braid new", "FILE is missing",
                  {"as in: braid new recipe ratings.csv users.csv movies.csv"});
  std::error_code error;
  if (!out.empty() && fs::exists(fs::symlink_status(out, error)))
    throw Failure("command-line", "braid new", "'" + out + "' is there already; it is left as it is",
                  {"take another name by --out FILE"});

  cards::Store store(cards::around_this_program());
  const auto folder = fs::path(out).parent_path().string();
  const auto world = store.world(folder);
  std::vector<Sample> samples;
  for (auto file_at = files.begin(); file_at != files.end(); ++file_at) {
    const auto& file = *file_at;
    if (std::find(files.begin(), file_at, file) != file_at)
      throw Failure("command-line", "braid new", "'" + file + "' is given twice", {"name each file once"});
    refuse_unreadable(file, world);
    samples.push_back(sample(file));
  }
  const auto g = guess(samples);
  const auto text = Writer(g, world, out).text();

  if (const auto lacks = not_installed(text, world); !lacks.empty())
    throw Failure("unknown-component", "braid new",
                  "the recipe would use " + recipe::listed(lacks) + ", and no plugin that was found has " +
                      (lacks.size() == 1 ? "it" : "them"),
                  {"`braid doctor` says where plugins are looked for"});
  const auto checked = recipe::check_text(text, (fs::path(folder) / fs::path(out).filename()).string(), {}, world);
  if (!checked.plan) {
    for (const auto& p : checked.problems) log::error(p.diagnostic());
    throw Failure("no-guess", "braid new", "the recipe for these tables does not check, so it is not written",
                  {"the reasons stand above"});
  }
  if (out.empty()) return print(text), 0;
  write_new_file(out, text);
  std::size_t guesses = 0;
  for (std::size_t at = 0; (at = text.find("# guess", at)) != std::string::npos; ++at) ++guesses;
  print(out + ": checks; " + std::to_string(guesses) + (guesses == 1 ? " guess" : " guesses") + " to look at\n");
  return 0;
}

}  // namespace braid::tools
