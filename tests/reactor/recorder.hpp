// An executor that runs nothing: it writes down what the reactor wakes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <source_location>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/frame_header.hpp>
#include <dwell/task/wake_batch.hpp>

namespace dwell_test {

class recorder final : public dwell::core::executor {
 public:
  using roots = std::vector<dwell::core::frame_header*>;

  void submit(dwell::core::wait&) noexcept override {}
  void submit(dwell::core::wake_batch& batch) noexcept override {
    const std::lock_guard guard(lock_);
    woken_.insert(woken_.end(), batch.roots, batch.roots + batch.count);
    ++batches_;
    if (on_submit_ != nullptr) on_submit_(*this);
    keeps_ ? kept_.push_back(&batch) : batch.recycle(batch);
  }
  [[nodiscard]] bool nudge() noexcept override {
    const std::lock_guard guard(lock_);
    ++nudges_;
    return false;
  }
  void call_idle() noexcept override {
    const std::lock_guard guard(lock_);
    ++calls_;
  }
  void start(dwell::core::frame_header&) override {}
  [[nodiscard]] bool requeue(dwell::core::frame_header&) noexcept override { return false; }

  /// From now on batches are not given back.
  void keep_batches() { keeps_ = true; }
  void give_back(std::size_t count) {
    for (; count > 0; --count) {
      kept_.back()->recycle(*kept_.back());
      kept_.pop_back();
    }
  }
  void give_all_back() {
    keeps_ = false;
    give_back(kept_.size());
  }
  [[nodiscard]] std::size_t kept() const { return kept_.size(); }

  /// Called on the reactor's thread, under the lock.
  void on_submit(void (*hook)(recorder&)) { on_submit_ = hook; }

  [[nodiscard]] roots take_woken() {
    const std::lock_guard guard(lock_);
    return std::exchange(woken_, {});
  }
  [[nodiscard]] std::size_t woken_count() {
    const std::lock_guard guard(lock_);
    return woken_.size();
  }
  [[nodiscard]] std::size_t batches() const { return batches_; }
  [[nodiscard]] std::size_t nudges() {
    const std::lock_guard guard(lock_);
    return nudges_;
  }
  [[nodiscard]] std::size_t calls() {
    const std::lock_guard guard(lock_);
    return calls_;
  }

 private:
  std::mutex lock_;
  roots woken_;
  std::vector<dwell::core::wake_batch*> kept_;
  std::size_t batches_ = 0;
  std::size_t nudges_ = 0;
  std::size_t calls_ = 0;
  bool keeps_ = false;
  void (*on_submit_)(recorder&) = nullptr;
};

/// Roots of chains that exist in name only: the reactor never looks into one.
class sleepers {
 public:
  explicit sleepers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<dwell::core::frame_header>(std::source_location::current()));
      index_[all_.back().get()] = i;
    }
  }
  dwell::core::frame_header& operator[](std::size_t i) { return *all_[i]; }
  [[nodiscard]] std::size_t index_of(const dwell::core::frame_header* root) const {
    return index_.at(root);
  }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  std::vector<std::unique_ptr<dwell::core::frame_header>> all_;
  std::unordered_map<const dwell::core::frame_header*, std::size_t> index_;
};

}  // namespace dwell_test
