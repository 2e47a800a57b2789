// The tags of errors that a command raises when the recipe is right: data, files, plugins, run folders, the command
// line.
#include "recipe/keywords/tags.h"

namespace braid::recipe {

namespace {

constexpr TagInfo tags[] = {
    {"axis-cycle", "The entities of two axes reach each other, so neither can be gathered first.",
     "Declare an axis of its own for one of the links.", false, R"toml( [tables.items.links]
 like = "items"
 [nodes.first]
-in.x = "second.vector[items.like]"
+in.x = "second.vector[liked.row]"
+[axes.liked]
+table = "items"
+from = ["items.like"]
)toml"},
    {"axis-own", "A link or list of the batch's own rows leads into their own table.",
     "Give what it reaches an axis of its own.", false, R"toml(-in.target = ["item.vector[items.like]"]
+[axes.liked]
+table = "items"
+from = ["items.like"]
)toml"},
    {"bad-row", "A line of a table's file has another number of cells than its first one, or a quote without end.",
     "Mend the line, or say bad_rows = \"skip\" in the table.", false, R"toml( user	item	rating
-u1	i1
+u1	i1	4
)toml"},
    {"bootstrap",
     "`compare --bootstrap` for runs without score, label or group in [eval], of several scores a row, or of "
     "other rows than each other's.",
     "Say [eval] score, label and group in both recipes, over the same data and split.", false,
     R"toml( [eval]
 score = "rank.logit"
 label = "events.clicked"
+group = "events.user"
)toml"},
    {"card", "A plugin's card cannot be written where --out says.", "Take another folder.", false,
     R"toml(-braid card moon.so --out /proc/moon.json
+braid card moon.so --out moon.json
)toml"},
    {"cell-broken", "A field cannot decode a cell: an image that is none, a number with letters.",
     "Mend the cell, or say bad_rows = \"skip\" in the table to count it as missing.", false, R"toml( item	year
-i7	nineteen
+i7	1995
)toml"},
    {"checkpoint", "A checkpoint is of another version of Braid, or its place in the data is none of this run's.",
     "Go on with the version that wrote it, or start the run again.", false, R"toml(-braid train --resume runs/old
+braid train recipe.toml --out runs/new
)toml"},
    {"column-unknown", "A file of a table lacks a column that another file, or the recipe, has.",
     "Write the column's name as the file does, or add the column.", false, R"toml(-item	titel
+item	title
 i1	Toy Story
)toml"},
    {"command-line", "A command, option or argument that is unknown, missing or of a wrong form.",
     "`braid COMMAND --help` shows what it takes.", false, R"toml(-braid trian recipe.toml --out runs/a
+braid train recipe.toml --out runs/a
)toml"},
    {"content-missing",
     "A field's file, cell or vector is missing: in all rows of its table, which is an error, or in more than the "
     "share "
     "[data] warn_missing of them, which is a warning.",
     "Name files and keys as they are called; where so many are meant to be missing, raise warn_missing.", false,
     R"toml(-poster = { use = "image", media = "posters/{item}.jpg" }
+poster = { use = "image", media = "posters/{item}.png" }
)toml"},
    {"cost", "`check --cost` measures by running steps, and those did not run or cannot be told apart.",
     "Mend what the message says; train needs it as well.", false,
     R"toml(-braid check --cost --no-files recipe.toml
+braid check --cost recipe.toml
)toml"},
    {"data-changed", "The data of a run are not those that it was trained on.",
     "Restore them, or mean it: what is evaluated now may have been learnt from.", true,
     R"toml(-cp tomorrow.csv events.csv
 braid eval runs/a
)toml"},
    {"eval", "`--requests` or `--scores` for a model that answers no requests, or whose rows are read from files.",
     "Serve an output of the ranker in [serve], and evaluate that run.", false, R"toml( [serve]
-outputs = ["click.loss"]
+outputs = ["rank.logit"]
)toml"},
    {"export",
     "A run cannot be exported: nothing to serve, rows that are no events, or --vectors names no output of an "
     "entity table.",
     "Take an output that the message lists.", false, R"toml(-braid export runs/a --vectors rank.logit --out vectors
+braid export runs/a --vectors item.vector --out vectors
)toml"},
    {"export-folder", "A file of an exported folder is missing, damaged or does not fit the others.",
     "Export the run again; copy the folder as a whole.", false, R"toml(-braid score half-copied < requests.jsonl
+braid export runs/a --out model
+braid score model < requests.jsonl
)toml"},
    {"field-failed", "A field cannot be opened or learn from the rows: a vocabulary's file, an image folder.",
     "Mend what the message names.", false,
     R"toml(-text = { use = "wordpiece", from = "title", vocab = "empty.txt" }
+text = { use = "wordpiece", from = "title", vocab = "vocab.txt" }
)toml"},
    {"file", "A file or folder cannot be read, written or moved; the message has the system's reason.",
     "Free the disk, mend the rights, or take another folder.", false,
     R"toml(-braid train recipe.toml --out /full-disk/runs/a
+braid train recipe.toml --out runs/a
)toml"},
    {"file-unreadable", "A table's file cannot be read to its end: damaged gzip, an archive cut short.",
     "Copy or pack the file again.", false, R"toml(-file = "cut-short.tsv.gz"
+file = "events.tsv.gz"
)toml"},
    {"files", "The made world cannot be written.", "Free the disk, or take another folder.", false,
     R"toml(-braid data synth --out /proc/world
+braid data synth --out world
)toml"},
    {"folder", "A folder is neither a run nor an export.", "Name the run itself: one of its seeds, if it has several.",
     false, R"toml(-braid graph runs
+braid graph runs/a
)toml"},
    {"graph", "No table's rows make a batch, so there is nothing to draw.", "Say [train] rows.", false,
     R"toml( [train]
+rows = "ratings"
)toml"},
    {"ids-differ", "Two fields share an embedding table, and their ids mean different values.",
     "Give each a node of its own.", false, R"toml( [nodes.friend]
-same = "user"
+use = "id_embedding"
 in.id = "events.friend"
)toml"},
    {"installation", "Braid's own libraries are not where the program looks for them.",
     "Build or install it again; `braid doctor` says what is there.", false,
     R"toml(-cp build/braid elsewhere/ && elsewhere/braid train recipe.toml --out runs/a
+build/braid train recipe.toml --out runs/a
)toml"},
    {"internal", "Braid or a plugin did what it should not; exit code 2.",
     "It is no mistake of yours: report it with the recipe. A plugin throws braid::Error for what its user can mend.",
     false,
     R"toml(-Moon() { throw std::runtime_error("no moon tonight"); }
+Moon() { throw braid::Error("no moon in phases.txt; fix: add a line"); }
)toml"},
    {"key-collision", "Two keys of a table have the same 64-bit hash.", "Rename one of them.", false,
     R"toml(-i4711	Heat
+i4711b	Heat
)toml"},
    {"key-duplicate", "A key stands in two rows of an entity table.", "Remove one of the rows.", false,
     R"toml( i1	Toy Story
-i1	Toy Story
)toml"},
    {"key-missing", "A row of an entity table has no key.", "Fill the cell, or remove the row.", false,
     R"toml( item	title
-	Heat
+i2	Heat
)toml"},
    {"label-text", "A label's expression gives a text where a number is wanted.", "Compare it, or take another column.",
     false, R"toml( [tables.ratings.labels]
-liked = "device"
+liked = "device == 'phone'"
)toml"},
    {"link-dangling", "Rows point at keys that the other table does not have; they reach the unknown entity.",
     "Add the entities, or leave it: such rows still count.", true, R"toml( item	title
 i1	Toy Story
+i2	Heat
)toml"},
    {"link-unknown", "train_count names no link.", "Name a link of the table.", false,
     R"toml(-rare = "train_count(title) < 50"
+rare = "train_count(item) < 50"
)toml"},
    {"media-unreadable", "A folder or archive of media cannot be read, or lacks a file that a row names.",
     "Mend the path, or add the file.", false, R"toml(-poster = { use = "image", media = "posters.tar.gz:{item}.jpg" }
+poster = { use = "image", media = "posters.tar.gz:posters/{item}.jpg" }
)toml"},
    {"memory", "No memory is left.", "Make [train] batch or [data] cache smaller.", false, R"toml( [train]
-batch = 1000000
+batch = 2048
)toml"},
    {"metric", "A metric's component failed on the rows of a split, or did not take each of them.",
     "The message says why: mostly a metric of probabilities is given something else.", false,
     R"toml( [metrics.calibration]
-in.score = "rank.logit"
+in.score = "rank.probability"
)toml"},
    {"no-guess",
     "`braid new recipe` cannot make a recipe of these files: no label, no links, or a reader's own format.",
     "Give it tables with a line of names on top, or write the recipe by hand.", false,
     R"toml(-braid new recipe users.tsv
+braid new recipe users.tsv items.tsv ratings.tsv
)toml"},
    {"no-rows", "The train split has no rows.", "Look at the table's `keep` and `split`.", false,
     R"toml( [tables.ratings]
-keep = "rating > 5"
+keep = "rating > 3"
)toml"},
    {"no-such-key", "`braid explain` is asked for a value that the recipe does not have.",
     "`braid explain RECIPE` lists all of them.", false, R"toml(-braid explain recipe.toml train.bach
+braid explain recipe.toml train.batch
)toml"},
    {"node",
     "A component failed in a step, changed an input, or left an output unset or of another size than it declares.",
     "The message has the step and the inputs' sizes; `braid conform PLUGIN/COMPONENT` proves the component alone.",
     false,
     R"toml(-f[y] = f[x].sum(0);
+f[y] = f[x].sum(1);
)toml"},
    {"not-finite", "The loss or a gradient is no finite number: nothing is learnt any more.",
     "The message names the node where it appeared; a smaller rate is the first thing to try.", false,
     R"toml( [train]
-optimizer = [{ match = "*", rate = 1e6 }]
+optimizer = [{ match = "*", rate = 1e-3 }]
)toml"},
    {"optimizer",
     "An optimizer or a schedule failed in a step, or a schedule's factor is no finite number of at least 0.",
     "`braid conform NAME` tests the component alone.", false, R"toml( [train]
-optimizer = [{ match = "*", use = "my_optimizer" }]
+optimizer = [{ match = "*" }]
)toml"},
    {"order-missing", "A row has no value in the table's `order` column.", "Fill the cell, or remove the row.", false,
     R"toml( user	item	time
-u1	i1	
+u1	i1	978300760
)toml"},
    {"order-mixed", "An order column has cells of several kinds: numbers, dates, other texts.",
     "Fix the cells that the message names, list their text in `missing`, or say bad_rows = \"skip\" where more than "
     "half "
     "of the cells are of one kind.",
     false, R"toml( time
 1700000000
-unknown
+1700000010
)toml"},
    {"order-text", "An order column has neither numbers nor dates; its texts are ordered by their bytes.",
     "Write numbers, or dates as 2026-09-30.", true, R"toml( time
-Sep 30
+2026-09-30
)toml"},
    {"output",
     "What a command prints cannot be written: the disk is full, or standard output is closed. Exit code 1, whatever "
     "else the command did.",
     "Free the disk, or write elsewhere.", false, R"toml(-braid eval runs/a --json > /full/figures.json
+braid eval runs/a --json > figures.json
)toml"},
    {"output-file", "The picture that `graph --svg` draws cannot be written.", "Name a file in a folder that exists.",
     false, R"toml(-braid graph recipe.toml --svg pictures/none/graph.svg
+braid graph recipe.toml --svg graph.svg
)toml"},
    {"plugin",
     "A plugin's file may not be opened, or failed when it was: it is not whole, was built against another "
     "braid, is called otherwise than its plugin, changed after its card was read, or its code failed.",
     "The message has the values of both sides and the one thing to do, mostly: build it again.", false,
     R"toml(-BRAID_PLUGIN_PATH=built-last-year braid list
+ninja -C out && BRAID_PLUGIN_PATH=out braid list
)toml"},
    {"replay-folder", "A folder holds no node that can be run again, or the component has changed since.",
     "Take the folder that the failing run names, with the plugins of that run.", false,
     R"toml(-braid replay runs/a
+BRAID_PLUGIN_PATH=out braid replay runs/a/replay-120
)toml"},
    {"rows-missing", "Nothing says which table's rows make a batch.", "Say [train] rows.", false, R"toml( [train]
+rows = "ratings"
)toml"},
    {"run-busy", "Another process works in this run folder.", "Wait for it or stop it, or take another folder.", false,
     R"toml(-braid train recipe.toml --out runs/a & braid train recipe.toml --out runs/a
+braid train recipe.toml --out runs/a & braid train recipe.toml --out runs/b
)toml"},
    {"run-changed", "A run is to go on with another recipe, other data or another machine than it began with.",
     "Put back what changed, or say --allow-changes: the bits will differ then.", false,
     R"toml(-braid train --resume runs/a
+braid train --resume runs/a --allow-changes
)toml"},
    {"run-folder", "A folder is no run folder, a file in it is damaged, or the run has not ended.",
     "Name the run, or let it go on: braid train --resume RUN.", false, R"toml(-braid eval runs/stopped
+braid train --resume runs/stopped
+braid eval runs/stopped
)toml"},
    {"serve-list", "A served node reads a list that is drawn for each place of another list: no request can give it.",
     "Serve outputs that do not need it.", false, R"toml( [serve]
-outputs = ["sampled.logit"]
+outputs = ["rank.logit"]
)toml"},
    {"serving", "The recipe is the serving side of an export; nothing in it can be trained.",
     "Train the recipe that the run was made from.", false, R"toml(-braid train model/serve.toml --out runs/b
+braid train recipe.toml --out runs/b
)toml"},
    {"split-empty", "The shares of a split add up to 0.", "Give `train` a share.", false,
     R"toml(-split = { by = "hash(user)", train = 0.2, valid = 0.1 }
+split = { by = "hash(user)", train = 8, valid = 1, test = 1 }
)toml"},
    {"split-missing", "Rows have no whole number to be split by; they train.",
     "Split by a column that every row has, or leave it.", true,
     R"toml(-split = { by = "rank", train = 8, valid = 1, test = 1 }
+split = { by = "hash(rank)", train = 8, valid = 1, test = 1 }
)toml"},
    {"split-unknown", "The data has no split of this name.", "Take one that the message lists.", false,
     R"toml(-braid eval runs/a --split tset
+braid eval runs/a --split test
)toml"},
    {"sweep", "No point of a sweep has its metric from all seeds, or the chosen one cannot be evaluated.",
     "Look at DIR/trial-K/seed-S.log, mend what it tells, and go on: braid sweep --resume DIR.", false,
     R"toml(-braid sweep recipe.toml --out runs/sweep --over train.optimizer.0.rate=1e9
+braid sweep recipe.toml --out runs/sweep --over train.optimizer.0.rate=1e-3,1e-2
)toml"},
    {"table-too-long", "A table has more rows than 2^31.", "Make several tables of it, or keep fewer rows.", false,
     R"toml(-files = ["2019.tsv.gz", "2020.tsv.gz", "2021.tsv.gz"]
+files = ["2021.tsv.gz"]
)toml"},
    {"text-for-number", "An expression meets a text that is no number beside a number.",
     "Compare with a text in quotes, or list the text in `missing`.", false, R"toml( [tables.events.labels]
-clicked = "clicked > 0"
+clicked = "clicked == 'True'"
)toml"},
    {"train-count-early", "train_count stands where it is not yet known which rows train.", "Use it in [slices] only.",
     false, R"toml(-[tables.ratings]
-keep = "train_count(item) > 5"
+[slices]
+known = "train_count(item) > 5"
)toml"},
    {"unseen", "Many rows of a split have an entity that no training row has: ids know nothing of it.",
     "Look whether its key is written otherwise there (12.0 for 12); else mean it: [data] warn_missing.", true,
     R"toml( user,item,clicked
-12.0,7,1
+12,7,1
)toml"},
    {"value-range",
     "A label or a field has a value that a port it is wired to does not take, or that 32-bit floating point does not "
     "hold.",
     "Compare the label, scale the column, or leave such rows out with `keep`.", false, R"toml( [tables.ratings.labels]
-liked = "rating"
+liked = "rating > 3"
)toml"},
    {"weights-file", "A file of weights is damaged, or its weights are not those that the recipe makes.",
     "Take the file of the run that this recipe made; the message has both sizes.", false,
     R"toml(-braid eval runs/a --set nodes.item.dim=32
+braid train recipe.toml --set nodes.item.dim=32 --out runs/b
)toml"},
    {"weights-rows", "It is not known which value each row of a file's embedding table belongs to, or none fits.",
     "Name a file with the values, one a line, row by row.", false, R"toml( [nodes.item.weights]
 file = "published.safetensors"
+keys = { rows = "published_items.txt" }
)toml"},
};

}  // namespace

std::span<const TagInfo> run_tags() { return tags; }

}  // namespace braid::recipe
