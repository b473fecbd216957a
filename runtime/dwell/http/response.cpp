#include <charconv>

#include <dwell/http/paced_writer.hpp>
#include <dwell/http/response.hpp>

namespace dwell::inline v0::http {

namespace {

// Less is copied into one piece with the chunk's size, so that one write sends it.
constexpr std::size_t copied_at_most = std::size_t{16} * 1024;

void append_size_line(std::string& to, std::size_t size) {
  char digits[2 * sizeof size];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), size, 16);
  to.append(digits, end).append("\r\n");
}

}  // namespace

task<> body_writer::write(net::const_bytes from) {
  if (from.empty()) co_return;  // its chunk would end the body
  if (!chunked_) co_return co_await to_->write(from);
  frame_.clear();
  append_size_line(frame_, from.size());
  if (from.size() > copied_at_most) {
    co_await to_->write(net::bytes_of(frame_));
    co_await to_->write(from);
    co_await to_->write(net::bytes_of("\r\n"));
  } else {
    frame_.append(net::text_of(from)).append("\r\n");
    co_await to_->write(net::bytes_of(frame_));
  }
}

task<std::size_t> body_writer::write_some(net::const_bytes from) {
  co_await write(from);
  co_return from.size();
}

task<> body_writer::shutdown_write() { co_return; }

body_producer::~body_producer() = default;

response::response(int status_code, std::string text, std::string_view type)
    : status(status_code), body(std::move(text)) {
  if (!type.empty()) headers.add("Content-Type", type);
}

}  // namespace dwell::inline v0::http
