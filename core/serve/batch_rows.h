// What the requests of one batch ask for: rows of the driving table, and the entities that came inline with them.
#pragma once

#include "data/requests.h"
#include "serve/request.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace braid::serve {

// Rows [first, first + count) of a request without mistakes.
struct RequestPart {
  const Request* request;
  std::int64_t first, count;
};

// Points into the requests.
struct BatchRows {
  BatchRows(std::span<const RequestPart> parts, const recipe::Plan& plan, std::optional<recipe::LinkId> candidates,
            const data::RequestBatcher& batcher);
  BatchRows(const BatchRows&) = delete;

  std::vector<data::RequestRow> rows;
  // Entities that came inline, by table; their rows follow those that `batcher` knows.
  data::EntityKeys keys;
  recipe::Indexed<recipe::TableId, std::vector<const InlineGiven*>> inlined;

 private:
  using Lists = recipe::Indexed<recipe::ListId, std::vector<std::int32_t>>;
  class Entities;
  void add(const RequestPart& part, const recipe::TablePlan& driving, std::optional<recipe::LinkId> candidates,
           const data::RequestBatcher& batcher, Lists& lists);

  std::vector<Lists> lists_;  // by part; `rows` points into it
};

}  // namespace braid::serve
