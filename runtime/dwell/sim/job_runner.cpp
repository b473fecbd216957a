#include <algorithm>
#include <utility>

#include <dwell/sim/job_runner.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0::sim {

void job_runner::submit(offload::job& j) noexcept {
  queue_.push(j);
  plan(nullptr);
}

// The first of those that are due at the same time: as they were planned.
job_runner::events::const_iterator job_runner::first() const noexcept {
  return std::min_element(events_.begin(), events_.end(),
                          [](const event& a, const event& b) { return a.at_ns < b.at_ns; });
}

std::int64_t job_runner::next_event() const noexcept {
  return events_.empty() ? os::never_ns : first()->at_ns;
}

void job_runner::step() noexcept {
  while (next_event() <= source_.now_ns()) {
    const auto due = first();
    offload::job* const ends = due->ends;
    events_.erase(due);
    if (ends != nullptr)
      end(*ends);
    else
      begin_oldest();
  }
}

void job_runner::begin_oldest() noexcept {
  if (running_ == width_) return;  // end() comes back for it
  offload::job* const oldest = queue_.pop();
  if (oldest == nullptr) return;  // it was taken out
  ++running_;
  oldest->begun();
  plan(oldest);
}

// Inside the function there is no runtime, as on a real thread.
void job_runner::end(offload::job& j) noexcept {
  core::run_context* const outside = std::exchange(core::current_context, nullptr);
  j.run();
  core::current_context = outside;
  --running_;
  j.finish();
  if (queue_.size() > 0) plan(nullptr);
}

}  // namespace dwell::inline v0::sim
