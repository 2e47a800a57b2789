#include "tests/toys/cards.h"

namespace braid::recipe {

namespace {

ParamSchema whole(std::string name, std::int64_t fallback, double low = 1, std::string help = "A whole number.") {
  ParamSchema p;
  p.name = std::move(name);
  p.type = ParamType::whole;
  p.fallback = fallback;
  p.low = low;
  p.help = std::move(help);
  return p;
}
ParamSchema with_unit(ParamSchema p, std::string unit) {
  p.unit = std::move(unit);
  return p;
}

ParamSchema number(std::string name, double fallback, double low, double high, std::string help = "A number.") {
  ParamSchema p;
  p.name = std::move(name);
  p.type = ParamType::number;
  p.fallback = fallback;
  p.low = low;
  p.high = high;
  p.help = std::move(help);
  return p;
}
ParamSchema text(std::string name, std::string fallback, std::vector<std::string> choices = {}) {
  ParamSchema p;
  p.name = std::move(name);
  p.type = ParamType::text;
  p.fallback = std::move(fallback);
  p.choices = std::move(choices);
  p.help = "A text.";
  return p;
}
template <class T>
ParamSchema list(std::string name, ParamType type, T fallback) {
  ParamSchema p;
  p.name = std::move(name);
  p.type = type;
  p.fallback = std::move(fallback);
  p.help = "A list.";
  return p;
}
ParamSchema path(std::string name) {
  ParamSchema p;
  p.name = std::move(name);
  p.type = ParamType::path;
  p.required = true;
  p.help = "One token a line.";
  return p;
}

PortSchema in(std::string name, std::string shape, bool optional = false, bool repeated = false) {
  return {std::move(name), std::move(shape), false, optional, repeated, "", "What the component reads."};
}
PortSchema ins(std::string name, std::string shape, bool optional = false) {
  return in(std::move(name), std::move(shape), optional, true);
}
PortSchema out(std::string name, std::string shape, std::string named_by = "") {
  const bool repeated = !named_by.empty();
  return {std::move(name), std::move(shape), true, false, repeated, std::move(named_by), "What the component makes."};
}

struct Make {
  ComponentSchema schema;
  Make(Kind kind, std::string name) {
    schema.kind = kind;
    schema.name = std::move(name);
    schema.summary = "A component for tests.";
  }
  Make& params(std::vector<ParamSchema> p) { return schema.params = std::move(p), *this; }
  Make& ports(std::vector<PortSchema> p) { return schema.ports = std::move(p), *this; }
  Make& weights(std::vector<WeightSchema> w) { return schema.weights = std::move(w), *this; }
  Make& needs(std::vector<RequireSchema> r) { return schema.requires_ = std::move(r), *this; }
  Make& scalars(std::vector<ScalarSchema> s) { return schema.scalars = std::move(s), *this; }
  Make& reads(std::vector<std::string> suffixes) {
    return schema.suffixes = std::move(suffixes), schema.header = "text", *this;
  }
  Make& fits() { return schema.fits = true, *this; }
  Make& by_default() { return schema.by_default = true, *this; }
  Make& media() { return schema.media = true, *this; }
};

std::vector<Make> readers() {
  const auto columns = list("columns", ParamType::texts, std::vector<std::string>{});
  return {
      Make(Kind::reader, "tsv").params({text("separator", "\t"), text("quote", ""), columns}).reads({".tsv", ".inter"}),
      Make(Kind::reader, "csv").params({text("separator", ","), text("quote", "\""), columns}).reads({".csv"}),
  };
}

std::vector<Make> fields() {
  return {
      Make(Kind::field, "vocabulary")
          .params({text("split", ""), whole("max_values", 8), whole("min_count", 1), number("unknown.drop", 0, 0, 1)})
          .ports({out("id", "id(n)[rows, max_values* if split]")})
          .fits(),
      Make(Kind::field, "wordpiece")
          .params({path("vocab"), with_unit(whole("max_tokens", 64, 3, "Longer texts are cut."), "tokens"),
                   text("join", " "), number("mask", 0, 0, 1)})
          .ports({out("tokens", "id(n)?[rows, max_tokens*]")}),
      Make(Kind::field, "number")
          .params({text("how", "standardise", {"standardise", "log", "none"})})
          .ports({out("value", "float?[rows, values]")})
          .fits(),
      Make(Kind::field, "image")
          .params({whole("height", 96, 8), whole("width", 64, 8)})
          .ports({out("pixels", "float?[rows, 3, height, width]")})
          .media(),
      Make(Kind::field, "session").ports({out("key", "key[rows]")}),
      Make(Kind::field, "clip_pair")
          .params({whole("dim", 16)})
          .ports({out("left", "float[rows, dim]"), out("right", "float[rows, dim]")})
          .media(),
  };
}

std::vector<Make> towers() {
  return {
      Make(Kind::tower, "text_transformer")
          .params({whole("dim", 64), whole("layers", 2), whole("heads", 4), number("dropout", 0, 0, 1)})
          .ports({in("tokens", "id(n)?[rows, tokens*]"), out("tokens", "float?[rows, tokens*, dim]"),
                  out("vector", "float?[rows, dim]")})
          .weights({{"words", {"n", "dim"}, true, true},
                    {"places", {"tokens", "dim"}, false, true},
                    {"layer.0.query.weight", {"dim", "dim"}, false, true},
                    {"layer.1.query.weight", {"dim", "dim"}, false, true}})
          .needs({{"dim % heads == 0", "each head gets an equal share"}}),
      Make(Kind::tower, "patch_transformer")
          .params({whole("dim", 64), whole("patch", 16)})
          .ports({in("image", "float?[rows, channels, height, width]"),
                  out("tokens", "float?[rows, height / patch * (width / patch)*, dim]"),
                  out("vector", "float?[rows, dim]")})
          .weights({{"patches.weight", {"dim", "channels * patch * patch"}, false, true}}),
      Make(Kind::tower, "id_embedding")
          .params({whole("dim", 64)})
          .ports({in("id", "id(n)[rows]"), out("vector", "float[rows, dim]")})
          .weights({{"rows", {"n", "dim"}, true, true}}),
      Make(Kind::tower, "feature_embedding")
          .params({whole("dim", 16)})
          .ports({ins("features", "id(n)[rows, values*~?]"), out("vector", "float[rows, dim]")})
          .weights({{"features.0.rows", {"features.0.n", "dim"}, true, true}}),
      Make(Kind::tower, "dense")
          .params({whole("dim", 32)})
          .ports({in("x", "float?[rows, width]"), out("vector", "float?[rows, dim]")})
          .weights({{"linear.weight", {"dim", "width"}, false, true}}),
  };
}

std::vector<Make> middle() {
  return {
      Make(Kind::fusion, "fq_former")
          .params({whole("queries", 4), whole("dim", 64)})
          .ports({ins("tokens", "float?[rows, tokens*~, width~]"), out("vector", "float?[rows, queries * dim]"),
                  out("tokens", "float[rows, queries, dim]")})
          .weights({{"queries", {"queries", "dim"}, false, true}}),
      Make(Kind::fusion, "mean_pool")
          .ports({in("tokens", "float?[rows, tokens*, dim]"), out("vector", "float[rows, dim]")}),
      Make(Kind::fusion, "concat")
          .ports({ins("inputs", "float?[rows, dim~]"), out("vector", "float[rows, sum(inputs.dim)]")}),
      Make(Kind::fusion, "sum").ports({ins("inputs", "float?[rows, dim]"), out("vector", "float[rows, dim]")}),
      Make(Kind::ranker, "din")
          .params({list("hidden", ParamType::wholes, std::vector<std::int64_t>{64}), number("dropout", 0, 0, 1)})
          .ports({ins("target", "float?[rows, dim~]"), ins("history", "float?[rows, history*, dim~]", true),
                  ins("other", "float?[rows, other_dim~]", true), out("logit", "float[rows]"),
                  out("probability", "float[rows]")})
          .weights({{"out.weight", {"sum(target.dim) + sum(other.other_dim)"}, false, true}}),
      Make(Kind::ranker, "mlp")
          .params({list("hidden", ParamType::wholes, std::vector<std::int64_t>{64})})
          .ports({ins("inputs", "float?[rows, dim~]"), out("logit", "float[rows]"), out("probability", "float[rows]")})
          .weights({{"out.weight", {"sum(inputs.dim)"}, false, true}}),
      Make(Kind::ranker, "multi_task")
          .params({list("tasks", ParamType::texts, std::vector<std::string>{"click"})})
          .ports({in("x", "float?[rows, dim]"), out("tasks", "float[rows]", "tasks")})
          .weights({{"out.weight", {"dim"}, false, true}}),
      Make(Kind::ranker, "similarity")
          .ports({in("a", "float[rows, dim]"), in("b", "float[rows, dim]"), out("score", "float[rows]")}),
  };
}

std::vector<Make> ends() {
  return {
      Make(Kind::loss, "binary_cross_entropy")
          .ports({in("logit", "float[rows]"), in("label", "float?[rows]"), out("loss", "float?[rows]")}),
      Make(Kind::loss, "content_id_contrast")
          .params({text("negatives", "both", {"content", "id", "both"})})
          .scalars({{"temperature", 0.07, 1e-4, 10.0, "Divides the scores."}})
          .ports({in("content", "float?[items, content_dim]"), in("id", "float?[items, id_dim]"),
                  out("loss", "float?[items]")})
          .weights({{"project.weight", {"id_dim", "content_dim"}, false, true}}),
      Make(Kind::distiller, "soft_label")
          .params({number("temperature", 1, 0, 100)})
          .ports({in("student", "float[rows]"), in("teacher", "float?[rows]"), out("loss", "float?[rows]")}),
      Make(Kind::metric, "auc").ports({in("score", "float[rows]"), in("label", "float?[rows]")}),
      Make(Kind::metric, "grouped_auc")
          .params({whole("at_least", 1)})
          .ports({in("score", "float[rows]"), in("label", "float?[rows]"), in("group", "key[rows]")}),
      Make(Kind::metric, "log_loss").ports({in("score", "float[rows]"), in("label", "float?[rows]")}),
  };
}

std::vector<Make> training() {
  return {
      Make(Kind::optimizer, "adamw")
          .params({number("decay", 0, 0, 1e9), number("beta1", 0.9, 0, 1), number("beta2", 0.999, 0, 1),
                   number("eps", 1e-8, 0, 1)})
          .by_default(),
      Make(Kind::optimizer, "sgd").params({number("decay", 0, 0, 1e9), number("momentum", 0, 0, 1)}),
      Make(Kind::schedule, "constant").params({with_unit(whole("warm_up", 0, 0), "steps")}).by_default(),
      Make(Kind::schedule, "cosine").params({with_unit(whole("warm_up", 0, 0), "steps"), number("last", 0, 0, 1)}),
      Make(Kind::schedule, "exponential")
          .params({with_unit(whole("warm_up", 0, 0), "steps"), number("factor", 1, 0, 1e9)}),
  };
}

}  // namespace

std::vector<std::pair<std::string, PluginSchema>> test_plugins() {
  std::vector<std::pair<std::string, PluginSchema>> out;
  for (const auto& group : {readers(), fields(), towers(), middle(), ends(), training()})
    for (const auto& made : group)
      out.push_back({"plugins/" + made.schema.name + ".so", {made.schema.name, "1.0.0", {made.schema}}});
  PluginSchema family{"ranking_losses", "1.0.0", {}};
  family.components.push_back(Make(Kind::loss, "bpr")
                                  .ports({in("better", "float[rows]"), in("worse", "float[rows]"),
                                          PortSchema{"loss", "float[rows]", true, false, false, "", "The loss."}})
                                  .schema);
  out.push_back({"plugins/ranking_losses.so", family});
  for (const auto* folder : {"here", "there"}) {
    PluginSchema twin{
        "twin",
        "1.0.0",
        {Make(Kind::tower, "twin").ports({PortSchema{"vector", "float[rows, 4]", true, false, false, "", ""}}).schema}};
    out.push_back({std::string(folder) + "/twin.so", twin});
  }
  return out;
}

World test_world() {
  World world;
  world.plugins = test_plugins();
  world.refused = {{"old_tower", "built for LibTorch 2.1.0; this is 2.11.0: build it again"}};
  world.exists = [](const std::string& path) { return path.find("absent") == std::string::npos; };
  world.header = [](const std::string& path, const TextForm&) -> std::variant<std::vector<std::string>, std::string> {
    using Names = std::vector<std::string>;
    if (path.find("unreadable") != std::string::npos) return "'" + path + "' is empty";
    if (path.find("users") != std::string::npos) return Names{"user", "gender", "age", "occupation"};
    if (path.find("items") != std::string::npos) return Names{"item", "title", "year", "genres", "plot_omdb"};
    if (path.find("facts") != std::string::npos) return Names{"item", "director"};
    return Names{"user", "item", "rating", "pos", "candidates", "device"};
  };
  return world;
}

}  // namespace braid::recipe
