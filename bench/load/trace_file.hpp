// Reads a request trace of an LLM service: one request a line, with its arrival, the tokens of its
// prompt and the tokens it generated (the format of the Azure LLM inference traces).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace bench {

struct trace_request {
  std::int64_t arrival_ns = 0;  ///< After the first request of the file.
  std::uint64_t context_tokens = 0;
  std::uint64_t generated_tokens = 0;
};

/// Hands each request to `take`, in the file's order. It streams: a trace held in memory and then
/// freed would be reused by the runtime and make its bytes per wait look too small.
///
/// Throws usage_error with the file and the line number when the file cannot be read, lacks one of
/// the columns TIMESTAMP, ContextTokens and GeneratedTokens, has a malformed line, goes back in
/// time or holds no request. Other columns are ignored, CRLF and a missing last newline accepted.
void read_trace(const std::string& path, const std::function<void(const trace_request&)>& take);

}  // namespace bench
