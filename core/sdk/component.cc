// Registration of declared members, construction with a recipe's values, sizes and requirements.
#include "sdk/state.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace braid {
namespace {

// What `construct` hands to the constructors that run inside it.
struct Building {
  const Values* values;
  const WireCounts* wires;
  bool describe;
};
thread_local const Building* building = nullptr;

std::string shown(const Value& value) {
  std::ostringstream out;
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) out << (v ? "true" : "false");
        else if constexpr (std::is_same_v<T, std::string>) out << '"' << v << '"';
        else if constexpr (std::is_same_v<T, Path>) out << '"' << v.text << '"';
        else if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>) out << v;
        else if constexpr (!std::is_same_v<T, std::monostate>) out << "a list of " << v.size();
      },
      value);
  return out.str();
}

// A recipe may write 1 where a number is asked, and "x" where a path is.
Value converted(const Value& value, ParamType type) {
  if (type == ParamType::number)
    if (const auto* n = std::get_if<std::int64_t>(&value)) return static_cast<double>(*n);
  if (type == ParamType::path)
    if (const auto* s = std::get_if<std::string>(&value)) return Path{*s};
  if (type == ParamType::numbers)
    if (const auto* n = std::get_if<std::vector<std::int64_t>>(&value))
      return std::vector<double>(n->begin(), n->end());
  if (const auto* empty = std::get_if<std::vector<std::string>>(&value); empty && empty->empty()) {
    if (type == ParamType::wholes) return std::vector<std::int64_t>{};
    if (type == ParamType::numbers) return std::vector<double>{};
  }
  return value;
}

std::size_t alternative(ParamType type) {
  constexpr std::size_t of[] = {1, 2, 3, 4, 5, 6, 7, 8};
  return of[static_cast<int>(type)];
}

void prove_limits(const ParamSchema& p, const Value& value) {
  const auto number = [&](double x) {
    if ((p.low && x < *p.low) || (p.high && x > *p.high)) {
      std::ostringstream out;
      out << "parameter '" << p.name << "' is " << x << "; it lies between " << p.low.value_or(-INFINITY) << " and "
          << p.high.value_or(INFINITY);
      throw Error(out.str());
    }
  };
  const auto word = [&](const std::string& s) {
    if (p.choices.empty() || std::count(p.choices.begin(), p.choices.end(), s)) return;
    std::string all;
    for (const auto& c : p.choices) all += (all.empty() ? "" : ", ") + c;
    throw Error("parameter '" + p.name + "' is \"" + s + "\"; it is one of: " + all);
  };
  if (const auto* i = std::get_if<std::int64_t>(&value)) number(static_cast<double>(*i));
  if (const auto* d = std::get_if<double>(&value)) number(*d);
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value))
    for (const auto i : *v) number(static_cast<double>(i));
  if (const auto* v = std::get_if<std::vector<double>>(&value))
    for (const auto d : *v) number(d);
  if (const auto* s = std::get_if<std::string>(&value)) word(*s);
  if (const auto* v = std::get_if<std::vector<std::string>>(&value))
    for (const auto& s : *v) word(s);
}

}  // namespace

Error::Error(const std::string& message) : Failure(Diagnostic{"", {}, message}) {}
Error::~Error() = default;

Component::Component(Kind kind) : state_(std::make_unique<ComponentState>()) {
  state_->schema.kind = kind;
  if (!building) throw std::logic_error("a component is constructed by its host only");
  state_->given = *building->values;
  state_->wires = *building->wires;
  state_->described = building->describe;
}
Component::~Component() = default;
void Component::run(Frame&) { throw std::logic_error("this kind of component has no run()"); }
void Component::prepare(std::int64_t) {}
void Component::infer(Sizes&) const {}

std::int64_t Component::size(std::string_view dim) const {
  if (!state_->sized) throw std::logic_error("sizes are known in run() and not before");
  return evaluate(*this, dim);
}

Value detail::declare_param(Component& owner, const char* name, ParamType type, Value fallback, bool required,
                            const char* help, const Limits& limits) {
  auto& state = owner.state();
  ParamSchema p;
  p.name = name;
  p.type = type;
  p.fallback = fallback;
  p.required = required;
  if (std::isfinite(limits.low)) p.low = limits.low;
  if (std::isfinite(limits.high)) p.high = limits.high;
  p.choices = limits.choices;
  p.unit = limits.unit;
  p.help = help;
  if (state.schema.param(p.name)) throw std::logic_error("parameter '" + p.name + "' is declared twice");
  state.schema.params.push_back(p);
  Value value = fallback;
  if (const auto given = state.given.find(p.name); given != state.given.end()) {
    value = converted(given->second, type);
    if (std::holds_alternative<std::monostate>(value)) value = fallback;
    else if (value.index() != alternative(type))
      throw Error("parameter '" + p.name + "' is " + shown(value) + "; it is a value of type " +
                  std::string(name_of(type)));
    else prove_limits(p, value);
  } else if (required && !state.described) {
    throw Error("parameter '" + p.name + "' has no default: the recipe gives it");
  }
  state.values[p.name] = value;
  return value;
}

