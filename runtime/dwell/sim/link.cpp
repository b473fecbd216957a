#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/sim/link.hpp>

namespace dwell::inline v0::sim {

namespace {

// One task at a time may read, and one may write.
class turn {
 public:
  turn(bool& taken, const char* what) : taken_(taken) {
    if (std::exchange(taken_, true))
      base::panic(what, "another task does so on this connection; one at a time may");
  }
  ~turn() { taken_ = false; }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

 private:
  bool& taken_;
};

task<> wait_for(auto_reset_event& e, std::int64_t until_ns) {
  if (until_ns == os::never_ns) {
    co_await e.wait();
  } else {
    auto timed = move_on_after(std::chrono::nanoseconds(until_ns - os::now_ns()), e.wait());
    (void)co_await std::move(timed);
  }
}

}  // namespace

// ---- The operations ----

task<std::size_t> link::read(side s, net::bytes buffer) {
  const turn mine(ends_[s].reads, "read_some");
  co_await checkpoint();
  for (;;) {
    throw_if_broken(s, "read from ");
    direction& d = to(s);
    if (buffer.empty()) co_return 0;
    if (const std::size_t count = take(d, buffer); count > 0) co_return count;
    const std::int64_t next = d.pieces.empty() ? os::never_ns : d.pieces.front().arrives_ns;
    if (next <= os::now_ns()) co_return 0;  // the end, which stays there
    co_await wait_for(d.news, std::min(next, d.reset_ns));
  }
}

task<std::size_t> link::write(side s, net::const_bytes content) {
  const turn mine(ends_[s].writes, "write_some");
  co_await checkpoint();
  for (;;) {
    throw_if_broken(s, "write to ");
    direction& d = from(s);
    if (d.ended) throw net::error(EPIPE, "write to " + names_[1 - s]);
    if (content.empty()) co_return 0;
    const std::size_t room = weather_.options().window - d.unread;
    if (room > 0) {
      const std::size_t count = weather_.write_of(std::min(content.size(), room));
      send(s, content.first(count));
      co_return count;
    }
    co_await wait_for(d.room, to(s).reset_ns);
  }
}

void link::shut_down(side s) {
  throw_if_broken(s, "shut down writing to ");
  send_end(s);
}

void link::abort(side s) {
  ends_[s].aborted = true;
  to(s).pieces.clear();
  send_reset(1 - s, later(os::now_ns()));
  wake(s);
}

void link::close(side s) {
  end& e = ends_[s];
  if (e.reads || e.writes)
    base::panic("sim::connection", "destroyed while a task uses it; join or cancel the task first");
  e.closed = true;
  std::deque<piece> unread = std::exchange(to(s).pieces, {});
  std::erase_if(unread, [](const piece& p) { return p.content.empty(); });
  if (unread.empty()) return send_end(s);
  const std::int64_t arrives_ns = unread.front().arrives_ns;
  if (arrives_ns > os::now_ns()) send_end(s);
  send_reset(1 - s, later(std::max(os::now_ns(), arrives_ns)));
}

void link::throw_if_broken(side s, const char* what) {
  if (ends_[s].aborted) throw net::error(ECONNABORTED, what + names_[1 - s]);
  if (to(s).reset_ns <= os::now_ns()) throw net::error(ECONNRESET, what + names_[1 - s]);
}

// ---- What travels ----

std::size_t link::take(direction& d, net::bytes buffer) {
  std::size_t there = 0;
  for (const piece& p : d.pieces) {
    if (p.arrives_ns > os::now_ns() || there >= buffer.size()) break;
    there += p.content.size() - p.taken;
  }
  if (there == 0) return 0;
  const std::size_t count = weather_.read_of(std::min(there, buffer.size()));
  for (std::size_t copied = 0; copied < count;) {
    piece& p = d.pieces.front();
    const std::size_t part = std::min(count - copied, p.content.size() - p.taken);
    std::copy_n(p.content.data() + p.taken, part, buffer.data() + copied);
    p.taken += part;
    copied += part;
    if (p.taken == p.content.size()) d.pieces.pop_front();
  }
  d.unread -= count;
  d.room.set();
  return count;
}

void link::send(side s, net::const_bytes content) {
  if (weather_.cuts()) cut();
  if (weather_.resets()) {
    send_reset(s, later(os::now_ns()));
    send_reset(1 - s, later(os::now_ns()));
  }
  direction& d = from(s);
  const std::int64_t arrives_ns = arrival(d, content.size());
  // Also what nobody will read counts: else a writer could go on for ever before the reset comes.
  d.unread += content.size();
  if (ends_[1 - s].closed || ends_[1 - s].aborted) return send_reset(s, later(arrives_ns));
  d.pieces.push_back({arrives_ns, std::vector(content.begin(), content.end())});
  d.news.set();
}

void link::send_end(side s) {
  direction& d = from(s);
  if (std::exchange(d.ended, true) || d.reset_sent || ends_[1 - s].closed) return;
  d.pieces.push_back({arrival(d, 0), {}});
  d.news.set();
}

// The first one counts.
void link::send_reset(side s, std::int64_t arrives_ns) {
  direction& d = to(s);
  if (std::exchange(d.reset_sent, true)) return;
  d.reset_ns = arrives_ns;
  wake(s);
}

void link::wake(side s) {
  to(s).news.set();
  from(s).room.set();
}

std::int64_t link::later(std::int64_t time_ns) const noexcept {
  if (held_ || cut_ || time_ns == os::never_ns) return os::never_ns;
  return time_ns + weather_.latency();
}

// One that is ready before the piece in front of it waits behind it.
std::int64_t link::arrival(direction& d, std::size_t count) {
  d.line_free_ns = std::max(d.line_free_ns, os::now_ns()) + weather_.sending(count);
  return later(d.line_free_ns);
}

// ---- Partitions ----

void link::hold() {
  held_ = true;
  for (direction& d : to_) strand(d);
}

void link::cut() {
  cut_ = true;
  for (direction& d : to_) strand(d);
}

void link::release() {
  if (!std::exchange(held_, false) || cut_) return;
  for (direction& d : to_) send_again(d);
  wake(0);
  wake(1);
}

// What has arrived stays where it is.
void link::strand(direction& d) {
  for (piece& p : d.pieces)
    if (p.arrives_ns > os::now_ns()) p.arrives_ns = os::never_ns;
  if (d.reset_ns > os::now_ns()) d.reset_ns = os::never_ns;
}

void link::send_again(direction& d) {
  for (piece& p : d.pieces)
    if (p.arrives_ns == os::never_ns) p.arrives_ns = arrival(d, p.content.size());
  if (d.reset_sent && d.reset_ns == os::never_ns) d.reset_ns = later(os::now_ns());
}

}  // namespace dwell::inline v0::sim
