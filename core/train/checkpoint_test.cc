#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "train/checkpoint.h"

#include "model/run_folder.h"
#include "model/temporary_folder.h"
#include "train/journal.h"

#include <ATen/ops/full.h>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace braid::train;
namespace files = std::filesystem;
using braid::model::testing::bytes_of;
using braid::model::testing::Folder;

namespace {

std::set<std::string> names(const Folder& folder) {
  std::set<std::string> out;
  for (const auto& entry : files::directory_iterator(folder / "checkpoints")) out.insert(entry.path().filename());
  return out;
}

NamedTensors weights(double value) { return {{"w", at::full({3}, value, at::TensorOptions().dtype(at::kFloat))}}; }
void nobody(const std::string& why) { FAIL(why); }

}  // namespace

TEST_CASE("the last two stay, and the best weights that they name") {
  const Folder folder;
  Checkpoints all(folder.path.string());
  CHECK_FALSE(all.newest(nobody));
  all.save_best(1, weights(1));
  all.save(1, 1, {{"step", 1}}, weights(1));
  all.save(2, 1, {{"step", 2}}, weights(2));
  CHECK(names(folder).size() == 3);
  all.save_best(3, weights(3));
  all.save(3, 3, {{"step", 3}}, weights(3));
  CHECK(names(folder) == std::set<std::string>{"best-000000001.safetensors", "best-000000003.safetensors",
                                               "step-000000002.safetensors", "step-000000003.safetensors"});
  // Another process goes on with the folder.
  Checkpoints again(folder.path.string());
  again.save(4, 3, {{"step", 4}}, weights(4));
  CHECK(names(folder) == std::set<std::string>{"best-000000003.safetensors", "step-000000003.safetensors",
                                               "step-000000004.safetensors"});
  const auto newest = again.newest(nobody);
  REQUIRE(newest);
  CHECK(newest->state.at("step") == 4);
  CHECK(newest->tensors.at("w").equal(weights(4)[0].second));
  CHECK(again.best(3).at("w").equal(weights(3)[0].second));
}

TEST_CASE("a damaged one is told and passed over, and so is one whose best weights are gone") {
  const Folder folder;
  Checkpoints all(folder.path.string());
  all.save_best(1, weights(1));
  all.save(1, 1, {{"step", 1}}, weights(1));
  all.save_best(2, weights(2));
  all.save(2, 2, {{"step", 2}}, weights(2));
  files::remove(folder / "checkpoints/best-000000002.safetensors");
  std::vector<std::string> told;
  const auto tell = [&](const std::string& why) { told.push_back(why); };
  auto found = Checkpoints(folder.path.string()).newest(tell);
  REQUIRE(found);
  CHECK(found->state.at("step") == 1);
  CHECK(told.size() == 1);
  auto bytes = bytes_of(folder / "checkpoints/step-000000001.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(folder / "checkpoints/step-000000001.safetensors", std::ios::binary) << bytes;
  CHECK_FALSE(Checkpoints(folder.path.string()).newest(tell));
  REQUIRE(told.size() == 2);
  CHECK(told[1].find("the digest differs") != std::string::npos);
  // What is written now is the newest, whatever the damaged ones were called.
  Checkpoints again(folder.path.string());
  again.save(0, -1, {{"step", 0}}, weights(0));
  CHECK(again.newest(nobody)->state.at("step") == 0);
}

TEST_CASE("an evaluation under way belongs to one step") {
  const Folder folder;
  Checkpoints all(folder.path.string());
  CHECK_FALSE(all.evaluation(7));
  all.save_evaluation(7, {{"split", "test"}, {"batches", 3}}, weights(1));
  REQUIRE(all.evaluation(7));
  CHECK(all.evaluation(7)->state.at("batches") == 3);
  CHECK_FALSE(all.evaluation(8));
}

TEST_CASE("lines are cut to what a checkpoint knew") {
  const Folder folder;
  const auto file = folder / "lines.jsonl";
  std::uint64_t kept = 0;
  {
    Lines lines(file, 0);
    lines.add({{"a", 1}});
    kept = lines.sync();
    lines.add({{"a", 2}});
  }
  CHECK(bytes_of(file) == "{\"a\":1}\n{\"a\":2}\n");
  {
    Lines lines(file, kept);
    lines.add({{"a", 3}});
  }
  CHECK(bytes_of(file) == "{\"a\":1}\n{\"a\":3}\n");
  Lines(file, 0).add({{"b", 0}});
  CHECK(bytes_of(file) == "{\"b\":0}\n");
}

TEST_CASE("one process a folder") {
  const Folder folder;
  {
    const braid::model::FolderLock first(folder.path.string());
    CHECK_THROWS_WITH_AS(braid::model::FolderLock(folder.path.string()), doctest::Contains("[run-busy]"), braid::Error);
  }
  const braid::model::FolderLock again(folder.path.string());
  CHECK_THROWS_AS(braid::model::FolderLock(folder / "none"), braid::Error);
}

TEST_CASE("what differs between a run as it was and as it would go on") {
  const nlohmann::json was{{"braid", "1"}, {"torch", "2"}, {"data", "aa"}, {"plugins", {{"din", {{"digest", "1"}}}}}};
  CHECK(braid::model::differences(was, was, "a = 1\n", "a = 1\n").empty());
  auto is = was;
  is["data"] = "bb";
  is["plugins"]["mlp"] = {{"digest", "3"}};
  is["plugins"].erase("din");
  const auto found = braid::model::differences(was, is, "braid = 1\n\n[train]\nbatch = 8\nseed = 1\n",
                                               "braid = 1\n\n[train]\nbatch = 9\nclip = 1\n");
  CHECK(found == std::vector<std::string>{"recipe train.batch: was 8, is 9", "recipe train.seed: was 1, is not there",
                                          "recipe train.clip: was not there, is 1", "data: was aa, is bb",
                                          "plugin din: was 1, is not there", "plugin mlp: was not there, is 3"});
  CHECK(braid::model::machine_difference({{"machine", 1}}, {{"machine", 1}}).empty());
  CHECK(braid::model::machine_difference({{"machine", 1}}, {{"machine", 2}}) == "was 1, is 2");
}
