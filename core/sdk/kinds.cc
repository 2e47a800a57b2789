// The kinds' constructors and what they do by default.
#include "sdk/state.h"

namespace braid {

Tower::Tower() : Component(Kind::tower) {}
Fusion::Fusion() : Component(Kind::fusion) {}
Ranker::Ranker() : Component(Kind::ranker) {}
Loss::Loss(Kind kind) : Component(kind) {}
Distiller::Distiller() : Loss(Kind::distiller) {}
Metric::Metric() : Component(Kind::metric) {}
Optimizer::Optimizer() : Component(Kind::optimizer) {}
Schedule::Schedule() : Component(Kind::schedule) {}
Reader::Reader() : Component(Kind::reader) {}
Field::Field() : Component(Kind::field) {}
Registrar::~Registrar() = default;
FitRows::~FitRows() = default;
Rows::~Rows() = default;

void Field::open() {}
void Field::fit(const FitRows&) {}
Sizes Field::sizes() const { return {}; }
Sizes Field::specials() const { return {}; }
std::vector<std::string> Field::id_texts() const { return {}; }
std::size_t Field::places(std::span<const std::byte>) const { return 1; }
std::string Field::save() const { return {}; }
void Field::load(std::string_view) {}

std::vector<std::pair<std::string, at::Tensor>> Optimizer::new_state(const at::Tensor&, bool) const { return {}; }
void Optimizer::run(Frame& frame) { Component::run(frame); }
void Schedule::run(Frame& frame) { Component::run(frame); }

State::State(Component& owner, Name name, Type type) : index_(owner.state().states.size()) {
  owner.state().states.emplace_back(name.text);
  owner.state().state_types.push_back(type);
}

}  // namespace braid
