#include "cards/header.h"

#include "cards/card_testing.h"

#include <zlib.h>

using namespace braid;
using namespace braid::cards::testing;

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
