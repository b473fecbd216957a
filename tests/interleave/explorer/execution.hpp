// One execution: the model threads, who runs, and every operation they perform.
//
// Each visible operation begins with reach(), where the scheduler may give the processor to another
// thread. Taking it from a thread that could go on is a preemption and is bounded; a thread that
// blocks, ends or yields gives it up for free. After a yield the least recently run thread is the
// natural successor, and choosing another one is bounded too (a detour): without that bound two
// spinning threads could keep a third from running for ever, in ever longer executions.
#pragma once

#include <memory>
#include <source_location>
#include <string>

#include "choices.hpp"
#include "memory.hpp"
#include "settings.hpp"
#include "thread.hpp"
#include "trace.hpp"

namespace model {

/// An atomic object as the operations see it; the object itself keeps its initial value.
struct object {
  void* address;
  unsigned size;
  std::source_location where;
};

/// Who touched a plain variable last, for finding data races.
struct plain_history {
  unsigned writer = 0;
  epoch written = 0;
  std::array<epoch, max_threads> read{};
};

class execution {
 public:
  execution(choices& c, const settings& s);
  ~execution();

  /// Runs body as the first thread, to the end or to the first failure.
  void run(void (*body)(void*), void* argument, unsigned bound, bool searching);
  bool running() const { return running_; }

  // Operations. All begin with a scheduling point except spawn, born and died.
  std::uint64_t load(const object& o, std::memory_order order);
  void write(const object& o, std::uint64_t value, std::memory_order order);
  std::uint64_t update_begin(const object& o, std::memory_order order);
  void update_end(const object& o, std::uint64_t value, std::memory_order order);
  bool compare_exchange(const object& o, std::uint64_t& expected, std::uint64_t desired,
                        std::memory_order success, std::memory_order failure, bool weak);
  void born(const object& o, std::uint64_t value);
  void died(const object& o);
  void fence(std::memory_order order, std::source_location where);
  void light_fence(std::source_location where);
  void heavy_fence(std::source_location where);
  void yield(std::source_location where);
  /// False when the time ran out.
  bool futex_wait(const object& o, std::uint64_t expected, bool may_time_out);
  void futex_wake(const object& o, int count);

  unsigned spawn(const char* name, void (*body)(void*), void* argument);
  void join_thread(unsigned id);
  unsigned running_thread() const { return current_; }

  // Plain memory.
  void plain_read(const void* address, unsigned size, plain_history& h, std::source_location where);
  void plain_write(const void* address, unsigned size, plain_history& h,
                   std::source_location where);

  /// One of 0 … count-1, every one of them in some execution.
  unsigned choose(unsigned count);
  /// From now on each thread has its own value of this word, null at first.
  void per_thread(void** word);

  /// Ends the execution with this sentence.
  [[noreturn, gnu::format(printf, 2, 3)]] void fail(const char* format, ...);
  bool failed() const { return !failure_.empty(); }
  /// Whether it was cut short because another execution is equivalent.
  bool cut() const { return cut_; }
  const std::string& failure() const { return failure_; }
  trace& record() { return trace_; }
  std::string& outcome() { return outcome_; }

 private:
  enum class reason { passing, yielding, stopping };
  struct candidates {
    std::array<unsigned, max_threads> id;
    unsigned count = 0;
  };

  static void thread_main(void* self);

  thread& current() { return *threads_[current_]; }
  void reach(const step& next, std::source_location where);
  void disturb(const step& done);
  void preempt(unsigned id, const step& next);
  [[noreturn]] void abandon();
  void give_up(reason why);
  unsigned next_thread(reason why);
  bool eligible(const thread& t) const;
  candidates others() const;
  candidates spinners() const;
  [[noreturn]] void nobody_can_run();
  void finish();
  void progress();
  void check_leaks();
  thread& add_thread(const char* name, void (*body)(void*), void* argument);
  location& place(const void* address, unsigned size, std::uint64_t initial);
  location& use(const object& o);
  void check_plain(unsigned other, epoch when, const void* address, unsigned size, const char* what,
                   std::source_location where);
  void note(const object& o, action what, std::memory_order order, std::uint64_t before,
            std::uint64_t after, unsigned behind);
  void note(action what, std::source_location where, std::uint64_t after = 0,
            std::memory_order order = std::memory_order_relaxed);
  void count_read(thread& t);
  void switch_from(thread& t, unsigned id, bool for_good);

  choices& choices_;
  const settings& settings_;
  memory memory_;
  trace trace_;
  std::vector<std::unique_ptr<thread>> threads_;
  fiber explorer_;
  std::string failure_;
  std::string outcome_;
  unsigned count_ = 0;
  unsigned current_ = 0;
  unsigned bound_ = 0;
  unsigned preemptions_ = 0;
  unsigned detours_ = 0;
  unsigned idle_rounds_ = 0;
  unsigned steps_ = 0;
  memory::access updated_;
  unsigned spurious_wakes_ = 0;
  void** per_thread_ = nullptr;
  std::uint64_t turn_ = 0;
  std::uint64_t progress_ = 0;
  bool running_ = false;
  bool searching_ = false;
  bool cut_ = false;
};

/// The execution of this process (there is one explorer per process).
execution& now();
/// Whether model code is running: outside of it atomics are ordinary memory.
bool exploring();

}  // namespace model
