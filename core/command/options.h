// What a command takes, declared once: each option is a member of a struct, whose initializer says name, type and help.
//
//   struct Score : Options {
//     using Options::Options;
//     static constexpr About about{"score", "Answers requests with an exported model."};
//     std::string folder = argument("DIR");
//     std::int64_t top = whole("top", "K", "also rank the candidates: the best K of each request", {1}, 0);
//   };
//
// A struct that is made from a `Source` asks it for each value. The program makes it twice: from a source that writes
// the declarations down, for the help and the parser, and from the words that were given. Made from nothing, it has
// every default. Who runs the command reads the members; no name is spelled a second time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::command {

struct About {
  const char* name;  // "data synth": `synth` is a command of `data`
  const char* summary;
  const char* more = "";  // further paragraphs of the help
  bool hidden = false;    // not in `braid --help`
};

struct Declaration {
  std::string name;   // "out", without dashes; of an argument what stands for it in the help, "RECIPE"
  std::string value;  // what stands for the value in the help, "DIR"; empty: a flag
  std::string help;
  bool argument = false, many = false, required = false;
};

// A value that cannot be read; says how it has to be: "is 'x'; it is a whole number from 1 to 5".
struct WrongValue {
  std::string option, what;
  std::vector<std::string> notes = {};
};

class Source {
 public:
  // The values in their order, a flag's is empty; nothing: not given.
  virtual std::optional<std::vector<std::string>> values(const Declaration& of) = 0;

 protected:
  ~Source() = default;
};

struct Range {
  std::int64_t low = 0, high = 2147483647;
};

class Options {
 public:
  Options() = default;
  explicit Options(Source& source) : source_(&source) {}

 protected:
  enum class Need { optional, required };

  std::string argument(const char* name, Need need = Need::required) const;
  std::vector<std::string> arguments(const char* name, Need need = Need::required) const;
  bool flag(const char* name, const char* help) const;
  // `otherwise`: when it is not given.
  std::string text(const char* name, const char* value, const char* help, Need need = Need::optional,
                   const char* otherwise = "") const;
  std::vector<std::string> texts(const char* name, const char* value, const char* help) const;
  std::int64_t whole(const char* name, const char* value, const char* help, Range range, std::int64_t otherwise) const;
  std::optional<std::int64_t> optional_whole(const char* name, const char* value, const char* help, Range range) const;

  // Options that several commands have.
  std::vector<std::string> set_option() const;  // "a.b.c=value"
  std::vector<std::string> split_option() const;
  std::vector<std::uint64_t> seeds_option(const char* help) const;  // all different
  int threads_option() const;                                       // 0: not asked for
  bool json_option(const char* help = "print JSON") const;

 private:
  std::optional<std::vector<std::string>> values(const Declaration& of) const;
  std::optional<std::string> value(const Declaration& of) const;

  Source* source_ = nullptr;  // used by the members' initializers alone
};

}  // namespace braid::command
