// Types along a node's wires: dtype, rank, sizes, axes, masks; rules that its component requires.
#include "recipe/check/sizes.h"
#include "recipe/document/words.h"
#include "recipe/plan/shapes.h"

#include <algorithm>

namespace braid::recipe {

namespace {

// int and id are the same numbers; an id has a known range.
bool dtype_fits(DType port, DType wire) { return port == wire || (port == DType::whole && wire == DType::id); }

class NodeTyper {
 public:
  NodeTyper(Checker& c, NodeDraft& node, std::string what)
      : c_(c), node_(node), what_(std::move(what)), dims_(node.plan.use, node.item, node.doubtful) {}

  void run() {
    for (auto& port : node_.inputs)
      for (auto& wire : port)
        if (!type_wire(c_, wire)) node_.inputs_known = false;
    for (std::size_t p = 0; p < node_.inputs.size(); ++p) port(p);
    for (std::size_t p = 0; p < node_.inputs.size(); ++p) expressions(p);
    if (good_) requirements();
    if (good_) weights();
    outputs();
    node_.plan.sizes = dims_.sizes();
  }

 private:
  const PortSchema& schema(std::size_t p) const { return *node_.input_ports[p]; }
  std::string port_words(std::size_t p) const { return quote(node_.plan.name + "." + schema(p).name); }
  void fail(const Place& place, const char* tag, std::string what, Notes notes) {
    good_ = false;
    c_.error(place, tag, std::move(what), std::move(notes));
  }
  std::string source_note(const WireDraft& wire) const {
    return quote(wire.text) + " is " + type_text(c_, wire.flow) + declared(wire);
  }

  // ", declared at recipe.toml:12:1"
  std::string declared(const WireDraft& wire) const {
    if (const auto* from = wire.node())
      return ", node " + quote(c_.nodes[from->node].plan.name) + " at " + text_of(c_.nodes[from->node].plan.place);
    const auto& table = c_.plan.table_of(*wire.axis);
    if (const auto* from = wire.field()) return ", field at " + text_of(table.fields[from->field].place);
    if (const auto* from = std::get_if<LabelOf>(&wire.source))
      return ", label at " + text_of(table.labels[from->label].place);
    if (const auto* from = std::get_if<LinkKey>(&wire.source))
      return ", the key of a link at " + text_of(table.links[from->link].place);
    return "";
  }

  void port(std::size_t p) {
    const auto& wires = node_.inputs[p];
    dims_.count_wires(schema(p).name, wires.size());
    if (wires.empty()) {
      if (schema(p).optional || node_.unknown_inputs) return;
      const auto* said = node_.item->find("in") ? node_.item->find("in")->find(schema(p).name) : nullptr;
      node_.lacks_input = true;
      if (said && said->kind != Item::Kind::array) return;  // of a wrong type, which was reported
      return fail(said ? said->place : node_.plan.place, "missing-input",
                  what_ + " needs the input " + quote(schema(p).name) + ", " + schema(p).shape, {schema(p).help});
    }
    for (std::size_t k = 0; k < wires.size(); ++k)
      if (wires[k].flow.known) wire(p, k);
  }

  void wire(std::size_t p, std::size_t k) {
    auto& draft = node_.inputs[p][k];
    auto shape = effective_shape(node_.plan.use, schema(p));
    if (!dtype_fits(shape.type, draft.flow.type.dtype)) return wrong_dtype(p, draft);
    if (!masks(p, draft, shape)) return;
    insert_places(draft, shape);
    if (shape.dims.size() != draft.flow.type.dims.size()) return wrong_rank(p, draft);
    if (draft.flow.type.dims.empty()) return;
    if (shape.type == DType::id) id_rows(p, k, draft, shape);
    for (std::size_t d = 0; d < shape.dims.size(); ++d)
      if (!dim(p, k, d, shape, draft)) return;
  }

  void wrong_dtype(std::size_t p, const WireDraft& draft) {
    Notes notes{source_note(draft)};
    const auto port = parse_shape(schema(p).shape).type, wire = draft.flow.type.dtype;
    if (port == DType::floating && wire == DType::id)
      notes.push_back("a tower such as an embedding turns ids into vectors");
    if (port == DType::key) notes.push_back("keys come from links and tables: \"ratings.user\", \"items.key\"");
    if (port == DType::id && wire == DType::floating) notes.push_back("fields of dtype id: " + id_fields());
    fail(draft.place, "wrong-dtype",
         port_words(p) + " takes " + schema(p).shape + ", not " + std::string(name_of(wire)), notes);
  }

