// exception_group: the errors of several tasks as one exception.
//
// what() is a tree, because groups nest: each error is a branch, and a nested group brings its own
// tree along. It is made once, when the group is: what() must not throw, and an exception is copied
// more often than printed. The parts are shared, since copying an exception must not throw either.
//
//   2 errors in a task group
//   |- disk full
//   `- 2 errors in a task group
//      |- connection refused
//      `- no such host
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/base/export.hpp>

namespace dwell::inline v0 {

/// One or more errors that belong together, thrown by with_task_group(). Copies share what they
/// hold; reading it is thread-safe.
class DWELL_API exception_group : public std::exception {
 public:
  /// `message` says where they come from: "in a task group". No error may be null, and there is at
  /// least one. Throws std::bad_alloc.
  exception_group(std::string_view message, std::vector<std::exception_ptr> errors);
  exception_group(const exception_group&) noexcept;
  exception_group& operator=(const exception_group&) noexcept;
  ~exception_group() override;

  /// The errors in the order in which they came; a nested group is one of them.
  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept;
  /// The number of errors, the message, and below them the errors as a tree.
  [[nodiscard]] const char* what() const noexcept override;

 private:
  struct parts;
  std::shared_ptr<const parts> parts_;
};

}  // namespace dwell::inline v0
