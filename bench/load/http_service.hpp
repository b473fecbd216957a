// What http_fanout and sse ask for: a server that answers as a model would, after a time, in one
// piece or token by token. It is the same for every runtime whose client is measured.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <dwell/dwell.hpp>
#include <dwell/http/request.hpp>
#include <dwell/http/response.hpp>

namespace bench {

/// How long `GET /reply/I` keeps its client waiting, and how many bytes it then gives.
inline constexpr std::chrono::milliseconds reply_time{50};
inline constexpr std::size_t reply_bytes = 1024;

/// The reply to request `index`: its number, and spaces up to reply_bytes.
std::string expected_reply(std::uint64_t index);

/// `GET /stream/I?n=N` gives N events of which each is `K DUE`: K counts from 0, and DUE is when it
/// was to be sent, in nanoseconds of the monotonic clock; then `[DONE]`. Token k of stream i is due
/// this long and k gaps after the request, and i offsets: models think first, and do not keep step
/// with each other.
inline constexpr std::chrono::milliseconds thinking_time{500};
inline constexpr std::chrono::milliseconds token_gap{20};
inline constexpr std::chrono::microseconds stream_offset{20};

/// Answers both.
dwell::task<dwell::http::response> answer_as_model(dwell::http::request& asked);

}  // namespace bench
