#include <utility>
#include <vector>

#include <dwell/net/connect.hpp>
#include <dwell/net/happy_eyeballs.hpp>

namespace dwell::inline v0::net {

task<tcp_stream> connect(resolver& names, std::string host, std::uint16_t port,
                         connect_options options) {
  const std::string whom = host + ":" + std::to_string(port);
  const std::vector<endpoint> found = co_await names.resolve(std::move(host), port);
  const auto dial = [](const endpoint& to) { return tcp_stream::connect(to); };
  happy_eyeballs::race<tcp_stream, decltype(dial)> attempts(happy_eyeballs::by_turns(found),
                                                            options.attempt_delay, dial);
  co_return co_await attempts.run(whom);
}

}  // namespace dwell::inline v0::net
