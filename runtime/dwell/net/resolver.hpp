// net::resolver: from names to addresses, without keeping a worker waiting.
//
// The system's getaddrinfo() blocks a thread for as long as a name server is silent, and a pool of
// such threads is soon full of them: then names that are known elsewhere wait too, and so does
// whatever else the pool was for. So the questions are asked by c-ares, all of them from one thread
// of the resolver's own, which is started by the first.
//
//   resolve ──▶ numeric? ──▶ cached? ──▶ being asked? ──▶ in line ──▶ asked ──▶ answered
//                  └───────────┴─────────── done          leaves        stays
//
// Those who ask for a name at the same time share one question. Whoever is cancelled leaves, and
// the others go on. A question that nobody waits for any more is dropped when it stands in line;
// one that has been asked runs out, keeps its place until then (so that the limit on questions
// holds whatever is cancelled) and fills the cache, for c-ares can only cancel all of them. It
// takes no longer than the tries do.
//
// Rejected: scope/single_flight.hpp (it runs the call in a caller's scope, and asks again when that
// one is cancelled); a c-ares channel for each question, which could be cancelled alone (sockets,
// files and random state anew for each).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/net/endpoint.hpp>
#include <dwell/net/resolve_error.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::net {

class lookup_service;

struct resolver_options {
  /// Name servers, IP addresses with ports. None: the system's, from /etc/resolv.conf.
  std::vector<endpoint> servers = {};
  /// Whether names may be completed by the search domains of the system.
  bool search = true;
  /// What the first try waits for an answer. Each round through the servers doubles it.
  std::chrono::milliseconds timeout = std::chrono::seconds(2);
  /// How often each server is asked.
  unsigned tries = 3;
  /// After how long the system's configuration is read anew, by the next question.
  std::chrono::milliseconds reread = std::chrono::seconds(10);
  /// How many names are asked for at once; further ones wait in line.
  std::size_t queries = 64;
  /// How many answers are kept. Zero: none.
  std::size_t cache_entries = 1024;
  /// How long an answer is kept: as long as its servers say, within these bounds.
  std::chrono::seconds ttl_floor{0};
  std::chrono::seconds ttl_ceiling{300};
  /// How long it is kept that there is no such name.
  std::chrono::seconds negative_ttl{5};
};

/// What resolver::statistics() tells.
struct resolver_statistics {
  /// Names that are being asked for, and those that wait in line.
  std::size_t in_flight = 0;
  std::size_t waiting = 0;
  /// Answers in the cache.
  std::size_t cached = 0;
  /// How many questions were put in line, and how many requests were served by another's question
  /// or by the cache.
  std::uint64_t lookups = 0;
  std::uint64_t shared = 0;
  std::uint64_t hits = 0;
};

/// Resolves names by DNS and /etc/hosts, and keeps the answers for a while. Any thread; use one for
/// the whole program. Destroying it joins its thread; who still waits then gets a resolve_error.
class DWELL_API resolver {
 public:
  /// Starts nothing and reads nothing. Throws std::invalid_argument for a number that makes no
  /// sense, and for a server that is no IP address.
  explicit resolver(const resolver_options& options = {});
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  /// The addresses of `host`, IPv4 and IPv6, with `port`: at least one, those first that are most
  /// likely to be reached (RFC 6724). A numeric address is given back as it is, at once.
  ///
  /// Cancellable, at once, without effect on others that wait for the same name. It has no limit of
  /// its own beyond the tries, and the time in line: use timeout(). Throws resolve_error, and
  /// std::system_error when the system has no thread or descriptor to give. The resolver may go
  /// first.
  [[nodiscard]] task<std::vector<endpoint>> resolve(std::string host, std::uint16_t port);

  /// Any thread. A picture of one moment.
  [[nodiscard]] resolver_statistics statistics() const;

 private:
  std::shared_ptr<lookup_service> lookups_;
};

}  // namespace dwell::inline v0::net
