#include <algorithm>
#include <optional>

#include <dwell/http/chunked_decoder.hpp>
#include <dwell/http/request_parser.hpp>
#include <dwell/http/status.hpp>
#include <dwell/http/syntax.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::size_t most_digits = 16;  // of 64 bits

// Takes a token or a quoted string off the front; false: there is neither.
bool skip_word(std::string_view& text) {
  std::size_t length = 0;
  if (text.starts_with('"')) {
    length = 1;
    while (length < text.size() && text[length] != '"') length += text[length] == '\\' ? 2 : 1;
    if (length >= text.size()) return false;
    ++length;
  } else {
    length = std::min(text.find_first_of(";="), text.size());
    if (!is_token(text.substr(0, length))) return false;
  }
  text.remove_prefix(length);
  return true;
}

// ";name" and ";name=value", again and again. No spaces, which RFC 9112 has recipients take there
// for the sake of old senders: no client sends any, but who hides a request in framing does.
bool are_extensions(std::string_view text) {
  if (!is_field_value(text)) return false;
  while (!text.empty()) {
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    if (text.starts_with('"') || !skip_word(text)) return false;
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    if (!skip_word(text)) return false;
  }
  return true;
}

}  // namespace

void chunked_decoder::feed(net::const_bytes& input) {
  std::string_view text = net::text_of(input);
  while (left_ == 0 && !is_done()) {
    const int too_long = state_ == state::end_of_data ? 400 : 431;
    const auto line = lines_.next(text, longest_line(), too_long);
    if (!line) break;
    take_line(*line);
  }
  input = input.last(text.size());
}

std::size_t chunked_decoder::longest_line() const noexcept {
  const std::size_t extra = limits_.header_bytes - extra_bytes_;
  switch (state_) {
    case state::size:
      return most_digits + extra;
    case state::trailers:
      return extra;
    case state::end_of_data:
    case state::done:
      break;
  }
  return 0;
}

void chunked_decoder::take_line(std::string_view line) {
  switch (state_) {
    case state::size:
      return take_size(line);
    case state::end_of_data:
      state_ = state::size;
      return;
    case state::trailers:
      return take_trailer(line);
    case state::done:
      return;
  }
}

void chunked_decoder::take_size(std::string_view line) {
  const std::size_t digits = std::min(line.find(';'), line.size());
  const auto size = digits <= most_digits ? parse_number(line.substr(0, digits), 16) : std::nullopt;
  if (!size || !are_extensions(line.substr(digits)))
    throw status_error(400, "the size of a chunk is no number");
  count_extra(line.size() - digits);
  if (*size > limits_.body - body_) throw status_error(413, "the body is too large");
  body_ += *size;
  left_ = *size;
  state_ = *size == 0 ? state::trailers : state::end_of_data;
}

void chunked_decoder::take_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = state::done;
    return;
  }
  (void)split_field(line);
  count_extra(line.size());
  if (++trailers_ > limits_.header_count)
    throw status_error(431, "there are too many fields behind the body");
}

void chunked_decoder::count_extra(std::size_t bytes) {
  if (bytes > limits_.header_bytes - extra_bytes_)
    throw status_error(431, "the extensions of the chunks are too long");
  extra_bytes_ += bytes;
}

}  // namespace dwell::inline v0::http
