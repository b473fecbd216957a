// The time as HTTP's fields have it. Not installed.
#pragma once

#include <chrono>
#include <string>

namespace dwell::inline v0::http {

/// Appends what RFC 9110 calls an IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
void append_date(std::string& to, std::chrono::sys_seconds at);

}  // namespace dwell::inline v0::http
