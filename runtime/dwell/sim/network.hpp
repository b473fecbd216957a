// sim::network: hosts with names, and connections between them that have latency and go wrong.
//
//   sim::network network({.short_reads = 0.3, .reset = 0.001});
//   sim::listener server = network.listen("server");
//   ...
//   sim::connection c = co_await network.connect("server");
//
// All that happens is drawn from the seed of the run and happens in virtual time; so a seed replays
// it. What a connection does and does not do as TCP would: link.hpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/sim/weather.hpp>
#include <dwell/sync/channel.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::sim {

class link;
class switchboard;

/// One end of a simulated connection: a byte_stream. Move-only; it may be moved while an operation
/// that was begun goes on.
///
/// Every wait is cancellable, without effect. Throws net::error, from reads and writes alike:
/// ECONNRESET when the connection was reset, ECONNABORTED after our own abort(); and from writes
/// EPIPE after shutdown_write(). Lives inside sim::run().
class DWELL_API connection {
 public:
  /// One that was moved from. It may be assigned to and destroyed, no more.
  connection() noexcept = default;
  connection(connection&& other) noexcept = default;
  connection& operator=(connection&& other) noexcept {
    connection(std::move(other)).swap(*this);
    return *this;
  }
  /// What was written still arrives, and then the end; but if there is something that was not read,
  /// or comes later, the other side gets a reset. Destroyed while a task reads or writes it stops
  /// the program.
  ~connection();

  void swap(connection& other) noexcept {
    link_.swap(other.link_);
    std::swap(side_, other.side_);
  }

  [[nodiscard]] task<std::size_t> read_some(net::bytes to);
  [[nodiscard]] task<std::size_t> write_some(net::const_bytes from);
  /// Never waits.
  [[nodiscard]] task<> shutdown_write();

  /// Our reads and writes fail from now on, those of the other side when it hears of it.
  void abort();
  /// From now on nothing arrives at either side, and neither is told.
  void cut();

  [[nodiscard]] const std::string& local_name() const;
  [[nodiscard]] const std::string& remote_name() const;

 private:
  friend class switchboard;
  connection(std::shared_ptr<link> l, unsigned side) noexcept : link_(std::move(l)), side_(side) {}
  [[nodiscard]] const std::shared_ptr<link>& checked() const;

  std::shared_ptr<link> link_;
  unsigned side_ = 0;
};

static_assert(net::byte_stream<connection>);

/// A name that can be connected to. Move-only. Destroyed it resets the connections that nobody
/// accepted, and refuses further ones.
class DWELL_API listener {
 public:
  listener(listener&& other) noexcept = default;
  listener& operator=(listener&& other) = delete;
  ~listener();

  /// Waits for the next connection. Cancellable; a cancelled one loses no connection.
  [[nodiscard]] task<connection> accept();

 private:
  friend class network;
  listener(std::shared_ptr<switchboard> board, std::string name,
           channel_receiver<connection> incoming);

  std::shared_ptr<switchboard> board_;
  std::string name_;
  channel_receiver<connection> incoming_;
};

/// The network of one simulated run; make it in a task of that run. Its connections and listeners
/// may outlive it, but not the run.
class DWELL_API network {
 public:
  /// Chances that are none, and latencies that are negative, stop the program.
  explicit network(const network_options& o = {});
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  ~network();

  /// Throws net::error EADDRINUSE when there is one of that name. `backlog`: connections that
  /// nobody has accepted yet; more are refused.
  [[nodiscard]] listener listen(std::string name, std::size_t backlog = 128);

  /// Connects the host `from` to the listener `to`, which takes a round trip. Throws net::error
  /// ECONNREFUSED when there is no such listener, or its backlog is full; waits for ever while the
  /// two are parted. Cancellable. The network need not outlive the task.
  [[nodiscard]] task<connection> connect(std::string to, std::string from = "client");

  /// Nothing gets from `a` to `b` or back until they are healed; then it arrives after all.
  void partition(const std::string& a, const std::string& b);
  void heal(const std::string& a, const std::string& b);

 private:
  std::shared_ptr<switchboard> board_;
};

}  // namespace dwell::inline v0::sim
