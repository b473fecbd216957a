#include <array>
#include <chrono>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <dwell/http/curl_shard.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/socket.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

// How much a shard does before its worker may do something else: turns in a row, and transfers that
// a turn visits. (Sockets are bounded by descriptor_group::most_events.)
constexpr int most_turns = 4;
constexpr int most_visits = 64;

// Once for the program, never taken back: other parts of it may use libcurl.
void set_up_library() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw std::runtime_error(curl_easy_strerror(result));
}

CURLM* new_multi() {
  set_up_library();
  CURLM* const made = curl_multi_init();
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

}  // namespace

curl_shard::curl_shard(const client_options& options)
    : due_ns_(os::never_ns),
      multi_(new_multi()),
      timer_ns_(os::never_ns),
      sleeps_until_(os::never_ns) {
  handles_.reserve(options.idle_connections);
  CURLM* const m = multi_.get();
  curl_multi_setopt(m, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, static_cast<long>(options.idle_connections));
  curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.per_origin));
  curl_multi_setopt(m, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(
      m, CURLMOPT_SOCKETFUNCTION, +[](CURL*, curl_socket_t fd, int what, void* shard, void*) {
        return static_cast<curl_shard*>(shard)->watch_socket(fd, what);
      });
  curl_multi_setopt(m, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(
      m, CURLMOPT_TIMERFUNCTION, +[](CURLM*, long in_ms, void* shard) {
        static_cast<curl_shard*>(shard)->set_timer(in_ms);
        return 0;
      });
}

curl_shard::~curl_shard() = default;

// The sockets of a connection outlive its transfers, so they belong to the shard.
void curl_shard::set_socket_callbacks(CURL* handle) noexcept {
  curl_easy_setopt(
      handle, CURLOPT_OPENSOCKETFUNCTION, +[](void* shard, curlsocktype, curl_sockaddr* to) {
        return static_cast<curl_shard*>(shard)->open_socket(*to);
      });
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(
      handle, CURLOPT_CLOSESOCKETFUNCTION, +[](void* shard, curl_socket_t fd) {
        static_cast<curl_shard*>(shard)->sockets_.forget(fd);
        os::file_descriptor(fd).reset();
        return 0;
      });
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, this);
}

// ---- Handles: to make one takes libcurl some thirty allocations ----

