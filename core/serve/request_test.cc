#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "serve/request.h"

#include "data/testing.h"
#include "sdk/state.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <stdexcept>

#include <sys/stat.h>

using namespace braid;
using namespace braid::serve;
using namespace braid::data::testing;

namespace {

std::string why_not(std::string_view text) {
  std::string why;
  const auto value = parse_json(text, why);
  CHECK(value.has_value() == why.empty());
  return value ? "it was read" : why;
}
std::string again(std::string_view text) {
  std::string why;
  const auto value = parse_json(text, why);
  return value ? dump(*value) : "error: " + why;
}

constexpr int users = 0, items = 1, events = 2;

// Ids of texts, as a vocabulary's: those of "3", "3.0" and "Drama"; a cell has several with '|' between.
struct ValuesField final : Field {
  static constexpr About about{.summary = "Ids of texts, for tests."};
  Out id{*this, "id", "id(4)[rows, 3*]", "ids"};
  std::vector<std::string> id_texts() const override { return {"", "3", "3.0", "Drama"}; }
  bool decode(const Cell& cell, Bytes& out) const override {
    out.clear();
    if (cell.missing()) return true;
    const auto known = id_texts();
    std::string_view text = cell.texts[0];
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find('|', at), text.size());
      const auto found = std::find(known.begin() + 1, known.end(), text.substr(at, end - at));
      out.push_back(static_cast<std::byte>(found == known.end() ? 0 : found - known.begin()));
      at = end + 1;
    }
    return true;
  }
  std::size_t places(std::span<const std::byte> decoded) const override { return decoded.size(); }
  void place(std::span<const std::byte> decoded, const Slot& slot, const Draw&) const override {
    const auto ids = slot.values<std::int64_t>();
    for (std::size_t k = 0; k < std::min(ids.size(), decoded.size()); ++k)
      ids[k] = static_cast<std::int64_t>(decoded[k]);
  }
};
std::unique_ptr<Component> make_values() { return std::make_unique<ValuesField>(); }

recipe::FieldPlan values_plan(const std::string& name, std::vector<std::string> from) {
  auto out = field_plan(name, "number", std::move(from));
  out.use.component = out.use.plugin = "values";
  out.use.schema = construct(make_values, {}, {}, true)->state().schema;
  return out;
}

std::unique_ptr<Field> made(const recipe::FieldPlan& plan) {
  if (plan.use.component != "values") return makers().field(plan.use);
  return std::unique_ptr<Field>(&dynamic_cast<Field&>(*construct(make_values, {}, {}).release()));
}

// Events of users and items, with a history of two items, a number of their own, and files of items.
struct World {
  recipe::Plan plan;
  std::vector<std::vector<FieldOf>> fields{3};
  std::unique_ptr<data::RequestBatcher> known;
  std::unique_ptr<RequestReader> reader;
  Folder folder;
  FilesOfRequests files{folder.path()};

