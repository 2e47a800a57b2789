#include "log/errors_json.h"

#include <nlohmann/json.hpp>

namespace braid::log {
namespace {

using Json = nlohmann::ordered_json;

Json known(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json known(std::int64_t number) { return number > 0 ? Json(number) : Json(); }

Json of(const Diagnostic& d) {
  auto notes = Json::array();
  for (const auto& note : d.notes)
    if (!note.empty()) notes.push_back(note);
  Json location;
  if (!d.location.file.empty())
    location = {{"file", d.location.file}, {"line", known(d.location.line)}, {"column", known(d.location.column)}};
  return {{"code", known(d.code)},
          {"location", location},
          {"message", d.summary()},
          {"notes", notes},
          {"suggestion", known(d.suggestion)}};
}

template <class T>
T value(const Json& of, const char* name) {
  return of.is_object() && of.contains(name) && !of.at(name).is_null() ? of.at(name).get<T>() : T();
}

}  // namespace

std::string errors_json(const std::vector<Diagnostic>& errors) {
  auto all = Json::array();
  for (const auto& one : errors) all.push_back(of(one));
  // A name in a message may be any bytes.
  return Json{{"errors", all}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<Diagnostic> errors_in(const std::string& json) try {
  std::vector<Diagnostic> out;
  const auto read = Json::parse(json);
  for (const auto& one : read.at("errors")) {
    const auto& location = one.at("location");
    Diagnostic d{value<std::string>(one, "code"),
                 {value<std::string>(location, "file"), value<std::int64_t>(location, "line"),
                  value<std::int64_t>(location, "column")},
                 value<std::string>(one, "message"),
                 value<std::vector<std::string>>(one, "notes"),
                 value<std::string>(one, "suggestion")};
    out.push_back(std::move(d));
  }
  return out;
} catch (const Json::exception&) {
  return {};
}

}  // namespace braid::log
