// A streamed answer, on the side that reads it. Not installed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>

#include <dwell/http/client_response.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/llm/attempt.hpp>
#include <dwell/llm/completion.hpp>
#include <dwell/llm/wire_format.hpp>

namespace dwell::inline v0::llm {

/// What was read and not yet given stays here, so that a cancelled read loses nothing.
class open_stream {
 public:
  /// `with` has asked, and `answer` is what came.
  open_stream(std::unique_ptr<attempt> with, http::client_response answer);

  /// The next piece; nothing at the end. Throws llm::error, again at each later call.
  [[nodiscard]] task<std::optional<delta>> next();
  /// Waits until there is a piece, or the end.
  [[nodiscard]] task<> await_piece();
  /// At the end.
  [[nodiscard]] completion answer() const;

 private:
  [[nodiscard]] task<> read_piece();
  [[nodiscard]] task<> read_event();
  [[nodiscard]] task<> read_to_end();
  [[nodiscard]] task<> read_farewell();
  [[nodiscard]] bool take_event();
  [[nodiscard]] std::chrono::nanoseconds longest_silence() const noexcept;

  const std::unique_ptr<attempt> attempt_;  // outlives the answer: the place is that connection's
  std::optional<http::client_response> from_;
  const std::unique_ptr<answer_builder> builder_;
  http::sse::parser events_;
  std::array<std::byte, std::size_t{8} * 1024> room_;
  net::const_bytes unparsed_;  // in `room_`
  std::deque<delta> pieces_;
  bool event_seen_ = false;
  bool last_event_seen_ = false;
  std::exception_ptr failure_;
};

}  // namespace dwell::inline v0::llm
