// A mistake as text and as JSON.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "log/errors_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace braid;
using nlohmann::json;

namespace {

const Diagnostic whole{"column-unknown",
                       {"items.tsv", 12, 3},
                       "there is no column 'titel'",
                       {"", "the first line names the columns"},
                       "title"};

}  // namespace

TEST_CASE("the text of a mistake") {
  CHECK(whole.text() ==
        "items.tsv:12:3: error: there is no column 'titel' [column-unknown]\n  did you mean 'title'?\n  the first line "
        "names the columns");
  CHECK(Diagnostic{"", {}, "a plugin's"}.text() == "a plugin's");
  CHECK(Diagnostic{"file", {}, "no place"}.text() == "error: no place [file]");
  CHECK(Diagnostic{"", "a.tsv", "no code"}.text() == "a.tsv: error: no code");
  CHECK(Diagnostic{"command-line", "braid train", "there is no option --sed", {}, "--seeds"}.text() ==
        "braid train: error: there is no option --sed [command-line]\n  did you mean --seeds?");
  auto warning = whole;
  warning.warning = true, warning.suggestion = "", warning.notes = {}, warning.location.column = 0;
  CHECK(warning.text() == "items.tsv:12: warning: there is no column 'titel' [column-unknown]");
}

TEST_CASE("what a mistake happened in stands before its message") {
  const Diagnostic inner{"", {}, "4 heads do not divide 6", {"take 2 or 3"}};
  const auto outer = inner.in("component 'x' of plugin 'y'").in("node 'rank'").at({"r.toml", 7, 1}, "node");
  CHECK(outer.text() ==
        "r.toml:7:1: error: node 'rank': component 'x' of plugin 'y': 4 heads do not divide 6 [node]\n"
        "  take 2 or 3");
  CHECK(outer.message == inner.message);
  CHECK(outer.at("elsewhere", "other").text() == outer.text());  // it has both
}

TEST_CASE("bytes that steer a terminal are shown") {
  CHECK(Diagnostic{"file", std::string("a\x1b.tsv"), std::string("a\0b", 3)}.text() ==
        "a\\x1b.tsv: error: a\\x00b [file]");
}

TEST_CASE("an exception carries its mistakes, and copies share them") {
  const Failure one("file", {"a.tsv", 3}, "is cut short", {"copy it again"});
  CHECK(one.diagnostic().location.line == 3);
  CHECK(std::string(one.what()) == "a.tsv:3: error: is cut short [file]\n  copy it again");
  const auto copy = one;
  CHECK(&copy.diagnostic() == &one.diagnostic());
  const Failure two({whole, one.diagnostic()});
  CHECK(two.diagnostics().size() == 2);
  CHECK(std::string(two.what()) == whole.text() + "\n" + one.what());
}

TEST_CASE("as JSON") {
  const auto said = json::parse(log::errors_json({whole, {"memory", {}, "no memory is left"}}));
  CHECK(said == json::parse(R"({"errors": [
    {"code": "column-unknown", "location": {"file": "items.tsv", "line": 12, "column": 3},
     "message": "there is no column 'titel'", "notes": ["the first line names the columns"], "suggestion": "title"},
    {"code": "memory", "location": null, "message": "no memory is left", "notes": [], "suggestion": null}]})"));
  const auto inside = json::parse(log::errors_json({whole.in("table 'items'")}));
  CHECK(inside["errors"][0]["message"] == "table 'items': there is no column 'titel'");
  CHECK(json::parse(log::errors_json({{"file", "\xff.tsv", "no UTF-8"}}))["errors"][0]["message"] == "no UTF-8");
}

TEST_CASE("read back") {
  const auto back = log::errors_in(log::errors_json({whole}));
  REQUIRE(back.size() == 1);
  CHECK(back[0].text() == whole.text());
  CHECK(log::errors_in("").empty());
  CHECK(log::errors_in("12 rows\n").empty());
  CHECK(log::errors_in("{\"errors\": 3}").empty());
  CHECK(log::errors_in("[]").empty());
}
