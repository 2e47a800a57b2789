#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "delimited.cc"
#include "plugins/parts/readers_testing.h"

#include <filesystem>

namespace {

namespace fs = std::filesystem;
using Cells = std::vector<std::string>;
using parts::all, parts::Folder;
using Test = parts::Tested<Delimited>;

TEST_CASE("plain TSV: header, CRLF, byte order mark, empty lines, a last line without an end") {
  const Folder folder;
  const auto path = folder.file("a.tsv", "\xEF\xBB\xBFuser_id:token\titem\tx\r\n1\t\"a\t\r\n\r\n\n2\t\t3 \n4\tb\t5");
  CHECK(Test::reader(path)->columns() == Cells{"user_id:token", "item", "x"});
  CHECK(Test::cells(path) == std::vector<Cells>{{"1", "\"a", ""}, {"2", "", "3 "}, {"4", "b", "5"}});
  std::vector<std::int64_t> lines;
  const auto r = Test::reader(path);
  for (const auto& record : all(*r)) lines.push_back(record.line);
  CHECK(lines == std::vector<std::int64_t>{2, 5, 6});
  CHECK(Test::cells(folder.file("b.tsv", "a\tb\n")).empty());
  CHECK(Test::cells(folder.file("c.tsv", "a\tb")).empty());
  CHECK(Test::cells(folder.file("d.tsv", "a\n1\r")) == std::vector<Cells>{{"1"}});
}

TEST_CASE("CSV: quotes, doubled quotes, separators and line breaks inside, quotes in the middle") {
  const Folder folder;
  const auto path = folder.file("a.csv",
                                "id,\"the, title\",\"x\"\"y\"\r\n1,\"a \"\"b\"\", c\",\"two\r\nlines\n\"\r\n\"\",5\" "
                                "screen,\"\"\"\"\n\n3,,\"end\"");
  CHECK(Test::reader(path)->columns() == Cells{"id", "the, title", "x\"y"});
  CHECK(Test::cells(path) ==
        std::vector<Cells>{{"1", "a \"b\", c", "two\r\nlines\n"}, {"", "5\" screen", "\""}, {"3", "", "end"}});
  const auto r = Test::reader(path);
  std::vector<std::int64_t> lines;
  for (const auto& record : all(*r)) lines.push_back(record.line);
  CHECK(lines == std::vector<std::int64_t>{2, 5, 7});
  CHECK(Test::cells(folder.file("b.csv", "a,b\n\"1\",\"2\"\r")) == std::vector<Cells>{{"1", "2"}});
}

TEST_CASE("other separators and quotes; names from the recipe") {
  const Folder folder;
  const Cells names{"user", "movie", "rating"};
  const auto dat = folder.file("ratings.dat", "1::1193::5\n1::66:1::3\n");
  CHECK(Test::cells(dat, {{"separator", std::string("::")}, {"columns", names}}) ==
        std::vector<Cells>{{"1", "1193", "5"}, {"1", "66:1", "3"}});
  const auto with_header = folder.file("b.txt", "u|m|r\n1|'2|3'|4\n");
  CHECK(Test::cells(
            with_header,
            {{"separator", std::string("|")}, {"quote", std::string("'")}, {"columns", names}, {"header", true}}) ==
        std::vector<Cells>{{"1", "2|3", "4"}});
  CHECK(Test::cells(folder.file("c.csv", "a,b\n\"1,2\"\n"), {{"quote", std::string("none")}}) ==
        std::vector<Cells>{{"\"1", "2\""}});
  CHECK(Test::cells(folder.file("d.tsv", "a\n\"1\t2\"\n"), {{"quote", std::string("\"")}}) ==
        std::vector<Cells>{{"1\t2"}});
  CHECK(Test::cells(folder.file("e.csv", "a::b\n\"1::\"::2\n"), {{"separator", std::string("::")}}) ==
        std::vector<Cells>{{"1::", "2"}});
  CHECK(Test::cells(folder.file("empty.tsv", ""), {{"columns", names}}).empty());
  CHECK_FALSE(Test::message(with_header, {{"quote", std::string("''")}}).empty());
  CHECK_FALSE(Test::message(with_header, {{"quote", std::string("'")}, {"separator", std::string("a'")}}).empty());
}

TEST_CASE("rest: the last column takes what is left of a line") {
  const Folder folder;
  const Cells names{"user", "negatives"};
  const auto path = folder.file("a.txt", "1\t5\t6\t7\r\n2\t\n\n3\t\t8\n4\n5\t9");
  const braid::Values values{{"columns", names}, {"rest", true}};
  const auto r = Test::reader(path, values);
  const auto got = all(*r);
  REQUIRE(got.size() == 5);
  CHECK(got[0].cells == Cells{"1", "5\t6\t7"});
  CHECK(got[1].cells == Cells{"2", ""});
  CHECK(got[2].cells == Cells{"3", "\t8"});
  CHECK(got[3].error == "1 cell, `columns` names 2");
  CHECK(got[3].line == 5);
  CHECK(got[4].cells == Cells{"5", "9"});
  // The line of names is parted as ever, passed over or not.
  CHECK(Test::cells(folder.file("b.tsv", "a\tb\n1\t2\t3\n"), {{"rest", true}}) == std::vector<Cells>{{"1", "2\t3"}});
  CHECK(Test::cells(folder.file("c.tsv", "a\tb\tc\n1\t2\t3\n"),
                    {{"columns", names}, {"rest", true}, {"header", true}}) == std::vector<Cells>{{"1", "2\t3"}});
  CHECK(Test::cells(folder.file("d.tsv", "1\t2\n"), {{"columns", Cells{"line"}}, {"rest", true}}) ==
        std::vector<Cells>{{"1\t2"}});
  CHECK(Test::cells(folder.file("e.csv", "a,b\n1::2,\"::3\n"), {{"separator", std::string("::")},
                                                                {"columns", names},
                                                                {"rest", true},
                                                                {"header", true},
                                                                {"quote", std::string("none")}}) ==
        std::vector<Cells>{{"1", "2,\"::3"}});
  CHECK(Test::message(folder.file("f.csv", "a,b\n1,2\n"), {{"rest", true}}).find("fix: quote = \"none\"") !=
        std::string::npos);
}

TEST_CASE("bad records are named by line, and reading goes on") {
  const Folder folder;
  const auto r = Test::reader(folder.file("a.tsv", "a\tb\n1\t2\n\n3\n4\t5\t6\n7\t8\n"));
  const auto got = all(*r);
  REQUIRE(got.size() == 4);
  CHECK(got[0].error.empty());
  CHECK(got[1].line == 4);
  CHECK(got[1].error == "1 cell, the header has 2");
  CHECK(got[2].line == 5);
  CHECK(got[2].error == "3 cells, the header has 2");
  CHECK(got[3].cells == Cells{"7", "8"});
  const auto q = Test::reader(folder.file("a.csv", "a,b\n\"1\"x,2\n3,4\n"));
  const auto quoted = all(*q);
  REQUIRE(quoted.size() == 2);
  CHECK(quoted[0].error == "text after the closing quote of cell 1 (a quote inside a cell is written twice)");
  CHECK(quoted[1].cells == Cells{"3", "4"});
}

TEST_CASE("broken files: the message says where") {
  const Folder folder;
  CHECK(Test::message((folder.path / "none.tsv").string()).find("No such file") != std::string::npos);
  CHECK(Test::message(folder.path.string()).find("directory") != std::string::npos);
  CHECK(Test::message(folder.file("empty.tsv", "")).find("is empty") != std::string::npos);
  CHECK(Test::message(folder.file("twice.tsv", "a\tb\ta\n")).find("two columns 'a'") != std::string::npos);
  CHECK(Test::message(folder.file("wide.tsv", std::string("\xFF\xFE"
                                                          "a\0\n\0",
                                                          6)))
            .find("UTF-16") != std::string::npos);

  std::string text = "a\tb\n";
  for (int k = 0; k < 300000; ++k) text += std::to_string(k * 2654435761u) + "\t" + std::to_string(k) + "\n";
  const auto zipped = folder.file("cut.tsv.gz", text);
  fs::resize_file(zipped, fs::file_size(zipped) - 100);
  CHECK(Test::message(zipped).find("the gzip stream is not complete") != std::string::npos);
  const auto damaged = folder.file("damaged.tsv.gz", text);
  {
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(damaged) / 2));
    file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  }
  CHECK(Test::message(damaged).find("it was read up to line ") != std::string::npos);
}

