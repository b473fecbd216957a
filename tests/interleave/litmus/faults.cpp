// What the explorer must report: lost wake-ups, endless loops, lifetime errors, leaks. And what it
// must not: loops that end because another thread acts.
#include <exception>
#include <stdexcept>

#include "litmus.hpp"

namespace {

using namespace litmus;
using dwell::os::futex_wait;
using dwell::os::futex_wait_until;
using dwell::os::futex_wake;

void sleeper(word& state) {
  while (state.load(acquire) == 0) futex_wait(state, 0);
}

const entry wake("a futex sleeper is woken", {"awake"}, [] {
  word state{0};
  both([&] { sleeper(state); },
       [&] {
         state.store(1, release);
         futex_wake(state, 1);
       });
  observe("awake");
});

const entry no_wake("a store without a wake is a lost wake-up", "lost wake-up: main joins", [] {
  word state{0};
  both([&] { sleeper(state); }, [&] { state.store(1, release); });
});

const entry wake_one("waking one of two sleepers is a lost wake-up", "lost wake-up", [] {
  word state{0};
  auto first = spawn("first", [&] { sleeper(state); });
  auto second = spawn("second", [&] { sleeper(state); });
  state.store(1, release);
  futex_wake(state, 1);
});

const entry wake_all("waking both is not", {"awake"}, [] {
  word state{0};
  {
    auto first = spawn("first", [&] { sleeper(state); });
    auto second = spawn("second", [&] { sleeper(state); });
    state.store(1, release);
    futex_wake(state, 2);
  }
  observe("awake");
});

// Parking without the store-load fence: submit sees no sleeper, the sleeper sees no work.
template <class Light, class Heavy>
void park(Light submit_fence, Heavy park_fence) {
  word sleeping{0};
  number work{0};
  both(
      [&] {
        work.store(1, release);
        submit_fence();
        if (sleeping.load(relaxed) == 1 && sleeping.exchange(0, acq_rel) == 1)
          futex_wake(sleeping, 1);
      },
      [&] {
        sleeping.store(1, relaxed);
        park_fence();
        if (work.load(acquire) == 1) return;
        while (sleeping.load(relaxed) == 1) futex_wait(sleeping, 1);
      });
  observe("awake");
}

void light() { dwell::os::light_fence(); }
void heavy() { dwell::os::heavy_fence(); }

const entry parked("park and submit with a light and a heavy fence", {"awake"},
                   [] { park(light, heavy); });
const entry park_no_heavy("park without its fence loses a wake-up", "lost wake-up",
                          [] { park(light, [] {}); });
const entry park_no_light("submit without its fence loses a wake-up", "lost wake-up",
                          [] { park([] {}, heavy); });

const entry spurious(
    "a futex wait may return for no reason when asked to", {"0", "1"},
    [] {
      word state{0};
      bool early = false;
      both(
          [&] {
            futex_wait(state, 0);
            early = state.load(relaxed) == 0;
          },
          [&] {
            state.store(1, relaxed);
            futex_wake(state, 1);
          });
      observe("%d", early);
    },
    [](model::test& t) { t.spurious_wakes(1); });

const entry timeout("a limited wait may time out or be woken", {"0", "1"}, [] {
  word state{0};
  bool woken = false;
  both([&] { woken = futex_wait_until(state, 0, 5); },
       [&] {
         state.store(1, relaxed);
         futex_wake(state, 1);
       });
  observe("%d", woken);
});

const entry timeout_alone("nobody wakes it: it times out, no deadlock", {"0"}, [] {
  word state{0};
  observe("%d", futex_wait_until(state, 0, 5));
});

const entry spin("a spin loop with a pause ends when the other thread acts", {"done"}, [] {
  number flag{0};
  both(
      [&] {
        while (flag.load(acquire) == 0) dwell::base::cpu_pause();
      },
      [&] { flag.store(1, release); });
  observe("done");
});

const entry spin_without_pause("a spin loop without a pause ends too", {"done"}, [] {
  number flag{0};
  both(
      [&] {
        while (flag.load(relaxed) == 0) {
        }
      },
      [&] { flag.store(1, release); });
  observe("done");
});

const entry spinners(
    "two spinners do not starve the third thread", {"done"},
    [] {
      number flag{0};
      const auto spinner = [&] {
        while (flag.load(relaxed) == 0) dwell::base::cpu_pause();
      };
      {
        auto first = spawn("first", spinner);
        auto second = spawn("second", spinner);
        auto writer = spawn("writer", [&] { flag.store(1, release); });
      }
      observe("done");
    },
    [](model::test& t) { t.preemptions(2); });

const entry lock(
    "two threads and a test-and-set lock", {"2"},
    [] {
      number lock_word{0};
      var<int> count{0};
      const auto worker = [&] {
        while (lock_word.exchange(1, acquire) == 1) dwell::base::cpu_pause();
        ++count;
        lock_word.store(0, release);
      };
      both(worker, worker);
      observe("%d", count.get());
    },
    [](model::test& t) { t.preemptions(3); });

const entry bad_lock(
    "an unlock without release is a data race", "data race on count",
    [] {
      number lock_word{0};
      var<int> count{0};
      model::name(count, "count");
      const auto worker = [&] {
        while (lock_word.exchange(1, acquire) == 1) dwell::base::cpu_pause();
        ++count;
        lock_word.store(0, relaxed);
      };
      both(worker, worker);
    },
    [](model::test& t) { t.preemptions(3); });

const entry livelock("waiting for what nobody does is a livelock", "livelock", [] {
  number flag{0};
  while (flag.load(relaxed) == 0) dwell::base::cpu_pause();
});

const entry endless("a loop of writes without end is reported", "does this ever end", [] {
  number flag{0};
  for (;;) flag.fetch_add(1, relaxed);
});

const entry late_use("an atomic is not used after its destruction", "used after its destruction",
                     [] {
                       auto* flag = new number{0};
                       number gone{0};
                       both(
                           [&] {
                             delete flag;
                             gone.store(1, release);
                           },
                           [&] {
                             if (gone.load(acquire) == 1) flag->load(relaxed);
                           });
                     });

const entry early_destruction("an atomic is not destroyed while its last use is unordered",
                              "does not happen before", [] {
                                auto* count = new number{2};
                                const auto leave = [=] {
                                  if (count->fetch_sub(1, relaxed) == 1) delete count;
                                };
                                both(leave, leave);
                              });
const entry counted("the last of two users destroys the counter", {"fine"}, [] {
  auto* count = new number{2};
  const auto leave = [=] {
    if (count->fetch_sub(1, acq_rel) == 1) delete count;
  };
  both(leave, leave);
  observe("fine");
});

const entry unpublished("an object is not used before its construction is visible",
                        "construction does not happen before", [] {
                          dwell::base::atomic<number*> box{nullptr};
                          both([&] { box.store(new number{1}, relaxed); },
                               [&] {
                                 number* p = box.load(acquire);
                                 if (p != nullptr) p->load(relaxed);
                               });
                          delete box.load(relaxed);
                        });

const entry leak("a leak is reported", "never deleted", [] {
  auto* lost = new number{0};
  observe("%d", lost->load(relaxed));
});

// Not delete itself, whose misuse the compiler sees through.
const entry twice("a double delete is reported", "deleted twice", [] {
  void (*volatile release_block)(void*) = [](void* p) { ::operator delete(p); };
  void* p = ::operator new(8);
  release_block(p);
  release_block(p);
});

const entry thrown("an escaping exception is reported", "an exception leaves the thread: oh",
                   [] { throw std::runtime_error("oh"); });

const entry caught("an exception may be under way while others run", {"fine"}, [] {
  number x{0};
  const auto thrower = [&] {
    try {
      throw 1;
    } catch (int) {
      x.fetch_add(1, relaxed);
      x.fetch_add(1, relaxed);
    }
    model::check(std::uncaught_exceptions() == 0 && !std::current_exception(),
                 "each thread has its own exceptions");
  };
  both(thrower, thrower);
  observe("fine");
});

const entry unjoined("a thread left running is reported", "still runs", [] {
  auto* kept = new model::running(spawn("left", [] { model::yield(); }));
  (void)kept;
});

const entry claim("a check that does not hold is reported", "not so: one is two",
                  [] { model::check(1 == 2, "one is two"); });

number global{7};
const entry statics("an atomic with static storage starts every execution anew", {"7 8"}, [] {
  const int before = global.fetch_add(1, relaxed);
  observe("%d %d", before, global.load(relaxed));
});

}  // namespace
