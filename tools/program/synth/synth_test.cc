// The synthetic world keeps its promises: the truth is the truth, and what is unseen is averaged over.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "synth_media.h"
#include "synth_world.h"

#include <cmath>
#include <random>
#include <set>
#include <sstream>

using namespace braid::tools;

namespace {

// The mean of click_probability over what the item does not show, by brute force with the standard library's draws.
// Returns the mean and its standard error.
std::pair<double, double> brute_force(const SynthUser& user, SynthItem item) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  double sum = 0, squares = 0;
  const int draws = 200000;
  for (int k = 0; k < draws; ++k) {
    for (auto& v : item.id) v = normal(random);
    item.quality = normal(random);
    if (!item.has_poster)
      for (auto& v : item.picture) v = normal(random);
    if (!item.has_text)
      for (auto& v : item.text) v = random() % levels;
    const double p = click_probability(user, item);
    sum += p;
    squares += p * p;
  }
  const double mean = sum / draws;
  return {mean, std::sqrt((squares / draws - mean * mean) / draws)};
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalpha(static_cast<unsigned char>(c))) word += static_cast<char>(std::tolower(c));
    else if (!word.empty()) words.insert(std::exchange(word, ""));
  }
  return words;
}

}  // namespace

TEST_CASE("the content predictor is the mean over what content does not show") {
  const auto world = make_world({20, 400, 10, 3});
  int without_poster = 0, without_text = 0, checked = 0;
  for (const auto& item : world.items) {
    const bool rare = !item.has_poster || !item.has_text;
    if (!rare && checked >= 3) continue;
    if ((!item.has_poster && ++without_poster > 3) || (!item.has_text && ++without_text > 3)) continue;
    checked += !rare;
    const auto& user = world.users[static_cast<std::size_t>(without_poster + without_text + checked)];
    const auto [mean, error] = brute_force(user, item);
    CHECK(std::abs(content_probability(user, item) - mean) < 5 * error + 1e-6);
  }
  CHECK(without_poster > 0);
  CHECK(without_text > 0);
}

TEST_CASE("normal draws are standard normal") {
  Draws d(1, "test");
  double sum = 0, squares = 0;
  int beyond = 0;
  const int count = 400000;
  for (int k = 0; k < count; ++k) {
    const double x = d.normal();
    sum += x;
    squares += x * x;
    beyond += std::abs(x) > 1.959963985;
  }
  // Five standard errors each: 1/sqrt(n), sqrt(2/n), sqrt(.05 * .95 / n).
  CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
  CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
  CHECK(std::abs(beyond / static_cast<double>(count) - 0.05) < 5 * std::sqrt(0.0475 / count));
}

TEST_CASE("events: ascending times, cold items in the last fifth only, clicks as often as their probability says") {
  const auto world = make_world({200, 500, 20000, 5});
  std::size_t cold_items = 0, cold_events = 0;
  for (const auto& item : world.items) {
    cold_items += item.cold;
    CHECK((item.has_poster || item.has_text));
  }
  CHECK(cold_items == 100);
  double expected = 0, variance = 0, clicks = 0;
  for (std::size_t e = 0; e < world.events.size(); ++e) {
    const auto& event = world.events[e];
    if (e > 0) CHECK(event.time > world.events[e - 1].time);
    if (world.items[event.item].cold) {
      CHECK(e >= 16000);
      ++cold_events;
    }
    expected += event.probability;
    variance += event.probability * (1 - event.probability);
    clicks += event.clicked;
  }
  CHECK(cold_events > 1500);
  CHECK(std::abs(clicks - expected) < 5 * std::sqrt(variance));
}

TEST_CASE("the same options give the same world, another seed another") {
  const auto a = make_world({30, 50, 300, 9}), b = make_world({30, 50, 300, 9}), c = make_world({30, 50, 300, 10});
  bool equal = true, other = true;
  for (std::size_t e = 0; e < a.events.size(); ++e) {
    equal = equal && a.events[e].user == b.events[e].user && a.events[e].probability == b.events[e].probability;
    other = other && a.events[e].user == c.events[e].user;
  }
  CHECK(equal);
  CHECK_FALSE(other);
  CHECK(draw_poster(a.items[0], Draws(9, "poster", 0)) == draw_poster(b.items[0], Draws(9, "poster", 0)));
}

TEST_CASE("a world too small for new pairs still has its events") {
  CHECK(make_world({1, 5, 100, 1}).events.size() == 100);
}

TEST_CASE("every word of every description is in the vocabulary, and texts of other levels differ") {
  std::set<std::string> known;
  std::istringstream lines(vocabulary());
  for (std::string line; std::getline(lines, line);) CHECK(known.insert(line).second);
  SynthItem low, high;
  low.text = {0, 0, 0, 0};
  high.text = {4, 4, 4, 4};
  std::set<std::string> low_words, high_words;
  for (std::uint64_t k = 0; k < 300; ++k) {
    for (const auto& word : words_of(describe_item(low, Draws(1, "t", k)) + " " + name_item(Draws(2, "t", k)))) {
      CHECK(known.count(word) == 1);
      low_words.insert(word);
    }
    for (const auto& word : words_of(describe_item(high, Draws(1, "t", k)))) high_words.insert(word);
  }
  for (const auto* word : {"bleak", "slow", "monks", "desert"}) {
    CHECK(low_words.count(word) == 1);
    CHECK(high_words.count(word) == 0);
  }
}

TEST_CASE("posters show the picture part") {
  SynthItem red, blue;
  red.picture = {2, 0, 0, -2};
  blue.picture = {-2, 0, 0, -2};
  const auto mean = [](const std::vector<unsigned char>& rgb, std::size_t channel) {
    double sum = 0;
    for (std::size_t k = channel; k < rgb.size(); k += 3) sum += rgb[k];
    return sum / static_cast<double>(rgb.size() / 3);
  };
  const auto a = draw_poster(red, Draws(1, "p")), b = draw_poster(blue, Draws(1, "p"));
  CHECK(mean(a, 0) > mean(b, 0) + 100);
  CHECK(mean(b, 2) > mean(a, 2) + 100);
  CHECK(to_png(a, poster_width, poster_height).substr(1, 3) == "PNG");
  CHECK(to_jpeg(a, poster_width, poster_height).substr(0, 2) == "\xff\xd8");
}
