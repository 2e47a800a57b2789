// A world of users, items and clicks with a known truth. No files, no LibTorch; the same numbers for the same options.
//
//   logit(user, item) = mean[user] + content * (picture_taste . picture + text_taste . text) / sqrt(picture + text
//   dims)
//                                  + hidden * (id_taste . id + quality) / sqrt(id dims + 1)
//
// An item's picture part is what its poster shows, its text part what its description says; nothing shows its id part
// (and quality): only clicks tell. A user's taste is that of everybody, plus that of their club, plus their own.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace braid::tools {

// Numbers that depend on (seed, purpose, index) and on nothing else; one step of SplitMix64 each.
class Draws {
 public:
  Draws(std::uint64_t seed, const char* purpose, std::uint64_t index = 0);
  std::uint64_t bits();
  double uniform();                      // in (0, 1)
  double normal();                       // by the inverse of the distribution: no library's own method
  std::uint64_t below(std::uint64_t n);  // n >= 1

 private:
  std::uint64_t state_;
};

inline constexpr std::size_t picture_dims = 4, text_dims = 4, id_dims = 3, levels = 5, clubs = 8;

struct SynthItem {
  std::array<double, picture_dims> picture{};  // standard normal
  std::array<std::size_t, text_dims> text{};   // levels, all equally frequent; level_value makes them numbers
  std::array<double, id_dims> id{};            // standard normal
  double quality = 0;                          // standard normal
  double popularity = 1;                       // how often it is shown, relative to others
  bool cold = false;                           // shown in the last fifth of the events only
  bool has_poster = true, has_text = true;     // an item may lack one of them, not both
};

struct SynthUser {
  std::array<double, picture_dims> picture{};
  std::array<double, text_dims> text{};
  std::array<double, id_dims> id{};
  double mean = 0;
  double activity = 1;
  std::size_t club = 0;
};

struct SynthEvent {
  std::uint32_t user = 0, item = 0;
  std::int64_t time = 0;  // seconds; strictly ascending
  bool clicked = false;
  double probability = 0;          // of the click
  double content_probability = 0;  // the same for one who knows the user and what the item shows, and
                                   // averages over what they cannot see: id part, quality, what is missing
};

struct SynthOptions {
  std::int64_t users = 1000, items = 2000, events = 120000;
  std::uint64_t seed = 1;
};

struct SynthWorld {
  std::vector<SynthItem> items;
  std::vector<SynthUser> users;
  std::vector<SynthEvent> events;  // by time
};

double level_value(std::size_t level);  // mean 0, variance 1 over the levels
double click_probability(const SynthUser& user, const SynthItem& item);
// Its mean over everything that the item does not show; exact to about 1e-12.
double content_probability(const SynthUser& user, const SynthItem& item);
SynthWorld make_world(const SynthOptions& options);

}  // namespace braid::tools
