#include <dwell/http/client_request.hpp>

namespace dwell::inline v0::http {

any_source::~any_source() = default;

client_request::client_request(std::string request_method, std::string request_url)
    : method(std::move(request_method)), url(std::move(request_url)) {}

client_request&& client_request::with_body(std::string text, std::string_view type) && {
  body = std::move(text);
  if (!type.empty()) headers.set("Content-Type", type);
  return std::move(*this);
}

client_request&& client_request::with_header(std::string_view name, std::string_view value) && {
  headers.set(name, value);
  return std::move(*this);
}

}  // namespace dwell::inline v0::http
