#include "trace.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace model {
namespace {

const char* word(action what) {
  switch (what) {
    case action::load:
      return "load";
    case action::store:
      return "store";
    case action::update:
      return "update";
    case action::exchange_failed:
      return "cas-failed";
    case action::fence:
      return "fence";
    case action::light_fence:
      return "light-fence";
    case action::heavy_fence:
      return "heavy-fence";
    case action::futex_sleep:
      return "futex-sleep";
    case action::futex_pass:
      return "futex-pass";
    case action::futex_wake:
      return "futex-wake";
    case action::timeout:
      return "timeout";
    case action::yield:
      return "yield";
    case action::spawn:
      return "spawn";
    case action::join:
      return "join";
    case action::finish:
      return "finish";
    case action::plain_read:
      return "plain-read";
    case action::plain_write:
      return "plain-write";
    case action::born:
      return "construct";
    case action::died:
      return "destroy";
  }
  return "?";
}

bool has_order(action what) {
  return what == action::load || what == action::store || what == action::update ||
         what == action::exchange_failed || what == action::fence;
}

const char* word(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

// Small numbers, positive or negative, are counts and states; all else is bits or a pointer.
std::string value_text(std::uint64_t bits, unsigned size) {
  const unsigned shift = size == 0 || size >= 8 ? 0 : 64 - 8 * size;
  const auto number = static_cast<std::int64_t>(bits << shift) >> shift;
  char buffer[32];
  if (number > -100'000 && number < 1'000'000)
    std::snprintf(buffer, sizeof buffer, "%" PRId64, number);
  else
    std::snprintf(buffer, sizeof buffer, "0x%" PRIx64, bits);
  return buffer;
}

std::string values(const event& e) {
  const std::string before = value_text(e.before, e.size);
  const std::string after = value_text(e.after, e.size);
  const std::string n = std::to_string(e.behind);
  switch (e.what) {
    case action::load:
      return "-> " + before + (e.behind != 0 ? "   (stale by " + n + ")" : "");
    case action::exchange_failed:
      return "-> " + before + ", expected " + after +
             (e.behind != 0 ? "  (stale by " + n + ")" : "");
    case action::store:
      return "= " + after + (e.behind != 0 ? "   (ordered before " + n + " other)" : "");
    case action::update:
      return before + " => " + after + (e.behind != 0 ? "  (ordered before " + n + " other)" : "");
    case action::futex_sleep:
    case action::futex_pass:
      return "holds " + before + ", expected " + after;
    case action::futex_wake:
      return "wakes " + after;
    case action::born:
      return "= " + after;
    default:
      return "";
  }
}

std::string place(const std::source_location& where) {
  const char* file = where.file_name();
  if (file == nullptr || *file == '\0') return "";
  const char* slash = std::strrchr(file, '/');
  return std::string(slash == nullptr ? file : slash + 1) + ":" + std::to_string(where.line());
}

}  // namespace

void trace::clear() {
  events_.clear();
  regions_.clear();
  threads_.clear();
}

void trace::name_thread(unsigned thread, const char* name) {
  if (threads_.size() <= thread) threads_.resize(thread + 1, "?");
  threads_[thread] = name;
}

void trace::name_region(const void* address, std::size_t size, const char* name) {
  regions_.push_back({reinterpret_cast<std::uintptr_t>(address), size, name});
}

std::string trace::describe(const void* address, std::size_t size) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (auto r = regions_.rbegin(); r != regions_.rend(); ++r) {
    if (at < r->address || at >= r->address + r->size) continue;
    if (at == r->address && size == r->size) return r->name;
    return std::string(r->name) + "+" + std::to_string(at - r->address);
  }
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%p", address);
  return buffer;
}

std::string trace::line(const event& e) const {
  char buffer[256];
  std::string where_in_memory;
  if (e.address != nullptr) where_in_memory = describe(e.address, e.size);
  if (e.what == action::spawn || e.what == action::join)
    where_in_memory = threads_[static_cast<std::size_t>(e.after)];
  std::snprintf(buffer, sizeof buffer, "%-12s %-11s %-18s %-8s %-34s %s", threads_[e.thread],
                word(e.what), where_in_memory.c_str(), has_order(e.what) ? word(e.order) : "",
                values(e).c_str(), place(e.where).c_str());
  std::string text = buffer;
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// The beginning shows how it was set up, the end how it failed; what is between is rarely read.
std::string trace::text() const {
  constexpr std::size_t first = 60, last = 240;
  std::string out;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (i == first && events_.size() > first + last) {
      i = events_.size() - last;
      out += "      (" + std::to_string(i - first) + " lines left out)\n";
    }
    char prefix[24];
    std::snprintf(prefix, sizeof prefix, "%4zu  ", i + 1);
    out += prefix + line(events_[i]) + "\n";
  }
  return out;
}

}  // namespace model
