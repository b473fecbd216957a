#include <algorithm>
#include <utility>

#include <dwell/net/answer_cache.hpp>
#include <dwell/os/clock.hpp>

namespace dwell::inline v0::net {

std::shared_ptr<const host_answer> answer_cache::find(std::string_view host, std::int64_t now_ns) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return nullptr;
  const entry_list::iterator e = found->second;
  if (e->good_until_ns <= now_ns) {
    erase(e);
    return nullptr;
  }
  by_use_.splice(by_use_.begin(), by_use_, e);
  return e->answer;
}

void answer_cache::keep(const std::string& host, std::shared_ptr<const host_answer> answer,
                        std::int64_t now_ns) {
  const std::chrono::seconds good_for = lifetime(*answer);
  if (const auto found = by_host_.find(host); found != by_host_.end()) erase(found->second);
  if (good_for <= std::chrono::seconds(0) || entries_ == 0) return;
  entry_list fresh;
  fresh.push_back({host, std::move(answer), os::deadline_after(now_ns, good_for)});
  by_host_.emplace(fresh.front().host, fresh.begin());
  by_use_.splice(by_use_.begin(), fresh);
  if (by_use_.size() > entries_) erase(std::prev(by_use_.end()));
}

// A server that gives no time for an answer wants to be asked again, unless the floor says more.
std::chrono::seconds answer_cache::lifetime(const host_answer& answer) const noexcept {
  if (answer.failure) return answer.certain ? negative_ : std::chrono::seconds(0);
  return std::min(std::max(answer.ttl, floor_), ceiling_);
}

void answer_cache::erase(entry_list::iterator e) noexcept {
  by_host_.erase(e->host);
  by_use_.erase(e);
}

}  // namespace dwell::inline v0::net