Scalar::Scalar(Component& owner, Name name, double fallback, const char* help, Range range)
    : index_(owner.state().schema.scalars.size()) {
  ScalarSchema s;
  s.name = name.text;
  s.fallback = fallback;
  if (std::isfinite(range.low)) s.low = range.low;
  if (std::isfinite(range.high)) s.high = range.high;
  s.help = help;
  owner.state().schema.scalars.push_back(s);
}
at::Tensor Scalar::operator()(const Frame& frame) const { return frame.state().scalars.at(index_); }

Require::Require(Component& owner, const char* rule, const char* why) {
  owner.state().schema.requires_.push_back({rule, why});
}

PortBase::PortBase(Component& owner, const char* name, const char* shape, const char* help, bool output,
                   const InOptions& options, bool repeated, const char* named_by)
    : owner_(&owner), output_(output) {
  auto& state = owner.state();
  if (!named_by && state.schema.port(name, output))
    throw std::logic_error(std::string("port '") + name + "' is declared twice");
  auto& ports = output ? state.output_ports : state.input_ports;
  index_ = ports.size();
  ports.push_back(state.schema.ports.size());
  (output ? state.outputs : state.inputs).push_back(parse_shape(shape));
  PortSchema port;
  port.name = name;
  port.shape = shape;
  port.output = output;
  port.optional = options.optional;
  port.constant = options.constant;
  if (std::isfinite(options.low)) port.low = options.low;
  if (std::isfinite(options.high)) port.high = options.high;
  port.repeated = repeated;
  port.named_by = named_by ? named_by : "";
  port.help = help;
  state.schema.ports.push_back(port);
}

std::size_t Ins::count() const {
  const auto& state = owner_->state();
  const auto& name = state.schema.ports[state.input_ports[index_]].name;
  const auto found = state.wires.find(name);
  if (found != state.wires.end()) return found->second;
  return state.described ? 1 : 0;
}

std::unique_ptr<Component> construct(Registrar::Make make, const Values& values, const WireCounts& wires,
                                     bool describe) {
  const Building now{&values, &wires, describe};
  const auto* before = std::exchange(building, &now);
  struct Restore {
    const Building* value;
    ~Restore() { building = value; }
  } restore{before};
  return make();
}

std::int64_t evaluate(const Component& component, std::string_view dim) {
  const auto& state = component.state();
  std::string unknown;
  const auto name = [&](std::string_view n) -> std::optional<std::int64_t> {
    if (const auto s = state.sizes.find(n); s != state.sizes.end()) return s->second;
    if (const auto p = state.values.find(n); p != state.values.end())
      if (const auto* i = std::get_if<std::int64_t>(&p->second)) return *i;
    unknown = n;
    return std::nullopt;
  };
  const auto sum = [&](std::string_view what) -> std::optional<std::int64_t> {
    const auto dot = what.find('.');
    const auto port = std::string(what.substr(0, dot));
    const auto wires = state.wires.find(port);
    std::int64_t total = 0;
    const std::size_t count = wires == state.wires.end() ? (state.described ? 1 : 0) : wires->second;
    if (dot == std::string_view::npos) return static_cast<std::int64_t>(count);
    const auto rest = std::string(what.substr(dot));
    for (std::size_t k = 0; k < count; ++k) {
      const auto one = name(port + "." + std::to_string(k) + rest);
      if (!one) return std::nullopt;
      total += *one;
    }
    return total;
  };
  bool inexact = false;
  const auto value = evaluate_dim(dim, name, sum, &inexact);
  if (value) return *value;
  throw Error("'" + std::string(dim) +
              "' has no size: " + (inexact ? "a division leaves a remainder" : "'" + unknown + "' is not known"));
}

namespace {

// Proves "a op b" with % allowed beside the dim operators.
bool holds(const Component& component, const std::string& rule) {
  static constexpr std::string_view ops[] = {"==", "!=", "<=", ">=", "<", ">"};
  for (const auto op : ops) {
    const auto at = rule.find(op);
    if (at == std::string::npos) continue;
    const auto side = [&](std::string text) {
      const auto percent = text.find('%');
      if (percent == std::string::npos) return evaluate(component, text);
      const auto by = evaluate(component, text.substr(percent + 1));
      return by == 0 ? std::int64_t{-1} : evaluate(component, text.substr(0, percent)) % by;
    };
    const auto a = side(rule.substr(0, at)), b = side(rule.substr(at + op.size()));
    if (op == "==") return a == b;
    if (op == "!=") return a != b;
    if (op == "<=") return a <= b;
    if (op == ">=") return a >= b;
    return op == "<" ? a < b : a > b;
  }
  throw std::logic_error("a rule is one comparison: '" + rule + "'");
}

}  // namespace

void set_sizes(Component& component, Sizes sizes) {
  auto& state = component.state();
  component.infer(sizes);
  state.sizes = std::move(sizes);
  state.sized = true;
  for (const auto& rule : state.schema.requires_)
    if (!holds(component, rule.rule)) throw Error("'" + rule.rule + "' does not hold: " + rule.why);
}

bool is_on(const Values& values, const std::string& param) {
  const auto v = values.find(param);
  if (v == values.end()) return false;
  return std::visit(
      [](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, bool>) return x;
        else if constexpr (std::is_arithmetic_v<T>) return x != 0;
        else if constexpr (std::is_same_v<T, std::monostate>) return false;
        else if constexpr (std::is_same_v<T, Path>) return !x.text.empty();
        else return !x.empty();
      },
      v->second);
}

}  // namespace braid
