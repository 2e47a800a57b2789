// Files that tests of cards are about: a folder of their own, stamps and the least of a shared library.
#pragma once

#include <braid/abi.h>

#include <doctest/doctest.h>
#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace braid::cards::testing {

namespace fs = std::filesystem;

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

inline Stamp stamp_of(const char* plugin) {
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
inline std::string bytes_of(const Stamp& s) { return {reinterpret_cast<const char*>(&s), sizeof s}; }

// The least that the headers of a shared library say: one part, which is the whole file.
inline std::string library(const Stamp& s, const std::string& more = "") {
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

}  // namespace braid::cards::testing
