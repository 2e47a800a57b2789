// Exported runs inside a recipe: what of them comes in, under which names, and what does not fit.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "recipe/serving/serving.h"

#include "tests/toys/cards.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

using namespace braid::recipe;

namespace {

const std::string good = BRAID_GOOD_RECIPES;  // tests/errors/good

// A folder that goes away.
struct Folder {
  std::filesystem::path path;
  Folder() : path(std::filesystem::temp_directory_path() / ("braid-runs-" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
};

std::string tags(const Checked& checked) {
  std::string out;
  for (const auto& p : checked.problems) out += p.tag + " ";
  for (const auto& p : checked.warnings) out += "(" + p.tag + ") ";
  return out;
}

Plan plan_of(const Checked& checked) {
  for (const auto& p : checked.problems) MESSAGE(p.text());
  REQUIRE(checked.plan.has_value());
  return *checked.plan;
}

Checked check_here(const std::string& text, const std::vector<std::string>& sets = {}, const Fitted& fitted = {}) {
  return check_text(text, good + "/here.toml", sets, test_world(), fitted);
}

// The teacher: the complete MovieLens recipe, with a filtered history and an axis of its own.
std::string teacher_text(const std::string& more = "") {
  return serving_text(plan_of(check_here(
      "include = [\"em3.toml\"]\n[nodes.again]\nsame = \"item_id\"\nin.id = \"targets.id\"\n[nodes.near]\nuse = "
      "\"similarity\"\nin = { a = \"again.vector[ratings.item]\", b = \"item_id.vector[ratings.item]\" "
      "}\n[nodes.rank]\n"
      "in.other = [\"user.vector[ratings.user]\", \"near_x.vector\"]\n[nodes.near_x]\nuse = \"id_embedding\"\nin.id = "
      "\"ratings.device\"\n[tables.ratings.fields]\ndevice = { use = \"vocabulary\" }\n[serve]\noutputs = "
      "[\"rank.logit\", \"near.score\"]\n" +
      more)));
}

std::string student(const std::string& folder, const std::string& more = "") {
  return "include = [\"base.toml\"]\n[nodes.teacher]\nrun = \"" + folder +
         "\"\n[nodes.learn]\nuse = \"soft_label\"\nin = { student = \"rank.logit\", teacher = \"teacher.rank.logit\" "
         "}\n" +
         more;
}

}  // namespace

TEST_CASE("a run's nodes, fields, lists and axes stand under its node's name") {
  const Folder folder;
  folder.write("teacher/serve.toml", teacher_text());
  const auto dir = (folder.path / "teacher").string();
  const Fitted fitted{{"items.id", {{"n", 40}}}, {"items.teacher.id", {{"n", 7}}}};
  const auto plan = plan_of(check_here(student(dir), {}, fitted));

  const auto k = plan.nodes.find("teacher.rank");
  REQUIRE(k);
  const auto& rank = plan.nodes[*k];
  CHECK(rank.frozen);
  CHECK_FALSE(rank.trains);
  CHECK(rank.weights_file == dir + "/weights.safetensors");
  CHECK(rank.weights_prefix == "rank");
  CHECK(rank.inputs[1][0].text == "teacher.content.vector[ratings.teacher.history]");
  CHECK(std::get<ListPlaces>(rank.inputs[1][0].type.dims[1]).most == 20);
  CHECK(plan.nodes.find("rank"));

  const auto& items = plan.tables[TableId{0}];
  REQUIRE(items.fields.size() == 2 + 4);
  const auto& id = items.fields[FieldId{2}];
  CHECK(id.name == "teacher.id");
  CHECK(id.still);
  CHECK(id.saved == dir + "/fields/items.id");
  CHECK(id.from == std::vector<std::string>{"item"});
  CHECK_FALSE(items.fields[FieldId{0}].still);
  CHECK(items.fields[FieldId{0}].saved.empty());
  // Two vocabularies of one column, each with its own size.
  CHECK(plan.nodes[plan.nodes.find("teacher.item_id").value()].sizes.at("n") == 7);
  CHECK(plan.nodes[plan.nodes.find("item").value()].sizes.at("n") == 40);

  const auto& ratings = plan.tables[TableId{2}];
  REQUIRE(ratings.lists.size() == 2);
  CHECK(ratings.lists[ListId{1}].name == "teacher.history");
  CHECK(ratings.history(ListId{1})->where_text == "rating > 3");
  CHECK(ratings.history(ListId{1})->visible == ListPlan::History::Visible::all);
  CHECK(ratings.history(ListId{1})->by == LinkId{0});
  CHECK(ratings.fields.back().name == "teacher.device");
  CHECK(ratings.fields.back().from == std::vector<std::string>{"device"});

  // Not served, not read here: left out, with its axis' readers.
  CHECK_FALSE(plan.nodes.find("teacher.near"));
  CHECK_FALSE(plan.nodes.find("teacher.again"));
  REQUIRE(plan.axes.size() == 4);
  CHECK(plan.axes[AxisId{3}].name == "teacher.targets");
  CHECK(plan.name_of(plan.axes[AxisId{3}].from[0]) == "ratings.item");

  const auto& learn = plan.nodes[plan.nodes.find("learn").value()];
  CHECK(learn.inputs[1][0].node()->node == *k);
  CHECK(learn.inputs[1][0].stop);
}

TEST_CASE("what a student serves holds nothing of its teacher") {
  const Folder folder;
  folder.write("teacher/serve.toml", teacher_text());
  const auto dir = (folder.path / "teacher").string();
  const auto plan = plan_of(check_here(student(dir)));
  const auto side = serving(plan);
  for (const auto k : plan.nodes.ids())
    if (plan.nodes[k].name.starts_with("teacher.")) CHECK_FALSE((side.ahead[k] || side.request[k]));
  const auto text = serving_text(plan);
  CHECK(text.find("teacher") == std::string::npos);
  CHECK(text.find("device") == std::string::npos);
  CHECK(text == serving_text(plan_of(check_here("include = [\"base.toml\"]\n"))));
  // A teacher that is served itself is refused, at check and where [eval] score is the default.
  const auto fed =
      "[nodes.rank]\nin.other = [\"user.vector[ratings.user]\", \"teacher.content.vector[ratings.item]\"]\n";
  CHECK(serving(plan_of(check_here(student(dir, fed)))).trouble.find("teacher.content") != std::string::npos);
  const auto through =
      "[nodes.mine]\nuse = \"dense\"\nin.x = \"teacher.content.vector\"\n[nodes.rank]\nin.other = "
      "[\"user.vector[ratings.user]\", \"mine.vector[ratings.item]\"]\n";
  CHECK(serving(plan_of(check_here(student(dir, through)))).trouble.find("teacher.content") != std::string::npos);
  CHECK(tags(check_here(student(dir, fed + std::string("[serve]\noutputs = [\"rank.logit\"]\n")))) == "not-served ");
}

TEST_CASE("the resolved recipe names the run and gives the same plan from anywhere") {
  const Folder folder;
  folder.write("teacher/serve.toml", teacher_text());
  const auto main = folder.write("student.toml", "include = [\"" + good + "/base.toml\"]\n" +
                                                     student("teacher").substr(student("").find("\n[nodes")));
  const auto plan = plan_of(check(main, {}, test_world()));
  CHECK(plan.resolved.find("run = \"" + (folder.path / "teacher").string() + "\"") != std::string::npos);
  CHECK(plan.resolved.find("teacher.id") == std::string::npos);
  const auto again = plan_of(check_text(plan.resolved, "/elsewhere/resolved.toml", {}, test_world()));
  CHECK(again.resolved == plan.resolved);
  REQUIRE(again.nodes.size() == plan.nodes.size());
  for (const auto k : plan.nodes.ids()) CHECK(again.nodes[k].name == plan.nodes[k].name);
}

TEST_CASE("wires may name what a run brought") {
  const Folder folder;
  folder.write("teacher/serve.toml", teacher_text());
  const auto dir = (folder.path / "teacher").string();
  const auto plan = plan_of(check_here(student(
      dir,
      "[nodes.apart]\nuse = \"id_embedding\"\nin.id = \"items.teacher.id\"\n[nodes.rank]\nin.target = "
      "[\"apart.vector[ratings.item]\", \"item.vector[ratings.item]\", \"words.vector[ratings.item]\"]\nin.history = "
      "[\"item.vector[ratings.teacher.history]\"]\n[nodes.align]\nuse = \"content_id_contrast\"\nin = { content = "
      "\"words.vector[teacher.targets.row]\", id = \"item.vector[teacher.targets.row]\" }\n")));
  const auto& rank = plan.nodes[plan.nodes.find("rank").value()];
  CHECK(plan[*rank.inputs[1][0].via->list()].name == "teacher.history");
  CHECK(plan.nodes[plan.nodes.find("align").value()].inputs[0][0].to_axis() == AxisId{3});
  const auto wire = [&](const std::string& text) {
    return check_here("include = [\"base.toml\"]\n[nodes.teacher]\nrun = \"" + dir +
                      "\"\n[nodes.learn]\nuse = \"soft_label\"\nin = { student = \"rank.logit\", teacher = \"" + text +
                      "\" }\n");
  };
  CHECK(tags(wire("teacher.rnak.logit")) == "unknown-node ");
  CHECK(wire("teacher.rnak.logit").problems[0].text().find("did you mean 'teacher.rank'?") != std::string::npos);
  CHECK(tags(wire("teacher")) == "bad-wire ");
  CHECK(tags(wire("teacher.rank.logits")) == "unknown-output ");
}

TEST_CASE("what of a run does not fit is told at its node, with both sides") {
  const Folder folder;
  const auto text = teacher_text();
  const auto told = [&](const std::string& changed, const std::vector<std::string>& sets = {}) {
    folder.write("t/serve.toml", changed);
    const auto checked = check_here(student((folder.path / "t").string()), sets);
    std::string out;
    for (const auto& p : checked.problems) {
      CHECK(p.place.file == good + "/here.toml");
      CHECK(p.place.line == 3);
      out += p.text() + "\n";
    }
    return out;
  };
  const auto replaced = [&](std::string from, const std::string& to) {
    auto out = text;
    for (auto at = out.find(from); at != std::string::npos; at = out.find(from, at + to.size()))
      out.replace(at, from.size(), to);
    return out;
  };
  CHECK(told(text).empty());
  CHECK(told(replaced("device", "gadget")).find("reads the column 'gadget' in its field 'ratings.gadget'") !=
        std::string::npos);
  CHECK(told(replaced("rating > 3", "stars > 3")).find("the column 'stars' in its list 'ratings.history'") !=
        std::string::npos);
  CHECK(told(replaced("items", "films")).find("reads a table 'films'; there is none here") != std::string::npos);
  CHECK(told(replaced("ratings.user", "ratings.viewer") == text ? "" : [&] {
          auto out = replaced("ratings.user", "ratings.viewer");
          out.replace(out.find("user = \"users\""), 14, "viewer = { table = \"users\", column = \"user\" }");
          out.replace(out.find("by = \"user\""), 11, "by = \"viewer\"");
          return out;
        }()).find("goes through the link 'ratings.viewer' to 'users'; 'ratings' has no such link here") !=
        std::string::npos);
  CHECK(told(text.substr(0, text.find("serving = true")) + text.substr(text.find("[tables"))).find("[bad-run]") !=
        std::string::npos);
  CHECK(told("braid = 1\nserving = true\n[nodes.x]\nuse = \"nothing\"\n").find("no component 'nothing'") !=
        std::string::npos);
  CHECK(told("not toml").find("cannot be used here [bad-run]") != std::string::npos);
  CHECK(told("lookup_only = true\n" + text).find("has no weights of 'words': it was exported with --lookup-only") !=
        std::string::npos);
  // What is not read is not missed.
  folder.write("t/serve.toml", "lookup_only = true\n" + text);
  CHECK(
      tags(check_here(
               "include = [\"base.toml\"]\n[nodes.teacher]\nrun = \"" + (folder.path / "t").string() +
               "\"\n[nodes.near]\nuse = \"similarity\"\nin = { a = \"teacher.item_id.vector\", b = \"item.vector\" }\n"
               "[nodes.l]\nuse = \"soft_label\"\nin = { student = \"near.score[ratings.item]\", teacher = "
               "\"ratings.liked\" }\n"))
          .empty());
  CHECK(tags(check_here("include = [\"base.toml\"]\n[nodes.teacher]\nrun = \"" + (folder.path / "t").string() +
                        "\"\n")) == "unused-node ");
  CHECK(tags(check_here("include = [\"base.toml\"]\nspare = [\"teacher\"]\n[nodes.teacher]\nrun = \"" +
                        (folder.path / "t").string() + "\"\n"))
            .empty());
}

TEST_CASE("a run that does not fit and that nothing reads is told once") {
  const Folder folder;
  auto text = teacher_text();
  for (auto at = text.find("\"items\""); at != std::string::npos; at = text.find("\"items\"", at))
    text.replace(at, 7, "\"films\"");
  for (auto at = text.find("tables.items"); at != std::string::npos; at = text.find("tables.items", at))
    text.replace(at, 12, "tables.films");
  folder.write("run/serve.toml", text);
  const auto checked =
      check_here("include = [\"base.toml\"]\n[nodes.teacher]\nrun = \"" + (folder.path / "run").string() + "\"\n");
  CHECK(tags(checked) == "bad-run ");
}

TEST_CASE("a run's pictures are where they were, or where ours are") {
  const Folder folder;
  auto text = teacher_text();
  const auto at = text.find("media = \"") + 9;
  text.replace(at, text.find('"', at) - at, "/absent/posters.tar.gz:{item}.jpg");
  folder.write("t/serve.toml", text);
  const auto dir = (folder.path / "t").string();
  CHECK(tags(check_here(student(dir))) == "missing-file ");
  const auto plan = plan_of(check_here(
      student(dir,
              "[tables.items.fields]\nposter = { use = \"image\", media = \"data/pictures/{item}.jpg\" }\n"
              "[nodes.pixels]\nuse = \"patch_transformer\"\nin.image = \"items.poster\"\n[nodes.rank]\nin.target = "
              "[\"item.vector[ratings.item]\", \"pixels.vector[ratings.item]\", \"words.vector[ratings.item]\"]\n")));
  const auto field = std::find_if(plan.tables[TableId{0}].fields.begin(), plan.tables[TableId{0}].fields.end(),
                                  [](const auto& f) { return f.name == "teacher.poster"; });
  REQUIRE(field != plan.tables[TableId{0}].fields.end());
  CHECK(field->media == good + "/data/pictures/{item}.jpg");
}

TEST_CASE("a copy has another's values and sizes, frozen, and wires of its own") {
  const std::string more =
      "include = [\"base.toml\"]\n[axes.targets]\ntable = \"items\"\nfrom = [\"ratings.item\"]\n[nodes.slow]\ncopy = "
      "\"item\"\nevery = 100\nin.id = \"targets.id\"\n[nodes.align]\nuse = \"content_id_contrast\"\nin = { content = "
      "\"words.vector[targets.row]\", id = \"slow.vector\" }\n";
  const auto plan = plan_of(check_here(more));
  const auto& slow = plan.nodes[plan.nodes.find("slow").value()];
  REQUIRE(slow.copy);
  CHECK(slow.copy->of == plan.nodes.find("item"));
  CHECK(slow.copy->every == 100);
  CHECK(slow.frozen);
  CHECK_FALSE(slow.same);
  CHECK(slow.use.values == plan.nodes[slow.copy->of].use.values);
  CHECK(plan_of(check_text(plan.resolved, "/elsewhere/resolved.toml", {}, test_world())).resolved == plan.resolved);

  // Served, it is a node of its own, also where the other is not.
  const auto served = plan_of(check_here(
      more + "[nodes.rank]\nin.target = [\"slow.vector[ratings.item]\", \"words.vector[ratings.item]\"]\n"
             "in.history = [\"slow.vector[ratings.history]\"]\n[nodes.near]\nuse = \"similarity\"\nin = { a = "
             "\"slow.vector\", b = \"item.vector[targets.row]\" }\n[nodes.l]\nuse = \"binary_cross_entropy\"\nin = { "
             "logit = \"near.score\", label = \"near.score\" }\n",
      {"axes.targets.from=[\"ratings.item\", \"ratings.history\"]", "nodes.item.dim=48", "nodes.slow.serve=ahead"}));
  const auto again = plan_of(check_text(serving_text(served), "elsewhere/serve.toml", {}, test_world()));
  const auto slow_again = again.nodes.find("slow").value();
  const auto& alone = again.nodes[slow_again];
  CHECK(alone.frozen);
  CHECK_FALSE(alone.copy);
  CHECK(std::get<std::int64_t>(alone.use.values.at("dim")) == 48);
  CHECK(serving(again).ahead[slow_again]);
  CHECK_FALSE(again.nodes.find("item"));
}
