#include <dwell/http/redirect.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr bool keeps_method(int status) noexcept { return status == 307 || status == 308; }

constexpr bool is_redirect(int status) noexcept {
  return (status >= 301 && status <= 303) || keeps_method(status);
}

bool becomes_get(int status, const std::string& method) noexcept {
  if (status == 303) return method != "HEAD";
  return !keeps_method(status) && method == "POST";
}

}  // namespace

std::optional<url> redirected(const client_response& answer, const url& from) {
  if (!is_redirect(answer.status)) return std::nullopt;
  const auto place = answer.headers.get("Location");
  if (!place) return std::nullopt;
  return from.resolved(*place);
}

void redirect(client_request& asked, int status, const url& from, const url& to) {
  if (becomes_get(status, asked.method)) {
    asked.method = "GET";
    asked.body.clear();
    asked.stream.reset();
    asked.stream_size.reset();
    for (const char* const name : {"Content-Type", "Content-Encoding", "Content-Language"})
      (void)asked.headers.remove(name);
  }
  if (from.origin() == to.origin()) return;
  for (const char* const name : {"Authorization", "Cookie", "Proxy-Authorization", "Host"})
    (void)asked.headers.remove(name);
}

}  // namespace dwell::inline v0::http
