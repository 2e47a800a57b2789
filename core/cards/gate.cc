#include "cards/gate.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace braid::cards {
namespace {

#if defined(__x86_64__)
constexpr unsigned own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned own_machine = EM_AARCH64;
#else
#error "say which ELF machine this is"
#endif

std::string machine(unsigned number) {
  const std::string name = number == EM_X86_64    ? " (x86-64)"
                           : number == EM_AARCH64 ? " (AArch64)"
                           : number == EM_386     ? " (x86)"
                                                  : "";
  return std::to_string(number) + name;
}

// The sum, or the largest number where there is none so large: damaged headers say anything.
std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? ~std::uint64_t{0} : out;
}

template <class T>
T at(std::string_view bytes, std::uint64_t offset) {
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

// Where what the headers name ends. Only tables that are there are read.
std::uint64_t end_by_headers(std::string_view bytes, const Elf64_Ehdr& head) {
  const std::uint64_t parts = std::uint64_t{head.e_phnum} * sizeof(Elf64_Phdr);
  auto end = plus(head.e_phoff, parts);
  if (head.e_shoff) end = std::max(end, plus(head.e_shoff, std::uint64_t{head.e_shnum} * head.e_shentsize));
  if (plus(head.e_phoff, parts) > bytes.size()) return end;
  for (unsigned k = 0; k < head.e_phnum; ++k) {
    const auto part = at<Elf64_Phdr>(bytes, head.e_phoff + k * sizeof(Elf64_Phdr));
    if (part.p_type == PT_LOAD || part.p_type == PT_DYNAMIC) end = std::max(end, plus(part.p_offset, part.p_filesz));
  }
  return end;
}

}  // namespace

std::string library_trouble(std::string_view bytes) {
  if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0)
    return "it is no shared library: it does not start as an ELF file does\n  fix: build it again, or take the file "
           "off "
           "the search path";
  static constexpr const char* cut = "\n  fix: copy it again from where it was built, or build it again";
  if (bytes.size() < sizeof(Elf64_Ehdr))
    return "it is truncated: it has " + std::to_string(bytes.size()) + " bytes, an ELF header alone has " +
           std::to_string(sizeof(Elf64_Ehdr)) + cut;
  const auto head = at<Elf64_Ehdr>(bytes, 0);
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != own_machine)
    return "it was built for another machine: its ELF machine is " + machine(head.e_machine) +
           (head.e_ident[EI_CLASS] != ELFCLASS64 ? ", not of 64 bits" : "") +
           (head.e_ident[EI_DATA] != ELFDATA2LSB ? ", not little-endian" : "") + "; this braid's is " +
           machine(own_machine) + "\n  fix: build the plugin on a machine like this one";
  if (head.e_type != ET_DYN)
    return "it is an ELF file of type " + std::to_string(head.e_type) + ", a plugin is of type " +
           std::to_string(ET_DYN) + " (shared library)\n  fix: link the plugin with -shared";
  if (head.e_phnum == 0 || head.e_phentsize != sizeof(Elf64_Phdr))
    return "its ELF header is damaged: it names " + std::to_string(head.e_phnum) + " parts of " +
           std::to_string(head.e_phentsize) + " bytes, where there is at least 1, of " +
           std::to_string(sizeof(Elf64_Phdr)) + cut;
  if (const auto end = end_by_headers(bytes, head); end > bytes.size())
    return "it is truncated or damaged: its headers name " + std::to_string(end) + " bytes, it has " +
           std::to_string(bytes.size()) + cut;
  return "";
}

std::variant<Passed, Stopped> pass(std::string_view bytes, const std::string& name, const Stamp& braid) {
  if (const auto why = library_trouble(bytes); !why.empty()) return Stopped{why, ""};
  const auto found = find_stamp(bytes.data(), bytes.size());
  if (const auto* why = std::get_if<std::string>(&found)) return Stopped{*why, ""};
  const auto& stamp = std::get<Stamp>(found);
  const std::string called = stamp.plugin;
  if (const auto why = refusal(stamp, braid); !why.empty()) return Stopped{why, called};
  if (name != called + ".so")
    return Stopped{"its name differs from its file's: the file is called '" + name + "', the plugin in it '" + called +
                       "'\n  fix: call the file " + called + ".so (Meson: name_prefix : ''), or say '" +
                       std::filesystem::path(name).stem().string() + "' in its BRAID_PLUGIN line",
                   called};
  return Passed{stamp, facts_of(bytes)};
}

std::variant<Passed, Stopped> pass(const std::string& file, const Stamp& braid) {
  const auto read = read_bytes(file);
  if (!read.error.empty()) return Stopped{read.error, ""};
  return pass(read.bytes, std::filesystem::path(file).filename().string(), braid);
}

}  // namespace braid::cards