easy_handle curl_shard::take_handle() {
  {
    const os::lock_guard guard(handles_lock_);
    if (!handles_.empty()) {
      easy_handle one = std::move(handles_.back());
      handles_.pop_back();
      return one;
    }
  }
  easy_handle made(curl_easy_init());
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

void curl_shard::give_back(easy_handle handle) noexcept {
  curl_easy_reset(handle.get());
  const os::lock_guard guard(handles_lock_);
  if (handles_.size() < handles_.capacity()) handles_.push_back(std::move(handle));
}

// ---- Turns ----

void curl_shard::post(curl_transfer& t, wish w) noexcept {
  {
    const os::lock_guard guard(inbox_lock_);
    if (t.wishes_ == 0) {
      t.queued_ = t.shared_from_this();
      (last_ == nullptr ? first_ : last_->next_) = &t;
      last_ = &t;
    }
    t.wishes_ |= static_cast<std::uint8_t>(w);
  }
  run();
}

void curl_shard::run() noexcept {
  // acq_rel: what the one before me left, and what I leave to whoever runs turns now.
  if (wanted_.fetch_add(1, base::acq_rel) != 0) return;
  const std::shared_ptr<curl_shard> kept = weak_from_this().lock();  // the last transfer may go
  taken_on_ = 1;
  while (!run_some_turns())
    if (hand_over()) return;
}

// Whether those were all. If not, the caller still is the one who runs turns.
bool curl_shard::run_some_turns() noexcept {
  for (int turns = 0; turns < most_turns; ++turns) {
    if (!turn()) continue;
    const std::uint32_t done = taken_on_;
    const std::uint32_t before = wanted_.fetch_sub(done, base::acq_rel);  // as in run()
    if (before == done) return true;  // taken_on_ is the next one's from here on
    taken_on_ = before - done;
  }
  return false;
}

// To the task that waits for it, if there is one. Who has asked for a turn is somebody's task, and
// has better things to do than to serve the others.
bool curl_shard::hand_over() noexcept {
  const os::lock_guard guard(attending_lock_);
  if (!attended_) return false;
  handed_over_ = true;
  handed_.set();
  return true;
}

bool curl_shard::turn() noexcept {
  const bool all = serve_inbox();
  // acquire: pairs with the release by the task that wishes it.
  if (look_.load(base::acquire)) serve_sockets();
  serve_timer();
  collect_finished();
  note_timer();
  return all;
}

bool curl_shard::serve_inbox() noexcept {
  for (int visits = 0; visits < most_visits; ++visits) {
    std::shared_ptr<curl_transfer> t;
    std::uint8_t wishes = 0;
    {
      const os::lock_guard guard(inbox_lock_);
      if (first_ == nullptr) return true;
      t = std::move(first_->queued_);
      wishes = std::exchange(t->wishes_, std::uint8_t{0});
      first_ = std::exchange(t->next_, nullptr);
      if (first_ == nullptr) last_ = nullptr;
    }
    serve(*t, wishes);
  }
  return false;
}

void curl_shard::serve(curl_transfer& t, std::uint8_t wishes) noexcept {
  const auto has = [wishes](wish w) { return (wishes & static_cast<std::uint8_t>(w)) != 0; };
  if (has(wish::stop)) {
    t.abandoned(request_failure::called_off, "called off");
    return remove(t);
  }
  if (has(wish::begin)) begin(t);
  // May call back at once with what was held back, and pause again.
  if (has(wish::go_on) && t.added_) curl_easy_pause(t.handle(), CURLPAUSE_CONT);
}

void curl_shard::begin(curl_transfer& t) noexcept {
  if (t.has_ended()) return;
  try {
    active_.emplace(&t, t.shared_from_this());
  } catch (const std::bad_alloc&) {
    return t.abandoned(request_failure::local_failure, "out of memory");
  }
  const CURLMcode added = curl_multi_add_handle(multi_.get(), t.handle());
  t.added_ = added == CURLM_OK;
  if (t.added_) return;
  t.abandoned(request_failure::local_failure, curl_multi_strerror(added));
  remove(t);
}

void curl_shard::serve_sockets() noexcept {
  std::array<os::member_event, os::descriptor_group::most_events> room;
  const auto events = sockets_.take(room);
  for (const os::member_event& e : events) {
    if (!sockets_.is_current(e)) continue;
    const int what = (e.readable ? CURL_CSELECT_IN : 0) | (e.writable ? CURL_CSELECT_OUT : 0) |
                     (e.failed ? CURL_CSELECT_ERR : 0);
    int running = 0;
    (void)curl_multi_socket_action(multi_.get(), e.fd, what, &running);
  }
  more_.store(!events.empty(), base::relaxed);  // relaxed: ordered by the next store
  look_.store(false, base::release);            // release: pairs with the load by who wished it
  looked_.set();
}

void curl_shard::serve_timer() noexcept {
  // Each call may set it anew, for at once: bounded, or one transfer could keep the worker.
  for (int calls = 0; calls < 8 && due_ns_ <= os::now_ns(); ++calls) {
    due_ns_ = os::never_ns;
    int running = 0;
    (void)curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void curl_shard::collect_finished() noexcept {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    curl_transfer& t = curl_transfer::of(message->easy_handle);
    const CURLcode result = message->data.result;  // the message goes with the handle
    const std::shared_ptr<curl_transfer> kept = active_.at(&t);
    remove(t);
    t.finished(result);
  }
}

// In the middle of a transfer this closes its connection, or resets its stream.
void curl_shard::remove(curl_transfer& t) noexcept {
  if (std::exchange(t.added_, false)) curl_multi_remove_handle(multi_.get(), t.handle());
  active_.erase(&t);
}

// ---- What libcurl asks for: called from within C, nothing may be thrown ----

curl_socket_t curl_shard::open_socket(const curl_sockaddr& to) noexcept {
  const auto family = to.family == AF_INET6 ? net::endpoint::kind::ipv6 : net::endpoint::kind::ipv4;
  if (to.family != AF_INET6 && to.family != AF_INET) return CURL_SOCKET_BAD;
  const os::io_result opened = os::open_socket(family, os::socket_kind::stream);
  if (!opened.ok()) return CURL_SOCKET_BAD;
  const auto fd = static_cast<curl_socket_t>(opened.value);
  sockets_.forget(fd);  // the last one of this number may have been closed without a word
  return fd;
}

// A socket for which there is no room stays unwatched, and its transfer takes too long, as if the
// server were silent: to refuse would end every transfer of the shard.
int curl_shard::watch_socket(curl_socket_t fd, int what) noexcept {
  if (what == CURL_POLL_REMOVE) {
    sockets_.rest(fd);
  } else {
    try {
      sockets_.watch(fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
  }
  const bool has = !sockets_.empty();
  // release: pairs with the acquire of the task that waits for sockets.
  if (has_sockets_.exchange(has, base::release) != has && has) sockets_wanted_.set();
  return 0;
}

void curl_shard::set_timer(long in_ms) noexcept {
  due_ns_ =
      in_ms < 0 ? os::never_ns : os::deadline_after(os::now_ns(), std::chrono::milliseconds(in_ms));
}

// Wakes the task that sleeps only when it would come too late: most timers are moved away.
void curl_shard::note_timer() noexcept {
  const os::lock_guard guard(timer_lock_);
  timer_ns_ = due_ns_;
  if (timer_ns_ < sleeps_until_) timer_moved_.set();
}

// ---- The tasks that attend ----

task<> curl_shard::wait_for_sockets() {
  net::descriptor group(sockets_.duplicate(), "http::client");
  for (;;) {
    // acquire: pairs with the release in watch_socket(). Without sockets it waits for no socket, so
    // that the deadlock report does not count on one.
    if (!has_sockets_.load(base::acquire)) {
      co_await sockets_wanted_.wait();
      continue;
    }
    look_.store(true, base::release);  // release: pairs with the load in turn()
    run();
    // acquire: pairs with the release in serve_sockets(). The event may be an earlier task's.
    while (look_.load(base::acquire)) co_await looked_.wait();
    // relaxed: ordered by the load above.
    if (more_.load(base::relaxed))
      co_await yield_now();
    else
      co_await group.readable();
  }
}

// When the task that sleeps shall ask for a turn. Once it has asked, each turn tells it what is
// next: the turn may come later, from who runs turns now.
std::int64_t curl_shard::next_alarm(std::int64_t now) noexcept {
  const os::lock_guard guard(timer_lock_);
  sleeps_until_ = timer_ns_ <= now ? os::never_ns : timer_ns_;
  return timer_ns_;
}

task<> curl_shard::wait_for_timer() {
  for (;;) {
    const std::int64_t now = os::now_ns();
    const std::int64_t until = next_alarm(now);
    if (until <= now) run();
    if (until <= now || until == os::never_ns) {
      co_await timer_moved_.wait();
    } else {
      auto sleeping = move_on_after(std::chrono::nanoseconds(until - now), timer_moved_.wait());
      (void)co_await std::move(sleeping);
    }
  }
}

// What is left of a pass is handed over once more: to the next one, or to leave().
task<> curl_shard::wait_for_turns() {
  for (;;) {
    if (!take_over()) {
      co_await handed_.wait();
    } else if (!run_some_turns()) {
      (void)hand_over();
      co_await yield_now();
    }
  }
}

bool curl_shard::take_over() noexcept {
  const os::lock_guard guard(attending_lock_);
  return std::exchange(handed_over_, false);
}

task<> curl_shard::attend_to(std::shared_ptr<curl_shard> shard) {
  struct leaving {
    ~leaving() { of.leave(); }
    curl_shard& of;
  } const leaves{*shard};
  auto all = gather(shard->wait_for_sockets(), shard->wait_for_timer(), shard->wait_for_turns());
  co_await std::move(all);
}

// Nobody is there to hand turns over to: the last ones are run here.
void curl_shard::leave() noexcept {
  bool owes_turns = false;
  {
    const os::lock_guard guard(attending_lock_);
    attended_ = false;
    owes_turns = std::exchange(handed_over_, false);
  }
  while (owes_turns && !run_some_turns()) {
  }
}

void curl_shard::attend() {
  const os::lock_guard guard(attending_lock_);
  if (attended_) return;
  attending_ = spawn(attend_to(shared_from_this()));
  attended_ = true;
}

void curl_shard::stop() noexcept {
  const os::lock_guard guard(attending_lock_);
  if (!attending_.joinable()) return;
  (void)attending_.cancel();
  attending_.detach();
}

}  // namespace dwell::inline v0::http
