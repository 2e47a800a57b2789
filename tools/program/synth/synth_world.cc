#include "synth_world.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>

namespace braid::tools {
namespace {

// Shares of a taste's variance, and how much each part moves the logit (its standard deviation over items).
constexpr double common_share = 0.25, club_share = 0.4, own_share = 0.35;
constexpr double content_strength = 2.1, hidden_strength = 1.2;
constexpr double mean_spread = 0.8, intercept = -0.3;
constexpr double cold_share = 0.2, test_share = 0.2, cold_shown = 0.5;
constexpr double no_poster = 0.03, no_text = 0.03;
constexpr std::int64_t first_time = 1'700'000'000;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

template <std::size_t N>
double polynomial(const double (&c)[N], double x) {
  double sum = c[N - 1];
  for (std::size_t k = N - 1; k-- > 0;) sum = sum * x + c[k];
  return sum;
}

// Wichura 1988, algorithm AS 241 (PPND7): seven digits, by rational functions.
double normal_quantile(double p) {
  static constexpr double a[] = {3.3871327179, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1};
  static constexpr double b[] = {1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1};
  static constexpr double c[] = {1.4234372777, 2.7568153900, 1.3067284816, 1.7023821103e-1};
  static constexpr double d[] = {1.0, 7.3700164250e-1, 1.2021132975e-1};
  static constexpr double e[] = {6.6579051150, 3.0812263860, 4.2868294337e-1, 1.7337203997e-2};
  static constexpr double f[] = {1.0, 2.4197894225e-1, 1.2258202635e-2};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double tail =
      r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5) / polynomial(f, r - 5);
  return q < 0 ? -tail : tail;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <std::size_t N>
double dot(const std::array<double, N>& a, const std::array<double, N>& b) {
  double sum = 0;
  for (std::size_t k = 0; k < N; ++k) sum += a[k] * b[k];
  return sum;
}

std::vector<SynthItem> make_items(const SynthOptions& options) {
  std::vector<SynthItem> items(static_cast<std::size_t>(options.items));
  std::vector<std::pair<std::uint64_t, std::size_t>> lot;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& item = items[i];
    Draws d(options.seed, "item", i);
    for (auto& v : item.picture) v = d.normal();
    for (auto& v : item.text) v = d.below(levels);
    for (auto& v : item.id) v = d.normal();
    item.quality = d.normal();
    item.popularity = std::exp(0.7 * d.normal());
    const double lack = d.uniform();
    item.has_poster = lack >= no_poster;
    item.has_text = lack < no_poster || lack >= no_poster + no_text;
    lot.emplace_back(d.bits(), i);
  }
  std::sort(lot.begin(), lot.end());
  const auto cold = static_cast<std::size_t>(cold_share * static_cast<double>(items.size()));
  for (std::size_t k = 0; k < cold; ++k) items[lot[k].second].cold = true;
  return items;
}

// One user's taste for dims that everybody, the club and the user each have their say in.
template <std::size_t N>
void make_taste(std::array<double, N>& taste, std::uint64_t seed, const char* part, std::size_t club, Draws& own) {
  Draws everybody(seed, part), mine(seed, part, 1 + club);
  for (auto& v : taste) {
    // What everybody likes has a fixed size, so that worlds of different seeds are equally hard.
    const double common = everybody.uniform() < 0.5 ? -1 : 1;
    v = std::sqrt(common_share) * common + std::sqrt(club_share) * mine.normal() + std::sqrt(own_share) * own.normal();
  }
}

std::vector<SynthUser> make_users(const SynthOptions& options) {
  std::vector<SynthUser> users(static_cast<std::size_t>(options.users));
  for (std::size_t u = 0; u < users.size(); ++u) {
    auto& user = users[u];
    Draws d(options.seed, "user", u);
    user.club = d.below(clubs);
    make_taste(user.picture, options.seed, "picture taste", user.club, d);
    make_taste(user.text, options.seed, "text taste", user.club, d);
    make_taste(user.id, options.seed, "id taste", user.club, d);
    user.mean = intercept + mean_spread * d.normal();
    user.activity = std::exp(0.4 * d.normal());
  }
  return users;
}

// Draws members of a group by weight.
class Lottery {
 public:
  void add(std::uint32_t member, double weight) {
    members_.push_back(member);
    sums_.push_back((sums_.empty() ? 0 : sums_.back()) + weight);
  }
  bool empty() const { return members_.empty(); }
  std::uint32_t draw(Draws& d) const {
    const auto at = std::upper_bound(sums_.begin(), sums_.end(), d.uniform() * sums_.back()) - sums_.begin();
    return members_[std::min(static_cast<std::size_t>(at), members_.size() - 1)];
  }

