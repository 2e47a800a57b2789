// Words of tables, their fields, links, lists and splits, and of axes.
#include "recipe/keywords/language_parts.h"

namespace braid::recipe {

namespace {

using Is = Word::Is;
using I = std::int64_t;
using S = std::string;

Section table() {
  return {
      "table",
      "A table. With `key` each row is one entity; without, a row is an event with links to entities. The reader's "
      "parameters "
      "stand here too.",
      {{.name = "file",
        .is = Is::text,
        .help = "The file that holds the rows; `*` in its last part stands for any characters."},
       {.name = "files", .is = Is::texts, .help = "Several files with the same columns, instead of `file`."},
       {.name = "reader",
        .is = Is::component,
        .kinds = {Kind::reader},
        .help = "The reader of the files. Default: by the file's ending."},
       {.name = "key", .is = Is::text, .help = "The column that names the row: makes this an entity table."},
       {.name = "from",
        .is = Is::text,
        .help = "Instead of `file`: an event table; each different cell of its column `key` is an entity."},
       {.name = "fit",
        .is = Is::choice,
        .fallback = S("train"),
        .choices = {"train", "all"},
        .help = "Entity tables: fields are fitted on the rows that training rows reach, or on all: a closed catalogue, "
                "each of whose items has an id of its own."},
       {.name = "missing", .is = Is::texts, .help = "Cells with one of these texts are missing. Default: empty ones."},
       {.name = "bad_rows",
        .is = Is::choice,
        .fallback = S("error"),
        .choices = {"error", "skip"},
        .help = "Broken rows and cells end the run, or are left out and counted."},
       {.name = "join",
        .is = Is::tables,
        .section = "join",
        .help = "Entity tables: columns of other files are added, { file, key }."},
       {.name = "order",
        .is = Is::text,
        .help = "Event tables: the column that orders the rows. Default: as in the file."},
       {.name = "keep",
        .is = Is::expression,
        .help = "Event tables: rows that count, as \"rating != 3\". Lists see the others too."},
       {.name = "at_least",
        .is = Is::values,
        .help = "Event tables: links, and how many kept rows each of their entities has, as { user = 10, item = 10 }; "
                "rows of others are left out, until all have."},
       {.name = "split",
        .is = Is::table,
        .section = "split",
        .help = "Deals rows into train, valid and test. Without it every row trains."},
       {.name = "fields", .is = Is::named, .section = "field", .help = "Columns and files as tensors."},
       {.name = "links",
        .is = Is::links,
        .section = "link",
        .help = "Event tables: columns that hold keys of entity tables, as user = \"users\"."},
       {.name = "labels", .is = Is::expressions, .help = "One number a row, as liked = \"rating > 3\"."},
       {.name = "lists",
        .is = Is::named,
        .section = "list",
        .help = "Event tables: several entities a row: histories, draws, keys in a cell."},
       {.name = "hold_out",
        .is = Is::named,
        .section = "hold_out",
        .help = "Event tables: entities whose rows form a split of their own and are seen nowhere else."},
       {.name = "permute",
        .is = Is::table,
        .section = "permute",
        .help = "Entity tables: rows take some fields' cells from other rows; the control that shows whether content "
                "helps."}}};
}

Section join() {
  return {"join",
          "Columns of another file, by key. The reader's parameters stand here too.",
          {{.name = "file", .is = Is::text, .required = true, .help = "The file that holds the columns."},
           {.name = "key", .is = Is::text, .help = "Its column of keys. Default: the table's."},
           {.name = "reader",
            .is = Is::component,
            .kinds = {Kind::reader},
            .help = "The reader of the file. Default: by its ending."}}};
}

Section field() {
  return {
      "field",
      "A column, or a file of each row, as tensors.",
      {{.name = "use",
        .is = Is::component,
        .kinds = {Kind::field},
        .required = true,
        .help = "The component that reads the cells."},
       {.name = "from", .is = Is::texts, .help = "The column or columns that it reads. Default: the field's name."},
       {.name = "media",
        .is = Is::text,
        .help =
            "One file a row: \"archive.tar.gz:{item}.jpg\" or \"folder/{item}.jpg\"; `{column}` is the row's cell."},
       {.name = "missing", .is = Is::texts, .help = "Texts that count as missing here, besides the table's."},
       {.name = "names",
        .is = Is::text,
        .help = "\"C{1..26}\": 26 fields of this kind, each from the column of its name."}}};
}

Section link() {
  return {"link",
          "A column that holds keys of an entity table; a text alone is the table.",
          {{.name = "table", .is = Is::text, .required = true, .help = "The entity table."},
           {.name = "column", .is = Is::text, .help = "The column of keys. Default: the link's name."}}};
}

Section history() {
  return {
      "history",
      "Entities of earlier rows with the same entity, oldest first.",
      {{.name = "last",
        .is = Is::whole,
        .low = 1,
        .high = most_places,
        .required = true,
        .help = "At most so many, the latest."},
       {.name = "of", .is = Is::text, .required = true, .help = "The link whose entity is listed: \"item\"."},
       {.name = "by", .is = Is::text, .required = true, .help = "The link whose history it is: \"user\"."},
       {.name = "where", .is = Is::expression, .help = "Events that count, as \"rating > 3\"."},
       {.name = "visible",
        .is = Is::choice,
        .choices = {"train", "earlier", "all"},
        .help =
            "Rows of which splits may stand in it; \"earlier\": training rows, in the lists of test rows valid ones "
            "too. Default: \"all\" under splits by time and leave_last, else \"train\"."},
       {.name = "when",
        .is = Is::choice,
        .fallback = S("before"),
        .choices = {"before", "always"},
        .help = "\"always\": all events of the key, later ones and the row itself too. To leave seen entities out of a "
                "ranking; learning from it would look ahead."}}};
}

Section draw() {
  return {
      "draw",
      "Entities that are drawn for each row, with replacement: negatives.",
      {{.name = "draw", .is = Is::whole, .low = 1, .high = most_places, .required = true, .help = "How many a row."},
       {.name = "of", .is = Is::text, .required = true, .help = "The table that is drawn from."},
       {.name = "by",
        .is = Is::choice,
        .fallback = S("uniform"),
        .choices = {"uniform", "popularity"},
        .help = "Each entity alike, or by how many training rows reach it."},
       {.name = "exclude",
        .is = Is::choice,
        .choices = {"seen"},
        .help = "Leaves out what the row reaches, and what training rows of the same key reach."},
       {.name = "per", .is = Is::text, .help = "A list above this one: draws for each of its places."}}};
}

Section column() {
  return {"column",
          "Keys that stand in a cell.",
          {{.name = "column",
            .is = Is::text,
            .required = true,
            .help = "The column, or one of a linked entity: \"user.candidates\"."},
           {.name = "of", .is = Is::text, .required = true, .help = "The table whose keys they are."},
           {.name = "separator", .is = Is::text, .fallback = S(" "), .help = "Stands between the keys."},
           {.name = "last",
            .is = Is::whole,
            .fallback = I{0},
            .low = 0,
            .high = most_places,
            .help = "At most so many, the last ones; 0: all."}}};
}

Section after() {
  return {"after",
          "What came next after each place of a history; after the last one, the row's own.",
          {{.name = "after",
            .is = Is::text,
            .required = true,
            .help = "The history, a list above this one. Both have the same places."}}};
}

std::vector<Word> shares(Is is) {
  std::vector<Word> out;
  for (const auto& [part, does] : {std::pair{"train", "train"}, {"valid", "validate"}, {"test", "test"}})
    out.push_back(
        {.name = part, .is = is, .low = 0, .high = most_counted, .help = S("The share of rows that ") + does + "."});
  return out;
}

Section split(S name, S help, std::vector<Word> more) {
  Section out{std::move(name),
              std::move(help),
              {{.name = "by",
                .is = Is::text,
                .required = true,
                .help = "\"hash(user, item)\" over any columns, \"time\" (shares in the order of `order`) or "
                        "\"leave_last\" (the last rows "
                        "of each key)."}}};
  out.words.insert(out.words.end(), more.begin(), more.end());
  return out;
}

Section hash_split() {
  std::vector<Word> words{
      {.name = "per", .is = Is::text, .help = "A link: the rows of each of its entities are dealt out by the shares."}};
  for (auto& word : shares(Is::whole)) words.push_back(std::move(word));
  return split("hash_split", "By a hash of the row's keys.", std::move(words));
}
Section time_split() {
  return split("time_split", "By time: shares of the rows in the order of `order`.", shares(Is::number));
}
Section leave_last_split() {
  return split("leave_last_split", "The last rows of each key test, those before them validate.",
               {{.name = "key", .is = Is::text, .required = true, .help = "The link whose last rows are left out."},
                {.name = "rows",
                 .is = Is::whole,
                 .fallback = I{1},
                 .low = 1,
                 .high = most_counted,
                 .help = "So many rows of each key test, and as many before them validate."}});
}

Section hold_out() {
  return {
      "hold_out",
      "A split of rows whose entities are seen nowhere else.",
      {{.name = "link", .is = Is::text, .required = true, .help = "The link through which the entities are reached."},
       {.name = "where",
        .is = Is::expression,
        .required = true,
        .help = "Which entities, over their own columns: \"hash(1, item) % 10 == 0\"."}}};
}

Section permute() {
  return {"permute",
          "Rows take these fields' cells from other rows.",
          {{.name = "fields", .is = Is::texts, .required = true, .help = "The fields that are moved."},
           {.name = "by",
            .is = Is::expression,
            .required = true,
            .help = "Each row takes the cells of the next one in ascending order of this, the last of the first."},
           {.name = "on",
            .is = Is::boolean,
            .fallback = true,
            .help = "false switches it off, so that an arm can switch it on."}}};
}

Section axis() {
  return {"axis",
          "A set of a table's rows in each batch.",
          {{.name = "table", .is = Is::text, .required = true, .help = "The table whose rows it holds."},
           {.name = "from",
            .is = Is::texts,
            .help = "Links and lists, \"ratings.item\": the rows that come through these alone."},
           {.name = "whole",
            .is = Is::boolean,
            .fallback = false,
            .help = "Every row of an entity table, or every training row of the event table, in every step."}}};
}

}  // namespace

std::vector<Section> words_of_tables() {
  return {table(),   join(),  field(),      link(),       history(),          draw(),
          column(),  after(), hash_split(), time_split(), leave_last_split(), hold_out(),
          permute(), axis()};
}

}  // namespace braid::recipe
