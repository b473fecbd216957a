// Which request a redirect asks for. Not installed.
#pragma once

#include <optional>

#include <dwell/http/client_request.hpp>
#include <dwell/http/client_response.hpp>
#include <dwell/http/url.hpp>

namespace dwell::inline v0::http {

/// Where the answer to `asked`, sent to `from`, sends the client; nothing if nowhere. Throws
/// std::invalid_argument for a place that no request can be sent to.
[[nodiscard]] std::optional<url> redirected(const client_response& answer, const url& from);

/// Makes of `asked` what is sent to `to` instead of `from`: as browsers do it, POST becomes GET
/// unless the status (307, 308) forbids that; and what proves who we are stays with its origin.
void redirect(client_request& asked, int status, const url& from, const url& to);

}  // namespace dwell::inline v0::http
