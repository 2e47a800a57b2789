// Opens real plugins in this process: the bad ones are refused with their own words, the good ones work.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "host/host.h"

#include <cstring>
#include <filesystem>

using braid::host::Fault;
using braid::host::Host;

namespace {
std::string bad, good;  // folders

std::string refusal(const std::string& name) {
  try {
    Host().open(bad + "/" + name + ".so");
  } catch (const braid::Error& e) {
    return e.what();
  }
  return "it was opened";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

int main(int argc, char** argv) {
  for (int k = 1; k + 2 < argc; ++k)
    if (std::strcmp(argv[k], "--") == 0) bad = argv[k + 1], good = argv[k + 2];
  doctest::Context context(argc, argv);
  return context.run();
}

TEST_CASE("each refusal has its own message, with the file and a tag on its first line") {
  for (const char* name :
       {"no_stamp", "two_stamps", "other_torch", "missing_symbol", "no_entry", "entry_throws", "twice"}) {
    const auto text = refusal(name);
    CAPTURE(text);
    const auto line = text.substr(0, text.find('\n'));
    CHECK(has(line, std::string(name) + ".so: error: "));
    CHECK(line.ends_with(" [plugin]"));
  }
  CHECK(has(refusal("no_stamp"), "carries no stamp"));
  CHECK(has(refusal("two_stamps"), "carries two stamps"));
  const auto other = refusal("other_torch");
  CHECK(has(other, "LibTorch"));
  CHECK(has(other, "2.10.1"));
  CHECK(has(other, "2.11.0"));
  CHECK(has(refusal("missing_symbol"), "undefined symbol: elsewhere::not_linked(int)"));
  CHECK(has(refusal("no_entry"), "no entry 'braid_register'"));
  CHECK(has(refusal("entry_throws"), "the table of moons is not where it was"));
  CHECK(has(refusal("twice"), "component 'same_name' twice"));
  CHECK(has(refusal("absent"), "no such file"));
}

TEST_CASE("a name belongs to the file that was opened first") {
  Host host;
  CHECK(host.open(bad + "/clash_one.so").version == "one");
  const auto text = refusal("clash_two");
  CHECK(has(text, "clash_one.so"));
  CHECK(has(text, "clash_two.so"));
  CHECK(host.open(bad + "/./clash_one.so").version == "one");  // the same file by another path is no clash
}

TEST_CASE("a constructor that throws is told with plugin and component, and is no mistake of the user's") {
  Host host;
  const auto& plugin = host.open(bad + "/constructor_throws.so");
  try {
    host.make(plugin, "constructor_throws", {}, {});
    FAIL("it was made");
  } catch (const Fault& e) {
    CHECK(has(e.what(), "component 'constructor_throws' of plugin 'constructor_throws'"));
    CHECK(has(e.what(), "no moon tonight"));
  }
}

TEST_CASE("values reach the constructor, wrong ones are refused with names") {
  Host host;
  braid::recipe::Use use;
  use.component = use.plugin = "mlp";
  use.plugin_file = good + "/mlp.so";
  const auto described = host.describe(use.plugin_file);
  REQUIRE(described.components.size() == 1);
  const auto& schema = described.components[0];
  CHECK(schema.name == "mlp");
  CHECK(schema.kind == braid::Kind::ranker);
  CHECK_FALSE(schema.summary.empty());
  REQUIRE_FALSE(schema.params.empty());
  const auto made = host.make(use, {});
  CHECK(made->state().schema.summary == schema.summary);
  use.values[schema.params[0].name] = std::string("not this");
  CHECK_THROWS_WITH_AS(host.make(use, {}), doctest::Contains("component 'mlp' of plugin 'mlp': parameter '"),
                       braid::Error);
}
