// Against the `tokenizers` library: wordpiece_golden.h is written by tools/goldens/wordpiece.py.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "sdk/state.h"
#include "wordpiece.cc"
#include "wordpiece_golden.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace {

std::unique_ptr<braid::Field> field(braid::Values values) {
  values.emplace("vocab", braid::Path{"none"});
  auto made =
      braid::construct([]() -> std::unique_ptr<braid::Component> { return std::make_unique<WordPiece>(); }, values, {});
  return std::unique_ptr<braid::Field>(static_cast<braid::Field*>(made.release()));
}

std::string golden_vocabulary() {
  std::string out;
  for (const auto token : golden::vocabulary) out.append(token) += '\n';
  return out;
}

using Texts = std::vector<std::string_view>;

std::vector<std::int64_t> ids(const braid::Field& f, const Texts& texts, braid::Draw draw = {}) {
  braid::Bytes bytes;
  REQUIRE(f.decode({texts, std::nullopt}, bytes));
  std::vector<std::int64_t> out(f.places(bytes));
  f.place(bytes, {reinterpret_cast<std::byte*>(out.data()), out.size()}, draw);
  return out;
}

TEST_CASE("equals the reference on tricky texts") {
  for (const bool lower : {true, false}) {
    const auto f = field({{"max_tokens", std::int64_t{48}}, {"lowercase", lower}});
    f->load(golden_vocabulary());
    CHECK(f->sizes().at("n") == std::int64_t{std::size(golden::vocabulary)});
    int seen = 0;
    for (const auto& c : golden::cases) {
      if (c.lower != lower) continue;
      ++seen;
      INFO(std::string(c.text));
      CHECK(ids(*f, {c.text}) == c.ids);
    }
    CHECK(seen > 40);
  }
}

TEST_CASE("texts of columns are joined, missing ones left out") {
  const auto f = field({{"join", std::string(" . ")}});
  f->load(golden_vocabulary());
  CHECK(ids(*f, {"toy", "story"}) == ids(*f, {"toy . story"}));
  CHECK(ids(*f, {"toy", std::string_view(), "story"}) == ids(*f, {"toy . story"}));
  CHECK(ids(*f, {std::string_view(), "story"}) == ids(*f, {"story"}));
  CHECK(ids(*f, {""}).size() == 2);  // an empty text is no missing one
  braid::Bytes bytes;
  const Texts none(2);
  CHECK_FALSE(f->decode({none, std::nullopt}, bytes));
  CHECK_FALSE(f->decode({{}, std::nullopt}, bytes));
}

TEST_CASE("a long text is cut and keeps its last [SEP]") {
  const auto f = field({{"max_tokens", std::int64_t{5}}});
  f->load(golden_vocabulary());
  const auto sep = f->specials().at("sep"), cls = f->specials().at("cls");
  const auto got = ids(*f, {"toy story toy story toy"});
  CHECK(got.size() == 5);
  CHECK(got.front() == cls);
  CHECK(got.back() == sep);
  CHECK(ids(*f, {"toy story toy"}) == got);
}

TEST_CASE("bytes that are no UTF-8 are left out") {
  const auto f = field({});
  f->load(golden_vocabulary());
  CHECK(ids(*f, {"to\xff\xc3y\x80 \xed\xa0\x80story\xe4\xbd"}) == ids(*f, {"toy story"}));
}

TEST_CASE("masked while training: the asked share, never [CLS] and [SEP], the same for the same draw") {
  const auto f = field({{"mask", 0.25}, {"max_tokens", std::int64_t{64}}});
  f->load(golden_vocabulary());
  std::string text;
  for (int k = 0; k < 80; ++k) text += "toy ";
  const auto plain = ids(*f, {text});
  int masked = 0, total = 0;
  for (std::uint64_t key = 0; key < 200; ++key) {
    const auto got = ids(*f, {text}, {true, key});
    CHECK(got == ids(*f, {text}, {true, key}));
    CHECK(got.front() == plain.front());
    CHECK(got.back() == plain.back());
    for (std::size_t k = 1; k + 1 < got.size(); ++k) ++total, masked += got[k] == f->specials().at("mask");
  }
  CHECK(masked / static_cast<double>(total) == doctest::Approx(0.25).epsilon(0.05));  // 4 deviations of 12,400 draws
  CHECK(ids(*f, {text}, {false, 3}) == plain);
}

