// The parameter `encoding` of readers: how a file writes its characters. Cells become UTF-8.
#pragma once

#include "kernels/text/encoding.h"

#include <braid/component.h>

#include <string>

namespace parts {

class Encoding {
 public:
  explicit Encoding(braid::Component& owner)
      : name_{owner,
              "encoding",
              std::string("utf-8"),
              "How the file writes its characters, names of columns too. A cell that is not UTF-8 under \"utf-8\" is a "
              "bad row. \"utf-16\" goes by the byte order mark that the file begins with.",
              {.choices = {braid::text::encoding_names.begin(), braid::text::encoding_names.end()}}} {}

  const std::string& name() const { return name_(); }
  braid::text::Encoding operator()() const { return *braid::text::encoding_named(name_()); }

 private:
  braid::Param<std::string> name_;
};

}  // namespace parts
