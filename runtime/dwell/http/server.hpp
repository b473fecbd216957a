// A small HTTP/1.1 server, for tests, tools, examples and models of models.
//
//   http::server server([](http::request& asked) -> task<http::response> {
//     co_return http::response(200, "you asked for " + asked.target + "\n");
//   });
//   auto listener = net::tcp_listener::bind(net::endpoint::loopback(8080));
//   co_await server.run(listener);
//
// It speaks over any byte_stream: TCP, TLS, a pair in memory, a simulated network. What it is meant
// to be is correct: an ambiguous request is refused and its connection closed (request_parser.hpp),
// nothing that a client sends or withholds takes more memory or time than the options allow, and an
// answer is complete or its connection visibly broken.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <dwell/base/export.hpp>
#include <dwell/http/request.hpp>
#include <dwell/http/response.hpp>
#include <dwell/http/server_options.hpp>
#include <dwell/http/status.hpp>
#include <dwell/net/any_stream.hpp>
#include <dwell/scope/race.hpp>
#include <dwell/scope/task_group.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/sync/event.hpp>
#include <dwell/sync/semaphore.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::http {

/// Answers requests, each connection's one after the other, those of several connections at the
/// same time and on any worker. Cancelled when its client leaves, or the server is cancelled.
///
/// What it throws becomes an answer: a status_error its status and text, everything else a 500 that
/// tells the client nothing, with the exception given to the unobserved-error hook.
using handler = std::function<task<response>(request&)>;

/// What server::statistics() tells, since the server was made.
struct server_statistics {
  std::uint64_t connections = 0;  ///< that were begun
  std::uint64_t open = 0;         ///< of them now
  std::uint64_t requests = 0;     ///< whose head was good
  std::uint64_t refused = 0;      ///< requests that the server itself answered with an error
  std::uint64_t failed = 0;       ///< handlers that threw something else than a status_error
  std::uint64_t abandoned = 0;  ///< requests whose client left, which the server noticed by reading
  std::uint64_t broken = 0;     ///< connections that ended by an error
};

/// The server. It must outlive its tasks; all members may be called on any thread.
class DWELL_API server {
 public:
  explicit server(handler answer, server_options options = {});
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// Serves one connection until it ends. What a client does ends its connection and is counted; it
  /// is no error here. Cancelled: the handler is cancelled, and the connection closed as it is.
  /// An address of https is answered only where net::is_secure<S>, and else refused with 421.
  /// `serve<S&>(stream)` borrows the stream, which is of no more use than to be closed. A want of
  /// memory ends the connection too, and is reported to the unobserved-error hook.
  template <net::byte_stream S>
  task<> serve(S stream) {
    net::stream_as_any<S> any(std::forward<S>(stream));
    co_await serve_any(any, net::is_secure<std::remove_cvref_t<S>>);
  }

  /// Accepts connections and serves each in a task of its own, until stop(); returns when the last
  /// one has ended. `listener` is one of net, sim, or whatever has an accept() that gives a stream;
  /// it must outlive the task. Throws what accept() throws, in an exception_group; what happens to
  /// one connection, a want of memory included, is no reason.
  template <class Listener>
  task<> run(Listener& listener) {
    const auto as_it_is = [this](auto stream) { return this->serve(std::move(stream)); };
    co_await accept_with(listener, as_it_is);
  }

  /// The same over what `wrap(stream)`, which returns a task with another stream, makes of each
  /// connection within server_options::header_time; a failure ends this connection only:
  /// `[context](auto s) { return net::tls_accept(std::move(s), context); }`.
  template <class Listener, class Wrap>
  task<> run(Listener& listener, Wrap wrap) {
    const auto wrapped = [this, &wrap](auto stream) {
      return this->serve_wrapped(wrap(std::move(stream)));
    };
    co_await accept_with(listener, wrapped);
  }

  /// From now on no connection is accepted, those without a request are closed, and those with one
  /// once it is answered, with Connection: close. Does not wait: run() does.
  void stop() noexcept { stopping_.set(); }
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_.is_set(); }

  /// A picture of about one moment.
  [[nodiscard]] server_statistics statistics() const noexcept;

 private:
  friend class connection;

  task<> serve_any(net::any_stream& stream, bool is_secure);
  void note_broken(const std::exception_ptr& why) noexcept;
  [[nodiscard]] task<> stopped();
  [[nodiscard]] static task<> holding(semaphore::permit slot, task<> serving);

  template <class Listener, class Serve>
  task<> accept_with(Listener& listener, const Serve& serve_one) {
    semaphore slots(options_.most_connections);
    auto accepts = [this, &slots, &listener, &serve_one](task_group& group) {
      return accept_all(group, slots, listener, serve_one);
    };
    co_await with_task_group(std::move(accepts));
  }

  // A slot becomes free also when we are stopping, which ends the connections.
  template <class Listener, class Serve>
  task<> accept_all(task_group& group, semaphore& slots, Listener& listener,
                    const Serve& serve_one) {
    for (;;) {
      semaphore::permit slot = co_await slots.acquire();
      auto next = race(listener.accept(), stopped());
      auto won = co_await std::move(next);
      if (won.index() == 1) co_return;
      try {
        group.spawn(holding(std::move(slot), serve_one(std::get<0>(std::move(won)))));
      } catch (const std::bad_alloc&) {  // its tasks could not be made: the connection is closed
        note_broken(std::current_exception());
      }
    }
  }

  template <class S>
  task<> serve_wrapped(task<S> wrapping) {
    std::optional<S> stream;
    try {
      stream = co_await timeout(options_.header_time, std::move(wrapping));
    } catch (const std::exception&) {
      note_broken(std::current_exception());
      co_return;
    }
    co_await serve(*std::move(stream));
  }

  const handler answer_;
  const server_options options_;
  event stopping_;
  trace::shared_counter connections_;
  trace::shared_counter ended_;
  trace::shared_counter requests_;
  trace::shared_counter refused_;
  trace::shared_counter failed_;
  trace::shared_counter abandoned_;
  trace::shared_counter broken_;
};

}  // namespace dwell::inline v0::http
