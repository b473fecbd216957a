#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/net/byte_buffer.hpp>

namespace dwell::inline v0::net {

// ---- byte_buffer ----

byte_buffer::byte_buffer(std::size_t capacity) : capacity_(capacity) {
  if (capacity == 0)
    base::panic("net::byte_buffer", "a capacity of 0 bytes holds nothing; give at least 1");
}

void byte_buffer::consume(std::size_t count) noexcept {
  if (count > size())
    base::panic("consume", "more bytes than there are; peek() says how many that is");
  first_ += count;
  if (empty()) first_ = last_ = 0;
}

std::size_t byte_buffer::take(bytes to) noexcept {
  const std::size_t count = std::min(to.size(), size());
  std::copy_n(storage_.get() + first_, count, to.data());
  consume(count);
  return count;
}

bytes byte_buffer::room() {
  if (empty() && storage_size_ > capacity_) {
    storage_.reset();
    storage_size_ = 0;
  }
  make_room(std::max<std::size_t>(1, capacity_ / 2));
  return {storage_.get() + last_, storage_size_ - last_};
}

void byte_buffer::commit(std::size_t count) noexcept {
  if (count > storage_size_ - last_)
    base::panic("net::byte_buffer", "the stream says that it read more than there was room for");
  last_ += count;
}

std::size_t byte_buffer::append(const_bytes from) {
  const std::size_t count = std::min(from.size(), capacity_ - std::min(capacity_, size()));
  make_room(count);
  std::copy_n(from.data(), count, storage_.get() + last_);
  last_ += count;
  return count;
}

void byte_buffer::make_room(std::size_t at_least) {
  if (storage_size_ - last_ >= at_least) return;
  const std::size_t left = size();
  if (storage_size_ - left >= at_least) {
    std::memmove(storage_.get(), storage_.get() + first_, left);
  } else {
    const std::size_t wanted = std::max({capacity_, 2 * storage_size_, left + at_least});
    auto grown = std::make_unique_for_overwrite<std::byte[]>(wanted);
    std::copy_n(storage_.get() + first_, left, grown.get());
    storage_ = std::move(grown);
    storage_size_ = wanted;
  }
  first_ = 0;
  last_ = left;
}

// ---- Delimiters ----

delimiter_search::delimiter_search(std::string_view delimiter, std::size_t limit, std::size_t slack)
    : delimiter_(delimiter), limit_(limit), most_(limit + std::min(slack, SIZE_MAX - limit)) {
  if (delimiter.empty())
    base::panic("read_until", "an empty delimiter ends nothing; give at least one byte");
}

std::optional<found_end> delimiter_search::in(const_bytes buffered) {
  const std::size_t at = text_of(buffered).find(delimiter_, searched_);
  if (at != std::string_view::npos) {
    if (at > most_) throw too_long(limit_);
    return found_end{.length = at, .with_ending = at + delimiter_.size()};
  }
  // One that has come in part may begin in the last bytes.
  const std::size_t part = std::min(delimiter_.size() - 1, buffered.size());
  searched_ = std::max(searched_, buffered.size() - part);
  if (searched_ > most_) throw too_long(limit_);
  return std::nullopt;
}

// A carriage return belongs to the ending, and may stand beyond the limit.
line_search::line_search(std::size_t limit) : limit_(limit), newline_("\n", limit, 1) {}

std::optional<found_end> line_search::in(const_bytes buffered) {
  std::optional<found_end> line = newline_.in(buffered);
  if (!line) return std::nullopt;
  if (line->length > 0 && buffered[line->length - 1] == std::byte{'\r'}) --line->length;
  if (line->length > limit_) throw too_long(limit_);
  return line;
}

void throw_ended_within(std::size_t count, const char* what) {
  throw unexpected_end("the stream ended after " + std::to_string(count) + " bytes of " + what);
}

}  // namespace dwell::inline v0::net
