#include <algorithm>
#include <memory>

#include <dwell/http/body_reader.hpp>
#include <dwell/http/request.hpp>
#include <dwell/http/status.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::size_t read_at_once = std::size_t{16} * 1024;

}  // namespace

task<std::size_t> request_body::read_some(net::bytes to) { return from_->read_some(to); }

task<std::string> request_body::read_all(std::size_t limit) {
  std::string all;
  const auto room = std::make_unique_for_overwrite<std::byte[]>(read_at_once);
  for (;;) {
    const std::size_t got = co_await from_->read_some(net::bytes(room.get(), read_at_once));
    if (got == 0) co_return all;
    if (got > limit - all.size()) throw status_error(413, "the body is too large");
    all += net::text_of(net::const_bytes(room.get(), got));
  }
}

std::string_view request::path() const noexcept {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view request::query() const noexcept {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

}  // namespace dwell::inline v0::http
