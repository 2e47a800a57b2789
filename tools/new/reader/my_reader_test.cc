// Golden values by hand. `braid conform my_reader` looks at what every reader must satisfy.
#include <braid/conform.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid::conform;
using Cells = std::vector<std::string>;

namespace {

struct TextFile {
  std::string path = std::filesystem::temp_directory_path() / ("my_reader_" + std::to_string(getpid()) + ".fixed");
  explicit TextFile(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  ~TextFile() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("my_reader cuts lines where the names start") {
  const TextFile file("user   item\nanna   a bag of tea\nbob\n\njo     soap\r\n");
  Instance at_work(Case{"my_reader"});
  auto& reader = dynamic_cast<braid::Reader&>(at_work.component());
  reader.open(file.path);
  CHECK(reader.columns() == Cells{"user", "item"});

  std::vector<braid::Record> records;
  CHECK(reader.next(records, 2));        // as many as asked for
  CHECK_FALSE(reader.next(records, 9));  // then the file ends
  REQUIRE(records.size() == 3);          // an empty line is none
  CHECK(records[0].cells == Cells{"anna", "a bag of tea"});
  CHECK(records[1].cells == Cells{"bob", ""});  // a short line has empty cells
  CHECK(records[2].cells == Cells{"jo", "soap"});
  CHECK(records[2].line == 5);

  records.clear();
  reader.seek(1);
  CHECK(reader.next(records, 1));
  CHECK(records[0].cells[0] == "bob");
  CHECK(records[0].line == 3);
}

TEST_CASE("my_reader says what is wrong with a file") {
  Instance at_work(Case{"my_reader"});
  CHECK_THROWS_AS(dynamic_cast<braid::Reader&>(at_work.component()).open("no such file"), braid::Error);
}
