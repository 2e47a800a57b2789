#include "tests/toys/components.h"

#include "sdk/state.h"

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include <unistd.h>
#include <zlib.h>

namespace braid::data::testing {

namespace {

struct Tsv final : Reader {
  static constexpr About about{.summary = "Tab-separated text, for tests."};
  void open(const std::string& path) override {
    gzFile file = gzopen(path.c_str(), "rb");
    if (!file) throw Error("cannot open '" + path + "'");
    gzbuffer(file, 1 << 18);
    char block[1 << 16];
    for (int got; (got = gzread(file, block, sizeof block)) > 0;) text_.append(block, static_cast<std::size_t>(got));
    gzclose(file);
    std::vector<std::string> names;
    if (!take(names)) throw Error("'" + path + "' is empty");
    names_ = names;
  }
  const std::vector<std::string>& columns() const override { return names_; }
  bool next(std::vector<Record>& out, std::size_t limit) override {
    for (std::size_t k = 0; k < limit; ++k) {
      Record record;
      record.cells.reserve(names_.size());
      record.line = line_ + 1;
      if (!take(record.cells)) return false;
      if (record.cells.size() != names_.size()) record.error = std::to_string(record.cells.size()) + " cells";
      out.push_back(std::move(record));
    }
    return true;
  }
  void seek(std::int64_t) override {}

 private:
  bool take(std::vector<std::string>& cells) {
    if (at_ >= text_.size()) return false;
    const auto end = std::min(text_.find('\n', at_), text_.size());
    for (std::size_t from = at_; from <= end;) {
      const auto to = std::min(text_.find('\t', from), end);
      cells.emplace_back(text_, from, to - from);
      from = to + 1;
    }
    at_ = end + 1;
    ++line_;
    return true;
  }
  std::string text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 0;
  std::vector<std::string> names_;
};

struct Words final : Field {
  static constexpr About about{.summary = "Words to ids, for tests."};
  Out id{*this, "id", "id(n)[rows, words*]", "ids"};

  void fit(const FitRows& rows) override {
    rows.each([&](const Cell& cell, std::int64_t count) {
      each(cell, [&](const std::string& word) { ids_.emplace(word, static_cast<std::int64_t>(ids_.size()) + 1); });
      fitted_ += count;
    });
  }
  std::map<std::string, std::int64_t, std::less<>> sizes() const override {
    return {{"n", static_cast<std::int64_t>(ids_.size()) + 1}, {"words", 4}, {"fitted", fitted_}};
  }
  bool decode(const Cell& cell, Bytes& out) const override {
    if (cell.missing()) return false;
    out.clear();
    each(cell, [&](const std::string& word) {
      if (out.size() == 4 * sizeof(std::int64_t)) return;
      const auto it = ids_.find(word);
      const std::int64_t id_of_it = it == ids_.end() ? 0 : it->second;
      out.resize(out.size() + sizeof id_of_it);
      std::memcpy(out.data() + out.size() - sizeof id_of_it, &id_of_it, sizeof id_of_it);
    });
    return true;
  }
  std::size_t places(std::span<const std::byte> decoded) const override {
    return decoded.size() / sizeof(std::int64_t);
  }
  void place(std::span<const std::byte> decoded, const Slot& slot, const Draw& draw) const override {
    if (decoded.empty()) return;
    std::memcpy(slot.data, decoded.data(), decoded.size());
    if (!draw.training) return;
    for (std::size_t k = 0; k < places(decoded); ++k)
      if (draw.uniform(k) < 0.5) slot.values<std::int64_t>()[k] = 0;
  }
  std::string save() const override {
    std::ostringstream out;
    for (const auto& [word, number] : ids_) out << word << ' ' << number << '\n';
    return out.str();
  }
  void load(std::string_view saved) override {
    std::istringstream in{std::string(saved)};
    std::string word;
    for (std::int64_t number; in >> word >> number;) ids_[word] = number;
  }

