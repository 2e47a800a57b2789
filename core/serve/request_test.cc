#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "serve/request.h"
#include "serve/request_media.h"

#include "tests/toys/request_world.h"

#include <doctest/doctest.h>

#include <random>

using namespace braid;
using namespace braid::serve;
using namespace braid::serve::testing;

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

struct OwnFolder {
  Folder folder;
};
struct World : OwnFolder, RequestWorld {
  World() : RequestWorld(folder.path()) {}
  Request read(const std::string& text) const { return reader->read(text, 7); }
  // What is wrong, " @ ", where.
  std::string wrong(const std::string& text) const {
    const auto request = read(text);
    return request.what.empty() ? "it was read" : request.what + " @ " + request.at;
  }
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

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
  CHECK(r.lists[0_id] == std::vector<Reference>{0, 0});  // the last two
  CHECK(r.unknown == R"("user":"u","candidates":[0],"history":[1])");
  CHECK(r.cells[0_id].present);
  CHECK(r.inlined[items].size() == 1);
  CHECK(r.inlined[items][0].cells[0_id].present);
  CHECK(!r.inlined[items][0].cells[1_id].present);
  CHECK(r.inlined[items][0].key == 0);
  r = w.read(R"({"user": null, "item": {"item": "x", "price": "none"}})");
  CHECK(r.what == "");
  CHECK(r.rows() == 1);
  CHECK(!r.many);
  CHECK(r.links[1_id] == -1);
  CHECK(r.link_texts[1_id] == "x");
  CHECK(!r.inlined[items][0].cells[0_id].present);  // a word that means nothing is there
  CHECK(r.inlined[items][0].key != 0);
  CHECK(!r.cells[0_id].present);
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
    const auto& cell = r.inlined[items][0].cells[1_id];
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
  CHECK(length("\"p.jpg\"") == "5");  // relative to the folder that is allowed
  CHECK(has(length(json_text(w.folder.path())), "is not below the folder"));
  CHECK(has(length("\"/etc/passwd\""), "is not below the folder"));
  CHECK(has(length("\"../\""), "is not below the folder"));
  CHECK(has(length("\"p.jpg\\u0000x\""), "zero byte"));
  CHECK(has(length(json_text(w.folder.path() + "/none")), "cannot be read"));
  CHECK(has(length("{\"base64\":\"YnJva2Vu\"}"), "@ item.photo"));  // "broken": the field's own complaint
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