  std::string id_fields() const {
    std::vector<std::string> out;
    for (const auto& [at, outputs] : c_.field_outputs)
      if (!outputs.empty() && outputs[0].type.dtype == DType::id)
        out.push_back(c_.plan.tables[at.table].name + "." + c_.plan.tables[at.table].fields[at.field].name);
    return out.empty() ? "none" : listed(out, 6);
  }

  // A wire's mask ends at a port without one.
  bool masks(std::size_t p, const WireDraft& draft, const Shape& shape) {
    const auto& flow = draft.flow;
    std::string why;
    if (flow.type.optional_rows && !shape.optional_rows) why = "rows of " + quote(draft.text) + " may be absent";
    std::size_t taken = 0, given = 0;
    for (const auto& dim : shape.dims) taken += dim.padded;
    for (const bool padded : flow.padded) given += padded;
    if (given > taken) {
      for (std::size_t d = 0; d < flow.padded.size() && why.empty(); ++d)
        if (flow.padded[d] && !(d < shape.dims.size() && shape.dims[d].padded))
          why = "places of " + quote(draft.text) + " may be unused ('" + size_text(c_.plan, flow.type.dims[d]) + "*')";
    }
    for (std::size_t d = 0;
         d < flow.padded.size() && d < shape.dims.size() && why.empty() && flow.padded.size() == shape.dims.size(); ++d)
      if (flow.padded[d] && !shape.dims[d].padded)
        why = "places of " + quote(draft.text) + " may be unused ('" + size_text(c_.plan, flow.type.dims[d]) + "*')";
    if (why.empty()) return true;
    Notes notes{source_note(draft)};
    const auto removers = c_.cards.mask_removers(flow.type.optional_rows && !shape.optional_rows);
    if (!removers.empty()) notes.push_back("between them may stand: " + listed(removers, 6));
    fail(draft.place, "mask-left", why + "; " + port_words(p) + " takes " + schema(p).shape + " and knows no mask",
         notes);
    return false;
  }

  // A wire without the one dim that the port lets it lack: the dim is inserted with one place.
  void insert_places(WireDraft& draft, const Shape& shape) {
    auto& flow = draft.flow;
    if (flow.type.dims.size() + 1 != shape.dims.size()) return;
    const auto lacking = std::find_if(shape.dims.begin(), shape.dims.end(), [](const Dim& d) { return d.may_lack; });
    if (lacking == shape.dims.end()) return;
    const auto d = lacking - shape.dims.begin();
    flow.type.dims.insert(flow.type.dims.begin() + d, FixedSize{1});
    flow.same.insert(flow.same.begin() + d, "");
    flow.padded.insert(flow.padded.begin() + d, false);
    draft.inserted = {static_cast<int>(d)};
  }

  void wrong_rank(std::size_t p, const WireDraft& draft) {
    Notes notes{source_note(draft)};
    const auto shape = effective_shape(node_.plan.use, schema(p));
    const auto wanted = shape.dims.size(), given = draft.flow.type.dims.size();
    if (wanted == given + 1 && shape.dims[1].padded && !draft.flow.type.dims.empty() && draft.axis &&
        !(draft.via && draft.via->list()))
      if (const auto lists = ways_to(c_, *draft.axis, false, true); !lists.empty())
        notes.push_back("through a list it has one more: \"" + draft.text.substr(0, draft.text.find('[')) + "[" +
                        lists[0] + "]\"");
    if (wanted < given)
      if (const auto others = outputs_like(shape); !others.empty())
        notes.push_back("with " + counted(wanted, "dim") + " there " + (others.size() == 1 ? "is " : "are ") +
                        listed(others));
    fail(draft.place, "wrong-rank",
         port_words(p) + " takes " + counted(wanted, "dim") + ", " + schema(p).shape + "; " + quote(draft.text) +
             " has " + std::to_string(given),
         notes);
  }

  // Outputs of other nodes with as many dims of the same type; a loss is nobody's input.
  std::vector<std::string> outputs_like(const Shape& shape) const {
    std::vector<std::string> out;
    for (const auto& other : c_.nodes) {
      const auto& card = other.plan.use.schema;
      if (&other == &node_ || card.kind == Kind::loss || card.kind == Kind::distiller) continue;
      for (const auto& port : card.ports) {
        if (!port.output) continue;
        const auto theirs = effective_shape(other.plan.use, port);
        if (theirs.dims.size() == shape.dims.size() && theirs.type == shape.type)
          out.push_back(other.plan.name + "." + port.name);
      }
    }
    return out;
  }

