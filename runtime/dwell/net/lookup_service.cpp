#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include <dwell/net/lookup_service.hpp>
#include <dwell/os/clock.hpp>

namespace dwell::inline v0::net {

lookup_service::lookup_service(const resolver_options& options)
    : options_(options),
      abandoned_(failed_answer(resolve_failure::abandoned, "the resolver was destroyed")),
      no_memory_(failed_answer(resolve_failure::local_failure, "out of memory")),
      cache_(options) {}

lookup_service::~lookup_service() { stop(); }

// ---- The callers ----

std::shared_ptr<lookup> lookup_service::join(const std::string& host) {
  const std::int64_t now = os::now_ns();
  const os::lock_guard guard(lock_);
  if (stopping_) return answered_lookup(host, abandoned_);
  if (auto known = cache_.find(host, now)) {
    ++hits_;
    return answered_lookup(host, std::move(known));
  }
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return put_in_line(host);
  ++shared_;
  ++found->second->callers;
  return found->second;
}

std::shared_ptr<lookup> lookup_service::answered_lookup(const std::string& host,
                                                        std::shared_ptr<const host_answer> answer) {
  auto l = std::make_shared<lookup>(host);
  l->answer = std::move(answer);
  l->answered.set();
  l->callers = 1;
  return l;
}

std::shared_ptr<lookup> lookup_service::put_in_line(const std::string& host) {
  if (!thread_) start_thread();
  auto l = std::make_shared<lookup>(host);
  line place{l};
  by_host_.emplace(host, l);
  l->place = place.begin();
  line_.splice(line_.end(), place);  // from here on nothing throws
  l->in_line = true;
  l->callers = 1;
  ++lookups_;
  wait_->kick();
  return l;
}

void lookup_service::start_thread() {
  if (wait_ == nullptr) wait_ = std::make_unique<os::descriptor_wait>();
  thread_.emplace("dwell-dns", [this] { thread_main(); });
}

void lookup_service::leave(lookup& l) noexcept {
  const os::lock_guard guard(lock_);
  if (--l.callers > 0 || !l.in_line) return;
  l.in_line = false;
  by_host_.erase(l.host);
  line_.erase(l.place);
}

resolver_statistics lookup_service::statistics() const {
  const os::lock_guard guard(lock_);
  return {in_flight_, line_.size(), cache_.size(), lookups_, shared_, hits_};
}

void lookup_service::stop() noexcept {
  std::optional<os::thread> ending;
  {
    const os::lock_guard guard(lock_);
    stopping_ = true;
    ending.swap(thread_);
  }
  if (!ending) return;
  wait_->kick();
  ending->join();
}

// ---- The thread ----

void lookup_service::thread_main() noexcept {
  while (!stopping()) {
    while (const std::shared_ptr<lookup> l = next_in_line()) begin(l);
    drop_old_channels();
    process_events();
  }
  channels_.clear();  // answers what was asked
  for (;;) {
    const std::shared_ptr<lookup> l = next_in_line();
    if (l == nullptr) return;
    end(*l, abandoned_);
  }
}

bool lookup_service::stopping() const noexcept {
  const os::lock_guard guard(lock_);
  return stopping_;
}

// A lookup that it gives counts as in flight.
std::shared_ptr<lookup> lookup_service::next_in_line() noexcept {
  const os::lock_guard guard(lock_);
  if (line_.empty() || in_flight_ >= options_.queries) return nullptr;
  std::shared_ptr<lookup> first = std::move(line_.front());
  line_.pop_front();
  first->in_line = false;
  ++in_flight_;
  return first;
}

void lookup_service::begin(const std::shared_ptr<lookup>& l) noexcept {
  try {
    channel().ask(l->host, [this, l](std::shared_ptr<const host_answer> answer) {
      end(*l, std::move(answer));
    });
  } catch (const std::bad_alloc&) {
    end(*l, no_memory_);
  } catch (const std::runtime_error& e) {
    end(*l, failed_answer(resolve_failure::local_failure, e.what()));
  }
}

dns_channel& lookup_service::channel() {
  const std::int64_t now = os::now_ns();
  if (channels_.empty() ||
      os::deadline_after(channels_.back()->made_at_ns(), options_.reread) <= now) {
    channels_.reserve(channels_.size() + 1);
    channels_.push_back(std::make_unique<dns_channel>(options_, *wait_));
  }
  return *channels_.back();
}

void lookup_service::drop_old_channels() noexcept {
  if (channels_.empty()) return;
  const dns_channel* const newest = channels_.back().get();
  std::erase_if(channels_, [newest](const std::unique_ptr<dns_channel>& c) {
    return c.get() != newest && c->pending() == 0;
  });
}

void lookup_service::process_events() noexcept {
  const std::int64_t now = os::now_ns();
  std::int64_t deadline = os::never_ns;
  for (const auto& c : channels_) deadline = std::min(deadline, c->deadline_ns(now));
  for (const os::descriptor_events& events : wait_->wait_until(deadline))
    for (const auto& c : channels_) c->process(events);
  for (const auto& c : channels_) c->process_timeouts();
}

void lookup_service::end(lookup& l, std::shared_ptr<const host_answer> answer) noexcept {
  {
    const std::int64_t now = os::now_ns();
    const os::lock_guard guard(lock_);
    by_host_.erase(l.host);
    --in_flight_;
    try {
      cache_.keep(l.host, answer, now);
    } catch (const std::bad_alloc&) {  // then the next one asks again
    }
  }
  l.answer = std::move(answer);
  l.answered.set();
}

}  // namespace dwell::inline v0::net
