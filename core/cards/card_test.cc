#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "cards/card.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using namespace braid;

namespace {

// Every kind of parameter, every flag, every list, each with a value that is not the default one.
PluginSchema everything() {
  const double inf = std::numeric_limits<double>::infinity();
  ComponentSchema c;
  c.name = "all";
  c.kind = Kind::distiller;
  c.summary = "A \"quoted\"\nsummary, \xc3\xa9.";
  c.paper = "someone 2018";
  c.equation = "eq. 4";
  c.differs = "in all";
  c.params = {
      {"a", ParamType::boolean, true, false, {}, {}, {}, "", "h"},
      {"b", ParamType::whole, std::int64_t{-7}, false, -10.0, 10.5, {}, "rows", ""},
      {"c", ParamType::number, 1.0, true, {}, inf, {}, "", ""},
      {"d", ParamType::number, inf, false, 0.1, {}, {}, "", ""},
      {"e", ParamType::text, std::string("x|y"), false, {}, {}, {"x|y", "z"}, "", ""},
      {"f.g", ParamType::path, Path{"a/b.txt"}, false, {}, {}, {}, "", ""},
      {"h", ParamType::wholes, std::vector<std::int64_t>{1, -2}, false, {}, {}, {}, "", ""},
      {"i", ParamType::numbers, std::vector<double>{1, -inf, 0.1}, false, {}, {}, {}, "", ""},
      {"j", ParamType::texts, std::vector<std::string>{"p", ""}, false, {}, {}, {}, "", ""},
      {"k", ParamType::numbers, std::vector<double>{}, false, {}, {}, {}, "", ""},
      {"l", ParamType::whole, Value(), true, {}, {}, {}, "", ""},
  };
  c.scalars = {{"t", 0.07, 1e-4, 10.0, "help"}, {"u", 1, {}, {}, ""}};
  c.ports = {{"in", "float[rows, dim]", false, true, true, "", "x", true, 0, -inf},
             {"tasks", "float[rows]", true, false, true, "j", ""}};
  c.requires_ = {{"b % 2 == 1", "odd"}};
  c.weights = {{"w", {"dim", "b * 2"}, true, false}, {"v", {}, false, true}};
  c.suffixes = {".tsv", ""};
  c.header = "text";
  c.fits = true;
  c.media = true;
  c.declines = {{"row-alone", "why"}};
  return {"plug", "0.2.0", {c, {}}};
}

bool same(const ParamSchema& a, const ParamSchema& b) {
  return a.name == b.name && a.type == b.type && a.fallback == b.fallback && a.required == b.required &&
         a.low == b.low && a.high == b.high && a.choices == b.choices && a.unit == b.unit && a.help == b.help;
}
bool same(const ScalarSchema& a, const ScalarSchema& b) {
  return a.name == b.name && a.fallback == b.fallback && a.low == b.low && a.high == b.high && a.help == b.help;
}
bool same(const PortSchema& a, const PortSchema& b) {
  return a.name == b.name && a.shape == b.shape && a.output == b.output && a.optional == b.optional &&
         a.repeated == b.repeated && a.named_by == b.named_by && a.help == b.help && a.constant == b.constant &&
         a.low == b.low && a.high == b.high;
}
bool same(const DeclineSchema& a, const DeclineSchema& b) { return a.check == b.check && a.reason == b.reason; }
bool same(const RequireSchema& a, const RequireSchema& b) { return a.rule == b.rule && a.why == b.why; }
bool same(const WeightSchema& a, const WeightSchema& b) {
  return a.name == b.name && a.dims == b.dims && a.table == b.table && a.decays == b.decays;
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same(x, y); });
}

}  // namespace

TEST_CASE("a card brings back every field of a schema") {
  const auto schema = everything();
  cards::Card card{schema, {123, "00ff"}};
  const auto read = cards::from_text(cards::to_text(card));
  REQUIRE(std::holds_alternative<cards::Card>(read));
  const auto& back = std::get<cards::Card>(read);
  CHECK(back.file.size == 123);
  CHECK(back.file.digest == "00ff");
  CHECK(back.schema.name == schema.name);
  CHECK(back.schema.version == schema.version);
  REQUIRE(back.schema.components.size() == 2);
  const auto &a = schema.components[0], &b = back.schema.components[0];
  CHECK(a.name == b.name);
  CHECK(a.kind == b.kind);
  CHECK(a.summary == b.summary);
  CHECK(a.paper == b.paper);
  CHECK(a.equation == b.equation);
  CHECK(a.differs == b.differs);
  REQUIRE(b.params.size() == a.params.size());
  for (std::size_t k = 0; k < a.params.size(); ++k) {
    CAPTURE(a.params[k].name);
    CHECK(same(a.params[k], b.params[k]));
  }
  CHECK(same(a.scalars, b.scalars));
  CHECK(same(a.ports, b.ports));
  CHECK(same(a.requires_, b.requires_));
  CHECK(same(a.weights, b.weights));
  CHECK(a.suffixes == b.suffixes);
  CHECK(a.header == b.header);
  CHECK(b.fits);
  CHECK(b.media);
  CHECK(same(a.declines, b.declines));
}

TEST_CASE("damaged cards are no cards") {
  const auto text = cards::to_text({everything(), {}});
  CHECK(std::holds_alternative<std::string>(cards::from_text(text.substr(0, text.size() / 2))));
  CHECK(std::holds_alternative<std::string>(cards::from_text("{}")));
  auto kind = text;
  kind.replace(kind.find("distiller"), 9, "distilled");
  CHECK(std::holds_alternative<std::string>(cards::from_text(kind)));
}