 private:
  template <class Visit>
  static void each(const Cell& cell, const Visit& visit) {
    if (cell.missing()) return;
    std::istringstream in{std::string(cell.texts[0])};
    for (std::string word; in >> word;) visit(word);
  }
  std::unordered_map<std::string, std::int64_t> ids_;
  std::int64_t fitted_ = 0;
};

struct Number final : Field {
  static constexpr About about{.summary = "A number and its double, for tests."};
  Out value{*this, "value", "float?[rows, 2]", "numbers"};
  bool decode(const Cell& cell, Bytes& out) const override {
    if (cell.missing()) return false;
    float number = 0;
    const auto text = cell.texts[0];
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
      throw Error("'" + std::string(text) + "' is no number");
    const float two[] = {number, 2 * number};
    out.resize(sizeof two);
    std::memcpy(out.data(), two, sizeof two);
    return true;
  }
  void place(std::span<const std::byte> decoded, const Slot& slot, const Draw&) const override {
    std::memcpy(slot.data, decoded.data(), decoded.size());
  }
};

struct Length final : Field {
  static constexpr About about{.summary = "Length of a file, for tests."};
  static constexpr bool media = true;
  Out bytes{*this, "bytes", "int?[rows]", "length"};
  bool decode(const Cell& cell, Bytes& out) const override {
    if (!cell.bytes) return false;
    if (cell.bytes->size() == 6 && std::memcmp(cell.bytes->data(), "broken", 6) == 0) throw Error("not an image");
    const auto n = static_cast<std::int64_t>(cell.bytes->size());
    out.resize(sizeof n);
    std::memcpy(out.data(), &n, sizeof n);
    return true;
  }
  void place(std::span<const std::byte> decoded, const Slot& slot, const Draw&) const override {
    std::memcpy(slot.data, decoded.data(), decoded.size());
  }
};

template <class T>
std::unique_ptr<Component> make() {
  return std::make_unique<T>();
}

Registrar::Make maker(const std::string& component) {
  if (component == "words") return make<Words>;
  if (component == "number") return make<Number>;
  if (component == "length") return make<Length>;
  return make<Tsv>;
}

recipe::Use use(const std::string& component) {
  recipe::Use out;
  out.component = out.plugin = component;
  out.schema = construct(maker(component), {}, {}, true)->state().schema;
  out.schema.fits = component == "words";
  return out;
}

template <class T>
std::unique_ptr<T> as(std::unique_ptr<Component> component) {
  return std::unique_ptr<T>(&dynamic_cast<T&>(*component.release()));
}

}  // namespace

Folder::Folder() {
  auto name = (std::filesystem::temp_directory_path() / "braid_data_XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no folder for the test");
  path_ = name;
}
Folder::~Folder() { std::filesystem::remove_all(path_); }

std::string Folder::write(const std::string& name, const std::string& text) const {
  const auto path = path_ + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

recipe::Use reader() { return use("tsv"); }
recipe::Use field(const std::string& component) { return use(component); }

Makers makers() {
  return {[](const recipe::Use& u) { return as<Field>(construct(maker(u.component), u.values, {})); },
          [](const recipe::Use& u) { return as<Reader>(construct(maker(u.component), u.values, {})); }};
}

recipe::Expression expression(const std::string& text) {
  auto parsed = recipe::parse_expression(text);
  if (auto* error = std::get_if<recipe::ExpressionError>(&parsed)) throw std::runtime_error(text + ": " + error->what);
  return std::get<recipe::Expression>(std::move(parsed));
}

recipe::FieldPlan field_plan(const std::string& name, const std::string& component, std::vector<std::string> from,
                             const std::string& media) {
  recipe::FieldPlan out;
  out.name = name;
  out.use = field(component);
  out.from = std::move(from);
  out.media = media;
  return out;
}

namespace {
void add(recipe::Plan& plan, recipe::Wire w) {
  if (plan.nodes.empty()) plan.nodes.emplace_back();
  plan.nodes[0_id].inputs.push_back({std::move(w)});
}
}  // namespace

recipe::Wire wire(recipe::AxisId axis) { return {.source = recipe::NodeOutput{0_id, 0}, .axis = axis}; }
void read_field(recipe::Plan& plan, recipe::AxisId axis, recipe::FieldId field) {
  add(plan, {.source = recipe::FieldOutput{field}, .axis = axis});
}
void read_label(recipe::Plan& plan, recipe::AxisId axis, recipe::LabelId label) {
  add(plan, {.source = recipe::LabelOf{label}, .axis = axis});
}
void read_link(recipe::Plan& plan, recipe::AxisId axis, recipe::LinkId link) {
  add(plan, {.source = recipe::LinkKey{link}, .axis = axis});
}
void through_link(recipe::Plan& plan, recipe::AxisId axis, recipe::TableId table, recipe::LinkId link) {
  auto w = wire(axis);
  w.via = recipe::Via{recipe::own_axis(table), recipe::TableLink{table, link}};
  add(plan, w);
}
void through_list(recipe::Plan& plan, recipe::AxisId axis, recipe::TableId table, recipe::ListId list) {
  auto w = wire(axis);
  w.via = recipe::Via{recipe::own_axis(table), recipe::TableList{table, list}};
  add(plan, w);
}
void through_rows(recipe::Plan& plan, recipe::AxisId axis, recipe::AxisId of_axis) {
  auto w = wire(axis);
  w.via = recipe::Via{of_axis, recipe::AxisRow{}};
  add(plan, w);
}

void own_axes(recipe::Plan& plan) {
  for (const auto table : plan.tables.ids()) plan.axes.push_back({.name = plan.tables[table].name, .table = table});
}

std::string bytes_of(const Batch& batch) {
  std::string out;
  const auto add = [&](const Array& a) {
    for (const auto s : a.sizes) out += std::to_string(s) + ",";
    if (!a.sizes.empty())
      out.append(reinterpret_cast<const char*>(a.bytes.get()),
                 static_cast<std::size_t>(a.count()) * element_size(a.type));
    out += ";";
  };
  for (const auto r : batch.row_numbers) out += std::to_string(r) + " ";
  for (const auto& axis : batch.axes) {
    add(axis.row);
    add(axis.key);
    for (const auto& f : axis.fields) {
      for (const auto& v : f.values) add(v);
      add(f.mask);
    }
  }
  for (const auto& link : batch.links) add(link.index), add(link.mask);
  for (const auto& label : batch.labels) add(label);
  for (const auto& key : batch.link_keys) add(key);
  return out;
}

}  // namespace braid::data::testing
