// Any bytes as a line of requests. As JSON: an error with words, or a value that is the same after it was written and
// read again. As a request of a model of users, items and events: what is wrong and where, or a request whose parts fit
// together and which a batch is made of.
#include "serve/request_media.h"
#include "tests/toys/request_world.h"

#include "driver.h"

using namespace braid;
using namespace braid::serve;
using Json = braid::serve::Value;
using namespace braid::serve::testing;

const std::size_t fuzz::largest_piece = std::size_t{256} << 20;

namespace {

// Made once; its folder has one file.
const RequestWorld& world() {
  static const RequestWorld made([] {
    fuzz::file("p.jpg", "12345");
    return std::filesystem::canonical(fuzz::folder()).string();
  }());
  return made;
}

void json(std::string_view text) {
  std::string why;
  const auto value = parse_json(text, why);
  if (!value) {
    fuzz::demand(!why.empty(), "a line is refused without a reason");
  } else {
    const auto written = dump(*value);
    const auto again = parse_json(written, why);
    fuzz::demand(again.has_value() && dump(*again) == written, "what is written is read as something else");
  }
  const auto quoted = json_text(text);
  const auto read = parse_json(quoted, why);
  fuzz::demand(read && read->kind == Json::Kind::text && json_text(read->text) == quoted,
               "a text is another one after it was written");
}

void base64(std::string_view text) {
  Bytes out;
  if (!from_base64(text, out)) return;
  const auto digits = static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != '='; }));
  fuzz::demand(out.size() == digits * 6 / 8, "base64 text of another length");
}

void request(std::string_view line) {
  const auto read = world().reader->read(line, 7), again = world().reader->read(line, 7);
  fuzz::demand(read.what == again.what && read.at == again.at && read.unknown == again.unknown &&
                   read.decoded == again.decoded && read.candidates == again.candidates && read.links == again.links &&
                   read.lists == again.lists,
               "a line is two requests");
  fuzz::demand(read.line == 7, "a request has another line");
  std::string why;
  if (!read.id.empty()) fuzz::demand(parse_json(read.id, why).has_value(), "a request's id is no JSON", read.id);
  if (!read.unknown.empty())
    fuzz::demand(parse_json("{" + read.unknown + "}", why).has_value(), "what a request does not know is no JSON",
                 read.unknown + "\n" + why);
  if (!read.what.empty()) return;
  const auto fits = [&](Reference r, recipe::TableId table) {
    const auto inlined = static_cast<std::int64_t>(read.inlined[table].size());
    return r < 0 ? -r <= inlined : r < world().known->known(table);
  };
  fuzz::demand(
      read.candidates.size() == read.candidate_texts.size() && read.candidates.size() == read.candidate_keyed.size(),
      "candidates and their texts differ");
  for (const auto r : read.candidates) fuzz::demand(fits(r, items), "a candidate that is nobody");
  const auto& plan = world().plan.tables[events];
  fuzz::demand(read.links.size() == plan.links.size() && read.lists.size() == plan.lists.size() &&
                   read.cells.size() == plan.fields.size() && read.inlined.size() == 3,
               "a request lacks a part");
  for (const auto l : read.links.ids()) fuzz::demand(fits(read.links[l], plan.links[l].table), "a link to nobody");
  for (const auto& list : read.lists)
    for (const auto r : list) fuzz::demand(fits(r, items), "a list names nobody");
  for (const auto t : read.inlined.ids())
    for (const auto& one : read.inlined[t])
      fuzz::demand(one.cells.size() == world().plan.tables[t].fields.size(), "an entity lacks a cell");
}

}  // namespace

void fuzz::one(std::string_view input) {
  json(input);
  base64(input);
  request(input);
}