TEST_CASE("vocabulary files: plain, gzip'd, saved; broken ones are refused") {
  const auto folder = std::filesystem::temp_directory_path() / ("wordpiece_test_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto plain = (folder / "vocab.txt").string(), zipped = (folder / "vocab.txt.gz").string();
  std::string crlf;
  for (const char c : golden_vocabulary()) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  std::ofstream(plain, std::ios::binary) << crlf;
  const auto file = gzopen(zipped.c_str(), "wb");
  const auto text = golden_vocabulary();
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const auto loaded = field({});
  loaded->load(text);
  for (const auto& path : {plain, zipped}) {
    const auto f = field({{"vocab", braid::Path{path}}});
    f->open();
    CHECK(f->sizes() == loaded->sizes());
    CHECK(f->specials() == loaded->specials());
    CHECK(ids(*f, {"Toy Story: the film"}) == ids(*loaded, {"Toy Story: the film"}));
    const auto again = field({});
    again->load(f->save());
    CHECK(ids(*again, {"Toy Story: the film"}) == ids(*loaded, {"Toy Story: the film"}));
  }
  std::filesystem::resize_file(zipped, std::filesystem::file_size(zipped) / 2);
  CHECK_THROWS_AS(field({{"vocab", braid::Path{zipped}}})->open(), braid::Error);
  CHECK_THROWS_AS(field({{"vocab", braid::Path{(folder / "none").string()}}})->open(), braid::Error);
  std::ofstream(plain) << "a\nb\n";
  CHECK_THROWS_WITH_AS(field({{"vocab", braid::Path{plain}}})->open(),
                       doctest::Contains("has no token [PAD] among its 2 lines"), braid::Error);
  std::filesystem::remove_all(folder);
}

// ---- MovieLens-1M ----

std::uint64_t digest(std::uint64_t hash, const std::vector<std::int64_t>& ids) {
  const auto word = [&](std::uint32_t w) {
    for (int k = 0; k < 4; ++k) hash = (hash ^ ((w >> (8 * k)) & 255)) * 0x100000001b3u;
  };
  for (const auto id : ids) word(static_cast<std::uint32_t>(id));
  word(0xffffffffu);
  return hash;
}

TEST_CASE("equals the reference on every title and plot of MovieLens-1M") {
  const char* data = std::getenv("BRAID_DATA");
  if (!data) {
    std::puts("skipped: BRAID_DATA is not set (a folder with ml-1m/ and weights/)");
    return;
  }
  const braid::Path vocab{std::string(data) + "/weights/bert_base_uncased_vocab.txt.gz"};
  const auto full = field({{"vocab", vocab}, {"max_tokens", std::int64_t{65536}}});
  const auto cased = field({{"vocab", vocab}, {"max_tokens", std::int64_t{65536}}, {"lowercase", false}});
  const auto cut = field({{"vocab", vocab}, {"join", std::string(" . ")}});
  full->open(), cased->open(), cut->open();
  const auto text = read_whole(std::string(data) + "/ml-1m/items.tsv.gz");
  std::vector<Texts> rows;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    Texts cells{""};
    for (auto k = at; k < end; ++k) {
      const auto stop = std::min(text.find('\t', k), end);
      cells.back() = std::string_view(text).substr(k, stop - k);
      if (stop == end) break;
      cells.emplace_back("");
      k = stop;
    }
    rows.push_back(cells);
    at = end + 1;
  }
  const auto column = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(rows[0].begin(), rows[0].end(), name) - rows[0].begin());
  };
  const auto title = column("title"), plot = column("plot_omdb");
  REQUIRE(plot < rows[0].size());
  CHECK(rows.size() == golden::rows + 1);
  std::uint64_t titles = Pieces::first, plots = titles, joined = titles, with_case = titles;
  for (std::size_t k = 1; k < rows.size(); ++k) {
    rows[k].resize(rows[0].size(), "");
    const auto maybe = [](std::string_view s) { return s.empty() ? std::string_view() : s; };
    titles = digest(titles, ids(*full, {rows[k][title]}));
    plots = digest(plots, ids(*full, {rows[k][plot]}));
    joined = digest(joined, ids(*cut, {maybe(rows[k][title]), maybe(rows[k][plot])}));
    with_case = digest(with_case, ids(*cased, {rows[k][plot]}));
  }
  CHECK(titles == golden::titles);
  CHECK(plots == golden::plots);
  CHECK(joined == golden::joined_64);
  CHECK(with_case == golden::plots_with_case);
}

}  // namespace
