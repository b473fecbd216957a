// Programs that the seed writes: trees of every combinator, around tasks that wait, fail, are
// cancelled and compute elsewhere. Whatever the tree: it ends, and then everything in it has ended;
// what comes out is a value or an error that is in the tree; no frame is left.
#include <chrono>
#include <cstdint>
#include <exception>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>
#include <dwell/task/frame_pool.hpp>

#include "support/each_seed.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using namespace std::chrono_literals;

struct boom : std::runtime_error {
  boom() : runtime_error("boom") {}
};

class program {
 public:
  explicit program(std::uint64_t seed) noexcept : state_(seed) {}

  task<int> tree(int depth) {
    const counted here(*this);
    constexpr int leaves = 6;
    const int kind = below(depth == 0 ? leaves : leaves + combinators);
    if (kind < leaves) {
      co_await leaf(kind);
      co_return 1;
    }
    task<int> inner = (this->*combinator[kind - leaves])(depth - 1);
    co_return co_await std::move(inner);
  }

  int begun = 0;
  int ended = 0;

 private:
  class counted {
   public:
    explicit counted(program& of) noexcept : of_(of) { ++of_.begun; }
    ~counted() { ++of_.ended; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

   private:
    program& of_;
  };

  // SplitMix64 (Steele, Lea, Flood 2014). The program runs on one thread.
  int below(int bound) noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<int>((z ^ (z >> 31)) % static_cast<std::uint64_t>(bound));
  }
  std::chrono::microseconds a_while() noexcept { return std::chrono::microseconds(below(100)); }
  std::vector<task<int>> several(int depth) {
    std::vector<task<int>> all;
    for (int i = below(4); i >= 0; --i) all.push_back(tree(depth));
    return all;
  }

  task<> leaf(int kind) {
    if (kind == 1) co_await dwell::yield_now();
    if (kind == 2) co_await dwell::sleep_for(a_while());
    if (kind == 3) throw boom();
    if (kind == 4) co_await dwell::blocking([] {});
    if (kind == 5) co_await dwell::compute([] {});
  }

  // ---- The combinators ----

