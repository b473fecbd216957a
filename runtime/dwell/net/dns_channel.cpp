#include <algorithm>
#include <ares.h>
#include <chrono>
#include <new>
#include <stdexcept>
#include <sys/time.h>
#include <utility>

#include <dwell/net/dns_channel.hpp>
#include <dwell/os/clock.hpp>

namespace dwell::inline v0::net {

namespace {

// Once for the program, never taken back: other parts of it may use c-ares.
int library_status() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

void require(int status, const char* what) {
  if (status != ARES_SUCCESS)
    throw std::runtime_error(std::string(what) + ": " + ares_strerror(status));
}

std::string list_of(const std::vector<endpoint>& servers) {
  std::string list;
  for (const endpoint& e : servers) list.append(list.empty() ? "" : ",").append(e.to_string());
  return list;
}

std::string in_words(const resolver_options& options) {
  return std::to_string(options.tries) + (options.tries == 1 ? " try" : " tries, the first") +
         " of " + std::to_string(options.timeout.count()) + " ms";
}

// Called from within C: nothing may be thrown. A descriptor for which there is no room stays
// unwatched, and the try that it belongs to takes too long, as if the server were silent.
void watch(void* wait, ares_socket_t fd, int readable, int writable) noexcept {
  try {
    static_cast<os::descriptor_wait*>(wait)->watch(fd, readable != 0, writable != 0);
  } catch (const std::bad_alloc&) {
  }
}

resolve_failure failure_kind(int status) noexcept {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
      return resolve_failure::no_such_host;
    case ARES_EBADNAME:
    case ARES_EBADSTR:
      return resolve_failure::invalid_name;
    case ARES_ETIMEOUT:
      return resolve_failure::timed_out;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return resolve_failure::abandoned;
    case ARES_EFORMERR:
    case ARES_ESERVFAIL:
    case ARES_ENOTIMP:
    case ARES_EREFUSED:
    case ARES_EBADQUERY:
    case ARES_EBADRESP:
    case ARES_ECONNREFUSED:
    case ARES_EOF:
      return resolve_failure::server_failure;
    default:
      return resolve_failure::local_failure;
  }
}

}  // namespace

struct dns_channel::question {
  dns_channel& owner;
  answered_function answered;
};

void dns_channel::destroyer::operator()(ares_channeldata* channel) const noexcept {
  ares_destroy(channel);
}

dns_channel::dns_channel(const resolver_options& options, os::descriptor_wait& wait)
    : tries_(in_words(options)),
      wait_(wait),
      made_at_ns_(os::now_ns()),
      no_memory_(failed_answer(resolve_failure::local_failure, "out of memory")) {
  set_up(options);
}

dns_channel::~dns_channel() = default;

void dns_channel::set_up(const resolver_options& options) {
  require(library_status(), "c-ares");
  ares_options wanted{};
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = static_cast<int>(options.tries);
  wanted.sock_state_cb = &watch;
  wanted.sock_state_cb_data = &wait_;
  int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (!options.search) given |= ARES_OPT_DOMAINS;  // there are none in `wanted`
  ares_channel made = nullptr;
  require(ares_init_options(&made, &wanted, given), "the configuration of DNS");
  channel_.reset(made);
  if (options.servers.empty()) return;
  require(ares_set_servers_ports_csv(made, list_of(options.servers).c_str()), "the name servers");
}

void dns_channel::ask(const std::string& host, answered_function answered) {
  auto asked = std::make_unique<question>(*this, std::move(answered));
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ++pending_;
  const auto on_answer = [](void* q, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<question> ended(static_cast<question*>(q));
    ended->owner.end(*ended, status, found);
  };
  ares_getaddrinfo(channel_.get(), host.c_str(), nullptr, &hints, on_answer, asked.release());
}

// Called from within C: nothing may be thrown.
void dns_channel::end(question& q, int status, ares_addrinfo* found) noexcept {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(found,
                                                                           &ares_freeaddrinfo);
  --pending_;
  std::shared_ptr<const host_answer> answer = no_memory_;
  try {
    answer = std::make_shared<const host_answer>(answer_of(status, found));
  } catch (const std::bad_alloc&) {  // which is what the answer says
  }
  q.answered(std::move(answer));
}

host_answer dns_channel::answer_of(int status, const ares_addrinfo* found) const {
  if (status != ARES_SUCCESS) return failure_of(status);
  host_answer answer;
  int ttl = INT32_MAX;
  for (const ares_addrinfo_cname* c = found->cnames; c != nullptr; c = c->next)
    ttl = std::min(ttl, c->ttl);
  for (const ares_addrinfo_node* n = found->nodes; n != nullptr; n = n->ai_next) {
    ttl = std::min(ttl, n->ai_ttl);
    const endpoint e = endpoint::from_native(*n->ai_addr, n->ai_addrlen);
    // /etc/hosts may name an address more than once.
    if (std::ranges::find(answer.addresses, e) == answer.addresses.end())
      answer.addresses.push_back(e);
  }
  if (answer.addresses.empty()) return failure_of(ARES_ENODATA);
  answer.ttl = std::chrono::seconds(std::max(0, ttl));
  return answer;
}

host_answer dns_channel::failure_of(int status) const {
  host_answer answer;
  answer.failure = failure_kind(status);
  // Only of this. c-ares says "no data", too, when one family has no address and the question for
  // the other failed, and that is nothing to remember.
  answer.certain = status == ARES_ENOTFOUND;
  if (status == ARES_ENOTFOUND || status == ARES_ENONAME) {
    answer.detail = "no such host";
  } else if (status == ARES_ENODATA) {
    answer.detail = "the name has no address";
  } else if (answer.failure == resolve_failure::timed_out) {
    answer.detail = "timed out after " + tries_;
  } else if (answer.failure == resolve_failure::abandoned) {
    answer.detail = "the resolver was destroyed";
  } else if (answer.failure == resolve_failure::server_failure) {
    answer.detail = std::string("server failure: ") + ares_strerror(status);
  } else {
    answer.detail = ares_strerror(status);
  }
  return answer;
}

void dns_channel::process(const os::descriptor_events& events) noexcept {
  ares_process_fd(channel_.get(), events.readable ? events.fd : ARES_SOCKET_BAD,
                  events.writable ? events.fd : ARES_SOCKET_BAD);
}

void dns_channel::process_timeouts() noexcept {
  ares_process_fd(channel_.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

std::int64_t dns_channel::deadline_ns(std::int64_t now_ns) const noexcept {
  timeval left{};
  if (ares_timeout(channel_.get(), nullptr, &left) == nullptr) return os::never_ns;
  const auto until = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
  // It rounds down to milliseconds: the last one would be spent in a loop of empty waits.
  return os::deadline_after(now_ns, until + std::chrono::milliseconds(1));
}

}  // namespace dwell::inline v0::net
