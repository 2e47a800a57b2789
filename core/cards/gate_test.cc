#include "cards/gate.h"

#include "cards/card_testing.h"
#include "cards/stamp_of_file.h"

#include <sys/stat.h>

using namespace braid;
using namespace braid::cards::testing;

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
