// Server-sent events (text/event-stream), as the WHATWG's standard has them: a parser that takes
// bytes as they come, and what a server writes.
//
//   sse::parser events;
//   while (const std::size_t got = co_await answer.read_some(room)) {
//     net::const_bytes input(room, got);
//     while (const sse::event* e = events.next(input)) use(e->type, e->data);
//   }
//
// Invariant: what comes out depends on the bytes alone, never on where they were split: neither
// events nor errors. That holds because
//  - a line is looked at when it is complete, and until then only collected. A character of several
//    bytes cannot be cut in two by a line's end, so decoding by lines is decoding the stream;
//  - a CR ends its line at once, and the LF that may follow in the next piece is owed, not waited
//    for: an event is never held back for a byte that may be seconds away;
//  - limits count what the standard defines, not what a piece brought.
//
// Each byte is looked at once and copied at most twice (a line in pieces, and then its value), so
// the cost is linear however the stream is cut. Rejected: to find the blank line first and parse
// the block behind it. It must look for six kinds of blank line across pieces, and looks twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http::sse {

/// One event. The texts belong to somebody else: the parser that gives the event, or the caller of
/// write_event().
struct event {
  /// "message" when the stream names none.
  std::string_view type = "message";
  /// Several lines are separated by "\n".
  std::string_view data{};
  /// From a parser: the last id that the stream has given, with this event or before, "" for none.
  /// For write_event(): "" writes none.
  std::string_view id{};
};

/// An event is larger than the parser's limit.
class DWELL_API event_too_large : public std::runtime_error {
 public:
  explicit event_too_large(std::size_t limit);
  ~event_too_large() override;
};

/// What an event may take unless told otherwise: a model's longest answer in one piece, with room.
inline constexpr std::size_t default_event_limit = std::size_t{1024} * 1024;

/// Reads one stream after the other of the same source. Not thread-safe.
class DWELL_API parser {
 public:
  /// `limit`: the most bytes of an event, that is its data and type so far and the line that comes.
  /// Comments, which are dropped as they come, do not count. `last_event_id`: where an earlier
  /// stream ended.
  explicit parser(std::size_t limit = default_event_limit, std::string_view last_event_id = {});

  /// Takes bytes off the front of `input` until an event is complete. Null: all are taken, and more
  /// are needed. The event is valid until the next call.
  ///
  /// Throws event_too_large, and again at each later call until restart(); std::bad_alloc.
  [[nodiscard]] const event* next(net::const_bytes& input);

  /// Calls `each(const event&)` for every event that `input` completes. What it throws loses the
  /// rest of the input.
  template <class Each>
  void feed(net::const_bytes input, Each each) {
    while (const event* const e = next(input)) each(*e);
  }

  /// The stream has ended; another one begins where the source was reconnected to. An event that
  /// was not complete is dropped, as the standard wants; last_event_id() and retry() stay.
  /// Throws std::bad_alloc with nothing changed.
  void restart();

  /// What a reconnection tells the server as Last-Event-ID; "" for nothing. As of the last blank
  /// line: the id of an event that was not complete does not count.
  [[nodiscard]] std::string_view last_event_id() const noexcept { return last_id_; }
  /// How long the server wants clients to wait before they reconnect, if it has said so.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

 private:
  enum class state : std::uint8_t { mark, line, comment, failed };

  void skip_mark(std::string_view& text);
  void skip_comment(std::string_view& text);
  [[nodiscard]] bool take_line(std::string_view& text);
  [[nodiscard]] bool end_line(std::string_view line);
  void take_end(std::string_view& text);
  void take_field(std::string_view name, std::string_view value);
  void take_retry(std::string_view digits);
  [[nodiscard]] bool dispatch();
  void forget_dispatched() noexcept;
  void check_size(std::size_t line);

  std::size_t limit_;
  state state_ = state::mark;
  std::size_t mark_ = 0;     // bytes of the byte order mark that have come
  bool lf_is_owed_ = false;  // the line before ended with CR
  bool dispatched_ = false;  // event_ shows data_ and type_, which the next call clears
  std::string line_;         // of the line that is not complete
  std::string data_;         // each of its lines with "\n"
  std::string type_;
  std::string id_;  // becomes last_id_ with the blank line
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
  event event_;
};

/// Appends `e` to `to` as it goes over the wire. CR, LF and CRLF in the data end a line of it, and
/// come out of a parser as "\n". Throws std::invalid_argument, with nothing appended, for a type or
/// id with a line's end in it, or an id with NUL: it would be another event.
DWELL_API void write_event(std::string& to, const event& e);

/// Appends a comment, which parsers drop: to show that the connection lives. Each line becomes one.
DWELL_API void write_comment(std::string& to, std::string_view text = {});

/// Appends how long clients are to wait before they reconnect; less than none is none.
DWELL_API void write_retry(std::string& to, std::chrono::milliseconds wait);

}  // namespace dwell::inline v0::http::sse
