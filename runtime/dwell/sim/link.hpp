// A simulated connection: two directions in which pieces of data travel, each with its time of
// arrival.
//
//   write ──▶ │ piece at 7 ms │ piece at 9 ms │ end at 9 ms │ ──▶ read: takes what has arrived,
//             └── at most `window` bytes that nobody read ──┘         or waits until it has
//
// Nothing moves by itself: a time of arrival is drawn when a piece is sent, and whoever reads waits
// for it. So there is no task in the background that a program would have to end, and a wait for
// what will never arrive is a deadlock, which sim::run() reports.
//
// As TCP has it:
//  - What was written before the end arrives before it. A reset overtakes: what it meets on its way
//    or unread is lost, and both reads and writes fail.
//  - An end that is closed with bytes unread, or that gets some afterwards, answers with a reset.
//  - A partition delays: what was on its way is sent again when it is over. A cut loses.
// Not as TCP has it: acknowledgements take no time, and nobody gives up after many retransmissions;
// that is what the program's own timeouts are to be tested for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <dwell/net/stream.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/sim/weather.hpp>
#include <dwell/sync/event.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::sim {

class link {
 public:
  /// The sides 0 and 1 of a link.
  using side = unsigned;

  link(const weather& w, std::string name_0, std::string name_1)
      : weather_(w), names_{std::move(name_0), std::move(name_1)} {}
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  [[nodiscard]] const std::string& name(side s) const noexcept { return names_[s]; }

  /// As of a byte_stream; `s` is who reads or writes. The link must outlive the task.
  [[nodiscard]] task<std::size_t> read(side s, net::bytes to);
  [[nodiscard]] task<std::size_t> write(side s, net::const_bytes from);
  void shut_down(side s);
  /// Resets the connection, for whoever is at the other end of it.
  void abort(side s);
  /// `s` is gone. Stops the program while it reads or writes.
  void close(side s);

  /// Nothing arrives any more: until release(), or for ever.
  void hold();
  void release();
  void cut();

 private:
  struct piece {
    std::int64_t arrives_ns;
    std::vector<std::byte> content;  // empty: the end
    std::size_t taken = 0;           // of the content
  };
  /// What travels towards one side.
  struct direction {
    std::deque<piece> pieces;
    std::size_t unread = 0;
    std::int64_t line_free_ns = 0;
    std::int64_t reset_ns = os::never_ns;  // when it arrives
    bool reset_sent = false;
    bool ended = false;
    auto_reset_event news;  // for who reads: look again
    auto_reset_event room;  // for who writes: look again
  };
  struct end {
    bool aborted = false;
    bool closed = false;
    bool reads = false;
    bool writes = false;
  };

  [[nodiscard]] direction& to(side s) noexcept { return to_[s]; }
  [[nodiscard]] direction& from(side s) noexcept { return to_[1 - s]; }

  void throw_if_broken(side s, const char* what);
  [[nodiscard]] std::size_t take(direction& d, net::bytes to);
  void send(side from, net::const_bytes content);
  void send_end(side from);
  void send_reset(side to, std::int64_t arrives_ns);
  void wake(side s);
  void strand(direction& d);
  void send_again(direction& d);
  [[nodiscard]] std::int64_t arrival(direction& d, std::size_t count);
  [[nodiscard]] std::int64_t later(std::int64_t time_ns) const noexcept;

  const weather weather_;
  const std::array<std::string, 2> names_;
  std::array<direction, 2> to_;
  std::array<end, 2> ends_;
  bool held_ = false;
  bool cut_ = false;
};

}  // namespace dwell::inline v0::sim
