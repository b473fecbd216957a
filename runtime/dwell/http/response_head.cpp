#include <stdexcept>

#include <dwell/http/date.hpp>
#include <dwell/http/response_head.hpp>
#include <dwell/http/status.hpp>
#include <dwell/http/syntax.hpp>
#include <dwell/os/wall_clock.hpp>

namespace dwell::inline v0::http {

namespace {

void append(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

// Made anew each time: that is 30 ns, and a text that all connections share would cost no less.
void append_date_field(std::string& to) {
  to.append("Date: ");
  append_date(to, os::wall_now());
  to.append("\r\n");
}

}  // namespace

void check_response(const response& answer) {
  if (answer.status < 200 || answer.status > 599)
    throw std::invalid_argument("a response has the status " + std::to_string(answer.status) +
                                "; it can be 200 to 599");
  const bool is_empty = has_no_body(answer.status) || answer.status == 205;
  if (is_empty && (answer.stream != nullptr || !answer.body.empty()))
    throw std::invalid_argument("a response with the status " + std::to_string(answer.status) +
                                " has a body; take it away");
  for (const auto& [name, value] : answer.headers) {
    const bool framing = same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding");
    const bool connection = same_word(name, "Connection") && !same_word(value, "close");
    if (framing || connection)
      throw std::invalid_argument("a response has a header field " + name +
                                  ", which is the server's; take it away");
  }
}

void write_head(std::string& to, const response& answer, const head_terms& terms) {
  to.append("HTTP/1.1 ").append(std::to_string(answer.status)) += ' ';
  to.append(reason_phrase(answer.status)).append("\r\n");
  if (terms.tells_date && answer.headers.count("Date") == 0) append_date_field(to);
  for (const auto& [name, value] : answer.headers)
    if (!same_word(name, "Connection")) append(to, name, value);
  const bool streams = answer.stream != nullptr;
  if (streams && terms.may_chunk) append(to, "Transfer-Encoding", "chunked");
  if (!streams && !has_no_body(answer.status))
    append(to, "Content-Length", std::to_string(answer.body.size()));
  if (terms.closes) append(to, "Connection", "close");
  to.append("\r\n");
}

}  // namespace dwell::inline v0::http
