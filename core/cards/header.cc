#include "cards/header.h"

#include "kernels/text/records.h"

#include <stdexcept>

namespace braid::cards {

std::variant<std::vector<std::string>, std::string> first_record(const std::string& path,
                                                                 const recipe::TextForm& form) {
  using Error = std::runtime_error;
  try {
    text::Records<Error> records(path, text::form_of<Error>(path, form.separator, form.quote, form.encoding));
    return form.named ? std::vector<std::string>() : records.names();
  } catch (const Error& e) {
    return std::string(e.what());
  }
}

}  // namespace braid::cards
