// What `braid find` finds, and in which order.
#include "search.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::tools;

namespace {

struct Made {
  std::vector<PluginSchema> plugins;
  std::string file = "x.so";
  std::vector<Entry> entries() const {
    std::vector<Entry> out;
    for (const auto& p : plugins)
      for (const auto& c : p.components) out.push_back({&c, &p, &file});
    return out;
  }
};

Made made() {
  Made out;
  const auto component = [&](const std::string& name, Kind kind, const std::string& summary,
                             const std::string& paper = "") {
    ComponentSchema c;
    c.name = name;
    c.kind = kind;
    c.summary = summary;
    c.paper = paper;
    out.plugins.push_back({name, "1.0", {c}});
  };
  component("soft_label", Kind::distiller, "Learns a teacher's probabilities.", "Hinton et al. 2015");
  component("teacher", Kind::tower, "A tower.");
  component("contrast", Kind::loss, "Pulls two sides together.");
  component("plain", Kind::loss, "Contrasted with nothing.");
  auto& contrast = out.plugins[2].components[0];
  contrast.scalars.push_back({"temperature", 0.1, {}, {}, "Divides the scores. A smaller one sharpens them."});
  contrast.ports.push_back({"query", "float[rows, dim]", false, false, false, "", "one side, of the teacher"});
  ParamSchema mode;
  mode.name = "mode";
  mode.type = ParamType::text;
  mode.choices = {"in_batch", "queue"};
  mode.help = "Whence negatives come.";
  contrast.params.push_back(mode);
  return out;
}

std::vector<std::string> names(const Made& all, const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const auto& hit : find_components(all.entries(), words)) out.push_back(hit.entry.component->name);
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a name counts most, then the summary, then help") {
  const auto all = made();
  CHECK(names(all, {"teacher"}) == Names{"teacher", "soft_label", "contrast"});
  CHECK(names(all, {"contrast"}) == Names{"contrast", "plain"});
}

TEST_CASE("papers, coefficients, choices, kinds") {
  const auto all = made();
  CHECK(names(all, {"hinton"}) == Names{"soft_label"});
  CHECK(names(all, {"TEMPERATURE"}) == Names{"contrast"});
  CHECK(names(all, {"in-batch"}) == Names{"contrast"});
  CHECK(names(all, {"loss"}) == Names{"contrast", "plain"});
  CHECK(names(all, {"soft-label"}) == Names{"soft_label"});
}

TEST_CASE("all words have to be there") {
  const auto all = made();
  CHECK(names(all, {"loss", "teacher"}) == Names{"contrast"});
  CHECK(names(all, {"loss", "wavelet"}).empty());
  CHECK(names(all, {}).empty());
}

TEST_CASE("places say where the words are, each once") {
  const auto all = made();
  const auto hits = find_components(all.entries(), {"temperature"});
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].places == Names{"coefficient temperature: Divides the scores."});
}