  void id_rows(std::size_t p, std::size_t k, const WireDraft& draft, const Shape& shape) {
    Known known;
    if (draft.flow.type.id_rows) known.size = FixedSize{*draft.flow.type.id_rows};
    known.origin = quote(draft.text);
    const auto& wires = node_.inputs[p];
    dims_.bind_wire(schema(p).name, k, wires.size(), shape.rows, known);
    if (schema(p).repeated && wires.size() > 1) return;  // each wire has its own
    Known before;
    if (dims_.bind(shape.rows, known, &before)) return;
    size_conflict(p, draft, shape.rows, known, before);
  }

  bool dim(std::size_t p, std::size_t k, std::size_t d, const Shape& shape, const WireDraft& draft) {
    const auto& declared = shape.dims[d];
    Known known{draft.flow.type.dims[d], draft.flow.same[d], quote(draft.text)};
    if (!plain(declared.size)) return true;  // an expression: when all names are known
    const auto wires = node_.inputs[p].size();
    if (d > 0) dims_.bind_wire(schema(p).name, k, wires, declared.size, known);
    if (declared.varies && wires > 1) return true;
    if (d == 0 && is<AxisRows>(known.size)) return axis(p, draft, declared.size, known);
    Known before;
    if (dims_.bind(declared.size, known, &before)) return true;
    size_conflict(p, draft, declared.size, known, before);
    return false;
  }

  static bool plain(const std::string& expression) {
    return expression.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789.") == std::string::npos &&
           !(expression[0] >= '0' && expression[0] <= '9');
  }

  // All wires whose first dim has one name stand on one axis; the one on event rows, if any, is right.
  bool axis(std::size_t p, const WireDraft& draft, const std::string& name, const Known& known) {
    auto [at, fresh] = rows_.try_emplace(name, reference(name));
    const auto& right = at->second;
    dims_.bind(name, {right->flow.type.dims[0], "", quote(right->text)}, nullptr);
    const auto wanted = *right->flow.type.axis(), own = std::get<AxisRows>(known.size).axis;
    if (own == wanted) return true;
    Notes notes{quote(right->text) + " lives on " + axis_words(c_, wanted) + ", " + text_of(right->place)};
    const auto& table = c_.plan.table_of(wanted);
    const auto ways = ways_to(c_, own, true, false);
    if (!draft.via && table.event() && !ways.empty()) {
      std::vector<std::string> wires;
      for (const auto& way : ways) wires.push_back("\"" + draft.text + "[" + way + "]\"");
      notes.push_back("carry it over by a link: " + listed(wires));
    } else if (c_.plan.axes[own].table == c_.plan.axes[wanted].table && !draft.via) {
      notes.push_back("carry it over: \"" + draft.text + "[" + c_.plan.axes[wanted].name + ".row]\"");
    } else if (table.event() == c_.plan.table_of(own).event()) {
      notes.push_back("rows of two tables meet in events: gather both through links of an event table");
    }
    fail(draft.place, "wrong-axis",
         quote(draft.text) + " lives on " + axis_words(c_, own) + "; " + port_words(p) + " stands beside " +
             axis_words(c_, wanted),
         notes);
    return false;
  }

  const WireDraft* reference(const std::string& name) const {
    const WireDraft* first = nullptr;
    for (std::size_t p = 0; p < node_.inputs.size(); ++p) {
      const auto shape = effective_shape(node_.plan.use, schema(p));
      if (shape.dims.empty() || shape.dims[0].size != name) continue;
      for (const auto& wire : node_.inputs[p]) {
        if (!wire.flow.known || wire.flow.type.dims.empty()) continue;
        if (c_.plan.table_of(*wire.flow.type.axis()).event()) return &wire;
        if (!first) first = &wire;
      }
    }
    return first;
  }

  void size_conflict(std::size_t p, const WireDraft& draft, const std::string& name, const Known& here,
                     const Known& before) {
    const auto text = [&](const Known& known) {
      if (const auto* fixed = std::get_if<FixedSize>(&known.size)) return std::to_string(fixed->value);
      return "as long as " + quote(size_text(c_.plan, known.size) + "*");
    };
    Notes notes{source_note(draft), text(before) + " comes from " + before.origin};
    if (before.origin.starts_with("'"))
      for (const auto& port : node_.inputs)
        for (const auto& wire : port)
          if (quote(wire.text) == before.origin && &wire != &draft) {
            notes.lines[1] = source_note(wire);
            break;
          }
    fail(draft.place, "size-conflict",
         quote(name) + " of " + port_words(p) + " is " + text(here) + " by " + quote(draft.text) + " and " +
             text(before) + " by " + before.origin,
         notes);
  }