 private:
  std::vector<std::uint32_t> members_;
  std::vector<double> sums_;
};

// Probabilities of a click: the true one, and what a content-knower can know.
class Chances {
 public:
  Chances() {
    // Trapezium rule for the mean over a standard normal: for a function this smooth it is exact to double's digits.
    for (double z = -9; z <= 9; z += 0.5)
      nodes_.push_back({z, 0.5 * std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979323846)});
    for (std::size_t t = 0; t < texts_.size(); ++t) {
      for (std::size_t k = 0, rest = t; k < text_dims; ++k, rest /= levels) texts_[t][k] = level_value(rest % levels);
    }
  }

  double truth(const SynthUser& u, const SynthItem& i) const {
    return sigmoid(u.mean + content_scale * (dot(u.picture, i.picture) + dot(u.text, numbers(i))) +
                   hidden_scale * (dot(u.id, i.id) + i.quality));
  }

  double by_content(const SynthUser& u, const SynthItem& i) const {
    // What is unseen and normal adds up to one normal; an unseen text is one of 625 equally likely ones.
    double variance = hidden_scale * hidden_scale * (dot(u.id, u.id) + 1), seen = u.mean;
    if (i.has_poster) seen += content_scale * dot(u.picture, i.picture);
    else variance += content_scale * content_scale * dot(u.picture, u.picture);
    if (i.has_text) return mean_over_normal(seen + content_scale * dot(u.text, numbers(i)), std::sqrt(variance));
    double sum = 0;
    for (const auto& text : texts_)
      sum += mean_over_normal(seen + content_scale * dot(u.text, text), std::sqrt(variance));
    return sum / static_cast<double>(texts_.size());
  }

 private:
  struct Node {
    double z, weight;
  };
  static constexpr double content_scale = content_strength / 2.8284271247461903;  // sqrt(picture_dims + text_dims)
  static constexpr double hidden_scale = hidden_strength / 2;                     // sqrt(id_dims + 1)
  static_assert(picture_dims + text_dims == 8 && id_dims + 1 == 4 && text_dims == 4 && levels == 5);

  static std::array<double, text_dims> numbers(const SynthItem& i) {
    std::array<double, text_dims> out{};
    for (std::size_t k = 0; k < text_dims; ++k) out[k] = level_value(i.text[k]);
    return out;
  }
  double mean_over_normal(double mean, double deviation) const {
    double sum = 0;
    for (const auto& n : nodes_) sum += n.weight * sigmoid(mean + deviation * n.z);
    return sum;
  }

  std::vector<Node> nodes_;
  std::array<std::array<double, text_dims>, 625> texts_{};
};

const Chances& chances() {
  static const Chances all;
  return all;
}

}  // namespace

Draws::Draws(std::uint64_t seed, const char* purpose, std::uint64_t index) : state_(mixed(seed + golden)) {
  for (const char c : std::string_view(purpose)) state_ = mixed(state_ + golden + static_cast<unsigned char>(c));
  state_ = mixed(state_ + golden + index);
}
std::uint64_t Draws::bits() { return mixed(state_ += golden); }
double Draws::uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }
double Draws::normal() { return normal_quantile(uniform()); }
std::uint64_t Draws::below(std::uint64_t n) { return static_cast<std::uint64_t>(uniform() * static_cast<double>(n)); }

double click_probability(const SynthUser& user, const SynthItem& item) { return chances().truth(user, item); }
double content_probability(const SynthUser& user, const SynthItem& item) { return chances().by_content(user, item); }

double level_value(std::size_t level) { return (static_cast<double>(level) - 2) / 1.4142135623730951; }

SynthWorld make_world(const SynthOptions& options) {
  SynthWorld world{make_items(options), make_users(options), {}};
  Lottery users, warm, cold;
  for (std::size_t u = 0; u < world.users.size(); ++u)
    users.add(static_cast<std::uint32_t>(u), world.users[u].activity);
  for (std::size_t i = 0; i < world.items.size(); ++i)
    (world.items[i].cold ? cold : warm).add(static_cast<std::uint32_t>(i), world.items[i].popularity);

  std::unordered_set<std::uint64_t> shown;
  Draws d(options.seed, "events");
  const auto first_cold = options.events - static_cast<std::int64_t>(test_share * static_cast<double>(options.events));
  std::int64_t time = first_time;
  for (std::int64_t e = 0; e < options.events; ++e) {
    SynthEvent event;
    event.user = users.draw(d);
    // A pair is shown once, unless the world is too small for that.
    for (int attempt = 0; attempt < 20; ++attempt) {
      const bool news = e >= first_cold && !cold.empty() && d.uniform() < cold_shown;
      event.item = (news ? cold : warm).draw(d);
      if (shown.insert(std::uint64_t{event.user} << 32 | event.item).second) break;
    }
    event.time = time += 1 + static_cast<std::int64_t>(d.below(119));
    event.probability = click_probability(world.users[event.user], world.items[event.item]);
    event.content_probability = content_probability(world.users[event.user], world.items[event.item]);
    event.clicked = d.uniform() < event.probability;
    world.events.push_back(event);
  }
  return world;
}

}  // namespace braid::tools
