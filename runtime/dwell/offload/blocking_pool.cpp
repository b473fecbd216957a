#include <memory>
#include <utility>

#include <dwell/offload/blocking_pool.hpp>
#include <dwell/os/clock.hpp>

namespace dwell::inline v0::offload {

struct blocking_pool::thread_record {
  os::thread handle;
  base::atomic<std::uint32_t> called{0};
  thread_record* next = nullptr;  // in the list of the idle
  thread_record* previous = nullptr;
};

blocking_pool::blocking_pool(std::string name, blocking_limits limits, thread_starter starter)
    : name_(std::move(name)), limits_(limits), starter_(std::move(starter)) {}

blocking_pool::~blocking_pool() {
  static_cast<void>(close(os::never_ns));
  lock_.acquire();  // for what the last thread wrote
  thread_record* const last = std::exchange(retired_, nullptr);
  lock_.release();
  join(last);
}

os::thread blocking_pool::start_thread(std::string name, std::function<void()> body) {
  return {std::move(name), std::move(body)};
}

// ---- The awaiting side ----

void blocking_pool::submit(job& j) noexcept {
  std::exception_ptr error;
  {
    const os::lock_guard guard(lock_);
    DWELL_ASSERT(!closing_, "no task is left that could submit a job when the pool closes");
    queue_.push(j);
    // relaxed, here and below: written under the lock.
    const std::uint32_t threads = threads_.load(base::relaxed);
    if (idle_ != nullptr) {
      call(*idle_);
    } else if (threads < limits_.threads) {
      try {
        grow();
      } catch (...) {
        if (threads == 0 && queue_.remove(j)) error = std::current_exception();
      }
    }
  }
  if (error == nullptr) return;
  j.fail(std::move(error));
  j.finish();
}

bool blocking_pool::take_out(job& j) noexcept {
  const os::lock_guard guard(lock_);
  return queue_.remove(j);
}

void blocking_pool::grow() {
  auto record = std::make_unique<thread_record>();
  record->handle = starter_(name_ + "-" + std::to_string(started_),
                            [this, self = record.get()] { thread_main(*self); });
  static_cast<void>(record.release());  // the thread's now, until it retires
  ++started_;
  threads_.store(threads_.load(base::relaxed) + 1, base::relaxed);
}

void blocking_pool::call(thread_record& r) noexcept {
  unlink_idle(r);
  r.called.store(1, base::relaxed);  // relaxed: under the lock, where the called one looks
  os::futex_wake(r.called, 1);
}

// ---- A thread ----

void blocking_pool::thread_main(thread_record& self) noexcept {
  lock_.acquire();
  do {
    run_queued();
  } while (!closing_ && idle(self));
  retire(self);
}

// Holds the lock on entry and on return, not while a function runs.
void blocking_pool::run_queued() noexcept {
  while (job* const j = queue_.pop()) {
    j->begun();
    lock_.release();
    j->run();
    j->finish();
    lock_.acquire();
  }
}

// As run_queued(). False: nobody called for as long as a thread is kept.
bool blocking_pool::idle(thread_record& self) noexcept {
  self.called.store(0, base::relaxed);
  self.previous = nullptr;
  self.next = std::exchange(idle_, &self);
  if (self.next != nullptr) self.next->previous = &self;
  ++idle_count_;
  lock_.release();
  const std::int64_t until = os::deadline_after(os::now_ns(), limits_.keep_alive);
  bool in_time = true;
  // relaxed: the lock, taken below, orders what the caller did.
  while (in_time && self.called.load(base::relaxed) == 0)
    in_time = os::futex_wait_until(self.called, 0, until);
  lock_.acquire();
  if (self.called.load(base::relaxed) != 0) return true;
  unlink_idle(self);
  return false;
}

void blocking_pool::unlink_idle(thread_record& r) noexcept {
  (r.previous != nullptr ? r.previous->next : idle_) = r.next;
  if (r.next != nullptr) r.next->previous = r.previous;
  --idle_count_;
}

// Releases the lock.
void blocking_pool::retire(thread_record& self) noexcept {
  thread_record* const before = std::exchange(retired_, &self);
  const std::uint32_t left = threads_.load(base::relaxed) - 1;
  threads_.store(left, base::relaxed);
  if (left == 0) os::futex_wake(threads_, INT32_MAX);
  lock_.release();
  join(before);  // which joined the one before it
}

void blocking_pool::join(thread_record* retired) noexcept {
  const std::unique_ptr<thread_record> owned(retired);
  if (retired != nullptr) retired->handle.join();
}

// ---- The end ----

bool blocking_pool::close(std::int64_t deadline_ns) noexcept {
  {
    const os::lock_guard guard(lock_);
    closing_ = true;
    while (idle_ != nullptr) call(*idle_);
  }
  bool in_time = true;
  for (;;) {
    // relaxed: that the threads are gone is known from joining them.
    const std::uint32_t left = threads_.load(base::relaxed);
    if (left == 0) return true;
    if (!in_time) return false;
    in_time = os::futex_wait_until(threads_, left, deadline_ns);
  }
}

blocking_load blocking_pool::load() noexcept {
  const os::lock_guard guard(lock_);
  return {threads_.load(base::relaxed), idle_count_, queue_.size()};
}

}  // namespace dwell::inline v0::offload
