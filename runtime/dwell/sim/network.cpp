#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/sim/link.hpp>
#include <dwell/sim/network.hpp>
#include <dwell/sim/switchboard.hpp>

namespace dwell::inline v0::sim {

// ---- connection ----

namespace {

// They keep the link: a connection may be moved while they go on.
task<std::size_t> read(std::shared_ptr<link> l, link::side side, net::bytes to) {
  co_return co_await l->read(side, to);
}
task<std::size_t> write(std::shared_ptr<link> l, link::side side, net::const_bytes from) {
  co_return co_await l->write(side, from);
}
task<> shut_down(std::shared_ptr<link> l, link::side side) {
  co_await checkpoint();
  l->shut_down(side);
}

}  // namespace

connection::~connection() {
  if (link_ != nullptr) link_->close(side_);
}

const std::shared_ptr<link>& connection::checked() const {
  if (link_ == nullptr)
    base::panic("sim::connection", "it was moved from; use the one that it was moved to");
  return link_;
}

task<std::size_t> connection::read_some(net::bytes to) { return read(checked(), side_, to); }
task<std::size_t> connection::write_some(net::const_bytes from) {
  return write(checked(), side_, from);
}
task<> connection::shutdown_write() { return sim::shut_down(checked(), side_); }
void connection::abort() { checked()->abort(side_); }
void connection::cut() { checked()->cut(); }
const std::string& connection::local_name() const { return checked()->name(side_); }
const std::string& connection::remote_name() const { return checked()->name(1 - side_); }

// ---- listener ----

listener::listener(std::shared_ptr<switchboard> board, std::string name,
                   channel_receiver<connection> incoming)
    : board_(std::move(board)), name_(std::move(name)), incoming_(std::move(incoming)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): a simulation without memory left ends the program
listener::~listener() {
  if (board_ == nullptr) return;
  while (auto unaccepted = incoming_.try_receive()) unaccepted->abort();
  board_->close(name_);
}

task<connection> listener::accept() { co_return co_await incoming_.receive(); }

// ---- network ----

network::network(const network_options& o) : board_(std::make_shared<switchboard>(o)) {}
network::~network() = default;

listener network::listen(std::string name, std::size_t backlog) {
  channel_receiver<connection> incoming = board_->open(name, backlog);
  return {board_, std::move(name), std::move(incoming)};
}

task<connection> network::connect(std::string to, std::string from) {
  return switchboard::connect(board_, std::move(to), std::move(from));
}

void network::partition(const std::string& a, const std::string& b) { board_->partition(a, b); }
void network::heal(const std::string& a, const std::string& b) { board_->heal(a, b); }

// ---- switchboard ----

channel_receiver<connection> switchboard::open(const std::string& name, std::size_t backlog) {
  auto ends = make_channel<connection>(backlog);
  if (!listeners_.emplace(name, std::move(ends.first)).second)
    throw net::error(EADDRINUSE, "listen at " + name);
  return std::move(ends.second);
}

task<connection> switchboard::connect(std::shared_ptr<switchboard> board, std::string to,
                                      std::string from) {
  co_await board->travel(from, to);
  connection ours = board->ring(to, from);
  co_await board->travel(to, from);
  if (ours.link_ == nullptr) throw net::error(ECONNREFUSED, "connect to " + to);
  co_return ours;
}

// One packet, sent again until no partition has met it.
task<> switchboard::travel(const std::string& a, const std::string& b) {
  for (;;) {
    while (between(a, b).parted) co_await healed_.wait();
    const std::uint64_t partings = between(a, b).partings;
    co_await sleep_for(std::chrono::nanoseconds(weather_.latency()));
    if (between(a, b).partings == partings) co_return;
  }
}

// Gives none when nobody is there.
connection switchboard::ring(const std::string& to, const std::string& from) {
  const auto there = listeners_.find(to);
  if (there == listeners_.end()) return {};
  auto shared = std::make_shared<link>(weather_, from, to);
  if (!there->second.try_send(connection(shared, 1))) return {};
  std::erase_if(links_, [](const std::weak_ptr<link>& l) { return l.expired(); });
  links_.push_back(shared);
  return {std::move(shared), 0};
}

switchboard::way& switchboard::between(const std::string& a, const std::string& b) {
  return ways_[std::minmax(a, b)];
}

template <class Do>
void switchboard::each_link_between(const std::string& a, const std::string& b, const Do& act) {
  for (const std::weak_ptr<link>& weak : links_) {
    const std::shared_ptr<link> l = weak.lock();
    if (l != nullptr && std::minmax(l->name(0), l->name(1)) == std::minmax(a, b)) act(*l);
  }
}

void switchboard::partition(const std::string& a, const std::string& b) {
  way& w = between(a, b);
  w.parted = true;
  ++w.partings;
  each_link_between(a, b, [](link& l) { l.hold(); });
}

void switchboard::heal(const std::string& a, const std::string& b) {
  between(a, b).parted = false;
  each_link_between(a, b, [](link& l) { l.release(); });
  healed_.set();
  healed_.reset();
}

}  // namespace dwell::inline v0::sim