TEST_CASE("a quote that never closes, or swallows records, is one bad row; reading goes on behind its line") {
  const Folder folder;
  const auto read = [&](const std::string& text) {
    std::vector<std::string> out;
    const auto r = Test::reader(folder.file("q.csv", text));
    for (const auto& record : all(*r))
      out.push_back(std::to_string(record.line) + (record.error.empty() ? ":" + record.cells.back() : "!"));
    return out;
  };
  using Lines = std::vector<std::string>;
  CHECK(read("a,b\n1,2\n3,\"4\n5,6\n") == Lines{"2:2", "3!", "4:6"});
  CHECK(read("a,b\n\"1,2\n3,4\n5,6\n\",8\n9,10\n") == Lines{"2!", "3:4", "4:6", "5!", "6:10"});
  // A text over lines that are no records is a text.
  CHECK(read("a,b\n1,\"one\ntwo\nthree\"\n2,3\n") == Lines{"2:one\ntwo\nthree", "5:3"});
  std::string many = "a,b\n1,\"x\n";
  for (int k = 0; k < 20000; ++k) many += "line\n";
  const auto lines = read(many);
  REQUIRE(lines.size() == 20001);
  CHECK(lines[0] == "2!");
  CHECK(lines[1] == "3!");
}

TEST_CASE("gzip is read to its last byte: members, zeros between and after them, and nothing else") {
  const Folder folder;
  const auto packed = [&](const std::string& text) {
    const auto path = folder.file("part.tsv.gz", text);
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto a = packed("a\tb\n1\t2\n"), b = packed("3\t4\n");
  const auto read = [&](const std::string& bytes) {
    const auto path = (folder.path / "all.tsv.gz").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return Test::cells(path);
  };
  const std::vector<Cells> both{{"1", "2"}, {"3", "4"}};
  CHECK(read(a + b) == both);
  CHECK(read(a + std::string(512, '\0') + b) == both);
  CHECK(read(a + b + std::string(1000, '\0')) == both);
  const auto message = [&](const std::string& bytes) {
    const auto path = (folder.path / "all.tsv.gz").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return Test::message(path);
  };
  CHECK(message(a + "tail").find("other bytes behind its gzip stream, from byte " + std::to_string(a.size())) !=
        std::string::npos);
  CHECK(message(a + std::string(7, '\0') + "x").find("from byte " + std::to_string(a.size() + 7)) != std::string::npos);
  for (std::size_t n = 2; n < a.size(); n += 3)
    CHECK(message(a.substr(0, n)).find("the gzip stream is not complete") != std::string::npos);
}

TEST_CASE("encodings, of names and cells; other formats are named") {
  const Folder folder;
  const auto said = [](const char* encoding) { return braid::Values{{"encoding", std::string(encoding)}}; };
  const auto latin = folder.file("l.tsv",
                                 "ann\xE9"
                                 "e\nMis\xE9rables\n\x80\n");
  CHECK(Test::reader(latin, said("latin-1"))->columns() == Cells{"ann\xC3\xA9"
                                                                 "e"});
  CHECK(Test::cells(latin, said("latin-1")) == std::vector<Cells>{{"Mis\xC3\xA9rables"}, {"\xC2\x80"}});
  CHECK(Test::cells(latin, said("windows-1252")) == std::vector<Cells>{{"Mis\xC3\xA9rables"}, {"\xE2\x82\xAC"}});
  CHECK(Test::message(latin).find("line 1: byte 3 of the name of column 1 is not UTF-8") != std::string::npos);
  // A separator is a text, whatever the file's encoding.
  CHECK(Test::cells(folder.file("s.tsv",
                                "a\xA7"
                                "b\n1\xA7"
                                "2\n"),
                    {{"encoding", std::string("latin-1")}, {"separator", std::string("\xC2\xA7")}}) ==
        std::vector<Cells>{{"1", "2"}});
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("\"a\nb\",c\r\n1,\"x, y\"\r\n")) wide += c, wide += '\0';
  for (const auto* name : {"w.csv", "w.csv.gz"}) {
    const auto path = folder.file(name, wide);
    CHECK(Test::reader(path, said("utf-16"))->columns() == Cells{"a\nb", "c"});
    CHECK(Test::cells(path, said("utf-16")) == std::vector<Cells>{{"1", "x, y"}});
    CHECK(Test::message(path).find("set encoding = \"utf-16\"") != std::string::npos);
  }
  CHECK(Test::cells(folder.file("mac.csv", "a,b\r1,2\r\r3,4\r")) == std::vector<Cells>{{"1", "2"}, {"3", "4"}});
  CHECK(Test::message(folder.file("z.tsv", "\x28\xB5\x2F\xFDrest")).find("packed by zstd") != std::string::npos);
  CHECK(Test::message(folder.file("p.csv", "PAR1\x15rest")).find("Parquet") != std::string::npos);
  CHECK(Test::cells(folder.file("q.csv", "PAR1,x\n1,2\n")) == std::vector<Cells>{{"1", "2"}});
}

