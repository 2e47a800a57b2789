#include "serve/batch_rows.h"

namespace braid::serve {
namespace {

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

}  // namespace

// Rows of the batch's tables for the entities of one request.
class BatchRows::Entities {
 public:
  Entities(const Request& request, const data::RequestBatcher& batcher, BatchRows& out)
      : request_(request), batcher_(batcher), out_(out), numbers_(request.inlined.size()) {
    for (const auto t : numbers_.ids()) numbers_[t].assign(request.inlined[t].size(), -1);
  }

  std::int32_t row_of(Reference reference, recipe::TableId table) {
    if (reference >= 0) return reference;
    const auto k = at(-1 - reference);
    auto& number = numbers_[table][k];
    if (number < 0) {
      const auto& given = request_.inlined[table][k];
      number = static_cast<std::int32_t>(batcher_.known(table) + static_cast<std::int64_t>(out_.inlined[table].size()));
      out_.keys[table].push_back(given.key);
      out_.inlined[table].push_back(&given);
    }
    return number;
  }

 private:
  const Request& request_;
  const data::RequestBatcher& batcher_;
  BatchRows& out_;
  recipe::Indexed<recipe::TableId, std::vector<std::int32_t>> numbers_;  // in this batch; -1: not in it yet
};

BatchRows::BatchRows(std::span<const RequestPart> parts, const recipe::Plan& plan,
                     std::optional<recipe::LinkId> candidates, const data::RequestBatcher& batcher)
    : lists_(parts.size()) {
  keys.resize(plan.tables.size());
  inlined.resize(plan.tables.size());
  for (std::size_t p = 0; p < parts.size(); ++p) add(parts[p], plan.driving(), candidates, batcher, lists_[p]);
}

void BatchRows::add(const RequestPart& part, const recipe::TablePlan& driving, std::optional<recipe::LinkId> candidates,
                    const data::RequestBatcher& batcher, Lists& lists) {
  const auto& request = *part.request;
  Entities entities(request, batcher, *this);
  for (const auto l : driving.lists.ids()) {
    lists.emplace_back();
    for (const auto one : request.lists[l]) lists.back().push_back(entities.row_of(one, driving.lists[l].table));
  }
  data::RequestRow row;
  for (const auto l : driving.links.ids()) {
    row.links.push_back(entities.row_of(request.links[l], driving.links[l].table));
    row.link_texts.push_back(request.link_keyed[l] ? std::string_view(request.link_texts[l]) : std::string_view());
  }
  row.lists = &lists;
  row.cells = &request.cells;
  for (auto r = part.first; r < part.first + part.count; ++r) {
    if (request.many) {
      const auto l = *candidates;
      row.links[l] = entities.row_of(request.candidates[at(r)], driving.links[l].table);
      row.link_texts[l] =
          request.candidate_keyed[at(r)] ? std::string_view(request.candidate_texts[at(r)]) : std::string_view();
    }
    rows.push_back(row);
  }
}

}  // namespace braid::serve
