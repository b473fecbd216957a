#include <algorithm>
#include <utility>

#include <dwell/http/sse.hpp>
#include <dwell/http/utf8.hpp>

namespace dwell::inline v0::http::sse {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// A wait that is longer, in nanoseconds as sleep_for() has it, would wrap.
constexpr milliseconds longest_retry = std::chrono::duration_cast<milliseconds>(nanoseconds::max());

constexpr bool ends_line(char c) { return c == '\n' || c == '\r'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t length_of_line(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if(text, ends_line) - text.begin());
}

}  // namespace

event_too_large::event_too_large(std::size_t limit)
    : std::runtime_error("an event is larger than the " + std::to_string(limit) +
                         " bytes that the limit allows") {}
event_too_large::~event_too_large() = default;

parser::parser(std::size_t limit, std::string_view last_event_id)
    : limit_(limit), id_(last_event_id), last_id_(last_event_id) {}

void parser::restart() {
  id_ = last_id_;
  state_ = state::mark;
  mark_ = 0;
  lf_is_owed_ = false;
  dispatched_ = false;
  line_.clear();
  data_.clear();
  type_.clear();
}

// ---- Lines ----

const event* parser::next(net::const_bytes& input) {
  if (state_ == state::failed) throw event_too_large(limit_);
  forget_dispatched();
  std::string_view text = net::text_of(input);
  bool complete = false;
  while (!text.empty() && !complete) {
    if (std::exchange(lf_is_owed_, false) && text.front() == '\n')
      text.remove_prefix(1);
    else if (state_ == state::mark)
      skip_mark(text);
    else if (state_ == state::comment)
      skip_comment(text);
    else
      complete = take_line(text);
  }
  input = input.last(text.size());
  return complete ? &event_ : nullptr;
}

void parser::skip_mark(std::string_view& text) {
  while (mark_ < byte_order_mark.size() && text.starts_with(byte_order_mark[mark_])) {
    text.remove_prefix(1);
    ++mark_;
  }
  if (mark_ < byte_order_mark.size()) {
    if (text.empty()) return;
    line_ = byte_order_mark.substr(0, mark_);  // it was none
  }
  state_ = state::line;
}

void parser::skip_comment(std::string_view& text) {
  text.remove_prefix(length_of_line(text));
  if (text.empty()) return;
  take_end(text);
  state_ = state::line;
}

bool parser::take_line(std::string_view& text) {
  if (line_.empty() && text.front() == ':') {
    state_ = state::comment;
    return false;
  }
  const std::string_view part = text.substr(0, length_of_line(text));
  check_size(line_.size() + part.size());
  const bool in_pieces = !line_.empty() || part.size() == text.size();
  if (in_pieces) line_ += part;
  text.remove_prefix(part.size());
  if (text.empty()) return false;
  take_end(text);
  const bool complete = end_line(in_pieces ? std::string_view(line_) : part);
  line_.clear();
  return complete;
}

// Of a line: the CR or LF that `text` begins with.
void parser::take_end(std::string_view& text) {
  lf_is_owed_ = text.front() == '\r';
  text.remove_prefix(1);
}

void parser::check_size(std::size_t line) {
  if (data_.size() + type_.size() + line <= limit_) return;
  state_ = state::failed;
  throw event_too_large(limit_);
}

// ---- Fields and events ----

bool parser::end_line(std::string_view line) {
  if (line.empty()) return dispatch();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    take_field(line, {});
  } else {
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  return false;
}

void parser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    append_utf8(data_, value);
    data_ += '\n';
  } else if (name == "event") {
    type_.clear();
    append_utf8(type_, value);
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_.clear();
    append_utf8(id_, value);
  } else if (name == "retry") {
    take_retry(value);
  }
}

void parser::take_retry(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return;
  milliseconds::rep count = 0;
  for (const char digit : digits)
    count = std::min(longest_retry.count(), count * 10 + (digit - '0'));
  retry_ = milliseconds(count);
}

bool parser::dispatch() {
  last_id_ = id_;
  if (data_.empty()) {
    type_.clear();
    return false;
  }
  event_ = {.type = type_.empty() ? std::string_view("message") : type_,
            .data = std::string_view(data_).substr(0, data_.size() - 1),
            .id = last_id_};
  dispatched_ = true;
  return true;
}

void parser::forget_dispatched() noexcept {
  if (!std::exchange(dispatched_, false)) return;
  data_.clear();
  type_.clear();
}

// ---- Writing ----

namespace {

// Writes a line with `prefix` for each line of `text`, at least one.
void write_lines(std::string& to, std::string_view prefix, std::string_view text) {
  for (;;) {
    const std::size_t length = length_of_line(text);
    to.append(prefix).append(text.substr(0, length)) += '\n';
    text.remove_prefix(length);
    if (text.empty()) return;
    text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  }
}

void check_line(const char* what, std::string_view text) {
  if (std::ranges::find_if(text, ends_line) == text.end()) return;
  throw std::invalid_argument(std::string("the ") + what +
                              " of an event is one line; it has CR or LF in it");
}

}  // namespace

void write_event(std::string& to, const event& e) {
  check_line("type", e.type);
  check_line("id", e.id);
  if (e.id.find('\0') != std::string_view::npos)
    throw std::invalid_argument("the id of an event has NUL in it: a parser would ignore it");
  if (!e.type.empty() && e.type != "message") to.append("event: ").append(e.type) += '\n';
  if (!e.id.empty()) to.append("id: ").append(e.id) += '\n';
  write_lines(to, "data: ", e.data);
  to += '\n';
}

void write_comment(std::string& to, std::string_view text) { write_lines(to, ": ", text); }

void write_retry(std::string& to, milliseconds wait) {
  to.append("retry: ").append(std::to_string(std::max(wait, milliseconds(0)).count())) += '\n';
}

}  // namespace dwell::inline v0::http::sse