  task<int> gathers(int depth) {
    auto both = dwell::gather(tree(depth), tree(depth));
    const auto values = co_await std::move(both);
    co_return std::get<0>(values) + std::get<1>(values);
  }
  task<int> gathers_several(int depth) {
    auto all = dwell::gather(several(depth));
    const std::vector<int> values = co_await std::move(all);
    co_return static_cast<int>(values.size());
  }
  task<int> settles(int depth) {
    auto all = dwell::gather_settled(several(depth));
    int sum = 0;
    const auto ends = co_await std::move(all);
    for (const auto& end : ends) sum += end.has_value() ? *end : 0;
    co_return sum;
  }
  task<int> races(int depth) {
    auto all = dwell::race(several(depth));
    const auto won = co_await std::move(all);
    co_return won.value;
  }
  task<int> times_out(int depth) {
    auto limited = dwell::timeout(a_while(), tree(depth));
    co_return co_await std::move(limited);
  }
  task<int> moves_on(int depth) {
    auto limited = dwell::move_on_after(a_while(), tree(depth));
    const std::optional<int> value = co_await std::move(limited);
    co_return value.value_or(0);
  }
  task<int> shields(int depth) {
    auto shielded = dwell::shield(tree(depth));
    co_return co_await std::move(shielded);
  }
  task<int> cleans_up(int depth) {
    const auto cleanup = [this]() -> task<> { co_await leaf(below(3)); };
    auto whole = dwell::finally(tree(depth), cleanup);
    co_return co_await std::move(whole);
  }
  task<int> scopes(int depth) {
    const bool cancels = below(2) == 0;
    const auto body = [this, depth, cancels](dwell::cancel_scope& scope) -> task<int> {
      if (cancels) scope.cancel();
      co_return co_await tree(depth);
    };
    auto whole = dwell::with_cancel_scope(body);
    const std::optional<int> value = co_await std::move(whole);
    co_return value.value_or(0);
  }
  task<int> groups(int depth) {
    const auto body = [this, depth](dwell::task_group& group) -> task<int> {
      for (task<int>& child : several(depth)) group.spawn(std::move(child)).detach();
      co_return co_await tree(depth);
    };
    auto whole = dwell::with_task_group(body);
    co_return co_await std::move(whole);
  }
  task<int> completes(int depth) {
    const int enough = below(4);
    const auto body = [enough](dwell::completions<int>& ends) -> task<int> {
      int taken = 0;
      while (taken < enough) {
        const auto next = co_await ends.next();
        if (!next) break;
        ++taken;
      }
      co_return taken;
    };
    auto whole = dwell::as_completed(several(depth), body);
    co_return co_await std::move(whole);
  }
  task<int> maps(int depth) {
    const auto one = [this, depth](int) { return tree(depth); };
    auto whole = dwell::map_limited(std::vector<int>(5), 2, one);
    const std::vector<int> values = co_await std::move(whole);
    co_return static_cast<int>(values.size());
  }
  task<int> retries(int depth) {
    dwell::retry_policy policy;
    policy.max_attempts = 3;
    policy.first_pause = 20us;
    const auto attempt = [this, depth] { return tree(depth); };
    auto whole = dwell::retry(policy, attempt);
    co_return co_await std::move(whole);
  }
  task<int> spawns(int depth) {
    auto handle = dwell::spawn(tree(depth));
    const int what = below(3);
    if (what == 0) handle.cancel();
    if (what == 1) co_return 0;  // dropped
    co_return co_await handle;
  }
  task<int> binds(int depth) {
    auto whole = dwell::with_local(local_, depth, tree(depth));
    co_return co_await std::move(whole);
  }
  task<int> limits(int depth) {
    const auto slot = co_await limit_.acquire();
    co_await dwell::yield_now();
    static_cast<void>(depth);
    co_return 1;
  }
  task<int> sends(dwell::channel_sender<int> to) {
    const counted here(*this);
    for (int i = 0; i < 3; ++i) co_await to.send(i);
    co_return 0;
  }
  task<int> receives(dwell::channel_receiver<int> from) {
    const counted here(*this);
    int count = 0;
    while (true) {
      const auto next = co_await from.next();
      if (!next) co_return count;
      ++count;
    }
  }
  task<int> pipes(int depth) {
    static_cast<void>(depth);
    auto ends = dwell::make_channel<int>(static_cast<std::size_t>(below(3)));
    auto both = dwell::gather(sends(std::move(ends.first)), receives(std::move(ends.second)));
    const auto values = co_await std::move(both);
    EXPECT_EQ(std::get<1>(values), 3);
    co_return 3;
  }

  using make = task<int> (program::*)(int);
  static constexpr make combinator[] = {
      &program::gathers,   &program::gathers_several, &program::settles,   &program::races,
      &program::times_out, &program::moves_on,        &program::shields,   &program::cleans_up,
      &program::scopes,    &program::groups,          &program::completes, &program::maps,
      &program::retries,   &program::spawns,          &program::binds,     &program::limits,
      &program::pipes};
  static constexpr int combinators = std::size(combinator);

  std::uint64_t state_;
  const dwell::task_local<int> local_;
  dwell::limiter limit_{1};
};

// What the whole of a tree may end with, besides a value.
bool belongs_to_a_tree(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boom&) {
    return true;
  } catch (const dwell::exception_group&) {
    return true;
  } catch (const dwell::timed_out&) {
    return true;
  } catch (const dwell::cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

void ignore_unobserved(std::exception_ptr, const std::source_location&) noexcept {}

TEST(a_random_program, ends_with_all_that_is_in_it) {
  const dwell_test::watchdog dog("random programs");
  const auto hook = dwell::set_unobserved_error_hook(&ignore_unobserved);
  const auto before = dwell::core::live_frames();
  dwell::sim::options quiet;
  quiet.print_replay = false;  // most end with an error of theirs
  dwell_test::each_seed(10'000, [&](std::uint64_t seed) {
    program p(seed);
    std::exception_ptr error;
    try {
      dwell::sim::run(seed, p.tree(6), quiet);
    } catch (...) {
      error = std::current_exception();
    }
    EXPECT_TRUE(error == nullptr || belongs_to_a_tree(error));
    EXPECT_EQ(p.begun, p.ended);
    EXPECT_EQ(dwell::core::live_frames(), before);
  });
  dwell::set_unobserved_error_hook(hook);
}

}  // namespace
