// The cancel sweep over what tasks wait for in `sync`.
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <utility>

#include <dwell/dwell.hpp>

#include "conformance/sweep.hpp"

namespace {

using namespace sweep;

// Ends `operation`, or with the victim if nobody will meet the operation any more.
task<> unless_gone(task<> operation, join_handle<>& victim) {
  const auto gone = [&]() -> task<> { co_await victim.wait(); };
  co_await dwell::race(std::move(operation), gone());
}

struct mutex_lock final : awaitable {
  dwell::mutex m;
  dwell::mutex::guard held = m.try_lock().value();

  task<> wait() override { const auto mine = co_await m.lock(); }
  task<> complete(join_handle<>&) override {
    held.unlock();
    co_return;
  }
  task<> check(bool) override {
    EXPECT_FALSE(m.statistics().locked);
    EXPECT_EQ(m.statistics().waiters, 0U);
    co_return;
  }
};

template <bool Shared>
struct shared_mutex_lock final : awaitable {
  dwell::shared_mutex m;
  dwell::shared_mutex::guard held = m.try_lock().value();

  task<> wait() override {
    if constexpr (Shared)
      const auto mine = co_await m.lock_shared();
    else
      const auto mine = co_await m.lock();
  }
  task<> complete(join_handle<>&) override {
    held.unlock();
    co_return;
  }
  task<> check(bool) override {
    EXPECT_FALSE(m.statistics().locked);
    EXPECT_EQ(m.statistics().readers, 0U);
    EXPECT_EQ(m.statistics().waiters, 0U);
    co_return;
  }
};

struct semaphore_acquire final : awaitable {
  dwell::semaphore s{0};

  task<> wait() override {
    auto mine = co_await s.acquire(2);
    mine.forget();
  }
  task<> complete(join_handle<>&) override {
    s.release(1);
    s.release(1);
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_EQ(s.statistics().available, got ? 0U : 2U);
    EXPECT_EQ(s.statistics().waiters, 0U);
    co_return;
  }
};

struct event_wait final : awaitable {
  dwell::event e;

  task<> wait() override { co_await e.wait(); }
  task<> complete(join_handle<>&) override {
    e.set();
    co_return;
  }
  task<> check(bool) override {
    EXPECT_TRUE(e.is_set());
    EXPECT_EQ(e.statistics().waiters, 0U);
    co_return;
  }
};

struct auto_reset_event_wait final : awaitable {
  dwell::auto_reset_event e;

  task<> wait() override { co_await e.wait(); }
  task<> complete(join_handle<>&) override {
    e.set();
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_NE(e.is_set(), got) << "the one set is taken, or there";
    EXPECT_EQ(e.statistics().waiters, 0U);
    co_return;
  }
};

struct condition_wait final : awaitable {
  dwell::mutex m;
  dwell::condition changed;
  bool holds = false;  // under m
  int seen = 0;        // under m

  task<> wait() override {
    auto held = co_await m.lock();
    co_await changed.wait(held, [this] { return holds; });
    ++seen;
  }
  task<> complete(join_handle<>&) override {
    const auto held = co_await m.lock();
    holds = true;
    changed.notify_one();
  }
  task<> check(bool got) override {
    EXPECT_EQ(seen, got ? 1 : 0);
    EXPECT_FALSE(m.statistics().locked);
    EXPECT_EQ(changed.statistics().waiters, 0U);
    co_return;
  }
};

struct barrier_arrive final : awaitable {
  dwell::barrier b{2};

  task<> wait() override { co_await b.arrive_and_wait(); }
  task<> complete(join_handle<>& victim) override { co_await unless_gone(wait(), victim); }
  task<> check(bool got) override {
    EXPECT_EQ(b.statistics().generations, got ? 1U : 0U);
    EXPECT_EQ(b.statistics().waiters, 0U) << "an arrival that was cancelled is taken back";
    co_return;
  }
};

struct latch_wait final : awaitable {
  dwell::latch l{1};

  task<> wait() override { co_await l.wait(); }
  task<> complete(join_handle<>&) override {
    l.count_down();
    co_return;
  }
  task<> check(bool) override {
    EXPECT_TRUE(l.done());
    EXPECT_EQ(l.statistics().waiters, 0U);
    co_return;
  }
};

// The victim runs the work itself.
struct once_run final : awaitable {
  dwell::once o;
  dwell::event go;

  task<> wait() override {
    co_await o.call_once([this]() -> task<> { co_await go.wait(); });
  }
  task<> complete(join_handle<>&) override {
    go.set();
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_EQ(o.done(), got);
    EXPECT_FALSE(o.statistics().running);
    co_await wait();
    EXPECT_TRUE(o.done()) << "a run that was cancelled does not keep the next from running";
  }
};

// The victim waits for the run of another.
struct once_wait final : awaitable {
  dwell::once o;
  dwell::event go;
  join_handle<> other;

