#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "cards/card.h"
#include "cards/gate.h"
#include "cards/header.h"
#include "cards/stamp_of_file.h"
#include "cards/store.h"
#include "log/errors_json.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace braid;
namespace fs = std::filesystem;

namespace {

// A folder of the test's own, removed at its end.
struct Folder {
  fs::path path;
  Folder() {
    auto name = (fs::temp_directory_path() / "braid-cards-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
};

Stamp stamp_of(const char* plugin) {
  Stamp s{BRAID_STAMP_MAGIC,
          sizeof(Stamp),
          7,
          "0123456789abcdef",
          8,
          16,
          8,
          "2.11.0",
          1,
          1016,
          0,
          0,
          0,
          "12.2.0",
          "",
          "0.1.0"};
  std::strncpy(s.plugin, plugin, sizeof s.plugin - 1);
  return s;
}
std::string bytes_of(const Stamp& s) { return {reinterpret_cast<const char*>(&s), sizeof s}; }

// The least that the headers of a shared library say: one part, which is the whole file.
std::string library(const Stamp& s, const std::string& more = "") {
  const auto body = bytes_of(s) + more;
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_type = ET_DYN;
#if defined(__aarch64__)
  head.e_machine = EM_AARCH64;
#else
  head.e_machine = EM_X86_64;
#endif
  head.e_phoff = sizeof head;
  head.e_phnum = 1;
  head.e_phentsize = sizeof(Elf64_Phdr);
  Elf64_Phdr part{};
  part.p_type = PT_LOAD;
  part.p_filesz = sizeof head + sizeof part + body.size();
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) +
         std::string(reinterpret_cast<const char*>(&part), sizeof part) + body;
}

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

TEST_CASE("a stamp is found once, anywhere in a file") {
  const auto one = bytes_of(stamp_of("in_batch_nce"));
  const auto read = [](const std::string& bytes) { return cards::find_stamp(bytes.data(), bytes.size()); };
  const auto found = read("\x7f\x45LF BRAID" + one + "tail");
  REQUIRE(std::holds_alternative<Stamp>(found));
  CHECK(std::string(std::get<Stamp>(found).plugin) == "in_batch_nce");

  const auto why = [&](const std::string& bytes) {
    const auto r = read(bytes);
    REQUIRE(std::holds_alternative<std::string>(r));
    return std::get<std::string>(r);
  };
  CHECK(why("") == why("nothing here"));
  CHECK(why("nothing here").find("carries no stamp") != std::string::npos);
  CHECK(why(one + one).find("two stamps, 'in_batch_nce' and 'in_batch_nce'") != std::string::npos);
  CHECK(why(one + one.substr(0, 40)).find("'in_batch_nce' and a damaged one") != std::string::npos);
  CHECK(why(one.substr(0, one.size() - 1)).find("ends inside it") != std::string::npos);
  CHECK(why(one.substr(0, 17)).find("ends inside it") != std::string::npos);
  auto longer = one;
  longer[offsetof(Stamp, size)] = static_cast<char>(longer[offsetof(Stamp, size)] + 1);
  CHECK(why(longer).find("bytes, a stamp of this braid has") != std::string::npos);
  auto endless = one;
  std::memset(endless.data() + offsetof(Stamp, torch), 'x', sizeof(Stamp::torch));
  CHECK(why(endless).find("has no end") != std::string::npos);
  for (const char* text : {"a\x1b[2J", "\xff", "../up", ""}) {  // shown in messages, compared with the file's name
    CHECK(why(bytes_of(stamp_of(text))).find("is none") != std::string::npos);
  }
  CHECK(std::get<std::string>(cards::read_stamp("/no/such/file")).find("no such file") != std::string::npos);
}

TEST_CASE("every compared field is told, with both values, at once") {
  const auto braid = stamp_of("braid");
  CHECK(cards::differences(stamp_of("x"), braid).empty());
  CHECK(cards::refusal(stamp_of("x"), braid).empty());
  auto other = stamp_of("x");
  std::strcpy(other.compiler, "13.1.0");  // shown, not compared
  CHECK(cards::differences(other, braid).empty());
  other.abi = 9;
  std::strcpy(other.headers, "ffff");
  other.tensor_size = 1, other.component_size = 2, other.frame_size = 3;
  std::strcpy(other.torch, "2.10.1");
  other.string_abi = 0, other.cxx_abi = 1018, other.debug = 1, other.sanitize = 1, other.cuda = 13;
  CHECK(cards::differences(other, braid).size() == 11);
  const auto text = cards::refusal(other, braid);
  for (const char* part : {"the plugin has", "this braid has", "2.10.1", "2.11.0", "1018", "1016", "address",
                           "fix: build the plugin again against", "13.1.0"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  auto flags = stamp_of("x");
  flags.sanitize = 2;
  CHECK(cards::refusal(flags, braid).find("compiler flags") != std::string::npos);
}

TEST_CASE("only a whole shared library, of this machine and called after its plugin, passes") {
  const auto braid = stamp_of("braid");
  const auto good = library(stamp_of("one"), "code");
  const auto why = [&](const std::string& bytes, const std::string& name = "one.so") {
    const auto passed = cards::pass(bytes, name, braid);
    const auto* stopped = std::get_if<cards::Stopped>(&passed);
    return stopped ? stopped->why : "";
  };
  const auto has = [&](const std::string& bytes, const std::string& part) {
    const auto text = why(bytes);
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
    CHECK(text.find("\n  fix: ") != std::string::npos);
  };
  CHECK(why(good) == "");
  const auto header = [&](auto set) {
    auto bytes = good;
    Elf64_Ehdr head;
    std::memcpy(&head, bytes.data(), sizeof head);
    set(head);
    std::memcpy(bytes.data(), &head, sizeof head);
    return bytes;
  };
  has("", "no shared library");
  has("#!/bin/sh\n", "no shared library");
  has(good.substr(0, 20), "it has 20 bytes, an ELF header alone has 64");
  for (std::size_t n = 64; n < good.size(); ++n) has(good.substr(0, n), "it has " + std::to_string(n));
  has(header([](auto& h) { h.e_machine = EM_S390; }), "ELF machine is 22; this braid's is ");
  has(header([](auto& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; }), "not little-endian");
  has(header([](auto& h) { h.e_type = ET_REL; }), "of type 1, a plugin is of type 3");
  has(header([](auto& h) { h.e_phnum = 0; }), "names 0 parts");
  has(header([](auto& h) { h.e_phoff = ~0ull; }), "18446744073709551615 bytes, it has");
  has(header([](auto& h) { h.e_shoff = 1 << 20, h.e_shnum = 3, h.e_shentsize = 64; }), "name 1048768 bytes");
  CHECK(why(good, "uno.so").find("the file is called 'uno.so', the plugin in it 'one'") != std::string::npos);
  CHECK(why(good, "libone.so").find("name_prefix") != std::string::npos);
  auto other = stamp_of("one");
  other.abi = 8;
  const auto stopped = std::get<cards::Stopped>(cards::pass(library(other), "one.so", braid));
  CHECK(stopped.called == "one");
  CHECK(stopped.why.find("SDK number") != std::string::npos);
}

TEST_CASE("what is no regular file is refused, and nobody waits for it") {
  const Folder folder;
  const auto pipe = (folder.path / "pipe.so").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(cards::read_bytes(pipe).error == "it is no regular file");
  CHECK(cards::read_bytes(folder.path.string()).error == "it is no regular file");
  CHECK(cards::read_bytes((folder.path / "none").string()).error == "there is no such file");
  CHECK(cards::read_bytes(folder.write("some", "abc")).bytes == "abc");
}

TEST_CASE("first records, read as the reader reads them") {
  const Folder folder;
  using Cells = std::vector<std::string>;
  const auto read = [&](const std::string& name, const std::string& text, const recipe::TextForm& form = {}) {
    return cards::first_record(folder.write(name, text), form);
  };
  const auto cells = [&](const std::string& name, const std::string& text, const recipe::TextForm& form = {}) {
    return std::get<Cells>(read(name, text, form));
  };
  const auto says = [&](const std::string& name, const std::string& text, const std::string& part,
                        const recipe::TextForm& form = {}) {
    const auto got = read(name, text, form);
    const auto* why = std::get_if<std::string>(&got);
    CHECK(why);
    if (why) CHECK(why->find("'" + (folder.path / name).string() + "'") != std::string::npos);
    return why && why->find(part) != std::string::npos;
  };
  CHECK(cells("t", "user\titem\n1\t2\n") == Cells{"user", "item"});
  CHECK(cells("t.tsv", "user\titem\r\n1\t2\r\n") == Cells{"user", "item"});
  CHECK(cells("t.CSV",
              "\xef\xbb\xbf"
              "a,b") == Cells{"a", "b"});
  CHECK(cells("t", "a::b:c::\n", {"::", "", ""}) == Cells{"a", "b:c", ""});
  CHECK(cells("t.csv", "a,,b\n") == Cells{"a", "", "b"});
  CHECK(cells("t.csv", "\"a,1\",\"b\"\"c\",\"d\ne\",f\n") == Cells{"a,1", "b\"c", "d\ne", "f"});
  CHECK(cells("t.tsv", "5\" disc\tb\n") == Cells{"5\" disc", "b"});
  CHECK(cells("t.csv", "\"a\",b\n", {"", "none", ""}) == Cells{"\"a\"", "b"});
  // Empty lines in front, the line ends of old Macs, encodings.
  CHECK(cells("t.tsv", "\n\r\na\tb\n1\t2\n") == Cells{"a", "b"});
  CHECK(cells("t.tsv", "a\tb\r1\t2\r") == Cells{"a", "b"});
  CHECK(cells("t.tsv",
              "ann\xE9"
              "e\tb\n",
              {"", "", "latin-1"}) == Cells{"ann\xC3\xA9"
                                            "e",
                                            "b"});
  const std::string wide(
      "\xFF\xFE"
      "a\0\t\0b\0\n\0",
      10);
  CHECK(cells("t.tsv", wide, {"", "", "utf-16"}) == Cells{"a", "b"});
  CHECK(says("t.tsv", wide, "is UTF-16; set encoding = \"utf-16\""));
  CHECK(says("t.tsv",
             "ann\xE9"
             "e\tb\n",
             "byte 3 of the name of column 1 is not UTF-8"));
  CHECK(says("t.csv", "", "is empty"));
  CHECK(says("t.csv", "\n\r\n", "is empty"));
  CHECK(says("t.csv", "\"a,b\n1,2\n", "not closed before the file ends"));
  CHECK(says("t.csv", "a,b,a\n", "two columns 'a'"));
  CHECK(says("t.tsv", std::string("a\0b\n", 4), "zero byte"));
  CHECK(says("t.tsv", "\x28\xB5\x2F\xFD....", "packed by zstd"));
  CHECK(std::get<std::string>(read("t.tsv", "a\n", {"", "ab", ""})).find("a quote is one character") !=
        std::string::npos);
  CHECK(std::get<std::string>(cards::first_record("/no/such", {})).find("cannot open '/no/such'") == 0);
  const auto packed = (folder.path / "p.csv.gz").string();
  auto* file = gzopen(packed.c_str(), "wb");
  gzputs(file, "x;y\n1;2\n");
  gzclose(file);
  CHECK(std::get<Cells>(cards::first_record(packed, {";", "", ""})) == Cells{"x", "y"});
  // Where the recipe names the columns, the file is opened and no more is asked of it.
  const recipe::TextForm named{"", "", "", true};
  CHECK(cells("t.csv", "", named).empty());
  CHECK(cells("t.csv", "\"1,2\n", named).empty());
  CHECK(says("t.csv", "PK\x03\x04", "a zip archive", named));
  CHECK(says("t.csv", wide, "is UTF-16", named));
}

// A stand-in for the program and for libbraid.so: a script that fails as a child may fail.
TEST_CASE("cards: beside the file, in the cache, made by a child, refused with the child's reason") {
  const Folder folder;
  ::setenv("XDG_CACHE_HOME", (folder.path / "cache").c_str(), 1);
  ::unsetenv("BRAID_PLUGIN_PATH");
  fs::create_directories(folder.path / "core/sdk");
  fs::create_directories(folder.path / "plugins");
  folder.write("core/sdk/libbraid.so", bytes_of(stamp_of("braid")));
  const auto plugin = folder.write("plugins/one.so", library(stamp_of("one")));
  const auto program = [&](const std::string& body) {
    folder.write("braid", "#!/bin/sh\n" + body + "\n");
    fs::permissions(folder.path / "braid", fs::perms::owner_all);
  };
  cards::Card card{{"one", "0.1.0", {}}, cards::facts(plugin)};
  const auto store = [&] { return cards::Store(cards::Around{folder.path.string()}); };

  program("kill -SEGV $$");
  auto found = store().find(plugin);
  CHECK(found.refused.find("signal 11") != std::string::npos);
  program("echo '" + log::errors_json({{"plugin", plugin, "its entry function failed: oh"}}) + "'; exit 1");
  CHECK(store().find(plugin).refused == "its entry function failed: oh");
  program("echo oh >&2; exit 1");  // what is not the program's own word is told as it is
  CHECK(store().find(plugin).refused.find("ended with code 1") != std::string::npos);
  CHECK(store().find(plugin).refused.find("it said: oh") != std::string::npos);

  folder.write("ready.json", cards::to_text(card));
  program("cp " + (folder.path / "ready.json").string() + " \"$4\"");
  found = store().find(plugin);
  CHECK(found.made);
  REQUIRE(found.card);
  CHECK(fs::exists(cards::cached_card(card.file.digest)));
  program("exit 9");  // from here on nobody may be asked
  found = store().find(plugin);
  CHECK_FALSE(found.made);
  REQUIRE(found.card);
  CHECK(found.card->schema.name == "one");

  // A card speaks of one digest, wherever it stands and whatever the file's size and time say.
  fs::remove(cards::cached_card(card.file.digest));
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK(store().find(plugin).card);
  fs::last_write_time(plugin, fs::last_write_time(plugin) + std::chrono::hours(1));
  CHECK(store().find(plugin).card);
  const auto time = fs::last_write_time(plugin);
  folder.write("plugins/one.so", library(stamp_of("one"), "a"));
  fs::copy_file(plugin, folder.path / "a.so");
  folder.write("plugins/one.so", library(stamp_of("one"), "b"));  // as long as the other, and as old
  fs::last_write_time(plugin, time);
  card.file = cards::facts((folder.path / "a.so").string());
  folder.write("plugins/one.card.json", cards::to_text(card));
  folder.write("cache/braid/cards/" + cards::facts(plugin).digest + ".json", cards::to_text(card));
  CHECK_FALSE(store().find(plugin).card);
  card.file = cards::facts(plugin);
  card.schema.name = "another";
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK_FALSE(store().find(plugin).card);
  card.schema.name = "one";
  folder.write("plugins/one.card.json", cards::to_text(card));
  CHECK(store().find(plugin).card);
  // What a child says of a file that changed under it is not kept.
  fs::remove(folder.path / "plugins/one.card.json");
  program("cp " + (folder.path / "ready.json").string() + " \"$4\"");
  CHECK(store().find(plugin).refused.find("it changed while it was looked at") != std::string::npos);
  program("exit 9");
  folder.write("plugins/one.so", library(stamp_of("one")));
  card.file = cards::facts(plugin);
  folder.write("plugins/one.card.json", cards::to_text(card));

  SUBCASE("who was given a card is told its digest, whatever becomes of the file") {
    auto asked = store();
    REQUIRE(asked.world("").plugins.size() == 1);
    const auto canonical = fs::canonical(plugin).string();
    folder.write("plugins/one.so", library(stamp_of("one"), "changed"));
    CHECK(asked.vouched(canonical).digest == card.file.digest);
    CHECK(store().vouched(canonical).digest.empty());
    CHECK_FALSE(store().vouched(canonical).refused.empty());
  }
  SUBCASE("two files of one name are both refused, copies are one plugin") {
    fs::create_directories(folder.path / "recipe");
    const auto write_twin = [&](const std::string& bytes) {
      const auto twin = folder.write("recipe/one.so", bytes);
      auto other = card;
      other.file = cards::facts(twin);
      folder.write("recipe/one.card.json", cards::to_text(other));
      return twin;
    };
    write_twin(library(stamp_of("one")));
    CHECK(store().all((folder.path / "recipe").string()).size() == 1);
    const auto twin = write_twin(library(stamp_of("one"), "other code"));
    const auto all = store().all((folder.path / "recipe").string());
    REQUIRE(all.size() == 2);
    for (const auto& f : all) {
      CHECK_FALSE(f.card);
      CHECK(f.refused.find(fs::canonical(twin).string()) != std::string::npos);
      CHECK(f.refused.find(fs::canonical(plugin).string()) != std::string::npos);
    }
    const auto world = store().world((folder.path / "recipe").string());
    CHECK(world.plugins.empty());
    CHECK(world.refused.size() == 2);
  }
  SUBCASE("a plugin of another braid is refused, card or not") {
    auto newer = stamp_of("braid");
    newer.abi = 8;
    folder.write("core/sdk/libbraid.so", bytes_of(newer));
    CHECK(store().find(plugin).refused.find("SDK number") != std::string::npos);
  }
  SUBCASE("without libbraid.so it is said what is missing") {
    fs::remove(folder.path / "core/sdk/libbraid.so");
    CHECK(store().find(plugin).refused.find("libbraid.so") != std::string::npos);
  }
}
