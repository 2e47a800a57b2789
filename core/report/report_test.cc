#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "report/report.h"

#include "report/chart.h"
#include "report/graph_layout.h"
#include "report/graph_picture.h"
#include "report/html.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <unistd.h>

using namespace braid::report;
namespace files = std::filesystem;

namespace {

struct Folder {
  files::path path = files::temp_directory_path() / ("braid-report-" + std::to_string(::getpid()));
  Folder() { files::create_directories(path); }
  ~Folder() { files::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    files::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
  }
};

// What is wrong with a page as XML: the first tag that closes another, or text with a bare '<' or '&'. Empty: nothing.
std::string mistake_in(const std::string& html) {
  std::vector<std::string> open;
  std::size_t at = html.find('\n') + 1;  // behind the doctype
  while (at < html.size()) {
    const char c = html[at];
    if (c == '&') {
      const auto end = html.find(';', at);
      static const std::set<std::string> known{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
      if (!known.count(html.substr(at, end - at + 1))) return "a bare & at " + html.substr(at, 20);
    }
    if (c != '<') {
      ++at;
      continue;
    }
    const auto end = html.find('>', at);
    if (end == std::string::npos || html.find('<', at + 1) < end)
      return "a tag that does not end: " + html.substr(at, 40);
    const auto tag = html.substr(at + 1, end - at - 1);
    if (std::count(tag.begin(), tag.end(), '"') % 2) return "an open quote in <" + tag + ">";
    const auto name = tag.substr(0, tag.find(' '));
    if (name[0] == '/') {
      if (open.empty() || open.back() != name.substr(1))
        return "<" + tag + "> closes <" + (open.empty() ? "" : open.back()) + ">";
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the reader of this test sees mistakes") {
  CHECK(mistake_in("<!DOCTYPE html>\n<a><b x=\"1\"/></a>").empty());
  for (const auto* bad : {"\n<a>", "\n</a>", "\n<a><b></a></b>", "\n<a>x & y</a>", "\n<a x=\"1></a>"})
    CHECK(!mistake_in(bad).empty());
}

TEST_CASE("text is escaped; bytes that XML cannot hold are replaced") {
  CHECK(escaped("a<b>&\"c\"'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
  CHECK(escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\n\t") == "\xc3\xa9\xe2\x82\xac\xf0\x9f\x99\x82\n\t");
  const std::string hole = "\xef\xbf\xbd";
  CHECK(escaped(std::string("a\0b\x1b", 4)) == "a" + hole + "b" + hole);
  CHECK(escaped("\xff") == hole);
  CHECK(escaped("\xc3") == hole);                                   // cut off
  CHECK(escaped("\xc0\xaf") == hole + hole);                        // overlong
  CHECK(escaped("\xed\xa0\x80") == hole + hole + hole);             // half a pair
  CHECK(escaped("\xf4\x90\x80\x80") == hole + hole + hole + hole);  // beyond the last character
  CHECK(escaped("") == "");
}

TEST_CASE("numbers as pages write them") {
  const std::string thin = "\xe2\x80\x89";
  CHECK(counted(0) == "0");
  CHECK(counted(999) == "999");
  CHECK(counted(1000) == "1" + thin + "000");
  CHECK(counted(-1234567) == "-1" + thin + "234" + thin + "567");
  CHECK(counted(-100) == "-100");
  CHECK(figure(0.78668) == "0.7867");
  CHECK(figure(0) == "0.0000");
  CHECK(figure(12.345) == "12.35");
  CHECK(figure(0.0000123) == "1.23e-05");
  CHECK(figure(std::nan("")) == "–");
  CHECK(duration(0.0123) == "12 ms");
  CHECK(duration(59.94) == "59.9 s");
  CHECK(duration(61) == "1 min 1 s");
  CHECK(duration(7500) == "2 h 5 min");
  CHECK(percent(0.1234) == "12.3 %");
  CHECK(percent(0.0001) == "<0.1 %");
  CHECK(short_number(25000) == "25k");
  CHECK(short_number(2.5e6) == "2.5M");
  CHECK(short_number(-0.25) == "-0.25");
}

TEST_CASE("ticks are round and inside; smoothing keeps constants and means") {
  CHECK(ticks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(ticks(3, 3, 5) == std::vector<double>{3});
  std::mt19937 random(1);
  for (int k = 0; k < 200; ++k) {
    const double low = std::uniform_real_distribution<double>(-5, 5)(random);
    const double size = std::pow(10.0, std::uniform_real_distribution<double>(-6, 6)(random));
    const auto all = ticks(low, low + size, 4);
    CHECK(all.size() >= 2);
    CHECK(all.size() <= 6);
    CHECK(all.front() >= low - size * 1e-6);
    CHECK(all.back() <= low + size * (1 + 1e-6));
  }
  CHECK(smoothed({}, 5).empty());
  CHECK(smoothed({2}, 5) == std::vector<double>{2});
  CHECK(smoothed({1, 1, 1, 1, 1, 1}, 4) == std::vector<double>{1, 1, 1, 1, 1, 1});
  CHECK(smoothed({0, 3, 6, 0, 0}, 2) == std::vector<double>{0, 3, 3, 2, 0});
}

TEST_CASE("boxes of a layout do not overlap, layers stand side by side, wires run rightwards") {
  std::mt19937 random(7);
  for (const int count : {0, 1, 2, 15, 40, 41}) {
    Layout layout;
    for (int b = 0; b < count; ++b)
      layout.boxes.push_back({b == 0 ? 0 : static_cast<int>(random() % 6), 40.0 + static_cast<double>(random() % 80),
                              20.0 + static_cast<double>(random() % 50), 0, 0});
    std::set<int> used;
    for (const auto& box : layout.boxes) used.insert(box.layer);
    for (auto& box : layout.boxes) box.layer = static_cast<int>(std::distance(used.begin(), used.find(box.layer)));
    for (int from = 0; from < count; ++from)
      for (int to = 0; to < count; ++to)
        if (layout.boxes[static_cast<std::size_t>(from)].layer < layout.boxes[static_cast<std::size_t>(to)].layer &&
            random() % 5 == 0)
          layout.edges.push_back({from, to, ""});
    const auto before = layout;
    place(layout);
    auto again = before;
    place(again);
    for (std::size_t e = 0; e < layout.edges.size(); ++e) {
      CHECK(layout.edges[e].path == again.edges[e].path);
      CHECK(layout.edges[e].path.starts_with("M"));
      const auto& from = layout.boxes[static_cast<std::size_t>(layout.edges[e].from)];
      const auto& to = layout.boxes[static_cast<std::size_t>(layout.edges[e].to)];
      CHECK(from.x + from.width < to.x);
      CHECK(std::stod(layout.edges[e].path.substr(1)) == doctest::Approx(from.x + from.width).epsilon(0.01));
    }
    for (std::size_t a = 0; a < layout.boxes.size(); ++a) {
      const auto& one = layout.boxes[a];
      CHECK(one.x >= 0);
      CHECK(one.y >= 0);
      CHECK(one.x + one.width <= layout.width);
      CHECK(one.y + one.height <= layout.height);
      CHECK(one.width >= before.boxes[a].width);
      for (std::size_t b = 0; b < a; ++b) {
        const auto& other = layout.boxes[b];
        const bool apart = one.x + one.width <= other.x || other.x + other.width <= one.x ||
                           one.y + one.height <= other.y + 1e-6 || other.y + other.height <= one.y + 1e-6;
        CHECK(apart);
      }
    }
  }
}

TEST_CASE("a chain is a straight line, and two crossed wires are uncrossed") {
  Layout chain;
  for (int k = 0; k < 3; ++k) chain.boxes.push_back({k, 50, 30, 0, 0});
  chain.edges = {{0, 1, ""}, {1, 2, ""}};
  place(chain);
  CHECK(chain.boxes[0].y == doctest::Approx(chain.boxes[2].y));
  Layout crossed;
  for (int k = 0; k < 4; ++k) crossed.boxes.push_back({k / 2, 50, 30, 0, 0});
  crossed.edges = {{0, 3, ""}, {1, 2, ""}};
  place(crossed);
  CHECK((crossed.boxes[0].y < crossed.boxes[1].y) == (crossed.boxes[3].y < crossed.boxes[2].y));
}

TEST_CASE("charts: none without points, a dot for one, a curve and the best for many") {
  CHECK(chart_html({"empty", "", {{"a", {}}}, true, -1, "", {}}).empty());
  const auto one = chart_html({"one", "", {{"a", {{5}, {0.5}}}}, true, 5, "", {}});
  CHECK(has(one, "class=\"dot\""));
  CHECK(has(one, "class=\"best\""));
  CHECK(mistake_in("\n" + one).empty());
  Series many;
  for (int k = 0; k < 100'000; ++k) many.add(k, std::sin(k / 5000.0) + (k % 2 ? 0.1 : -0.1));
  const auto curve = chart_html({"a <b> & \"c\"", "last", {{"a", many}}, true, 3, "rows/s", {0, 50'000}});
  CHECK(has(curve, "class=\"raw\""));
  CHECK(has(curve, "class=\"curve\""));
  CHECK(has(curve, "a &lt;b&gt; &amp; &quot;c&quot;"));
  CHECK(curve.size() < 30'000);
  CHECK(!has(curve, "nan"));
  CHECK(mistake_in("\n" + curve).empty());
  const auto flat = chart_html({"flat", "", {{"a", {{1, 2, 3}, {0, 0, 0}}}}, false, -1, "", {}});
  CHECK(!has(flat, "nan"));
  CHECK(!has(flat, "inf"));
}

TEST_CASE("a page of a run: every part, no part that the run lacks, all names escaped") {
  RunFiles run;
  run.name = "a<b>&\"c\"";
  run.finished = true;
  run.recipe = "# </pre><script>alert(1)</script>\n";
  run.lock = {{"seed", 3}, {"braid", "0.1.0"}, {"machine", {{"cpu", "A & B"}, {"threads", 2}}}};
  run.result = {{"splits",
                 {{"te<st",
                   {{"a&uc", 0.75},
                    {"none", nullptr},
                    {"rows", 1234},
                    {"slices", {{"\"cold\"", {{"a&uc", 0.5}, {"rows", 7}}}}}}}}},
                {"best_step", 20},
                {"higher_is_better", {{"a&uc", true}}},
                {"gradients",
                 {{{"node", "n<1>"}, {"parameters", 10}, {"norm", 0.5}, {"without_gradient", {"n<1>.w&"}}},
                  {{"node", "n2"}, {"parameters", 0}, {"norm", 0.0}, {"without_gradient", Json::array()}}}},
                {"time", {{"waiting", 1.0}, {"forward", 3.0}, {"nodes", {{"n<1>", 2.0}, {"n2", 0.5}}}}},
                {"tables", {{"it<em>s", {{"rows", 5}, {"kept", 4}, {"bad_rows", 1}, {"dangling_links", 0}}}}},
                {"split_rows", {{"train", 4}}}};
  run.history.valid["a&uc"] = {{10, 20, 30}, {0.5, 0.75, 0.7}};
  run.history.losses["l<1>"] = {{0, 1}, {1, 0.5}};
  const auto html = report_html(run, nullptr);
  CHECK(mistake_in(html.substr(0, html.find("<style>")) + html.substr(html.find("</style>") + 8)) == "");
  for (const auto* id : {"figures", "curves", "graph", "gradients", "time", "data", "recipe"})
    CHECK(has(html, std::string("<section id=\"") + id + "\">"));
  CHECK(has(html, "a&lt;b&gt;&amp;&quot;c&quot;"));
  CHECK(!has(html, "<script"));
  CHECK(has(html, "1 weight got no gradient"));
  CHECK(has(html, "n&lt;1&gt;.w&amp;"));
  CHECK(has(html, "highest 0.7500 at step 20"));
  CHECK(has(html, "75.0 %"));
  CHECK(has(html, "80.0 %"));
  CHECK(!has(html, "http-equiv"));
  CHECK(!has(html, "src="));
  CHECK(!has(html, "url("));

  RunFiles begun;
  begun.name = "begun";
  const auto bare = report_html(begun, nullptr);
  CHECK(mistake_in(bare.substr(0, bare.find("<style>")) + bare.substr(bare.find("</style>") + 8)) == "");
  CHECK(has(bare, "Not finished"));
  for (const auto* id : {"figures", "curves", "gradients", "time", "data"})
    CHECK(!has(bare, std::string("<section id=\"") + id));
}

TEST_CASE("run folders are read as far as they go") {
  const Folder folder;
  CHECK_THROWS_AS(read_run(folder / "absent"), braid::Failure);
  files::create_directories(folder / "empty");
  CHECK_THROWS_AS(read_run(folder / "empty"), braid::Failure);
  folder.write("run/resolved.toml", "braid = 1\n");
  auto run = read_run(folder / "run/");
  CHECK(run.name == "run");
  CHECK(!run.finished);
  CHECK(run.history.last_step == -1);

  folder.write(
      "run/metrics.jsonl",
      "{\"step\":0,\"epoch\":0,\"losses\":{\"a\":1.5,\"b\":null},\"gradient_norm\":2}\n"
      "{\"step\":1,\"epoch\":1,\"losses\":{\"a\":1.25,\"b\":3}}\n"
      "{\"step\":2,\"epoch\":1,\"split\":\"valid\",\"metrics\":{\"auc\":0.5,\"none\":null}}\n{\"step\":3,\"los");
  folder.write("run/timing.jsonl",
               "{\"step\":50,\"seconds\":2,\"rows\":100}\n{\"step\":50,\"split\":\"valid\",\"seconds\":1}\n{\"step\":"
               "60,\"seconds\":0,\"rows\":1}\n");
  run = read_run(folder / "run");
  CHECK(run.history.losses.at("a").y == std::vector<double>{1.5, 1.25});
  CHECK(run.history.losses.at("b").x == std::vector<double>{1});
  CHECK(run.history.valid.at("auc").x == std::vector<double>{2});
  CHECK(run.history.last_valid == std::map<std::string, double>{{"auc", 0.5}});
  CHECK(run.history.epoch_starts == std::vector<std::int64_t>{0, 1});
  CHECK(run.history.last_step == 1);
  CHECK(run.history.valid_step == 2);
  CHECK(run.history.rows_per_second.y == std::vector<double>{50});
  CHECK(run.better("auc") == 0);

  folder.write("run/result.json", R"({"higher_is_better": {"auc": true, "loss": false}})");
  run = read_run(folder / "run");
  CHECK(run.finished);
  CHECK(run.better("auc") == 1);
  CHECK(run.better("loss") == -1);
  CHECK(run.better("other") == 0);

  folder.write("run/metrics.jsonl", "{\"step\":0,\"los\n{\"step\":1}\n");
  CHECK_THROWS_WITH(read_run(folder / "run"), doctest::Contains("metrics.jsonl:1: error: is damaged"));
  folder.write("run/metrics.jsonl", "{\"step\":\"one\",\"losses\":{}}\n");
  CHECK_THROWS_WITH(read_run(folder / "run"), doctest::Contains("metrics.jsonl:1: error: is damaged"));
  folder.write("run/metrics.jsonl", "");
  folder.write("run/result.json", R"({"gradients": [{"node": "a", "without_gradient": [5]}]})");
  CHECK_THROWS_WITH(write_report(folder / "run", nullptr), doctest::Contains("result.json: error: is damaged"));
  folder.write("run/result.json", "{\"splits\":");
  CHECK_THROWS_WITH(read_run(folder / "run"), doctest::Contains("result.json: error: is damaged"));

  folder.write("seeds/seed-10/resolved.toml", "x = 1\n");
  folder.write("seeds/seed-9/resolved.toml", "x = 1\n");
  folder.write("seeds/seed-x/resolved.toml", "x = 1\n");
  const auto seeds = read_run(folder / "seeds");
  REQUIRE(seeds.seeds.size() == 2);
  CHECK(seeds.seeds[0].name == "seed-9");
  write_report(folder / "seeds", nullptr);
  CHECK(has(file_text(folder / "seeds/report.html"), "href=\"seed-9/report.html\""));
  CHECK(!files::exists(folder / "seeds/report.html.part"));
  files::remove_all(folder / "seeds/report.html");
  files::create_directories(folder / "seeds/report.html/in_the_way");
  CHECK_THROWS_AS(write_report(folder / "seeds", nullptr), braid::Failure);
}

TEST_CASE("what killed processes left half-written goes, and nothing else") {
  const Folder folder;
  for (const auto* name : {"table.json", "table.json.12.part", "trial-1/seed-1/checkpoints/step-1.safetensors",
                           "trial-1/seed-1/checkpoints/step-2.safetensors.part", "trial-1/part"})
    folder.write(name, "x");
  remove_unfinished(folder.path.string());
  CHECK(files::exists(folder / "table.json"));
  CHECK(files::exists(folder / "trial-1/seed-1/checkpoints/step-1.safetensors"));
  CHECK(files::exists(folder / "trial-1/part"));
  CHECK_FALSE(files::exists(folder / "table.json.12.part"));
  CHECK_FALSE(files::exists(folder / "trial-1/seed-1/checkpoints/step-2.safetensors.part"));
  remove_unfinished(folder / "none");  // nothing is there: nothing happens
}

TEST_CASE("spread is the sample's") {
  CHECK(spread_of({}).deviation == 0);
  CHECK(spread_of({4}).mean == 4);
  CHECK(spread_of({4}).deviation == 0);
  CHECK(spread_of({1, 2, 3, 4}).mean == 2.5);
  CHECK(spread_of({1, 2, 3, 4}).deviation == doctest::Approx(1.2909944487));
}
