#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/net/error.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0::net {

namespace {

reactor::reactor& reactor_of(core::run_context& context) noexcept {
  return static_cast<reactor::timer_port*>(context.timers)->owner();
}

}  // namespace

// ---- Waiting ----

const core::wait_kind readiness_awaiter::kind{"a socket", &readiness_awaiter::call_off};

bool readiness_awaiter::sleep(std::coroutine_handle<> self) noexcept {
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  // Before the attendant can wake the chain: on another worker, which takes it away again.
  core::current_context->socket_waits.add(1);
  slept_ = true;
  if (awaited_.arm(root())) return core::end_wait(*this);
  core::abandon_wait(*this);
  return core::give_way(*this);
}

void readiness_awaiter::await_resume() {
  if (slept_) core::current_context->socket_waits.add(-1);
  core::finish_wait(*this);
}

bool readiness_awaiter::call_off(core::wait& self) noexcept {
  auto& wait = static_cast<readiness_awaiter&>(self);
  return wait.awaited_.forget(wait.root());
}

// ---- Owning ----

descriptor::descriptor(os::file_descriptor fd, const char* what) : fd_(std::move(fd)) {
  reactor::reactor& here = reactor_of(core::require_context(what));
  try {
    slot_ = &here.add_socket(fd_.get());
    home_ = here.sockets();
  } catch (const std::system_error& refused) {
    throw error(refused.code().value(), what);
  }
}

descriptor::descriptor(descriptor&& other) noexcept
    : fd_(std::move(other.fd_)),
      drained_(std::exchange(other.drained_, false)),
      slot_(std::exchange(other.slot_, nullptr)),
      home_(std::move(other.home_)) {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::move(other.fd_);
  drained_ = std::exchange(other.drained_, false);
  slot_ = std::exchange(other.slot_, nullptr);
  home_ = std::move(other.home_);
  return *this;
}

void descriptor::close() noexcept {
  if (slot_ == nullptr) return;
  if (slot_->read.has_waiter() || slot_->write.has_waiter())
    base::panic("a socket",
                "is closed while a task waits on it: end the task first (cancel and join it)");
  home_->remove(fd_.get(), *std::exchange(slot_, nullptr));
  fd_.reset();
  home_.reset();
}

reactor::socket_slot& descriptor::of_this_runtime() noexcept {
  if (slot_ == nullptr) [[unlikely]]
    base::panic("a socket", "is used after it was closed or moved from");
  if (home_ != reactor_of(core::require_context("a socket")).sockets()) [[unlikely]]
    base::panic("a socket",
                "is used in another runtime than the one that it was made in, which polls it");
  return *slot_;
}

}  // namespace dwell::inline v0::net
