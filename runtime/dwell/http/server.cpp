#include <algorithm>
#include <new>
#include <source_location>

#include <dwell/base/panic.hpp>
#include <dwell/http/connection.hpp>
#include <dwell/http/server.hpp>
#include <dwell/scope/spawn.hpp>

namespace dwell::inline v0::http {

server::server(handler answer, server_options options)
    : answer_(std::move(answer)), options_(options) {
  if (answer_ == nullptr)
    base::panic("http::server", "the handler is empty; give it a function that answers");
  if (options_.most_connections == 0)
    base::panic("http::server", "it may serve no connection; let most_connections be 1 at least");
}

server::~server() = default;

server_statistics server::statistics() const noexcept {
  const std::uint64_t ended = ended_.get();  // first, so that the difference is not negative
  const std::uint64_t begun = connections_.get();
  return {.connections = begun,
          .open = begun - std::min(begun, ended),
          .requests = requests_.get(),
          .refused = refused_.get(),
          .failed = failed_.get(),
          .abandoned = abandoned_.get(),
          .broken = broken_.get()};
}

task<> server::serve_any(net::any_stream& stream, bool is_secure) {
  struct counted {
    server& of;
    explicit counted(server& s) : of(s) { of.connections_.add(); }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { of.ended_.add(); }
  };
  const counted one(*this);
  connection with(*this, stream, is_secure);
  try {
    co_await with.serve();
  } catch (const std::exception&) {
    note_broken(std::current_exception());
  }
}

// A connection ended by its client's doing, or the network's. A want of memory is neither, but it
// too ends one connection, which frees some: a server that gave up then would drop a thousand.
void server::note_broken(const std::exception_ptr& why) noexcept {
  broken_.add();
  try {
    std::rethrow_exception(why);
  } catch (const std::bad_alloc&) {
    scope::report_unobserved(why, std::source_location::current());
  } catch (...) {  // NOLINT: counted, and no error of ours
  }
}

task<> server::holding(semaphore::permit slot, task<> serving) {
  const semaphore::permit held = std::move(slot);
  co_await std::move(serving);
}

task<> server::stopped() { co_await stopping_.wait(); }

}  // namespace dwell::inline v0::http
