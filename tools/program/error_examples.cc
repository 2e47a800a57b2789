// One example a tag: what it looks like, and its fix. Parts over tests/errors/good/base.toml, which a recipe may
// include.
#include "error_examples.h"

namespace braid {

namespace {

struct Example {
  std::string_view tag, change;
};

constexpr Example examples[] = {
    {"accumulate-differs", R"toml( [axes.targets]
 table = "items"
 from = ["ratings.item"]
 [nodes.again]
 same = "item"
 in.id = "targets.id"
 [nodes.align]
 use = "content_id_contrast"
 in = { content = "again.vector", id = "again.vector" }
 [train]
-accumulate = 4
)toml"},
    {"axis-not-covering", R"toml( [axes.targets]
 table = "items"
-from = ["ratings.item"]
+from = ["ratings.item", "ratings.history"]
 [nodes.recent]
 use = "id_embedding"
 in.id = "targets.id"
 [nodes.rank]
 in.history = ["recent.vector[ratings.history]"]
)toml"},
    {"bad-amount", R"toml( [train]
-batch = "2 kB"
+batch = "2k"
)toml"},
    {"bad-choice", R"toml( [train]
-keep = "bast"
+keep = "best"
)toml"},
    {"bad-copy", R"toml( [nodes.slow]
 copy = "item"
 every = 100
-dim = 32
 in.id = "items.id"
 [nodes.rank]
 in.target = ["item.vector[ratings.item]", "slow.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"bad-expression", R"toml( [tables.ratings.labels]
-liked = "rating => 3"
+liked = "rating >= 3"
)toml"},
    {"bad-header", R"toml( [tables.users]
-file = "data/users.unreadable.tsv.gz"
+file = "data/users.tsv.gz"
)toml"},
    {"bad-list", R"toml( [tables.ratings.lists]
+recent = { last = 20, of = "item", by = "user" }
 drawn = { draw = 4, of = "items" }
-next = { after = "drawn" }
+next = { after = "recent" }
 [nodes.rank]
 in.history = ["item.vector[ratings.next]", "words.vector[ratings.next]"]
)toml"},
    {"bad-media", R"toml( [tables.items.fields]
-poster = { use = "image", media = "data/posters.tar.gz:poster.jpg" }
+poster = { use = "image", media = "data/posters.tar.gz:{item}.jpg" }
 [nodes.pixels]
 use = "patch_transformer"
 in.image = "items.poster"
 [nodes.rank]
 in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]", "pixels.vector[ratings.item]"]
)toml"},
    {"bad-name", R"toml(-[metrics."by user"]
+[metrics.by_user]
 use = "grouped_auc"
)toml"},
    {"bad-run", R"toml( [tables.items]
-columns = ["item", "title", "plot_omdb"]
+columns = ["item", "title", "plot_omdb", "plot"]
 [nodes.teacher]
 run = "runs/columns"
 [nodes.learn]
 use = "soft_label"
 in = { student = "rank.logit", teacher = "teacher.rank.logit" }
)toml"},
    {"bad-same", R"toml( [axes.targets]
 table = "items"
 from = ["ratings.item"]
 [nodes.again]
 same = "item"
-dim = 32
 in.id = "targets.id"
 [nodes.rank]
 in.target = ["again.vector[ratings.item]", "words.vector[ratings.item]", "item.vector[ratings.item]"]
)toml"},
    {"bad-serve", R"toml( [nodes.rank]
-serve = "ahead"
+serve = "request"
)toml"},
    {"bad-set", R"toml(-# --set nodes.rank.hidden
+# --set nodes.rank.hidden=[64, 32]
)toml"},
    {"bad-split", R"toml( [tables.ratings]
-split = { by = "times", train = 8, valid = 1, test = 1 }
+split = { by = "time", train = 8, valid = 1, test = 1 }
)toml"},
    {"bad-wire", R"toml( [nodes.rank]
-in.history = ["item.vector ratings.history"]
+in.history = ["item.vector[ratings.history]"]
)toml"},
    {"columns-differ", R"toml( [tables.clicks]
-files = ["data/clicks.tsv", "data/users.tsv"]
+files = ["data/clicks.tsv", "data/more_clicks.tsv"]
 [train]
 rows = "ratings"
)toml"},
    {"cycle", R"toml( [nodes.first]
 use = "dense"
-in.x = "second.vector"
+in.x = "words.vector"
 [nodes.second]
 use = "dense"
 in.x = "first.vector"
 [nodes.rank]
 in.target = ["second.vector[ratings.item]", "item.vector[ratings.item]"]
)toml"},
    {"entity-only", R"toml(-[tables.ratings]
+[tables.items]
 permute = { fields = ["text"], by = "hash(1, item)" }
)toml"},
    {"event-only", R"toml(-[tables.items]
+[tables.ratings]
-keep = "year > 1990"
+keep = "item.year > 1990"
)toml"},
    {"include-cycle", R"toml(-include = ["good/base.toml", "example.toml"]
+include = ["good/base.toml"]
)toml"},
    {"language-version", R"toml(-braid = 2
+braid = 1
)toml"},
    {"link-to-event", R"toml( [tables.ratings.links]
-before = { table = "ratings", column = "pos" }
+before = { table = "items", column = "item" }
)toml"},
    {"loss-reaches-nothing", R"toml( [nodes.near]
 use = "similarity"
-in.a = { from = "item.vector[ratings.item]", stop = true }
+in.a = "item.vector[ratings.item]"
 in.b = { from = "item.vector[ratings.item]", stop = true }
 [nodes.second]
 use = "binary_cross_entropy"
 in = { logit = "near.score", label = "ratings.liked" }
)toml"},
    {"mask-left", R"toml( [nodes.near]
 use = "similarity"
-in.a = "words.vector[ratings.item]"
+in.a = "pooled.vector[ratings.item]"
 in.b = "item.vector[ratings.item]"
+[nodes.pooled]
+use = "mean_pool"
+in.tokens = "words.tokens"
 [nodes.second]
 use = "binary_cross_entropy"
 in = { logit = "near.score", label = "ratings.liked" }
)toml"},
    {"missing-file", R"toml( [tables.users]
-file = "data/absent.tsv.gz"
+file = "data/users.tsv.gz"
)toml"},
    {"missing-input", R"toml( [nodes.near]
 use = "similarity"
 in.a = "item.vector[ratings.item]"
+in.b = "user_vector.vector[ratings.user]"
+[nodes.user_vector]
+use = "id_embedding"
+in.id = "users.id"
 [nodes.second]
 use = "binary_cross_entropy"
 in = { logit = "near.score", label = "ratings.liked" }
)toml"},
    {"missing-key", R"toml( [tables.ratings.lists]
-recent = { last = 5, of = "item" }
+recent = { last = 5, of = "item", by = "user" }
)toml"},
    {"missing-param", R"toml( [tables.items.fields]
-plot = { use = "wordpiece", from = "plot_omdb" }
+plot = { use = "wordpiece", from = "plot_omdb", vocab = "data/vocab.txt.gz" }
 [nodes.plot]
 use = "text_transformer"
 in.tokens = "items.plot"
 [nodes.rank]
 in.target = ["plot.vector[ratings.item]", "words.vector[ratings.item]", "item.vector[ratings.item]"]
)toml"},
    {"name-clash", R"toml(-[nodes.users]
+[nodes.user_vector]
 use = "id_embedding"
 in.id = "users.id"
 [nodes.rank]
-in.other = ["users.vector[ratings.user]", "user.vector[ratings.user]"]
+in.other = ["user_vector.vector[ratings.user]", "user.vector[ratings.user]"]
)toml"},
    {"no-loss", R"toml( braid = 1
 [tables.clicks]
 file = "data/clicks.tsv"
 [tables.clicks.fields]
 device = { use = "vocabulary" }
 [tables.clicks.labels]
 liked = "rating > 3"
 [nodes.device]
 use = "id_embedding"
 in.id = "clicks.device"
 [nodes.rank]
 use = "mlp"
 in.inputs = ["device.vector"]
 [train]
 epochs = 2
 [serve]
 outputs = ["rank.logit"]
+[nodes.click]
+use = "binary_cross_entropy"
+in = { logit = "rank.logit", label = "clicks.liked" }
)toml"},
    {"no-reader", R"toml( [tables.users]
-file = "data/users.parquet"
+file = "data/users.tsv"
)toml"},
    {"no-validation", R"toml( [tables.ratings]
-split = { by = "hash(user)", train = 9, valid = 0, test = 1 }
+split = { by = "hash(user)", train = 8, valid = 1, test = 1 }
 [train]
 patience = 3
)toml"},
    {"not-served", R"toml( [serve]
-outputs = ["click.loss"]
+outputs = ["rank.logit"]
)toml"},
    {"not-yet", R"toml( [train]
-test_then_train = true
 epochs = 2
)toml"},
    {"other-rows", R"toml( [tables.clicks]
 file = "data/clicks.tsv"
 [tables.clicks.labels]
 used = "device == 'phone'"
 [nodes.click]
-in.label = "clicks.used"
+in.label = "ratings.liked"
 [train]
 rows = "ratings"
)toml"},
    {"out-of-range", R"toml( [nodes.words]
-dropout = 1.5
+dropout = 0.15
)toml"},
    {"plugin-clash", R"toml( [nodes.words]
-use = "twin"
+use = "text_transformer"
)toml"},
    {"plugin-refused", R"toml( [nodes.item]
-use = "old_tower"
+use = "id_embedding"
)toml"},
    {"requirement", R"toml( [nodes.words]
-heads = 5
+heads = 8
)toml"},
    {"size-conflict", R"toml( [nodes.item]
-dim = 32
+dim = 64
 [nodes.both]
 use = "sum"
 in.inputs = ["item.vector", "words.vector"]
 [nodes.rank]
 in.target = ["both.vector[ratings.item]"]
)toml"},
    {"toml-syntax", R"toml(-[train
+[train]
 epochs = 2
)toml"},
    {"too-large", R"toml( spare = ["ratings.*"]
 [tables.ratings.fields]
-c = { use = "vocabulary", names = "C{1..100000}" }
+rating = { use = "vocabulary" }
)toml"},
    {"too-many-wires", R"toml( [nodes.item]
-in.id = ["items.id", "items.text"]
+in.id = "items.id"
)toml"},
    {"unknown-axis", R"toml( [nodes.rank]
-in.target = ["item.vector[rating.item]", "words.vector[ratings.item]"]
+in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"unknown-column", R"toml( [tables.ratings]
-order = "time"
+order = "pos"
)toml"},
    {"unknown-component", R"toml( [nodes.rank]
-use = "dinn"
+use = "din"
)toml"},
    {"unknown-field", R"toml( [nodes.user]
-in.features = ["users.id", "users.age", "users.gender"]
+in.features = ["users.id", "users.age"]
)toml"},
    {"unknown-input", R"toml( [nodes.rank]
-in.histroy = ["item.vector[ratings.history]"]
+in.history = ["item.vector[ratings.history]"]
)toml"},
    {"unknown-key", R"toml( [train]
-epoch = 3
+epochs = 3
)toml"},
    {"unknown-link", R"toml( [tables.ratings.lists]
-history = { last = 20, of = "items", by = "user" }
+history = { last = 20, of = "item", by = "user" }
)toml"},
    {"unknown-list", R"toml( [tables.ratings.lists]
-negatives = { draw = 4, of = "items", per = "histories" }
+negatives = { draw = 4, of = "items", per = "history" }
)toml"},
    {"unknown-metric", R"toml( [train]
-best = "acu"
+best = "auc"
)toml"},
    {"unknown-node", R"toml( [nodes.rank]
-in.target = ["itm.vector[ratings.item]", "words.vector[ratings.item]"]
+in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"unknown-output", R"toml( [nodes.click]
-in.logit = "rank.logits"
+in.logit = "rank.logit"
)toml"},
    {"unknown-split", R"toml( [eval]
-splits = ["test", "cold"]
+splits = ["test", "valid"]
)toml"},
    {"unknown-table", R"toml( [tables.ratings.links]
-item = "item"
+item = "items"
)toml"},
    {"unknown-var", R"toml( [tables.users]
-file = "${dta}/users.tsv.gz"
+file = "${data}/users.tsv.gz"
)toml"},
    {"untrained-node", R"toml( [nodes.extra]
 use = "id_embedding"
 in.id = "users.id"
+frozen = true
 [serve]
 outputs = ["extra.vector[ratings.user]"]
)toml"},
    {"unused-axis", R"toml( [axes.targets]
 table = "items"
 from = ["ratings.item"]
+[nodes.again]
+same = "item"
+in.id = "targets.id"
+[nodes.rank]
+in.target = ["again.vector[ratings.item]", "words.vector[ratings.item]", "item.vector[ratings.item]"]
)toml"},
    {"unused-field", R"toml( [tables.items.fields]
 year = { use = "vocabulary" }
+[nodes.year]
+use = "id_embedding"
+in.id = "items.year"
+[nodes.rank]
+in.target = ["year.vector[ratings.item]", "words.vector[ratings.item]", "item.vector[ratings.item]"]
)toml"},
    {"unused-group", R"toml( [train]
-optimizer = [{ match = "wrods.*", rate = 1e-4 }, { match = "*", rate = 1e-3 }]
+optimizer = [{ match = "words.*", rate = 1e-4 }, { match = "*", rate = 1e-3 }]
)toml"},
    {"unused-node", R"toml( [nodes.pooled]
 use = "mean_pool"
 in.tokens = "words.tokens"
+[nodes.rank]
+in.target = ["pooled.vector[ratings.item]", "item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"weight-in-no-group", R"toml( [train]
-optimizer = [{ match = "words.*", rate = 1e-4 }]
+optimizer = [{ match = "words.*", rate = 1e-4 }, { match = "*", rate = 1e-3 }]
)toml"},
    {"wrong-axis", R"toml( [nodes.rank]
-in.target = ["item.vector", "words.vector[ratings.item]"]
+in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"wrong-dtype", R"toml( [nodes.rank]
-in.target = ["items.id[ratings.item]", "words.vector[ratings.item]"]
+in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"wrong-kind", R"toml( [metrics.auc]
-use = "din"
+use = "auc"
)toml"},
    {"wrong-rank", R"toml( [nodes.rank]
-in.history = ["item.vector[ratings.item]"]
+in.history = ["item.vector[ratings.history]"]
)toml"},
    {"wrong-table", R"toml( [nodes.rank]
-in.target = ["item.vector[ratings.user]", "words.vector[ratings.item]"]
+in.target = ["item.vector[ratings.item]", "words.vector[ratings.item]"]
)toml"},
    {"wrong-type", R"toml( [nodes.words]
-layers = "two"
+layers = 2
)toml"},
};

}  // namespace

std::string_view example_of(std::string_view tag) {
  for (const auto& e : examples)
    if (e.tag == tag) return e.change;
  return "";
}

std::string side_of(std::string_view change, char side) {
  std::string out;
  while (!change.empty()) {
    const auto end = change.find('\n');
    const auto line = change.substr(0, end == change.npos ? end : end + 1);
    if (line[0] == ' ' || line[0] == side) out += line.substr(1);
    change.remove_prefix(line.size());
  }
  return out;
}

}  // namespace braid
