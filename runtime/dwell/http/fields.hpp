// The header fields of a message, in their order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::http {

/// One field: a name, whose case does not matter, and a value.
struct field {
  std::string name;
  std::string value;
};

/// Fields in the order in which they were added; a name may come several times. Nothing can be in
/// it that would end a line, so no value, wherever it comes from, becomes a field or a message of
/// its own. Searches are linear: messages have few fields. Not thread-safe.
class DWELL_API fields {
 public:
  using const_iterator = std::vector<field>::const_iterator;

  /// Throws std::invalid_argument for a name that is no token and for a value with a control
  /// character in it; std::bad_alloc. Nothing is changed then.
  void add(std::string_view name, std::string_view value);
  /// The same in the place of those that have this name.
  void set(std::string_view name, std::string_view value);
  /// How many there were.
  std::size_t remove(std::string_view name);

  /// The value of the first of that name; valid until a change.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  /// Whether a value of that name, as a list that commas separate, has the word, whose case does
  /// not matter: has_word("Connection", "close").
  [[nodiscard]] bool has_word(std::string_view name, std::string_view word) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] const_iterator begin() const noexcept { return all_.begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return all_.end(); }

 private:
  std::vector<field> all_;
};

}  // namespace dwell::inline v0::http