  // Dims that are expressions: compared when everything they name is known.
  void expressions(std::size_t p) {
    for (const auto& draft : node_.inputs[p]) {
      const auto shape = effective_shape(node_.plan.use, schema(p));
      if (!draft.flow.known || shape.dims.size() != draft.flow.type.dims.size()) continue;
      for (std::size_t d = 0; d < shape.dims.size(); ++d) {
        const auto* fixed = std::get_if<FixedSize>(&draft.flow.type.dims[d]);
        if (plain(shape.dims[d].size) || !fixed) continue;
        const auto value = dims_.value(shape.dims[d].size);
        if (!value || *value == fixed->value) continue;
        Known here{draft.flow.type.dims[d], "", ""},
            wanted{FixedSize{*value}, "", shape.dims[d].size + " in " + schema(p).shape};
        size_conflict(p, draft, shape.dims[d].size, here, wanted);
      }
    }
  }

  void requirements() {
    for (const auto& rule : node_.found.schema->requires_) {
      std::string numbers;
      const auto holds = dims_.holds(rule.rule, &numbers);
      if (!holds || *holds) continue;
      Notes notes{rule.why};
      const Item* culprit = nullptr;
      for (const auto& [name, known] : dims_.names()) {
        if (name.find('.') != std::string::npos || !mentions(rule.rule, name)) continue;
        notes.push_back(name + " is " + size_text(c_.plan, known.size) +
                        (known.origin.starts_with("'")                  ? " by " + known.origin
                         : known.origin.find(", ") != std::string::npos ? known.origin.substr(known.origin.find(", "))
                                                                        : ""));
        if (const auto* item = node_.item->find(name); item && !item->filled_in) culprit = item;
      }
      fail(culprit ? culprit->place : node_.plan.place, "requirement",
           what_ + " wants " + rule.rule + "; here " + numbers, notes);
    }
  }

  // A weight has one size for all batches; a list that is as long as its longest cell has none.
  void weights() {
    for (const auto& weight : node_.found.schema->weights)
      for (const auto& dim : weight.dims)
        for (const auto& [name, known] : dims_.names()) {
          const auto* places = std::get_if<ListPlaces>(&known.size);
          if (!places || places->most || !mentions(dim, name)) continue;
          const auto& list = c_.plan[places->list];
          return fail(node_.plan.place, "requirement",
                      "the weight " + quote(node_.plan.name + "." + weight.name) + " has a size for each place of " +
                          quote(c_.plan.name_of(places->list)) + ", and that list may have any length",
                      {"bound it: last = 20 in " + quote(list.name) + ", declared at " + text_of(list.place)});
        }
  }

  static bool mentions(const std::string& rule, const std::string& name) {
    const auto letter = [](char ch) {
      return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.';
    };
    for (auto at = rule.find(name); at != std::string::npos; at = rule.find(name, at + 1))
      if ((at == 0 || !letter(rule[at - 1])) && (at + name.size() == rule.size() || !letter(rule[at + name.size()])))
        return true;
    return false;
  }

  void outputs() {
    std::size_t flat = 0;
    for (std::size_t p = 0; p < node_.output_ports.size(); ++p) {
      const auto& port = *node_.output_ports[p];
      bool inexact = false;
      for (const auto& dim : effective_shape(node_.plan.use, port).dims)
        if (good_) (void)dims_.value(dim.size, &inexact);
      if (inexact)
        fail(node_.plan.place, "requirement",
             "the output " + quote(node_.plan.name + "." + port.name) + ", " + port.shape +
                 ", has no whole size: a division leaves a remainder",
             {port.help});
      auto flow = output_flow(node_.plan.use, port, dims_, node_.plan.name);
      // Without its rows' axis, or after an error about its own inputs, nothing that follows is judged by it.
      if (!flow.type.dims.empty() && !flow.type.axis()) {
        if (good_ && node_.inputs_known && is<UnknownSize>(flow.type.dims[0]))
          fail(node_.plan.place, "wrong-axis",
               "on which rows " + quote(node_.plan.name + "." + port.name) + " lives is not known",
               {"wire an input whose first dim is '" + parse_shape(port.shape).dims[0].size + "'"});
        flow.known = false;
      }
      for (std::size_t n = 0; n < node_.output_names[p].size(); ++n, ++flat) {
        node_.flows[flat] = flow;
      }
    }
  }

  Checker& c_;
  NodeDraft& node_;
  std::string what_;
  Dims dims_;
  std::map<std::string, const WireDraft*> rows_;  // per name of a first dim, the wire that is right
  bool good_ = true;
};

}  // namespace

void type_node(Checker& c, NodeDraft& node, const std::string& what) { NodeTyper(c, node, what).run(); }

}  // namespace braid::recipe
