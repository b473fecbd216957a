#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/scope/exception_group.hpp>

namespace dwell::inline v0 {

namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

// A nested group's text is a tree already: all that its lines need is the branch before them.
void append_branch(std::string& tree, std::string_view text, bool last) {
  std::string_view lead = last ? "\n`- " : "\n|- ";
  for (;;) {
    const std::size_t end = text.find('\n');
    tree.append(lead).append(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
    lead = last ? "\n   " : "\n|  ";
  }
}

std::string tree_of(std::string_view message, const std::vector<std::exception_ptr>& errors) {
  std::string tree = std::to_string(errors.size());
  tree.append(errors.size() == 1 ? " error " : " errors ").append(message);
  for (const std::exception_ptr& error : errors)
    append_branch(tree, text_of(error), &error == &errors.back());
  return tree;
}

}  // namespace

struct exception_group::parts {
  std::vector<std::exception_ptr> errors;
  std::string tree;
};

exception_group::exception_group(std::string_view message, std::vector<std::exception_ptr> errors) {
  if (errors.empty()) base::panic("exception_group", "it holds no error; throw nothing then");
  auto made = std::make_shared<parts>();
  made->tree = tree_of(message, errors);
  made->errors = std::move(errors);
  parts_ = std::move(made);
}

exception_group::exception_group(const exception_group&) noexcept = default;
exception_group& exception_group::operator=(const exception_group&) noexcept = default;
exception_group::~exception_group() = default;

const std::vector<std::exception_ptr>& exception_group::errors() const noexcept {
  return parts_->errors;
}

const char* exception_group::what() const noexcept { return parts_->tree.c_str(); }

}  // namespace dwell::inline v0
