// Where each row's answer stands among candidates that the row lists, by their scores.
#include <braid/plugin.h>

namespace {

struct CandidateRank final : braid::Ranker {
  static constexpr braid::About about{
      .summary = "Counts the listed candidates whose score is at least the answer's.",
      .paper = "He et al. 2017, Neural Collaborative Filtering, arXiv:1708.05031",
      .equation = "section 4.1: rank = number of candidates with score >= the answer's",
      .differs =
          "Ties count against the answer. A candidate of score NaN does not count; before an answer of score NaN "
          "all candidates do."};

  braid::In answer{*this, "answer", "float[rows]", "score of the row's answer", {.constant = true}};
  braid::In candidate{
      *this, "candidate", "float?[rows, candidates*]", "scores of the row's candidates", {.constant = true}};
  braid::In answer_key{*this, "answer_key", "key[rows]", "whose score the answer's is", {.optional = true}};
  braid::In candidate_key{
      *this,
      "candidate_key",
      "key[rows, candidates*]",
      "whose scores the candidates' are; with both keys a candidate that is the answer itself is passed "
      "over, as published lists of negatives hold it now and then",
      {.optional = true}};
  braid::Out rank{*this, "rank", "int[rows]",
                  "candidates before the answer: 0 is first, as without candidates. No gradient"};

  void run(braid::Frame& f) override {
    const auto own = f[answer].detach().unsqueeze(1);                     // [rows, 1]
    auto before = f[candidate].detach().ge(own).logical_or(own.isnan());  // [rows, candidates]
    if (f.wired(answer_key) && f.wired(candidate_key))
      before = before.logical_and(f[candidate_key].ne(f[answer_key].unsqueeze(1)));
    f[rank] = (f.masked(candidate) ? before.logical_and(f.mask(candidate)) : before).sum(1);
  }
};

}  // namespace

BRAID_PLUGIN(CandidateRank, "candidate_rank", "0.1.0")
