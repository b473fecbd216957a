#include <algorithm>
#include <optional>
#include <utility>

#include <dwell/http/request_parser.hpp>
#include <dwell/http/status.hpp>
#include <dwell/http/syntax.hpp>

namespace dwell::inline v0::http {

namespace {

[[noreturn]] void refuse(const char* why) { throw status_error(400, why); }

// "HTTP/1.x" gives x, at most the 1 that we speak.
int minor_version_of(std::string_view version) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7]))
    refuse("the request line does not end with a version");
  if (version[5] != '1') throw status_error(505, "the version of HTTP is not 1");
  return std::min(version[7] - '0', 1);
}

bool takes_off(std::string_view& text, std::string_view word) {
  if (!same_word(text.substr(0, word.size()), word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// A list that ends with chunked has its end, and names a coding that we lack: 501.
void check_coding(std::string_view codings) {
  if (same_word(codings, "chunked")) return;
  const std::string_view last = trimmed(codings.substr(codings.rfind(',') + 1));
  throw status_error(same_word(last, "chunked") ? 501 : 400,
                     "the only Transfer-Encoding is chunked");
}

}  // namespace

std::pair<std::string_view, std::string_view> split_field(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) refuse("a header field is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) refuse("a header field has no colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_token(name)) refuse("the name of a header field is no token");
  if (!is_field_value(value)) refuse("a header field has a control character in it");
  return {name, value};
}

bool request_parser::feed(net::const_bytes& input) {
  std::string_view text = net::text_of(input);
  while (state_ != state::done) {
    const bool in_fields = state_ == state::fields;
    const auto line = in_fields ? lines_.next(text, limits_.header_bytes - header_bytes_, 431)
                                : lines_.next(text, limits_.request_line, 414);
    if (!line) break;
    take_line(*line);
  }
  input = input.last(text.size());
  return state_ == state::done;
}

void request_parser::take_line(std::string_view line) {
  if (state_ == state::fields) {
    if (line.empty()) return finish();
    return take_field(line);
  }
  // One empty line is forgiven, as RFC 9112 asks: old clients send one after a body.
  const bool forgiven = state_ == state::before && line.empty();
  state_ = state::line;
  if (forgiven) return;
  take_request_line(line);
  state_ = state::fields;
}

void request_parser::take_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos) refuse("the request line has not three parts");
  const std::string_view method = line.substr(0, first);
  if (!is_token(method)) refuse("the method is no token");
  head_.minor_version = minor_version_of(line.substr(second + 1));
  head_.method = method;
  if (method == "CONNECT") throw status_error(501, "this server opens no tunnels");
  take_target(line.substr(first + 1, second - first - 1));
}

void request_parser::take_target(std::string_view target) {
  if (!is_target(target)) refuse("the target has a character that no target has");
  if (target.starts_with('/') || (target == "*" && head_.method == "OPTIONS")) {
    head_.target = target;
    return;
  }
  head_.wants_https = takes_off(target, "https://");
  if (!head_.wants_https && !takes_off(target, "http://"))
    refuse("the target is neither a path nor an address");
  const std::size_t path = std::min(target.find_first_of("/?"), target.size());
  authority_ = target.substr(0, path);
  if (!is_host(authority_)) refuse("the target names no host");
  head_.target = target.substr(path);
  if (!head_.target.starts_with('/')) head_.target.insert(0, 1, '/');
}

void request_parser::take_field(std::string_view line) {
  const auto [name, value] = split_field(line);
  header_bytes_ += line.size();
  if (head_.headers.size() == limits_.header_count)
    throw status_error(431, "there are too many header fields");
  head_.headers.add(name, value);
}

// ---- What the fields say together ----

void request_parser::finish() {
  take_host();
  take_framing();
  take_expectation();
  head_.keep_alive = head_.minor_version == 1 && !head_.headers.has_word("Connection", "close");
  state_ = state::done;
}

void request_parser::take_host() {
  const std::size_t count = head_.headers.count("Host");
  if (count > 1) refuse("there are several Host fields");
  if (count == 0) {
    if (head_.minor_version == 1) refuse("there is no Host field");
    if (!authority_.empty()) head_.headers.add("Host", authority_);
    return;
  }
  const std::string_view host = *head_.headers.get("Host");
  if (!is_host(host)) refuse("the Host field names no host");
  if (!authority_.empty() && !same_word(host, authority_))
    refuse("the target and the Host field name different hosts");
}

void request_parser::take_framing() {
  const std::size_t codings = head_.headers.count("Transfer-Encoding");
  const std::size_t lengths = head_.headers.count("Content-Length");
  if (codings + lengths == 0) return;
  if (codings + lengths > 1) refuse("the length of the body is given more than once");
  if (codings == 1) {
    if (head_.minor_version == 0) refuse("HTTP/1.0 has no Transfer-Encoding");
    check_coding(*head_.headers.get("Transfer-Encoding"));
    head_.body = framing::chunked;
    return;
  }
  const auto length = parse_number(*head_.headers.get("Content-Length"), 10);
  if (!length) refuse("the Content-Length is no number");
  if (*length > limits_.body) throw status_error(413, "the body is too large");
  head_.length = *length;
}

void request_parser::take_expectation() {
  const auto expectation = head_.headers.get("Expect");
  if (!expectation || head_.minor_version == 0) return;
  if (head_.headers.count("Expect") > 1 || !same_word(*expectation, "100-continue"))
    throw status_error(417, "the only expectation is 100-continue");
  head_.expects_continue = true;
}

}  // namespace dwell::inline v0::http