  World() {
    plan.tables.resize(3);
    const char* names[] = {"users", "items", "events"};
    for (std::size_t t = 0; t < 3; ++t) plan.tables[t].name = names[t];
    plan.tables[users].key = "user";
    plan.tables[items].key = "item";
    plan.tables[items].fields = {field_plan("price", "number", {}),
                                 field_plan("photo", "length", {}, "photos/{item}.jpg"),
                                 field_plan("unused", "number", {})};
    plan.tables[items].fields[0].missing = {"none"};
    plan.tables[items].fields.push_back(values_plan("genre", {}));
    plan.tables[items].fields.push_back(values_plan("kind", {"genre"}));
    auto& e = plan.tables[events];
    e.links = {{"user", users, "", {}}, {"item", items, "item_id", {}}, {"seller", users, "", {}}};
    recipe::ListPlan list;
    list.name = "history";
    list.table = items;
    list.length = 2;
    list.of = 1;
    list.by = 0;
    e.lists = {list};
    e.fields = {field_plan("hour", "number", {"hour"}), values_plan("day", {"day"})};
    own_axes(plan);
    plan.train.rows = events;
    through_link(plan, users, events, 0);
    through_link(plan, items, events, 1);
    through_list(plan, items, events, 0);
    for (std::size_t t = 0; t < 3; ++t)
      for (const auto& field : plan.tables[t].fields) fields[t].push_back({made(field), field.name != "unused"});
    for (auto& table : fields)
      for (std::size_t f = 0; f < table.size(); ++f) {
        const auto t = static_cast<std::size_t>(&table - fields.data());
        table[f].named = named_ids(*table[f].component, data::layout_of(plan.tables[t].fields[f], *table[f].component));
      }
    std::vector<std::vector<std::uint64_t>> keys(3);
    keys[users] = {0, 11};
    keys[items] = {0, 21, 22};
    std::vector<data::RequestBatcher::EventField> event_fields(2);
    event_fields[0].component = fields[events][0].component.get();
    event_fields[0].layout = data::layout_of(e.fields[0], *fields[events][0].component);
    known = std::make_unique<data::RequestBatcher>(plan, keys, std::move(event_fields));
    reader = std::make_unique<RequestReader>(plan, 1, *known, fields,
                                             std::vector<std::string>{"users are closed", "", ""}, files);
  }
  Request read(const std::string& text) const { return reader->read(text, 7); }
  // What is wrong, " @ ", where.
  std::string wrong(const std::string& text) const {
    const auto request = read(text);
    return request.what.empty() ? "it was read" : request.what + " @ " + request.at;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("JSON: numbers keep their text, everything else what it says") {
  CHECK(again(" null ") == "null");
  CHECK(again("[true, false, 1.50, -0.0, -0, 0, 1E5, 12345678901234567890123, \"\\u00e9\\n\"]") ==
        "[true,false,1.50,-0.0,-0,0,1E5,12345678901234567890123,\"é\\n\"]");
  CHECK(again("{\"a\": {\"b\": []}, \"c\": {}}") == "{\"a\":{\"b\":[]},\"c\":{}}");
  CHECK(again("{\"\\u0000\": \"\\ud83d\\ude00\"}") == "{\"\\u0000\":\"😀\"}");
}

TEST_CASE("JSON: what is none, and why") {
  for (const char* text : {"",        " ",     "{",   "[1,",      "{\"a\"}", "{\"a\":1,}", "nul",      "01",
                           "+1",      "1.",    "\"",  "\"\\x\"",  "\"\t\"",  "\xff",       "\"\xc3\"", "\"\\ud800\"",
                           "[1] [2]", "{1:2}", "NaN", "Infinity", "'a'",     "/**/1"})
    CHECK(why_not(text) != "it was read");
  CHECK(has(why_not("1e999"), "overflow"));
  CHECK(has(why_not("{\"a\":1,\"a\":2}"), "twice"));
  CHECK(has(why_not(std::string(1000000, '[')), "deep"));
  CHECK(has(why_not(std::string(33, '[') + std::string(33, ']')), "deep"));
  CHECK(why_not(std::string(32, '[') + std::string(32, ']')) == "it was read");
  std::string wide = "{";
  for (int k = 0; k < 1001; ++k) wide += (k ? ",\"" : "\"") + std::to_string(k) + "\":0";
  CHECK(has(why_not(wide + "}"), "more than 1000 names"));
  CHECK(json_text("a\"\xff") == "\"a\\\"\xef\xbf\xbd\"");
}

TEST_CASE("base64") {
  const auto of = [](std::string_view text) {
    Bytes out;
    return from_base64(text, out) ? std::string(reinterpret_cast<const char*>(out.data()), out.size()) : "no";
  };
  CHECK(of("") == "");
  CHECK(of("aA==") == "h");
  CHECK(of("aGU=") == "he");
  CHECK(of("aGVs") == "hel");
  CHECK(of("aGVs\n bG8=") == "hello");
  CHECK(of("aGVsbG8") == "hello");  // without padding
  for (const char* text : {"a", "aGVsb", "a===", "aA=", "aG=VsbG8", "?", "aGVsbG8-", "====", "aGVs="})
    CHECK(of(text) == "no");
}

TEST_CASE("a request: keys, candidates, lists, columns") {
  const World w;
  CHECK(w.known->row_of(users, "x") == 0);
  auto r = w.read(
      R"({"user": "u", "candidates": ["a", null, {"price": 2}], "history": [1, 2, null], "hour": 3, "id": [1]})");
  CHECK(r.what == "");
  CHECK(r.id == "[1]");
  CHECK(r.rows() == 3);
  CHECK(r.candidates == std::vector<Reference>{0, 0, -1});
  CHECK(r.candidate_texts[0] == "a");
  CHECK(r.lists[0] == std::vector<Reference>{0, 0});  // the last two
  CHECK(r.unknown == R"("user":"u","candidates":[0],"history":[1])");
  CHECK(r.cells[0].present);
  CHECK(r.inlined[items].size() == 1);
  CHECK(r.inlined[items][0].cells[0].present);
  CHECK(!r.inlined[items][0].cells[1].present);
  CHECK(r.inlined[items][0].key == 0);
  r = w.read(R"({"user": null, "item": {"item": "x", "price": "none"}})");
  CHECK(r.what == "");
  CHECK(r.rows() == 1);
  CHECK(!r.many);
  CHECK(r.links[1] == -1);
  CHECK(r.link_texts[1] == "x");
  CHECK(!r.inlined[items][0].cells[0].present);  // a word that means nothing is there
  CHECK(r.inlined[items][0].key != 0);
  CHECK(!r.cells[0].present);
  CHECK(r.unknown == "");
  CHECK(w.read(R"({"user": 1, "candidates": []})").rows() == 0);
  CHECK(w.wrong(R"({"user": 1, "item": 2, "seller": 3})") == "it was read");  // a link that nothing reads may be said
}

TEST_CASE("a request: files") {
  const World w;
  const auto file = w.folder.write("p.jpg", "12345");
  const auto length = [&](const std::string& photo) {
    const auto r = w.read("{\"user\":1,\"item\":{\"photo\":" + photo + "}}");
    if (!r.what.empty()) return r.what + " @ " + r.at;
    const auto& cell = r.inlined[items][0].cells[1];
    return cell.present ? std::to_string(static_cast<int>(cell.bytes[0])) : "absent";
  };
  CHECK(length(json_text(file)) == "5");
  CHECK(length("{\"file\":" + json_text(file) + "}") == "5");
  CHECK(length("{\"base64\":\"aGVs\"}") == "3");
  CHECK(length("null") == "absent");
  CHECK(has(length("{\"base64\":\"?\"}"), "base64 text @ item.photo.base64"));
  CHECK(has(length("{\"base64\":1}"), "@ item.photo"));
  CHECK(has(length("{}"), "@ item.photo"));
  CHECK(has(length("{\"file\":\"a\",\"base64\":\"b\"}"), "@ item.photo"));
  CHECK(has(length("[1]"), "@ item.photo"));
  CHECK(has(length(json_text(w.folder.path())), "is not below the folder of --files @ item.photo"));
  CHECK(has(length(json_text(w.folder.path() + "/none")), "cannot be read"));
  CHECK(has(length("{\"base64\":\"YnJva2Vu\"}"), "@ item.photo"));  // "broken": the field's own complaint
}

TEST_CASE("a request: a number is the text that it is written with; values that no field knows are told") {
  const World w;
  const auto unknown = [&](const std::string& day) {
    return w.read("{\"user\":null,\"item\":null,\"day\":" + day + "}").unknown;
  };
  CHECK(unknown("3") == "");
  CHECK(unknown("3.0") == "");
  CHECK(unknown("\"3\"") == "");
  CHECK(unknown("null") == "");
  CHECK(unknown("3.00") == R"("day":"3.00")");
  CHECK(unknown("-0") == R"("day":"-0")");
  CHECK(unknown("\" 3\"") == R"("day":" 3")");
  CHECK(unknown("\"03\"") == R"("day":"03")");
  CHECK(unknown("\"3|Drama\"") == "");
  CHECK(unknown("\"3|Sci-Fi\"") == R"("day":"3|Sci-Fi")");
  CHECK(w.read(R"({"user": null, "item": null})").unknown == "");
  // Two fields read the column; it is told once, with its place.
  CHECK(w.read(R"({"user": null, "candidates": [{"genre": "Drama"}, {"genre": "Opera"}], "history": [{"genre": 4}]})")
            .unknown == R"("candidates[1].genre":"Opera","history[0].genre":"4")");
}

TEST_CASE("a request: files below one folder alone") {
  const Folder outside;
  const auto secret = outside.write("secret.jpg", "12345");
  const auto beside = outside.write("served-not/p.jpg", "12345");
  outside.write("served/p.jpg", "1234");
  outside.write("served/deep/q.jpg", "123");
  const auto root = outside.path() + "/served";
  namespace fs = std::filesystem;
  fs::create_symlink(secret, root + "/out.jpg");
  fs::create_directory_symlink(outside.path(), root + "/up");
  fs::create_symlink("deep/q.jpg", root + "/in.jpg");
  REQUIRE(::mkfifo((root + "/pipe").c_str(), 0600) == 0);
  fs::create_directory_symlink(root, outside.path() + "/link");
  const FilesOfRequests files(root + "/"), linked(outside.path() + "/link"), none;
  const auto size = [](const FilesOfRequests& from, const std::string& name) {
    try {
      return std::to_string(from.read(name).size());
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
  };
  for (const auto* from : {&files, &linked}) {
    CHECK(size(*from, "p.jpg") == "4");
    CHECK(size(*from, "./p.jpg") == "4");
    CHECK(size(*from, "deep/q.jpg") == "3");
    CHECK(size(*from, "in.jpg") == "3");  // a link that stays inside
    CHECK(size(*from, root + "/p.jpg") == "4");
    CHECK(has(size(*from, "out.jpg"), "leads out of the folder"));
    CHECK(has(size(*from, "up/secret.jpg"), "leads out of the folder"));
    CHECK(has(size(*from, "../secret.jpg"), "'..'"));
    CHECK(has(size(*from, "deep/../p.jpg"), "'..'"));
    CHECK(has(size(*from, secret), "is not below the folder"));
    CHECK(has(size(*from, beside), "is not below the folder"));
    CHECK(has(size(*from, "/etc/passwd"), "is not below the folder"));
    CHECK(has(size(*from, "p.jpg" + std::string(1, '\0') + ".png"), "NUL"));
    CHECK(has(size(*from, "none.jpg"), "cannot be read"));
    for (const auto* name : {"deep", "pipe", "", "/", "."}) CHECK(size(*from, name).size() > 2);
  }
  CHECK(has(size(none, "p.jpg"), "--files FOLDER"));
  CHECK(has(message_of([&] { FilesOfRequests(root + "/p.jpg"); }), "--files " + root + "/p.jpg: error: "));
}

TEST_CASE("a request: mistakes and their places") {
  const World w;
  CHECK(has(w.wrong("[1]"), "an object, not a list @ "));
  CHECK(has(w.wrong("{"), "parse error"));
  CHECK(has(w.wrong("{}"), "'user'"));
  CHECK(has(w.wrong(R"({"user": 1})"), "no candidates @ candidates"));
  CHECK(has(w.wrong(R"({"user": 1, "item": 1, "candidates": []})"), "@ item"));
  CHECK(has(w.wrong(R"({"user": 1, "item": 1, "histroy": []})"), "'history'? @ histroy"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": 5})"), "a list, not a number @ candidates"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": [1, [2]]})"), "not a list @ candidates[1]"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": [{"prise": 2}]})"), "'price'? @ candidates[0].prise"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": [{"unused": 2}]})"), "@ candidates[0].unused"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": [{"price": "much"}]})"), "@ candidates[0].price"));
  CHECK(has(w.wrong(R"({"user": 1, "candidates": [{"price": true}]})"), "not a boolean @ candidates[0].price"));
  CHECK(has(w.wrong(R"({"user": 1, "item": 1, "history": "1"})"), "@ history"));
  CHECK(has(w.wrong(R"({"user": 1, "item": 1, "history": [1, true]})"), "@ history[1]"));
  CHECK(has(w.wrong(R"({"user": 1, "item": 1, "hour": "late"})"), "@ hour"));
  CHECK(has(w.wrong(R"({"user": {"user": 1}, "item": 1})"), "users are closed @ user"));
  const auto bad = w.read(R"({"id": "x", "user": true})");
  CHECK(bad.id == "\"x\"");
  CHECK(bad.line == 7);
  CHECK(bad.rows() == 0);
}

