// Sequences: lines to rows, what is passed over, bad lines, jumps, gzip.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "plugins/parts/readers_testing.h"
#include "sequences.cc"

#include <filesystem>

namespace {

namespace fs = std::filesystem;
using Cells = std::vector<std::string>;
using parts::all, parts::Folder;
using Test = parts::Tested<Sequences>;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each value is a row with its line's key and its place there") {
  const Folder folder;
  const auto path = folder.file("a.txt",
                                "\xEF\xBB\xBF"
                                "1 31 7 7\r\n\n  \nanna   5 \xC3\xA9 \r\n 2 8");
  CHECK(Test::reader(path)->columns() == Cells{"user", "item", "place"});
  CHECK(Test::cells(path) == std::vector<Cells>{{"1", "31", "1"},
                                                {"1", "7", "2"},
                                                {"1", "7", "3"},
                                                {"anna", "5", "1"},
                                                {"anna", "\xC3\xA9", "2"},
                                                {"2", "8", "1"}});
  std::vector<std::int64_t> lines;
  const auto r = Test::reader(path);
  for (const auto& record : all(*r)) lines.push_back(record.line);
  CHECK(lines == std::vector<std::int64_t>{1, 1, 1, 4, 4, 5});
  CHECK(Test::cells(folder.file("empty.txt", "")).empty());
  CHECK(Test::cells(folder.file("blank.txt", "\n \n")).empty());
}

TEST_CASE("other separators and names") {
  const Folder folder;
  const auto path = folder.file("a.dat", "a b::c d::e:f::\ng::h\n");
  const braid::Values values{{"separator", std::string("::")}, {"columns", Cells{"session", "page", "turn"}}};
  CHECK(Test::reader(path, values)->columns() == Cells{"session", "page", "turn"});
  CHECK(Test::cells(path, values) == std::vector<Cells>{{"a b", "c d", "1"}, {"a b", "e:f", "2"}, {"g", "h", "1"}});
  CHECK(has(Test::message(path, {{"columns", Cells{"a", "b"}}}), "names 2 columns; name key, value and place"));
  CHECK(has(Test::message(path, {{"columns", Cells{"a", "b", "a"}}}), "of which two alike"));
  CHECK(has(Test::message(path, {{"separator", std::string()}}), "a separator is one character or more"));
  CHECK(has(Test::message(path, {{"separator", std::string("\n")}}), "no line break"));
}

TEST_CASE("encodings, and the line ends of old Macs") {
  const Folder folder;
  const auto said = [](const char* encoding) { return braid::Values{{"encoding", std::string(encoding)}}; };
  const std::vector<Cells> expected{{"zo\xC3\xA9", "5", "1"}, {"zo\xC3\xA9", "6", "2"}, {"2", "7", "1"}};
  CHECK(Test::cells(folder.file("l.txt", "zo\xE9 5 6\n2 7\n"), said("latin-1")) == expected);
  CHECK(Test::cells(folder.file("m.txt", "zo\xE9 5 6\r2 7\r"), said("windows-1252")) == expected);
  std::string wide = "\xFE\xFF";
  for (const char c : std::string("zo\xE9 5 6\n2 7\n")) wide += '\0', wide += c;
  CHECK(Test::cells(folder.file("w.txt", wide), said("utf-16")) == expected);
  CHECK(Test::cells(folder.file("w.txt.gz", wide), said("utf-16be")) == expected);
  CHECK(has(Test::message(folder.file("w.txt", wide)), "set encoding = \"utf-16\""));
}

TEST_CASE("a key without a value is a bad record, and reading goes on") {
  const Folder folder;
  const auto r = Test::reader(folder.file("a.txt", "1 2\n\n3\t4\n5 \n6 7 8\n"));
  const auto got = all(*r);
  REQUIRE(got.size() == 5);
  CHECK(got[1].error == "no value behind the key '3\t4'; values stand behind ' ' (`separator`)");
  CHECK(got[1].line == 3);
  CHECK(has(got[2].error, "no value behind the key '5'"));
  CHECK(got[3].cells == Cells{"6", "7", "1"});
  CHECK(got[4].cells == Cells{"6", "8", "2"});
  CHECK(got[4].error.empty());
}

TEST_CASE("broken files: the message says where") {
  const Folder folder;
  CHECK(has(Test::message((folder.path / "none.txt").string()), "No such file"));
  CHECK(has(Test::message(folder.file("wide.txt", std::string("\xFF\xFE"
                                                              "1\0 \0",
                                                              6))),
            "UTF-16"));
  std::string text;
  for (int k = 0; k < 300000; ++k) text += std::to_string(k) + " " + std::to_string(k * 2654435761u) + "\n";
  const auto zipped = folder.file("cut.txt.gz", text);
  fs::resize_file(zipped, fs::file_size(zipped) - 100);
  CHECK(has(Test::message(zipped), "the gzip stream is not complete"));
}

// Lines of 0 to 36 values, with one that is longer than the window and than the distance of two marks.
TEST_CASE("the same records whatever the limits and jumps, plain and gzip'd") {
  const Folder folder;
  std::string text;
  std::vector<Cells> expected;
  std::vector<std::int64_t> lines;
  for (int k = 0; k < 12000; ++k) {
    const auto key = std::to_string(k).insert(0, 1, 'u');
    text += key;
    const int values = k == 777 ? 200000 : k % 37 + (k % 37 == 0);
    for (int v = 0; v < values; ++v) {
      text += (v % 5 ? " " : "  ") + std::to_string(k ^ v);
      expected.push_back({key, std::to_string(k ^ v), std::to_string(v + 1)});
      lines.push_back(k + 1);
    }
    text += k % 2 ? "\r\n" : " \n";
  }
  for (const auto& path : {folder.file("a.txt", text), folder.file("a.txt.gz", text)}) {
    INFO(path);
    const auto r = Test::reader(path);
    const auto got = all(*r, 4097);
    REQUIRE(got.size() == expected.size());
    bool equal = true;
    for (std::size_t k = 0; k < got.size(); ++k)
      equal = equal && got[k].cells == expected[k] && got[k].line == lines[k] && got[k].error.empty();
    CHECK(equal);
    const auto last = static_cast<std::int64_t>(expected.size()) - 1;
    const auto fresh = Test::reader(path);
    for (auto* reading : {r.get(), fresh.get()})
      for (const auto to : {last, std::int64_t{0}, std::int64_t{65536}, std::int64_t{65535}, std::int64_t{140000},
                            std::int64_t{214000}, last - 5, std::int64_t{3}, last / 2}) {
        CAPTURE(to);
        reading->seek(to);
        std::vector<braid::Record> out;
        reading->next(out, 2);
        REQUIRE(!out.empty());
        for (std::size_t k = 0; k < out.size(); ++k) {
          CHECK(out[k].cells == expected[static_cast<std::size_t>(to) + k]);
          CHECK(out[k].line == lines[static_cast<std::size_t>(to) + k]);
        }
      }
    std::vector<braid::Record> out;
    r->seek(last + 1);
    CHECK_FALSE(r->next(out, 5));
    r->seek(last + 1000);
    CHECK_FALSE(r->next(out, 5));
    r->seek(1);
    CHECK(r->next(out, 1));
    CHECK(out.at(0).cells == expected[1]);
  }
}
