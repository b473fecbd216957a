#include <algorithm>
#include <cerrno>
#include <cstring>

#include <dwell/base/panic.hpp>
#include <dwell/net/pipe.hpp>

namespace dwell::inline v0::net {

// ---- Waiting ----

std::size_t pipe_wait::result(const char* what) {
  core::finish_wait(*this);
  if (fault_ != 0) throw error(fault_, what);
  return count_;
}

const core::wait_kind pipe_read_wait::kind{"read_some", &pipe_read_wait::call_off};

bool pipe_read_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(pipe_.reader_, self,
                 [this](sync::granted_waits& granted) { return pipe_.take(*this, granted); });
}

const core::wait_kind pipe_write_wait::kind{"write_some", &pipe_write_wait::call_off};

bool pipe_write_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(pipe_.writer_, self,
                 [this](sync::granted_waits& granted) { return pipe_.put(*this, granted); });
}

// ---- The two sides ----

pipe::pipe(std::size_t capacity)
    : capacity_(capacity), ring_(std::make_unique_for_overwrite<std::byte[]>(capacity)) {}
pipe::~pipe() = default;

void pipe::end_writing() noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  ended_ = true;
  if (writer_fault_ == 0) writer_fault_ = EPIPE;
  serve_reader(granted);
  serve_writer(granted);
}

void pipe::end_reading() noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  size_ = 0;
  if (writer_fault_ == 0) writer_fault_ = EPIPE;
  serve_writer(granted);
}

void pipe::abort(int reader_fault, int writer_fault) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  size_ = 0;
  reader_fault_ = reader_fault;
  writer_fault_ = writer_fault;
  serve_reader(granted);
  serve_writer(granted);
}

void pipe::refuse_to_leave_reader() const noexcept {
  const os::lock_guard guard(lock_);
  if (!reader_.empty())
    base::panic("net::duplex_stream",
                "destroyed while a task reads from it; join or cancel the task first");
}

void pipe::refuse_to_leave_writer() const noexcept {
  const os::lock_guard guard(lock_);
  if (!writer_.empty())
    base::panic("net::duplex_stream",
                "destroyed while a task writes to it; join or cancel the task first");
}

// ---- Under the lock ----

bool pipe::take(pipe_read_wait& w, sync::granted_waits& granted) noexcept {
  if (!reader_.empty())
    base::panic("read_some", "another task reads from this stream; one at a time may");
  if (!take_alone(w)) return false;
  serve_writer(granted);
  return true;
}

bool pipe::put(pipe_write_wait& w, sync::granted_waits& granted) noexcept {
  if (!writer_.empty())
    base::panic("write_some", "another task writes to this stream; one at a time may");
  if (!put_alone(w)) return false;
  serve_reader(granted);
  return true;
}

bool pipe::take_alone(pipe_read_wait& w) noexcept {
  w.fault_ = reader_fault_;
  if (w.fault_ != 0 || w.to_.empty()) return true;
  w.count_ = copy_out(w.to_);
  return w.count_ > 0 || ended_;
}

bool pipe::put_alone(pipe_write_wait& w) noexcept {
  w.fault_ = writer_fault_;
  if (w.fault_ != 0 || w.from_.empty()) return true;
  w.count_ = copy_in(w.from_);
  return w.count_ > 0;
}

void pipe::serve_reader(sync::granted_waits& granted) noexcept {
  sync::queued_wait* const waiting = reader_.front();
  if (waiting == nullptr || !take_alone(*static_cast<pipe_read_wait*>(waiting))) return;
  granted.add(*reader_.pop_front());
}

void pipe::serve_writer(sync::granted_waits& granted) noexcept {
  sync::queued_wait* const waiting = writer_.front();
  if (waiting == nullptr || !put_alone(*static_cast<pipe_write_wait*>(waiting))) return;
  granted.add(*writer_.pop_front());
}

std::size_t pipe::copy_in(const_bytes from) noexcept {
  const std::size_t count = std::min(from.size(), capacity_ - size_);
  const std::size_t at = (first_ + size_) % capacity_;
  const std::size_t before_the_turn = std::min(count, capacity_ - at);
  std::memcpy(ring_.get() + at, from.data(), before_the_turn);
  std::memcpy(ring_.get(), from.data() + before_the_turn, count - before_the_turn);
  size_ += count;
  return count;
}

std::size_t pipe::copy_out(bytes to) noexcept {
  const std::size_t count = std::min(to.size(), size_);
  const std::size_t before_the_turn = std::min(count, capacity_ - first_);
  std::memcpy(to.data(), ring_.get() + first_, before_the_turn);
  std::memcpy(to.data() + before_the_turn, ring_.get(), count - before_the_turn);
  first_ = (first_ + count) % capacity_;
  size_ -= count;
  return count;
}

}  // namespace dwell::inline v0::net
