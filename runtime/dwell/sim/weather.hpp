// What a simulated network does to what is sent through it, drawn from the seed of the run.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::sim {

/// What a simulated network is like. A chance is a number from 0 (never) to 1 (always).
struct network_options {
  /// How long a piece of data travels; drawn for each. None overtakes another, but for a reset.
  std::chrono::nanoseconds shortest_latency = std::chrono::microseconds(100);
  std::chrono::nanoseconds longest_latency = std::chrono::milliseconds(5);
  /// Bytes a second in each direction of a connection; 0: no limit.
  std::uint64_t bandwidth = 0;
  /// Bytes that were written and that the other side has not read; more make a writer wait.
  std::size_t window = 64 * std::size_t{1024};
  /// That a read, or a write, of several bytes takes fewer than it could.
  double short_reads = 0;
  double short_writes = 0;
  /// That with a write the connection is reset: both sides are told, each a latency later.
  double reset = 0;
  /// That with a write the connection is cut: from then on nothing arrives, and nobody is told.
  double cut = 0;
};

/// The draws. Within sim::run() they are the seed's.
class DWELL_API weather {
 public:
  /// Stops the program for options that make no sense, and outside a simulation.
  explicit weather(const network_options& o);

  [[nodiscard]] const network_options& options() const noexcept { return options_; }
  /// How long the next piece travels, in nanoseconds.
  [[nodiscard]] std::int64_t latency() const noexcept;
  /// How long a line is busy with that many bytes, in nanoseconds. Not drawn.
  [[nodiscard]] std::int64_t sending(std::size_t count) const noexcept;
  /// How many of `count` bytes an operation takes, at least one of them.
  [[nodiscard]] std::size_t read_of(std::size_t count) const noexcept {
    return part_of(count, options_.short_reads);
  }
  [[nodiscard]] std::size_t write_of(std::size_t count) const noexcept {
    return part_of(count, options_.short_writes);
  }
  [[nodiscard]] bool resets() const noexcept { return happens(options_.reset); }
  [[nodiscard]] bool cuts() const noexcept { return happens(options_.cut); }

 private:
  [[nodiscard]] static bool happens(double chance) noexcept;
  [[nodiscard]] static std::size_t part_of(std::size_t count, double chance_of_less) noexcept;

  network_options options_;
};

}  // namespace dwell::inline v0::sim
