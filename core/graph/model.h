// A plan and its components as something that runs: components, weights and the lowered plan.
#pragma once

#include "graph/program.h"
#include "graph/table_rows.h"
#include "recipe/plan/plan.h"
#include "sdk/state.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace braid::graph {

// Makes a component from its card's place; given by the host.
using MakeComponent = std::function<std::unique_ptr<Component>(const recipe::Use&, const WireCounts&)>;

// One trainable tensor by its full name, "words.layer.0.query.weight"; a learnable scalar is "node.name".
struct NamedWeight {
  std::string name;
  at::Tensor value;
  bool decays = true, table = false, scalar = false;
  recipe::NodeId node;
  TableRows rows = {};  // of an embedding table
};

// Thrown when a node (or a metric) fails, whether its component reported something that the user can fix or LibTorch
// or the component's own code threw. The message names node, component, recipe location, the inputs' sizes and the
// step.
class NodeError : public Error {
 public:
  using Error::Error;
};

// A scalar at work: a constant, a schedule, or a learnable weight (of its logarithm when `log`).
struct LiveScalar {
  recipe::ScalarPlan plan;
  at::Tensor weight;  // learnable
  at::Tensor constant;
  at::Tensor now(std::int64_t step) const;
};

// A node's component with its scalars, and what its frames are the same in at every step.
struct LiveNode {
  std::unique_ptr<Component> own;  // empty where `same` shares another's
  Component* component = nullptr;
  std::vector<LiveScalar> scalars;
  LiveScalar weight;
  std::string frame_name;
  // Per input port, per wire: special ids of the field that it reads ("mask").
  std::vector<std::vector<Sizes>> specials;
};

// Several executions (execution.h) may run it at the same time, while no thread changes weights or calls a function of
// the section "training".
class Model {
 public:
  // Constructs, sizes and starts all components. `plan` (checked with the fitted sizes) and the fields must outlive it.
  // Throws NodeError.
  Model(const recipe::Plan& plan, const FieldOf& field_of, const MakeComponent& make);
  ~Model();
  Model(const Model&) = delete;

  const recipe::Plan& plan() const { return plan_; }
  const Program& program() const { return program_; }
  const LiveNode& node(recipe::NodeId node) const { return nodes_[node]; }
  // Whether the losses need a node (training) or the metrics do.
  const recipe::Indexed<recipe::NodeId, bool>& needed(bool training) const {
    return training ? for_losses_ : for_metrics_;
  }

  // Metric components, constructed with the model, in the plan's order.
  Metric& metric(std::size_t k) const;
  const std::vector<std::vector<Sizes>>& metric_specials(std::size_t k) const { return metric_specials_[k]; }

  // All weights, in the nodes' order.
  std::vector<NamedWeight>& weights() { return weights_; }
  const std::vector<NamedWeight>& weights() const { return weights_; }

  // ---- training ----

  void prepare(std::int64_t epoch);       // Component::prepare of every node
  void mark_touched(std::size_t weight);  // that table's gradient comes as sparse rows from now on
  void clamp_scalars();                   // learnable scalars back into their limits, after a step
  // Before step `step`: nodes with `copy` whose time has come get the weights of the nodes that they copy.
  void copy_weights(std::int64_t step);

 private:
  LiveScalar scalar(const recipe::ScalarPlan& p, const std::string& name, recipe::NodeId node);
  void make_node(recipe::NodeId k, const FieldOf& field_of, const MakeComponent& make);
  void find_copies();

  const recipe::Plan& plan_;
  Program program_;
  recipe::Indexed<recipe::NodeId, LiveNode> nodes_;
  std::vector<std::unique_ptr<Component>> metrics_;
  std::vector<std::vector<std::vector<Sizes>>> metric_specials_;
  std::vector<NamedWeight> weights_;
  std::vector<std::optional<std::size_t>> own_number_;  // per weight: its number in its component; a scalar has none
  struct Copied {
    std::size_t from, to;  // weights
    std::int64_t every;    // steps
  };
  std::vector<Copied> copies_;
  recipe::Indexed<recipe::NodeId, bool> for_losses_, for_metrics_;
};

}  // namespace braid::graph