  task<> run() {
    co_await o.call_once([this]() -> task<> { co_await go.wait(); });
  }
  task<> wait() override {
    other = dwell::spawn(run());
    while (o.statistics().runs == 0) co_await dwell::yield_now();
    co_await run();
  }
  task<> complete(join_handle<>&) override {
    go.set();
    co_return;
  }
  task<> check(bool got) override {
    if (!other.joinable()) co_return;
    co_await other;
    EXPECT_TRUE(o.done() || !got);
    EXPECT_EQ(o.statistics().runs, 1U);
    EXPECT_EQ(o.statistics().waiters, 0U);
  }
};

struct oneshot_receive final : awaitable {
  std::pair<dwell::oneshot_sender<int>, dwell::oneshot_receiver<int>> ends =
      dwell::make_oneshot<int>();
  int received = 0;

  task<> wait() override { received = co_await ends.second; }
  task<> complete(join_handle<>&) override {
    ends.first.send(7);
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_EQ(received, got ? 7 : 0);
    if (!got) {
      EXPECT_EQ(co_await ends.second, 7) << "the value is still there";
    }
  }
};

// What both directions of a channel have in common.
struct channel_ends : awaitable {
  explicit channel_ends(std::size_t capacity) : ends(dwell::make_channel<int>(capacity)) {}

  std::pair<dwell::channel_sender<int>, dwell::channel_receiver<int>> ends;
  int sent = 0;
  int received = 0;

  task<> send() {
    co_await ends.first.send(1);
    ++sent;
  }
  task<> receive() { received += co_await ends.second.receive(); }
  task<> check(bool) override {
    while (const auto left = ends.second.try_receive()) received += *left;
    EXPECT_EQ(received, sent);
    EXPECT_EQ(ends.first.statistics().waiting_senders, 0U);
    EXPECT_EQ(ends.first.statistics().waiting_receivers, 0U);
    co_return;
  }
};

template <std::size_t Capacity>
struct channel_send final : channel_ends {
  channel_send() : channel_ends(Capacity) {
    while (ends.first.try_send(1)) ++sent;
  }
  task<> wait() override { co_await send(); }
  task<> complete(join_handle<>& victim) override { co_await unless_gone(receive(), victim); }
};

template <std::size_t Capacity>
struct channel_receive final : channel_ends {
  channel_receive() : channel_ends(Capacity) {}
  task<> wait() override { co_await receive(); }
  task<> complete(join_handle<>& victim) override { co_await unless_gone(send(), victim); }
};

struct broadcast_receive final : awaitable {
  std::pair<dwell::broadcast_sender<int>, dwell::broadcast_receiver<int>> ends =
      dwell::make_broadcast<int>(2);
  int received = 0;

  task<> wait() override { received += co_await ends.second.receive(); }
  task<> complete(join_handle<>&) override {
    ends.first.send(1);
    co_return;
  }
  task<> check(bool got) override {
    if (!got) co_await wait();
    EXPECT_EQ(received, 1);
    EXPECT_FALSE(ends.second.try_receive().has_value()) << "given once";
  }
};

struct watch_changed final : awaitable {
  std::pair<dwell::watch_sender<int>, dwell::watch_receiver<int>> ends = dwell::make_watch<int>(0);
  int changes = 0;

  task<> wait() override {
    const bool changed = co_await ends.second.changed();  // in the `if` GCC 12 hangs
    if (changed) ++changes;
  }
  task<> complete(join_handle<>&) override {
    ends.first.send(1);
    co_return;
  }
  task<> check(bool got) override {
    if (!got) co_await wait();
    EXPECT_EQ(changes, 1);
    EXPECT_EQ(ends.second.get(), 1);
  }
};

const row rows[] = {
    {"mutex_lock", &make<mutex_lock>},
    {"shared_mutex_lock", &make<shared_mutex_lock<false>>},
    {"shared_mutex_lock_shared", &make<shared_mutex_lock<true>>},
    {"semaphore_acquire", &make<semaphore_acquire>},
    {"event_wait", &make<event_wait>},
    {"auto_reset_event_wait", &make<auto_reset_event_wait>},
    {"condition_wait", &make<condition_wait>},
    {"barrier_arrive_and_wait", &make<barrier_arrive>},
    {"latch_wait", &make<latch_wait>},
    {"once_call_once_running", &make<once_run>},
    {"once_call_once_waiting", &make<once_wait>},
    {"oneshot_receiver", &make<oneshot_receive>},
    {"channel_send_rendezvous", &make<channel_send<0>>},
    {"channel_send_capacity_1", &make<channel_send<1>>},
    {"channel_send_capacity_3", &make<channel_send<3>>},
    {"channel_receive_rendezvous", &make<channel_receive<0>>},
    {"channel_receive_capacity_1", &make<channel_receive<1>>},
    {"channel_receive_unbounded", &make<channel_receive<dwell::unbounded>>},
    {"broadcast_receive", &make<broadcast_receive>},
    {"watch_changed", &make<watch_changed>},
};

class sync_sweep : public every_await {};
INSTANTIATE_TEST_SUITE_P(awaits, sync_sweep, testing::ValuesIn(rows), name_of);

class sync_sweep_simulated : public every_simulated_await {};
INSTANTIATE_TEST_SUITE_P(awaits, sync_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(sync_sweep_simulated, loses_nothing_over_the_seeds) { sweep_seeds(); }

TEST_P(sync_sweep, loses_nothing_on_one_worker) { sweep_on(1); }
TEST_P(sync_sweep, loses_nothing_on_two_workers) { sweep_on(2); }
TEST_P(sync_sweep, loses_nothing_on_four_workers) { sweep_on(4); }

}  // namespace
