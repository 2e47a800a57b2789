#include "conform/reader_checks.h"

#include "conform/kept.h"
#include "conform/wording.h"
#include "sdk/state.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace braid::conform {
namespace {

// A file with these bytes, called `name`, in a folder of its own that goes away.
class OneFile {
 public:
  OneFile(const std::string& name, std::string_view bytes) {
    auto folder = (std::filesystem::temp_directory_path() / "braid-reader-XXXXXX").string();
    if (!::mkdtemp(folder.data())) throw Error("no folder for an example file can be made in " + folder);
    folder_ = folder;
    path_ = (folder_ / name).string();
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~OneFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  OneFile(const OneFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

struct Opened {
  std::unique_ptr<Component> component;
  Reader* reader;
  Opened(const std::string& use, const Values& values, const std::string& path)
      : component(make(use, values)), reader(dynamic_cast<Reader*>(component.get())) {
    if (!reader) throw Error("'" + use + "' is no reader");
    reader->open(path);
  }
  std::vector<Record> rest(std::size_t limit) {
    std::vector<Record> out;
    while (reader->next(out, limit)) {
    }
    return out;
  }
};

bool same(const Record& a, const Record& b) { return a.cells == b.cells && a.line == b.line && a.error == b.error; }

struct Checks {
  const std::string& use;
  const ComponentSchema& card;
  const Values& values;
  const std::vector<std::string>& examples;
  std::vector<std::string> failures;

  void fail(const std::string& what) { failures.push_back(what); }
  std::string name() const {
    return "example" +
           (card.suffixes.empty() || card.suffixes.front().empty() ? std::string(".txt") : card.suffixes[0]);
  }

  void records() {
    for (const auto& bytes : examples) {
      const OneFile file(name(), bytes);
      std::vector<Record> want;
      try {
        Opened one(use, values, file.path());
        const auto columns = one.reader->columns();
        want = one.rest(1 << 20);
        if (want.empty()) fail("an example file has no records");
        for (const auto& r : want) {
          if (!r.error.empty()) fail("an example's record of line " + std::to_string(r.line) + " is bad: " + r.error);
          if (r.error.empty() && r.cells.size() != columns.size())
            fail("the record of line " + std::to_string(r.line) + " has " + std::to_string(r.cells.size()) +
                 " cells; there are " + std::to_string(columns.size()) + " columns");
          if (r.line < 1) fail("a record says line " + std::to_string(r.line) + "; lines count from 1");
        }
      } catch (const Error& e) {
        fail(std::string("an example file is not read: ") + e.what());
        continue;
      }
      for (const std::size_t limit : {1, 2, 3, 7}) {
        const auto got = Opened(use, values, file.path()).rest(limit);
        if (got.size() != want.size() || !std::equal(got.begin(), got.end(), want.begin(), same))
          fail("with at most " + std::to_string(limit) + " records a call, other records come");
      }
      Opened jumping(use, values, file.path());
      for (const auto from : {want.size(), want.size() / 2, std::size_t{0}, std::min<std::size_t>(1, want.size())}) {
        jumping.reader->seek(static_cast<std::int64_t>(from));
        const auto got = jumping.rest(2);
        if (got.size() != want.size() - from ||
            !std::equal(got.begin(), got.end(), want.begin() + static_cast<std::ptrdiff_t>(from), same))
          fail("after seek(" + std::to_string(from) + ") other records come");
      }
    }
  }

  void broken_files() {
    const auto attempt = [&](const std::string& what, const std::string& bytes) {
      const OneFile file(name(), bytes);
      try {
        Opened(use, values, file.path()).rest(2);
      } catch (const Error&) {
      } catch (...) {
        fail(what + " ends in what is no braid::Error: " + thrown());
      }
    };
    attempt("an empty file", "");
    for (const auto& bytes : examples) {
      const auto step = std::max<std::size_t>(1, bytes.size() / 64);
      for (std::size_t k = 0; k < bytes.size(); k += step) {
        attempt("a file cut after byte " + std::to_string(k), bytes.substr(0, k));
        auto changed = bytes;
        changed[k] ^= static_cast<char>(1 << (k % 8));
        attempt("a file with byte " + std::to_string(k) + " changed", changed);
      }
    }
    try {
      Opened(use, values, "/no/such/folder/" + name());
      fail("a file that does not exist is opened");
    } catch (const Error&) {
    } catch (...) {
      fail("a file that does not exist ends in what is no braid::Error: " + thrown());
    }
  }

  void memory() {
    const OneFile file(name(), examples.front());
    Opened one(use, values, file.path());
    const auto calls = [&](int count) {
      for (int k = 0; k < count; ++k) {
        one.reader->seek(0);
        one.rest(64);
      }
    };
    if (const auto trouble = keeps_memory(calls)) fail(*trouble);
  }
};

}  // namespace

std::vector<std::string> check_reader(std::string_view check, const std::string& use, const ComponentSchema& card,
                                      const Values& values, const std::vector<std::string>& examples) {
  if (examples.empty())
    return {
        "there is no example of a file; fix: static constexpr std::string_view examples[] = {\"the bytes of a "
        "file\"};"};
  Checks c{use, card, values, examples, {}};
  if (check == "records") c.records();
  else if (check == "broken-files") c.broken_files();
  else if (check == "memory") c.memory();
  else throw std::logic_error("no check of readers: " + std::string(check));
  return c.failures;
}

std::vector<Record> records(const std::string& component, const Values& values, const std::string& name,
                            std::string_view bytes, std::size_t limit) {
  const OneFile file(name, bytes);
  return Opened(component, values, file.path()).rest(limit);
}

}  // namespace braid::conform
