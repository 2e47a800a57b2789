// What is asked of a plugin's file before any of its code runs, in this process or in a child: its bytes alone.
#pragma once

#include "cards/file.h"
#include "cards/stamp_of_file.h"

#include <string>
#include <string_view>
#include <variant>

namespace braid::cards {

// A file that may be opened, as it was when it was read.
struct Passed {
  Stamp stamp{};
  FileFacts file;
};
// One that may not. `why` has the values of both sides and what to do; its first line is whole without the others.
// `called` is the plugin's name by its stamp, empty where no stamp can be read.
struct Stopped {
  std::string why, called;
};

// By which digest a file's card vouches for it; empty with a reason when none does.
struct Voucher {
  std::string digest, refused;
};

// In this order: it can be read, it is a whole shared library for this machine, it has one sound stamp, the stamp says
// what `braid` says, and the file is called after its plugin. Safe from many threads.
std::variant<Passed, Stopped> pass(const std::string& file, const Stamp& braid);
// The same for bytes in memory; `name` is the file's name without folders.
std::variant<Passed, Stopped> pass(std::string_view bytes, const std::string& name, const Stamp& braid);

// Why these bytes are no whole shared library of this machine; empty when they are. Looks at the ELF header and at the
// tables that it names: a file that was cut anywhere is found, as the sections' table stands at its end. (The loader
// looks at less: it maps what a cut file lacks, and the process dies when it reads there.)
std::string library_trouble(std::string_view bytes);

}  // namespace braid::cards
