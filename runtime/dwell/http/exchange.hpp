// One request and its answer on their way: what a client and a transport share.
//
//   client, in tasks                          transport, in callbacks of whatever thread
//   ────────────────                          ──────────────────────────────────────────
//   send(), finish_sending() ──▶ outgoing ──▶ take_outgoing()          note_connected()
//   answered()               ◀── head     ◀── give_head()
//   read_some(), read_piece() ◀─ arrived  ◀── give_body() ── no room: held back until go_on()
//                                         ◀── end(), fail()
//   call_off() ─────────────────────────────▶ stop()
//
// Everything between them is under one lock and bounded: `arrived` and `outgoing` hold `window`
// bytes at most, then the one side waits for the other. The client wakes the transport by go_on()
// and stop(), which post and return; the transport wakes the client by events.
//
// The limits on time are here, once for every transport: whoever waits for the other side knows
// what for (phase), and so which limit counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/http/client_options.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/http/request_error.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::http {

/// A request as a transport sends it: no redirect is followed, no field is added that another one
/// does not need.
struct wire_request {
  std::string method;
  /// All of it; "https://a.example:443", and the host alone.
  std::string url;
  std::string origin;
  std::string host;
  std::uint16_t port = 0;
  /// For messages: "GET http://a/b".
  std::string name;
  fields headers{};
  bool has_body = false;
  /// The body; null when it comes through exchange::send().
  std::shared_ptr<const std::string> body{};
  /// Bytes of the body, if that is known.
  std::optional<std::uint64_t> body_size{};
  answer_limits limits{};
  request_times times{};
  /// When all must be over.
  std::int64_t deadline_ns = INT64_MAX;
};

/// What an answer begins with.
struct answer_head {
  int status = 0;
  fields headers{};
};

/// Kept by both sides, in a shared_ptr. On the client's side one task at a time sends and one
/// reads.
class DWELL_API exchange {
 public:
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  virtual ~exchange();

  [[nodiscard]] const wire_request& asked() const noexcept { return asked_; }

  // ---- The client ----

  /// Waits until there is a head, and leaves it there. Throws request_error; dwell::cancelled,
  /// without effect.
  [[nodiscard]] task<> answer_comes();
  /// Waits for the head and takes it. Throws as answer_comes().
  [[nodiscard]] task<answer_head> answered();
  /// As of every byte_source. Throws request_error, again at each later call.
  [[nodiscard]] task<std::size_t> read_some(net::bytes to);
  /// All that has come, without a copy; "" at the end. Throws as read_some().
  [[nodiscard]] task<std::string> read_piece();
  /// Hands a piece of the body on, when there is room for it. Returns false when the answer came
  /// first, or the end: nobody wants more. Throws request_error for the limit on time.
  [[nodiscard]] task<bool> send(net::const_bytes from);
  void finish_sending() noexcept;
  /// Nobody wants it any more: the transport ends it at once, unless it has ended. What comes after
  /// this is dropped.
  void call_off() noexcept;

  [[nodiscard]] bool has_ended() const noexcept;
  /// For a message about who holds a connection: "connecting", "waiting for the answer", ….
  [[nodiscard]] std::string_view doing() const noexcept;

 protected:
  explicit exchange(wire_request asked);

  // ---- The transport: one thread at a time ----

  /// There is a connection, and the request goes out now: from here on the server may see of it.
  void note_connected() noexcept;
  /// The first byte of an answer, an interim one too.
  void note_answer_begins() noexcept;
  void give_head(answer_head head) noexcept;
  enum class room : std::uint8_t { taken, none, too_much };
  /// All of `part`, or nothing: later, go_on() says when. Throws std::bad_alloc.
  [[nodiscard]] room give_body(net::const_bytes part);

  struct outgoing {
    std::size_t count = 0;  ///< 0 without `complete`: later, go_on() says when.
    bool complete = false;
  };
  [[nodiscard]] outgoing take_outgoing(net::bytes to) noexcept;
  /// Back to the body's first byte; false when it cannot be, because it is a stream.
  [[nodiscard]] bool rewind() noexcept;

  void end() noexcept;
  /// `detail`: why. The first call, or end(), counts.
  void fail(request_failure reason, std::string_view detail) noexcept;

 private:
  enum class phase : std::uint8_t { connecting, sending, waiting, receiving, ended };

  /// There is room again in `arrived`, or something in `outgoing`. May post, no more.
  virtual void go_on() noexcept = 0;
  /// It was called off. May post, no more.
  virtual void stop() noexcept = 0;

  struct deadline {
    std::int64_t at_ns;
    const char* what;
  };
  [[nodiscard]] deadline limit_for_head() const noexcept;
  [[nodiscard]] deadline idle_limit() const noexcept;
  [[nodiscard]] task<> wait(auto_reset_event& happened, deadline limit);
  [[nodiscard]] bool has_head() const;
  [[nodiscard]] answer_head take_head() noexcept;
  template <class Take>
  [[nodiscard]] bool take_body(Take take);
  enum class placed : std::uint8_t { yes, no_room, unwanted };
  [[nodiscard]] placed place(net::const_bytes from);
  void note_sent() noexcept;
  [[nodiscard]] delivery how_far() const noexcept;
  [[nodiscard]] std::size_t unread() const noexcept { return arrived_.size() - read_; }

  const wire_request asked_;
  auto_reset_event answer_moved_;
  auto_reset_event sending_moved_;
  mutable os::lock lock_;
  // Under the lock.
  phase phase_ = phase::connecting;
  bool connected_ = false;
  bool answer_begun_ = false;
  bool answered_ = false;
  bool called_off_ = false;
  bool held_back_ = false;  // the transport waits for room
  bool starved_ = false;    // the transport waits for something to send
  bool all_given_ = false;  // nothing comes after what is in `outgoing_`
  std::int64_t since_ns_;   // when the phase began, or got on
  std::optional<answer_head> head_;
  std::exception_ptr failure_;
  std::string arrived_;
  std::size_t read_ = 0;  // of `arrived_`
  std::uint64_t received_ = 0;
  std::string outgoing_;
  std::size_t sent_ = 0;  // of `outgoing_`, or of the request's own body
};

}  // namespace dwell::inline v0::http
