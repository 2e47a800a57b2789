// Neural matrix factorisation: conformance, golden values (tools/goldens/rankers.py), what has to be wired.
#include <braid/conform.h>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

using namespace braid;
using namespace braid::conform;

namespace {

using Wholes = std::vector<std::int64_t>;

Case both(Wholes hidden = {5, 4}) {
  Case c{"neumf"};
  c.values = {{"hidden", hidden}};
  c.inputs["gmf_user"] = {wave({3, 4}, 0)};
  c.inputs["gmf_item"] = {wave({3, 4}, 1)};
  c.inputs["gmf_candidate"] = {wave({3, 2, 4}, 2)};
  c.inputs["mlp_user"] = {wave({3, 3}, 3)};
  c.inputs["mlp_item"] = {wave({3, 2}, 4)};
  c.inputs["mlp_candidate"] = {wave({3, 2, 2}, 5)};
  return c;
}

Case branch(Case c, const std::string& other) {
  for (const auto* port : {"user", "item", "candidate"}) c.inputs.erase(other + "_" + port);
  return c;
}

Case item_alone(Case c) {
  c.inputs.erase("gmf_candidate");
  c.inputs.erase("mlp_candidate");
  c.unwanted = {"scores"};
  return c;
}

Case candidates_alone(Case c) {
  c.inputs.erase("gmf_item");
  c.inputs.erase("mlp_item");
  c.unwanted = {"logit", "probability"};
  return c;
}

Case hidden_places() {
  auto c = both();
  c.inputs["mlp_user"] = {c.inputs["mlp_user"][0].hide({{1}})};
  c.inputs["gmf_item"] = {c.inputs["gmf_item"][0].hide({{2}})};
  for (const auto* port : {"gmf_candidate", "mlp_candidate"})
    c.inputs[port] = {c.inputs[port][0].hide({{0, 1}, {2, 0}, {2, 1}})};
  return c;
}

void golden(const Case& c, const std::vector<double>& logit, const std::vector<double>& scores) {
  Instance at_work(c, at::kDouble);
  at_work.fill();
  const auto out = at_work.run();
  CHECK(differs(out.at("logit").value, logit, 1e-9) == "");
  CHECK(differs(out.at("probability").value, out.at("logit").value.sigmoid(), 1e-12) == "");
  if (!scores.empty()) CHECK(differs(out.at("scores").value, scores, 1e-9) == "");
}

}  // namespace

TEST_CASE("neumf conforms, with both branches and with each") {
  CHECK(check(both()) == "");
  CHECK(check(both({})) == "");
  CHECK(check(branch(both(), "mlp")) == "");
  CHECK(check(branch(both(), "gmf")) == "");
  CHECK(check(item_alone(both())) == "");
  CHECK(check(candidates_alone(both())) == "");
  CHECK(check(hidden_places()) == "");
}

TEST_CASE("neumf's golden values") {
  golden(both(), {-0.6310003015, -0.5271565811, -0.4179006923},
         {-0.2647100488, -0.1470084799, -0.1876413049, -0.4645408091, -0.3577432236, -0.1216801587});
  golden(both({}), {1.313167885, 0.8033341867, 0.07636023298},
         {0.7539630668, 0.4160492218, -0.3916902446, 0.4359969439, 0.7661785, -0.2019006687});
  golden(branch(both(), "mlp"), {-0.6355922042, -0.5425857232, -0.4338052912},
         {-0.2732878634, -0.1596359139, -0.1976800207, -0.4730621215, -0.365431371, -0.136735012});
  golden(branch(both(), "gmf"), {-0.2947104124, -0.3113091338, -0.3120373611},
         {-0.3008153841, -0.3070179327, -0.3030529551, -0.3007288433, -0.2994527367, -0.310735859});
  golden(item_alone(both()), {-0.6310003015, -0.5271565811, -0.4179006923}, {});
  golden(hidden_places(), {-0.6310003015, -0.5279957824, -0.2717726835},
         {-0.2647100488, 0, -0.1875395829, -0.4669117058, 0, 0});
}

TEST_CASE("a candidate scores what it scores as the row's item") {
  auto c = both();
  for (const std::string branch : {"gmf", "mlp"})
    c.inputs[branch + "_item"] = {tensor(c.inputs[branch + "_candidate"][0].flow.value.select(1, 1))};
  Instance at_work(c);
  at_work.fill();
  const auto out = at_work.run();
  CHECK(differs(out.at("scores").value.select(1, 1), out.at("logit").value) == "");
}

TEST_CASE("a branch that is not wired has no weights, those of the other have the published layout") {
  Instance gmf(branch(both(), "mlp"));
  for (const auto& name : gmf.weights()) {
    CAPTURE(name);
    CHECK((gmf.weight(name).numel() > 0) == name.starts_with("prediction."));
  }
  CHECK(gmf.weight("prediction.weight").sizes() == at::IntArrayRef({4, 1}));
  Instance mlp(branch(both(), "gmf"));
  CHECK(mlp.weight("hidden.0.weight").sizes() == at::IntArrayRef({5, 5}));
  CHECK(mlp.weight("hidden.1.weight").sizes() == at::IntArrayRef({5, 4}));
  CHECK(mlp.weight("prediction.weight").sizes() == at::IntArrayRef({4, 1}));
}

TEST_CASE("neumf refuses half a branch, and outputs of what is not wired") {
  auto half = both();
  half.inputs.erase("mlp_item");
  half.inputs.erase("mlp_candidate");
  CHECK_THROWS_WITH_AS(Instance{half}, doctest::Contains("a branch needs a user, and an item or candidates"), Error);
  const auto none = branch(branch(both(), "gmf"), "mlp");
  CHECK_THROWS_WITH_AS(Instance{none}, doctest::Contains("a branch needs a user, and an item or candidates"), Error);
  auto user = both();
  user.inputs.erase("gmf_item");
  CHECK_THROWS_WITH_AS(Instance(user).run(), doctest::Contains("'logit' needs gmf_item where gmf_user"), Error);
  auto scores = both();
  scores.inputs.erase("mlp_candidate");
  CHECK_THROWS_WITH_AS(Instance(scores).run(), doctest::Contains("'scores' needs gmf_candidate where"), Error);
}
