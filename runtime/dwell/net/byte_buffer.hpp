// What buffered_reader and buffered_writer keep, and how a delimiter is found in it.
//
//   storage:  │ used up │ peek(): what is there │ room(): what comes next │
//                       ▲ first_                ▲ last_
//
// Contiguous and not a ring: parsers want to see a line in one piece. What is left of it is moved
// to the front only when less than half a capacity is free behind it, so that moving stays cheaper
// than reading.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

/// Bytes in a row: appended at the end, taken from the front. Not thread-safe.
class DWELL_API byte_buffer {
 public:
  /// At least 1, or the program stops. Allocates at the first use.
  explicit byte_buffer(std::size_t capacity);

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t size() const noexcept { return last_ - first_; }
  [[nodiscard]] bool empty() const noexcept { return first_ == last_; }

  /// Valid until something is appended or taken.
  [[nodiscard]] const_bytes peek() const noexcept { return {storage_.get() + first_, size()}; }
  /// Drops `count` bytes from the front; more than there are stop the program.
  void consume(std::size_t count) noexcept;
  /// Moves as much as there is, and fits, to `to`: gives how much.
  [[nodiscard]] std::size_t take(bytes to) noexcept;

  /// Where to write what comes next, at least half a capacity; grows when it must, and is back at
  /// its capacity once it is empty. Then commit(): how much was written. Throws std::bad_alloc.
  [[nodiscard]] bytes room();
  void commit(std::size_t count) noexcept;
  /// Appends what fits into the capacity: gives how much. Throws std::bad_alloc.
  [[nodiscard]] std::size_t append(const_bytes from);

 private:
  void make_room(std::size_t at_least);

  std::size_t capacity_;
  std::unique_ptr<std::byte[]> storage_;
  std::size_t storage_size_ = 0;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

/// Where a search found an end.
struct found_end {
  std::size_t length;       ///< of what stands before it
  std::size_t with_ending;  ///< of all of it
};

/// Looks for a delimiter in bytes that become more: no byte is looked at twice.
class DWELL_API delimiter_search {
 public:
  /// At most `limit` bytes, and `slack` that too_long does not tell of, may stand before the
  /// delimiter, which must outlive the search; an empty one stops the program.
  delimiter_search(std::string_view delimiter, std::size_t limit, std::size_t slack = 0);

  /// Empty when the delimiter is yet to come. `buffered` begins with what it began with in the last
  /// call. Throws too_long.
  [[nodiscard]] std::optional<found_end> in(const_bytes buffered);

 private:
  std::string_view delimiter_;
  std::size_t limit_;
  std::size_t most_;          // limit and slack
  std::size_t searched_ = 0;  // no delimiter begins before
};

/// The same for lines: what stands before "\n" or "\r\n".
class DWELL_API line_search {
 public:
  explicit line_search(std::size_t limit);

  /// As delimiter_search::in().
  [[nodiscard]] std::optional<found_end> in(const_bytes buffered);

 private:
  std::size_t limit_;
  delimiter_search newline_;
};

/// Throws unexpected_end: the stream ended after `count` bytes of `what`.
[[noreturn]] DWELL_API void throw_ended_within(std::size_t count, const char* what);

}  // namespace dwell::inline v0::net
