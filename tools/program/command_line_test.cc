// Commands declared as structs: what they are given, what is refused, what the help says.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "command_line.h"

#include <braid/diagnostic.h>

#include <doctest/doctest.h>

using namespace braid;
using namespace braid::tools;

namespace {

struct Bake : command::Options {
  using Options::Options;
  static constexpr command::About about{"bake", "Bakes a cake.", "In an oven."};

  std::string cake = argument("CAKE");
  std::vector<std::string> guests = arguments("GUEST", Need::optional);
  std::string out = text("out", "DISH", "where it goes", Need::required);
  std::vector<std::string> sets = set_option();
  bool warm = flag("warm", "serve it warm");
  std::int64_t minutes = whole("minutes", "N", "how long", {1, 90}, 40);
  std::optional<std::int64_t> layers = optional_whole("layers", "N", "how many", {0});
  std::vector<std::uint64_t> seeds = seeds_option("of the poppy");
};
struct Wash : command::Options {
  using Options::Options;
  static constexpr command::About about{"after wash", "Washes up."};
  bool json = json_option();
};

Bake baked;  // the last one
int washed = 0;

int bake(const Bake& asked) {
  baked = asked;
  return 7;
}
int wash(const Wash& asked) { return washed += 1 + asked.json; }

const std::vector<Command>& commands() {
  static const std::vector<Command> all{command_of<Bake, bake>(), command_of<Wash, wash>()};
  return all;
}

int run(const std::vector<std::string>& words) { return run_command_line(commands(), words); }

std::string refused(const std::vector<std::string>& words) {
  try {
    run(words);
  } catch (const Failure& e) {
    const std::string text = e.what();
    return text.substr(0, text.rfind("\n  `braid"));
  }
  return "taken";
}

}  // namespace

TEST_CASE("every kind of option") {
  CHECK(run({"bake", "tart", "--out", "dish", "ann", "[bo,cy]", "--set", "a=1", "--set=b=2", "--warm", "--minutes",
             "90", "--layers=0", "--seeds", "3,1", "--", "--dan"}) == 7);
  CHECK(baked.cake == "tart");
  CHECK(baked.guests == std::vector<std::string>{"ann", "[bo,cy]", "--dan"});
  CHECK(baked.out == "dish");
  CHECK(baked.sets == std::vector<std::string>{"a=1", "b=2"});
  CHECK(baked.warm);
  CHECK(baked.minutes == 90);
  CHECK(baked.layers == 0);
  CHECK(baked.seeds == std::vector<std::uint64_t>{3, 1});
}

TEST_CASE("what is not given has its default") {
  CHECK(run({"bake", "tart", "--out", ""}) == 7);
  CHECK(baked.out.empty());
  CHECK(baked.guests.empty());
  CHECK(baked.minutes == 40);
  CHECK_FALSE(baked.layers);
  CHECK_FALSE(baked.warm);
  CHECK(Bake().minutes == 40);  // made from nothing
}

TEST_CASE("what is refused, and how") {
  CHECK(refused({"bake"}) == "braid bake: error: CAKE is missing [command-line]\n  it takes CAKE [GUEST...]");
  CHECK(refused({"bake", "tart"}) == "braid bake: error: --out DISH is missing: where it goes [command-line]");
  CHECK(refused({"bake", "tart", "--aut", "x"}) ==
        "braid bake: error: there is no option --aut [command-line]\n  did you mean --out?");
  CHECK(refused({"bake", "tart", "--aut=x"}) ==
        "braid bake: error: there is no option --aut [command-line]\n  did you mean --out?");
  CHECK(refused({"bake", "-o", "x"}) ==
        "braid bake: error: there is no option -o [command-line]\n  options start with two dashes");
  CHECK(refused({"bake", "tart", "--out"}) == "braid bake: error: --out needs a value: --out DISH [command-line]");
  CHECK(refused({"bake", "tart", "--out="}) == "braid bake: error: --out needs a value: --out DISH [command-line]");
  CHECK(refused({"bake", "--out=", "tart"}) == "braid bake: error: --out needs a value: --out DISH [command-line]");
  CHECK(refused({"bake", "tart", "--warm="}) == "braid bake: error: --warm takes no value [command-line]");
  CHECK(refused({"bake", "tart", "--warm=1"}) == "braid bake: error: --warm takes no value [command-line]");
  CHECK(refused({"bake", "--out", "a", "--out", "b"}) == "braid bake: error: --out is given twice [command-line]");
  CHECK(refused({"bake", "tart", "--out", "a", "--minutes", "91"}) ==
        "braid bake: error: --minutes is '91'; it is a whole number from 1 to 90 [command-line]");
  CHECK(refused({"bake", "tart", "--out", "a", "--minutes", "4x"}) ==
        "braid bake: error: --minutes is '4x'; it is a whole number from 1 to 90 [command-line]");
  CHECK(refused({"bake", "tart", "--out", "a", "--seeds", "1,1"}) ==
        "braid bake: error: --seeds has 1 twice [command-line]\n  the same seed gives the same run; it would count "
        "twice in means and spreads");
  CHECK(refused({"after", "wash", "plate"}) ==
        "braid after wash: error: 'plate' is one argument too many [command-line]");
  CHECK(refused({"after"}) == "braid after: error: it takes a command of its own: wash [command-line]");
  CHECK(refused({"after", "wish"}) ==
        "braid after: error: there is no command 'wish' [command-line]\n  did you mean 'wash'?");
  CHECK(refused({"bikes"}) == "braid: error: there is no command 'bikes' [command-line]");
  CHECK(refused({"bak"}) == "braid: error: there is no command 'bak' [command-line]\n  did you mean 'bake'?");
}

TEST_CASE("every command can show its errors as JSON") {
  CHECK(run({"bake", "tart", "--out", "dish", "--json"}) == 7);
  CHECK(asks_json({"bake", "--nonsense", "--json"}));
  CHECK_FALSE(asks_json({"bake", "--", "--json"}));
}

TEST_CASE("a command of two words") {
  washed = 0;
  CHECK(run({"after", "wash", "--json"}) == 2);
}

TEST_CASE("the help is made from the declarations") {
  CHECK(help(commands()[1]) ==
        "usage: braid after wash [--json]\n\nWashes up.\n\n"
        "  --json  print JSON\n"
        "  --help  this text\n");
  const auto text = help(commands()[0]);
  CHECK(text.starts_with("usage: braid bake CAKE [GUEST...] --out DISH [--set KEY=VALUE]... [--warm] [--minutes N]"));
  CHECK(text.find("  --json           print errors as JSON\n") != std::string::npos);
  CHECK(text.find("\n\nIn an oven.\n\n") != std::string::npos);
  CHECK(text.find("  --minutes N      how long\n") != std::string::npos);
  CHECK(text.find("(may be given again)") != std::string::npos);
}
