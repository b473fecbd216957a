#include <algorithm>

#include <dwell/http/client_core.hpp>
#include <dwell/http/client_response.hpp>

namespace dwell::inline v0::http {

client_response::client_response(int answer_status, fields answer_headers, std::string answer_url,
                                 std::unique_ptr<client_exchange> from) noexcept
    : status(answer_status),
      headers(std::move(answer_headers)),
      url(std::move(answer_url)),
      from_(std::move(from)) {}
client_response::client_response(client_response&&) noexcept = default;
client_response& client_response::operator=(client_response&&) noexcept = default;
client_response::~client_response() = default;

task<std::size_t> client_response::read_some(net::bytes to) {
  const std::size_t got = co_await (*from_)->read_some(to);
  if (got == 0 && !to.empty()) from_->leave_pool();
  co_return got;
}

task<std::string> client_response::next() {
  std::string part = co_await (*from_)->read_piece();
  if (part.empty()) from_->leave_pool();
  co_return part;
}

task<std::string> client_response::text(std::size_t limit) {
  std::string all;
  for (;;) {
    std::string part = co_await next();
    if (part.empty()) co_return all;
    if (part.size() > limit - all.size())
      throw request_error(delivery::partial_answer, request_failure::too_large,
                          (*from_)->asked().name + ": partial answer: the body has more than the " +
                              std::to_string(limit) + " bytes that the caller wants");
    if (all.empty())
      all = std::move(part);
    else
      all += part;
  }
}

}  // namespace dwell::inline v0::http
