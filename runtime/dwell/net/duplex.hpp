// duplex: a connected pair of byte streams in memory, a socketpair without a kernel.
//
//   first.write_some() ──▶ pipe ──▶ second.read_some()
//   first.read_some()  ◀── pipe ◀── second.write_some()
//
// For protocols that talk within a process, and for tests of what is written against byte_stream.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/net/pipe.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

/// One end of the pair: a byte_stream. Move-only; it may be moved while an operation that was
/// begun goes on. The ends may be used from different threads, and each may read and write side by
/// side.
///
/// A full buffer makes writers wait. Every wait is cancellable, without effect; but once bytes were
/// moved the await gives their number, cancelled or not. Throws net::error, from either function:
///  - EPIPE from writes after this end's shutdown_write(), or when the other end is gone,
///  - ECONNRESET after the other end's abort(), ECONNABORTED after our own.
/// The ends may even be in different runtimes; keep an outside_work while they are.
class DWELL_API duplex_stream {
 public:
  /// One that was moved from. It may be assigned to and destroyed, no more.
  duplex_stream() noexcept = default;
  duplex_stream(duplex_stream&& other) noexcept = default;
  duplex_stream& operator=(duplex_stream&& other) noexcept {
    duplex_stream(std::move(other)).swap(*this);
    return *this;
  }
  /// The other end reads what is left, and then 0; its writes fail with EPIPE. Destroyed while a
  /// task reads or writes it stops the program.
  ~duplex_stream();

  void swap(duplex_stream& other) noexcept {
    both_.swap(other.both_);
    std::swap(side_, other.side_);
  }

  [[nodiscard]] task<std::size_t> read_some(bytes to);
  [[nodiscard]] task<std::size_t> write_some(const_bytes from);
  /// Never waits.
  [[nodiscard]] task<> shutdown_write();

  /// Breaks the connection off: the other end's reads and writes fail at once with ECONNRESET, our
  /// own with ECONNABORTED, also those that wait. What was on its way is lost. Any thread.
  void abort() noexcept;

 private:
  friend DWELL_API std::pair<duplex_stream, duplex_stream> duplex(std::size_t capacity);

  struct pair {
    explicit pair(std::size_t capacity) : pipes{pipe(capacity), pipe(capacity)} {}
    pipe pipes[2];
  };
  duplex_stream(std::shared_ptr<pair> both, int side) noexcept
      : both_(std::move(both)), side_(side) {}
  [[nodiscard]] pair& both() const noexcept;
  [[nodiscard]] pipe& incoming() const noexcept;
  [[nodiscard]] pipe& outgoing() const noexcept;

  std::shared_ptr<pair> both_;
  int side_ = 0;
};

static_assert(byte_stream<duplex_stream>);

/// A connected pair. In each direction at most `capacity` bytes are on their way; none stops the
/// program. Throws std::bad_alloc.
[[nodiscard]] DWELL_API std::pair<duplex_stream, duplex_stream> duplex(
    std::size_t capacity = 64 * std::size_t{1024});

}  // namespace dwell::inline v0::net
