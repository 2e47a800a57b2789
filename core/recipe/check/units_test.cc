// Amounts with units, and what the checker makes of them.
#include "recipe/document/units.h"
#include "recipe/check/check.h"
#include "recipe/keywords/language.h"
#include "recipe/plan/plan.h"
#include "tests/toys/cards.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <regex>

using namespace braid;
using namespace braid::recipe;

TEST_CASE("bytes") {
  CHECK(amount("2GiB", "bytes")->whole == 2147483648);
  CHECK(amount("1.5 GiB", "bytes")->whole == 1610612736);
  CHECK(amount("500MB", "bytes")->whole == 500'000'000);
  CHECK(amount("7B", "bytes")->whole == 7);
  CHECK(amount("3kB", "bytes")->whole == 3000);
  CHECK(amount("3KiB", "bytes")->whole == 3072);
  CHECK(amount("0.1TB", "bytes")->whole == 100'000'000'000);
  CHECK_FALSE(amount("1.00001kB", "bytes")->whole);
  for (const char* bad : {"", "GiB", "2", "2 gigs", "2Gb", "2kb", "2KB", ".5GiB", "2.GiB", "2e3B", "+2B", " 2B", "2B ",
                          "1.2.3B", "0x2B", "10k"})
    CHECK_FALSE(amount(bad, "bytes"));
  CHECK_FALSE(amount("99999999999TiB", "bytes"));        // more than 2^63
  CHECK_FALSE(amount("1234567890123456789B", "bytes"));  // more digits than are read exactly
}

TEST_CASE("times are what the declared unit counts") {
  CHECK(amount("500ms", "milliseconds")->whole == 500);
  CHECK(amount("2s", "milliseconds")->whole == 2000);
  CHECK(amount("500ms", "seconds")->value == 0.5);
  CHECK_FALSE(amount("500ms", "seconds")->whole);
  CHECK(amount("2h", "seconds")->whole == 7200);
  CHECK(amount("1.5min", "seconds")->whole == 90);
  CHECK(amount("1d", "hours")->whole == 24);
  CHECK(amount("-5ms", "microseconds")->whole == -5000);
  CHECK_FALSE(amount("5k", "seconds"));
  CHECK_FALSE(amount("5 sec", "seconds"));
}

TEST_CASE("counts") {
  CHECK(amount("10k", "rows")->whole == 10'000);
  CHECK(amount("4.35k", "tokens")->whole == 4350);  // 4.35 * 1000 is 4350 and a bit in binary
  CHECK(amount("1M", "pixels")->whole == 1'000'000);
  CHECK(amount("2 G", "rows")->whole == 2'000'000'000);
  CHECK(amount("2.5k", "rows")->whole == 2500);
  CHECK_FALSE(amount("1.0005k", "rows")->whole);
  CHECK_FALSE(amount("10K", "rows"));
  CHECK_FALSE(amount("10 rows", "rows"));
  CHECK_FALSE(amount("10k", ""));  // nothing declared
}

TEST_CASE("the pattern for editors takes what the checker takes") {
  for (const char* unit : {"bytes", "seconds", "rows"}) {
    const std::regex pattern(amount_pattern(unit));
    for (const char* text : {"2GiB", "1.5 GiB", "500ms", "2h", "10k", "2 M", "-3s", "2", "", "x", "2.B", "1.2.3k",
                             "3 d", "4kB", "5KB", "7G"})
      CHECK_MESSAGE(std::regex_match(text, pattern) == amount(text, unit).has_value(), unit << ": " << text);
  }
}

namespace {

std::string recipe(const std::string& more) { return "include = [\"" BRAID_GOOD_RECIPES "/base.toml\"]\n" + more; }

Checked checked(const std::string& more) { return check_text(recipe(more), "units.toml", {}, test_world()); }

}  // namespace

TEST_CASE("the plan and the resolved recipe have plain numbers") {
  const auto out = checked(
      "[train]\nsteps = \"1.5k\"\n[data]\ncache = \"1.5 GiB\"\n[tables.items.fields]\ntext = { max_tokens = \"0.05k\" "
      "}\n");
  for (const auto& p : out.problems) MESSAGE(p.text());
  REQUIRE(out.plan);
  CHECK(out.plan->train.steps == 1500);
  CHECK(out.plan->data.cache_bytes == 1610612736);
  for (const char* line : {"steps = 1500", "cache = 1610612736", "max_tokens = 50"})
    CHECK_MESSAGE(out.plan->resolved.find(line) != std::string::npos, line);
}

TEST_CASE("a unit where none is declared is text") {
  const auto out = checked("[train]\nseed = \"1k\"\n");
  REQUIRE(out.problems.size() == 1);
  CHECK(out.problems[0].tag == "wrong-type");
}

TEST_CASE("an amount is judged like any number") {
  const auto out = checked("[data]\ncache = \"-1GiB\"\n");
  REQUIRE(out.problems.size() == 1);
  CHECK(out.problems[0].tag == "out-of-range");
}

// What holds without [train] and [data] is said in plan.h, what holds inside them by the words: they are the same.
TEST_CASE("defaults of sections that are not there") {
  const Plan none;
  const auto whole = [](const char* table, const char* word) {
    return std::get<std::int64_t>(section(table).find(word)->fallback);
  };
  const auto number = [](const char* table, const char* word) {
    return std::get<double>(section(table).find(word)->fallback);
  };
  CHECK(whole("train", "batch") == none.train.batch);
  CHECK(whole("train", "epochs") == none.train.epochs);
  CHECK(whole("train", "steps") == none.train.steps);
  CHECK(whole("train", "seed") == static_cast<std::int64_t>(none.train.seed));
  CHECK(whole("train", "validate") == none.train.validate);
  CHECK(whole("train", "patience") == none.train.patience);
  CHECK(whole("train", "checkpoint") == none.train.checkpoint);
  CHECK(number("train", "clip") == none.train.clip);
  CHECK(whole("data", "threads") == none.data.threads);
  CHECK(whole("data", "cache") == none.data.cache_bytes);
  CHECK(whole("data", "ahead") == none.data.ahead);
  CHECK(number("group", "rate") == GroupPlan{}.rate);
}

TEST_CASE("every word has help, and the sections that it names are there") {
  for (const auto& table : all_sections())
    for (const auto& word : table.words) {
      CHECK_MESSAGE(!word.help.empty(), table.name << "." << word.name);
      if (!word.section.empty() && word.section != "list" && word.section != "split")
        CHECK_NOTHROW(section(word.section));
      CHECK_MESSAGE((word.is == Word::Is::choice) == !word.choices.empty(), table.name << "." << word.name);
    }
}
