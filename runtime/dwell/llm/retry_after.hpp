// When a server wants to be asked again. Not installed.
#pragma once

#include <chrono>

#include <dwell/http/fields.hpp>

namespace dwell::inline v0::llm {

/// From now; 0 when it does not say, or nothing that can be read. Looks at retry-after-ms, which
/// OpenAI has, and Retry-After, in seconds or as a date.
[[nodiscard]] std::chrono::nanoseconds retry_after(const http::fields& headers);

}  // namespace dwell::inline v0::llm
