// The server under test, in a process of its own: started, watched from outside, ended.
//
// A process of its own because its processor time and memory must not be the client's, and because
// the client must be the same for all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../harness/row.hpp"

namespace bench {

/// Throws std::runtime_error when the server does not start, serve or end as it should, and
/// not_served when its runtime has no such server.
class server_process {
 public:
  /// Starts `program --serve SERVICE name=value…` with the parameters of the row, and waits until
  /// it says which port it listens on.
  server_process(const std::string& program, const std::string& service, const row& subject);
  server_process(const server_process&) = delete;
  ~server_process();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// User and system time of all its threads so far, in nanoseconds.
  [[nodiscard]] std::int64_t cpu_ns() const;

  /// Its anonymous memory that is resident: heaps and stacks. Not the resident size, which counts
  /// the pages of programs and libraries that a first connection touches; and from smaps_rollup,
  /// where the kernel counts pages one by one, instead of from RssAnon, which it keeps in batches
  /// for each processor. What the kernel itself holds for a socket is in neither.
  [[nodiscard]] std::uint64_t anonymous_bytes() const;

  /// Ends its standard input, and waits for it to end with code 0.
  void stop();

 private:
  void start(const std::string& program, const std::vector<std::string>& words);
  [[nodiscard]] std::string first_line() const;
  /// True when it has ended within that time; then status_ says how.
  bool ended_within(std::int64_t limit_ns);
  void kill_it();

  pid_t id_ = -1;
  int input_ = -1;   ///< Nothing is written; the server reads its end.
  int output_ = -1;  ///< The line with its port.
  int status_ = 0;
  std::uint16_t port_ = 0;
};

/// Runs `measure` with the server that the row names (its program by the parameter `server`; this
/// very program without one), and stops the server. When both go wrong, the message says both.
measurement with_server(const row& subject, const std::string& service,
                        const std::function<measurement(server_process&)>& measure);

}  // namespace bench
