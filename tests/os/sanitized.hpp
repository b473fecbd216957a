// Whether a sanitizer watches. A test that takes the machine's memory or descriptors away asks: the
// sanitizers need some of both themselves.
#pragma once

namespace dwell_test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace dwell_test
