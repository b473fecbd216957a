#include <cerrno>

#include <dwell/base/panic.hpp>
#include <dwell/net/duplex.hpp>

namespace dwell::inline v0::net {

namespace {

task<std::size_t> read(pipe& from, bytes to) { co_return co_await from.read(to); }
task<std::size_t> write(pipe& to, const_bytes from) { co_return co_await to.write(from); }
task<> end_writing(pipe& p) {
  p.end_writing();
  co_return;
}

}  // namespace

std::pair<duplex_stream, duplex_stream> duplex(std::size_t capacity) {
  if (capacity == 0)
    base::panic("net::duplex", "a capacity of 0 bytes lets nothing through; give at least 1");
  auto both = std::make_shared<duplex_stream::pair>(capacity);
  return {duplex_stream(both, 0), duplex_stream(both, 1)};
}

duplex_stream::~duplex_stream() {
  if (both_ == nullptr) return;
  incoming().refuse_to_leave_reader();
  outgoing().refuse_to_leave_writer();
  incoming().end_reading();
  outgoing().end_writing();
}

duplex_stream::pair& duplex_stream::both() const noexcept {
  if (both_ == nullptr)
    base::panic("net::duplex_stream", "it was moved from; use the one that it was moved to");
  return *both_;
}

pipe& duplex_stream::incoming() const noexcept { return both().pipes[side_]; }
pipe& duplex_stream::outgoing() const noexcept { return both().pipes[1 - side_]; }

task<std::size_t> duplex_stream::read_some(bytes to) { return read(incoming(), to); }
task<std::size_t> duplex_stream::write_some(const_bytes from) { return write(outgoing(), from); }
task<> duplex_stream::shutdown_write() { return net::end_writing(outgoing()); }

void duplex_stream::abort() noexcept {
  pipe& in = incoming();
  pipe& out = outgoing();
  const auto keep = both_;  // the task that wakes first may destroy this end
  in.abort(ECONNABORTED, ECONNRESET);
  out.abort(ECONNRESET, ECONNABORTED);
}

}  // namespace dwell::inline v0::net
