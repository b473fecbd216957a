// The workers together: the executor that the layers above and the reactor submit to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/scheduler/idle.hpp>
#include <dwell/scheduler/injector.hpp>
#include <dwell/scheduler/tuning.hpp>
#include <dwell/scheduler/worker.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/idle_port.hpp>

namespace dwell::inline v0::scheduler {

/// What happens around a worker's thread; each may be empty.
struct thread_hooks {
  std::function<void(unsigned worker)> on_start{};
  std::function<void(unsigned worker)> on_stop{};
  /// Every worker has gone to sleep. Called by the last one, which then sleeps too; must not block.
  std::function<void()> on_all_asleep{};
  /// The first worker has woken after doze() had said true. Called by it; must not block.
  std::function<void()> on_awake{};
};

class DWELL_API pool final : public core::executor {
 public:
  pool(std::uint32_t workers, const tuning& t, thread_hooks hooks = {});
  ~pool();
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// Where a worker without work waits, if no other thread does. Before the threads start.
  void set_idle_port(core::idle_port& port) noexcept {
    port_ = &port;
    idle_.set_port(port);
  }

  /// Starts one thread for each worker; without it the workers are stepped by whoever wants to.
  /// Throws std::system_error, with no thread left, when the system has none to give.
  void start_threads(const std::string& name);
  /// Ends the threads and joins them. Work that is left stays queued: the engine drains first.
  void stop_threads() noexcept;

  // ---- core::executor ----
  void submit(core::wait& queued) noexcept override;
  void submit(core::wake_batch& batch) noexcept override;
  [[nodiscard]] bool nudge() noexcept override;
  void call_idle() noexcept override { idle_.notify_of_injection(); }
  void start(core::frame_header& root) override;
  [[nodiscard]] bool requeue(core::frame_header& leaf) noexcept override;

  // ---- For the workers ----
  void inject(core::work w) noexcept;
  [[nodiscard]] injector& injected() noexcept { return injector_; }
  [[nodiscard]] idle& idlers() noexcept { return idle_; }
  [[nodiscard]] core::idle_port* idle_port() const noexcept { return port_; }
  [[nodiscard]] worker& at(std::uint32_t i) noexcept { return *workers_[i]; }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(workers_.size());
  }

  /// Whether nobody runs and nothing is queued. Exact while no outside thread submits.
  [[nodiscard]] bool quiescent() noexcept { return idle_.all_asleep() && !any_work(); }

  /// For one thread that watches the workers and has nothing to see while all of them sleep. True:
  /// they do, and on_awake will be called when one wakes. False: one is awake. Costs a heavy fence.
  [[nodiscard]] bool doze() noexcept;

 private:
  class outside_call {
   public:
    explicit outside_call(pool& p) noexcept;
    ~outside_call();
    outside_call(const outside_call&) = delete;
    outside_call& operator=(const outside_call&) = delete;

   private:
    static bool own_call(const pool& p) noexcept { return p.own_worker() != nullptr; }
    base::atomic<std::uint32_t>* const entered_;
  };

  void thread_main(worker& w) noexcept;
  [[nodiscard]] bool await_work(worker& w);
  void take_up(worker& w, core::work found);
  void take_nap(worker& w, bool was_searching) noexcept;
  [[nodiscard]] bool sleep(worker& w, bool was_searching, core::work& found) noexcept;
  [[nodiscard]] bool announce_and_sleep(worker& w, bool was_searching, core::work& found) noexcept;
  [[nodiscard]] core::work attend(worker& w) noexcept;
  [[nodiscard]] bool any_work() noexcept;
  void wake_the_dozing() noexcept;
  [[nodiscard]] worker* own_worker() const noexcept;

  injector injector_;
  idle idle_;
  core::idle_port* port_ = nullptr;
  std::vector<std::unique_ptr<worker>> workers_;
  const thread_hooks hooks_;
  base::atomic<bool> stopping_{false};
  base::atomic<bool> dozing_{false};
  base::atomic<std::uint32_t> inside_{0};  // threads of others between a push and its notify
  std::vector<os::thread> threads_;
};

}  // namespace dwell::inline v0::scheduler
