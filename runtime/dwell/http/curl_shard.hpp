// A shard: one multi handle of libcurl, its sockets and its timer. Not installed.
//
// libcurl does its work inside calls on the multi handle, which is nobody's to share: one thread at
// a time. So they are made in *turns*, and whoever has something for the shard asks for a turn:
//
//   a request begins, goes on, is called off ─▶ inbox ─┐
//   a socket is ready (a task that waits for it) ──────┼─▶ run(): a turn ─▶ libcurl ─▶ callbacks
//   a timer is due (a task that sleeps until then) ────┘                       └─▶ exchanges
//
// Invariant: turns never overlap, and none that was asked for is left out. A count of those asked
// for says both: who raises it from zero runs turns until it is zero again, the others leave their
// wish and go. So a turn runs on the worker that asked, without a hop, and nobody waits for it.
// After a few turns the count goes as it is to a task of the shard, which yields between passes:
// otherwise whoever raised it would serve the others for as long as they are busy.
//
// A callback never calls libcurl: what it makes somebody want is in the inbox, and done behind the
// call that made the callback. That is what "never remove a handle within a callback" comes to.
//
// The sockets are in a descriptor_group, level-triggered as libcurl expects them: it reads a
// socket in part and asks to be told of the rest. Only the task that waits for the group looks into
// it, and it looks until there is nothing: otherwise somebody else might take the edge that it
// sleeps for.
//
// A kept connection's socket rests in the group between two requests, which saves two system calls
// for each. libcurl may close one without our callback, and what is still noted of it must not hide
// the next socket of its number: it is forgotten when that is opened, which only we do.
//
// Rejected: an actor, a task with a channel (each request and each cancel would be a hop, and one
// that is cancelled by a destructor could not wait for it); a lock around libcurl (a worker would
// sleep on it while another one encrypts); a thread that owns it (that is curl_multi_poll: two
// hand-overs for each event).
#pragma once

#include <cstdint>
#include <curl/curl.h>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/http/client_options.hpp>
#include <dwell/http/curl_transfer.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/os/descriptor_group.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::http {

struct multi_deleter {
  void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
};

/// Kept by its transport, its transfers and its tasks.
class curl_shard final : public std::enable_shared_from_this<curl_shard> {
 public:
  /// Throws std::system_error and std::bad_alloc.
  explicit curl_shard(const client_options& options);
  ~curl_shard();
  curl_shard(const curl_shard&) = delete;
  curl_shard& operator=(const curl_shard&) = delete;

  /// Sees to it that tasks of the calling worker's runtime wait for the sockets and the timer.
  void attend();
  /// Any thread; never waits, but may run a turn.
  void post(curl_transfer& t, wish w) noexcept;
  /// Ends the tasks: no transfer goes on. Any thread.
  void stop() noexcept;

  /// A handle with nothing set, new or used. Any thread. Throws std::bad_alloc.
  [[nodiscard]] easy_handle take_handle();
  /// One that is in no multi handle, and whose request came to its regular end: to set it back does
  /// not undo a pause. Any thread.
  void give_back(easy_handle handle) noexcept;
  /// For a transfer's handle.
  void set_socket_callbacks(CURL* handle) noexcept;

 private:
  void run() noexcept;
  [[nodiscard]] bool run_some_turns() noexcept;
  [[nodiscard]] bool hand_over() noexcept;
  [[nodiscard]] bool take_over() noexcept;
  // Whether the inbox was empty then.
  [[nodiscard]] bool turn() noexcept;
  [[nodiscard]] bool serve_inbox() noexcept;
  void serve(curl_transfer& t, std::uint8_t wishes) noexcept;
  void begin(curl_transfer& t) noexcept;
  void serve_sockets() noexcept;
  void serve_timer() noexcept;
  void collect_finished() noexcept;
  void remove(curl_transfer& t) noexcept;
  void note_timer() noexcept;

  [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& to) noexcept;
  [[nodiscard]] int watch_socket(curl_socket_t fd, int what) noexcept;
  void set_timer(long in_ms) noexcept;

  [[nodiscard]] task<> wait_for_sockets();
  [[nodiscard]] std::int64_t next_alarm(std::int64_t now) noexcept;
  [[nodiscard]] task<> wait_for_timer();
  [[nodiscard]] task<> wait_for_turns();
  static task<> attend_to(std::shared_ptr<curl_shard> shard);
  void leave() noexcept;

  // Of the turns.
  os::descriptor_group sockets_;
  std::unordered_map<curl_transfer*, std::shared_ptr<curl_transfer>> active_;
  std::int64_t due_ns_;                          // when libcurl wants to be called
  std::uint32_t taken_on_ = 0;                   // of wanted_, by who runs turns
  std::unique_ptr<CURLM, multi_deleter> multi_;  // its end needs the rest

  // Turns asked for, and not yet run.
  base::atomic<std::uint32_t> wanted_{0};
  // A wish of the task that waits for sockets.
  base::atomic<bool> look_{false};

  os::lock handles_lock_;
  std::vector<easy_handle> handles_;  // under the lock: to be used again

  os::lock inbox_lock_;
  curl_transfer* first_ = nullptr;
  curl_transfer* last_ = nullptr;

  // Between the turns and the tasks that attend.
  auto_reset_event looked_;
  auto_reset_event sockets_wanted_;
  base::atomic<bool> more_{false};  // the last look found something
  base::atomic<bool> has_sockets_{false};
  auto_reset_event timer_moved_;
  os::lock timer_lock_;
  std::int64_t timer_ns_;      // under the lock: due_ns_ for the task that sleeps
  std::int64_t sleeps_until_;  // under the lock

  auto_reset_event handed_;
  os::lock attending_lock_;
  bool handed_over_ = false;  // under the lock: turns wait for the task that runs them
  bool attended_ = false;     // under the lock
  join_handle<> attending_;   // under the lock
};

}  // namespace dwell::inline v0::http
