// For this folder's tests: files in a folder that goes away, a plain reader and fields of known behaviour, plans by
// hand.
#pragma once

#include "data/source.h"
#include "tests/toys/ids.h"

#include <map>
#include <string>
#include <vector>

namespace braid::data::testing {

using namespace recipe::testing;

class Folder {
 public:
  Folder();
  ~Folder();
  std::string write(const std::string& name, const std::string& text) const;  // gives the path
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// "tsv": tab-separated, plain or gzip'd; the first line names the columns; a line of another width is a bad record.
recipe::Use reader();
// "words": id(n)[rows, words*], at most 4 words of a cell, by spaces; ids in the order of fitting; an empty cell has no
// words and is present, a missing one is absent; while training each id reads 0 half of the time.
// "number": float?[rows, two], the number and its double; a missing cell is absent, other texts throw.
// "length": int?[rows], bytes of a media file; absent without one; a file that says "broken" throws.
recipe::Use field(const std::string& component);
Makers makers();

recipe::Expression expression(const std::string& text);
recipe::FieldPlan field_plan(const std::string& name, const std::string& component, std::vector<std::string> from,
                             const std::string& media = "");

// Wires for the plan's first node, one port each.
recipe::Wire wire(recipe::AxisId axis);
void read_field(recipe::Plan& plan, recipe::AxisId axis, recipe::FieldId field);
void read_label(recipe::Plan& plan, recipe::AxisId axis, recipe::LabelId label);
void read_link(recipe::Plan& plan, recipe::AxisId axis, recipe::LinkId link);  // as a value
// x of `axis` gathered through a link or a list of `table`, on the table's own axis.
void through_link(recipe::Plan& plan, recipe::AxisId axis, recipe::TableId table, recipe::LinkId link);
void through_list(recipe::Plan& plan, recipe::AxisId axis, recipe::TableId table, recipe::ListId list);
void through_rows(recipe::Plan& plan, recipe::AxisId axis, recipe::AxisId of_axis);

// Every table's own axis; to be called once all tables are there.
void own_axes(recipe::Plan& plan);

template <class T>
std::vector<T> values(const Array& array) {
  return std::vector<T>(array.as<T>(), array.as<T>() + array.count());
}

// All of a batch's bytes as text, for comparing.
std::string bytes_of(const Batch& batch);

// The message of the Error that `act` throws; "nothing was thrown" otherwise.
template <class Act>
std::string message_of(const Act& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace braid::data::testing