// Sizes about the window's edge, cells that straddle it, records longer than it; read in other portions, sought.
TEST_CASE("the same records whatever the windows, limits and jumps, plain and gzip'd, quoted and not") {
  const Folder folder;
  std::string tsv = "id\ttext\n", csv = "id,text\r\n";
  std::vector<Cells> expected;
  for (int k = 0; k < 200000; ++k) {
    const std::string text = k == 777 ? std::string(3 << 20, 'x')
                             : k % 3  ? std::string(static_cast<std::size_t>(k % 37), 'a')
                                      : "";
    expected.push_back({std::to_string(k), text});
    tsv += std::to_string(k) + "\t" + text + "\n";
    csv += std::to_string(k) + (k % 5 ? "," + text : ",\"" + text + "\"") + "\r\n";
  }
  for (const auto& path : {folder.file("a.tsv", tsv), folder.file("a.tsv.gz", tsv), folder.file("a.csv", csv),
                           folder.file("a.csv.gz", csv)}) {
    INFO(path);
    const auto r = Test::reader(path);
    const auto got = all(*r, 4097);
    REQUIRE(got.size() == expected.size());
    bool equal = true;
    for (std::size_t k = 0; k < got.size(); ++k)
      equal = equal && got[k].cells == expected[k] && got[k].line == static_cast<std::int64_t>(k) + 2;
    CHECK(equal);
    const auto fresh = Test::reader(path);
    for (const auto* one : {r.get(), fresh.get()})
      for (const int to : {199999, 0, 776, 65536, 65535, 140000, 131072, 5, 199998}) {
        auto* reading = const_cast<braid::Reader*>(one);
        reading->seek(to);
        std::vector<braid::Record> out;
        CHECK(reading->next(out, 1));
        CHECK(out.at(0).cells == expected[static_cast<std::size_t>(to)]);
        CHECK(out.at(0).line == to + 2);
      }
    std::vector<braid::Record> out;
    r->seek(200000);
    CHECK_FALSE(r->next(out, 5));
    r->seek(300000);
    CHECK_FALSE(r->next(out, 5));
    r->seek(1);
    CHECK(r->next(out, 1));
    CHECK(out.size() == 1);
  }
}

TEST_CASE("going over a bad row leaves the next ones as they are") {
  const Folder folder;
  // The first record is bad; the quote of the second swallows two that are records themselves.
  const auto path = folder.file("bad.csv", "a,b\n\"x\"y,1\n1,\"2\n3,4\n5,6\n7,8\"\n9,10\n");
  const auto whole = all(*Test::reader(path));
  for (std::size_t k = 0; k <= whole.size(); ++k) {
    const auto r = Test::reader(path);
    r->seek(static_cast<std::int64_t>(k));
    const auto rest = all(*r);
    REQUIRE(rest.size() == whole.size() - k);
    for (std::size_t j = 0; j < rest.size(); ++j) CHECK(rest[j].line == whole[k + j].line);
  }
}

}  // namespace