TEST_CASE("mutated requests: read, or a mistake") {
  const World w;
  const std::string seeds[] = {
      R"({"user": "u", "candidates": ["a", null, {"price": 2}], "history": [1, 2, null], "hour": 3})",
      R"({"user": 1, "item": {"photo": {"base64": "aGVs"}, "price": "4"}, "id": {"a": [1, "é"]}})"};
  const std::string parts[] = {"\"",   "{",   "}",   "[",       "]",    ",", ":",
                               "null", "1e9", "\\u", "\"id\":", "\xff", "-", "true"};
  std::mt19937 chance(1);
  int read = 0, refused = 0;
  for (int k = 0; k < 40000; ++k) {
    auto line = seeds[chance() % 2];
    for (auto n = chance() % 3; n-- > 0 || line.empty();) {
      const auto at = chance() % (line.size() + 1);
      if (chance() % 3 == 0) line.insert(at, parts[chance() % std::size(parts)]);
      else if (at < line.size() && chance() % 2) line[at] = static_cast<char>(chance());
      else line.erase(at, 1 + chance() % 4);
    }
    const auto request = w.read(line);
    ++(request.what.empty() ? read : refused);
    if (!request.id.empty()) CHECK(again(request.id) == request.id);
  }
  CHECK(read > 1000);
  CHECK(refused > 1000);
}
