// Files for the tests of readers, and what a reader makes of them.
#pragma once

#include "sdk/state.h"

#include <braid/reader.h>

#include <doctest/doctest.h>

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace parts {

// A folder that is gone in the end.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("reader_test_" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  // Writes a file, compressed where the name ends in .gz; its path.
  std::string file(const std::string& name, const std::string& text) const {
    const auto full = (path / name).string();
    if (name.ends_with(".gz")) {
      const auto out = gzopen(full.c_str(), "wb");
      gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
      gzclose(out);
    } else {
      std::ofstream(full, std::ios::binary) << text;
    }
    return full;
  }
};

inline std::vector<braid::Record> all(braid::Reader& r, std::size_t limit = 3) {
  std::vector<braid::Record> out;
  while (r.next(out, limit)) {
  }
  return out;
}

// The reader Made at work.
template <class Made>
struct Tested {
  using Cells = std::vector<std::string>;

  static std::unique_ptr<braid::Reader> reader(const std::string& path, const braid::Values& values = {}) {
    auto made =
        braid::construct([]() -> std::unique_ptr<braid::Component> { return std::make_unique<Made>(); }, values, {});
    std::unique_ptr<braid::Reader> r(static_cast<braid::Reader*>(made.release()));
    r->open(path);
    return r;
  }
  // All rows; none may be bad.
  static std::vector<Cells> cells(const std::string& path, const braid::Values& values = {}) {
    const auto r = reader(path, values);
    std::vector<Cells> out;
    for (const auto& record : all(*r)) {
      INFO(record.error);
      CHECK(record.error.empty());
      out.push_back(record.cells);
    }
    return out;
  }
  // What it throws; "" when it does not.
  static std::string message(const std::string& path, const braid::Values& values = {}) {
    try {
      all(*reader(path, values));
    } catch (const braid::Error& e) {
      return e.what();
    }
    return "";
  }
};

}  // namespace parts
