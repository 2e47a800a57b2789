// Everything a plugin needs, and the macro that makes a file one.
#pragma once

#include <braid/abi.h>
#include <braid/field.h>
#include <braid/headers_hash.h>
#include <braid/kinds.h>
#include <braid/metric.h>
#include <braid/optimizer.h>
#include <braid/reader.h>

namespace braid {

template <class T>
concept HasAbout = requires {
  { T::about.summary } -> std::convertible_to<std::string_view>;
};

// Receives a plugin's components; knows which file speaks.
class BRAID_API Registrar {
 public:
  using Make = std::unique_ptr<Component> (*)();
  virtual ~Registrar();

  // Declares component T under a name. T needs `static constexpr braid::About about{.summary = "..."}`.
  template <class T>
  requires std::is_base_of_v<Component, T>
  void component(Name name) {
    static_assert(HasAbout<T>, "say what the component is: static constexpr braid::About about{.summary = \"...\"};");
    Facts facts{T::about};
    if constexpr (requires { T::declines; })
      for (const Decline& d : T::declines) facts.declines.push_back({std::string(d.check), std::string(d.reason)});
    if constexpr (requires { T::examples; })
      for (const std::string_view e : T::examples) facts.examples.emplace_back(e);
    if constexpr (requires { T::files; })
      for (const ExampleFile& f : T::files) facts.files.emplace(f.param, f.text);
    if constexpr (std::is_base_of_v<Field, T>) facts.fits = T::fits, facts.media = T::media;
    if constexpr (std::is_base_of_v<Optimizer, T> || std::is_base_of_v<Schedule, T>) facts.by_default = T::by_default;
    if constexpr (std::is_base_of_v<Reader, T>) {
      for (const auto s : T::suffixes) facts.suffixes.emplace_back(s);
      facts.header = T::header;
    }
    add(name.text, facts, []() -> std::unique_ptr<Component> { return std::make_unique<T>(); });
  }

  struct Facts {
    About about;
    bool fits = false, media = false, by_default = false;
    std::vector<std::string> suffixes;
    std::string header;
    std::vector<DeclineSchema> declines;
    std::vector<std::string> examples;
    std::map<std::string, std::string, std::less<>> files;  // text by path parameter
  };

 private:
  virtual void add(const char* name, const Facts& facts, Make make) = 0;
};

}  // namespace braid

// A plugin of several components: BRAID_PLUGIN_OF("losses", "0.1.0") { r.component<A>("a"); r.component<B>("b"); }
#define BRAID_PLUGIN_OF(plugin_name, plugin_version)                                         \
  extern "C" BRAID_API const braid::Stamp braid_stamp;                                       \
  extern "C" const braid::Stamp braid_stamp = BRAID_MAKE_STAMP(plugin_name, plugin_version); \
  extern "C" BRAID_API void braid_register(braid::Registrar& r);                             \
  void braid_register(braid::Registrar& r)

// A plugin of one component, which has the plugin's name.
#define BRAID_PLUGIN(Type, plugin_name, plugin_version) \
  BRAID_PLUGIN_OF(plugin_name, plugin_version) { r.component<Type>(plugin_name); }
