// Conversations over TCP, Unix sockets and TLS on a kernel that interrupts, cuts short and refuses
// for the moment as much as it may: what is said arrives, whole and in order, for each seed.

#include "faults/faults.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/copy.hpp>
#include <dwell/net/tls_stream.hpp>

#include "net/reading.hpp"
#include "net/tls_parties.hpp"
#include "net/transports.hpp"
#include "support/random_bytes.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::random_bytes;
using net::bytes_of;
using net::const_bytes;

// ---- Transports ----

template <class Plain>
struct plain : Plain {
  using stream = typename Plain::stream;
  static task<stream> accept(typename Plain::listener& from) { return from.accept(); }
};

struct over_tls : dwell_test::over_tcp {
  using stream = net::tls_stream<net::tcp_stream>;

  static task<stream> connect(const listener& to) {
    static const net::tls_client_context context = dwell_test::client_context();
    net::tcp_stream wire = co_await over_tcp::connect(to);
    co_return co_await net::tls_connect(std::move(wire), context, dwell_test::server_host);
  }
  static task<stream> accept(listener& from) {
    static const net::tls_server_context context = dwell_test::server_context();
    net::tcp_stream wire = co_await from.accept();
    co_return co_await net::tls_accept(std::move(wire), context);
  }
};

// ---- A conversation: lines, and then bytes both ways at once ----

constexpr int lines = 20;

template <class Transport>
task<> serve(typename Transport::listener& listener) {
  auto stream = co_await Transport::accept(listener);
  net::buffered_reader<decltype(stream)&> questions(stream, 256);
  net::buffered_writer<decltype(stream)&> answers(stream, 256);
  for (int i = 0; i < lines; ++i) {
    const std::optional<std::string> question = co_await questions.read_line(1'000);
    std::string line = question.value_or("the end");
    std::reverse(line.begin(), line.end());
    line += '\n';
    co_await net::write_all(answers, bytes_of(line));
    co_await answers.flush();
  }
  co_await net::copy_and_shut_down(questions, stream);
}

template <class Stream>
task<> ask(Stream& stream) {
  net::buffered_reader<Stream&> answers(stream, 256);
  for (int i = 0; i < lines; ++i) {
    std::string line(static_cast<std::size_t>(i * i), static_cast<char>('a' + i));
    line += std::to_string(i);
    const std::string question = line + "\n";
    co_await net::write_all(stream, bytes_of(question));
    std::reverse(line.begin(), line.end());
    EXPECT_EQ(co_await answers.read_line(1'000), line);
  }
}

template <class Stream>
concept vectored = requires(Stream& s, std::array<const_bytes, 2> two) {
  s.write_some(std::span<const const_bytes>(two));
};

// The next bytes of `from`: in two buffers, where a stream takes several.
template <class Stream>
task<std::size_t> write_next(Stream& to, const_bytes from) {
  if constexpr (vectored<Stream>) {
    const std::array<const_bytes, 2> two{from.first(from.size() / 3),
                                         from.subspan(from.size() / 3)};
    co_return co_await to.write_some(std::span<const const_bytes>(two));
  } else {
    co_return co_await to.write_some(from);
  }
}

template <class Stream>
task<> write_and_end(Stream& to, const_bytes content) {
  while (!content.empty()) content = content.subspan(co_await write_next(to, content));
  co_await to.shutdown_write();
}

// Into two buffers likewise.
template <class Stream>
task<std::string> read_next(Stream& from) {
  std::string text(9'000, '\0');
  const net::bytes room = std::as_writable_bytes(std::span(text));
  if constexpr (vectored<Stream>) {
    const std::array<net::bytes, 2> two{room.first(1'000), room.subspan(1'000)};
    text.resize(co_await from.read_some(std::span<const net::bytes>(two)));
  } else {
    text.resize(co_await from.read_some(room));
  }
  co_return text;
}

template <class Stream>
task<std::string> read_to_end(Stream& from) {
  std::string all;
  for (;;) {
    const std::string part = co_await read_next(from);
    if (part.empty()) co_return all;
    all += part;
  }
}

template <class Transport>
task<> converse(const typename Transport::listener& with, const std::string& content) {
  auto stream = co_await Transport::connect(with);
  co_await ask(stream);
  auto both = dwell::gather(write_and_end(stream, bytes_of(content)), read_to_end(stream));
  const auto [written, echoed] = co_await std::move(both);
  EXPECT_TRUE(echoed == content) << echoed.size() << " bytes of " << content.size();
}

template <class Transport>
task<> serve_and_converse(const std::string& content) {
  auto listener = Transport::listen();
  auto both = dwell::gather(serve<Transport>(listener), converse<Transport>(listener, content));
  co_await std::move(both);
}

// ---- Seeds ----

// All, or the one that the environment asks for.
std::vector<std::uint64_t> seeds() {
  if (const char* const one = std::getenv("DWELL_TEST_FAULTS_SEED"); one != nullptr)
    return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all(static_cast<std::size_t>(dwell_test::scaled(200)));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
  return all;
}

dwell::settings pool(std::uint64_t seed) {
  dwell::settings s = dwell_test::workers(static_cast<unsigned>(1 + seed % 4));
  s.reactor = seed % 8 < 4 ? dwell::reactor_mode::shared : dwell::reactor_mode::dedicated;
  return s;
}

template <class Transport>
class on_a_hard_kernel : public dwell_test::no_frames_left {};
using transports =
    testing::Types<plain<dwell_test::over_tcp>, plain<dwell_test::over_unix>, over_tls>;
TYPED_TEST_SUITE(on_a_hard_kernel, transports);

// The rarest is one in two of the connects, of which a seed has one.
constexpr std::size_t enough_for_each_kind = 20;

std::array<std::uint64_t, dwell_fault_kinds> counts() {
  std::array<std::uint64_t, dwell_fault_kinds> all{};
  for (unsigned kind = 0; kind < all.size(); ++kind) all[kind] = dwell_faults_count(kind);
  return all;
}

TYPED_TEST(on_a_hard_kernel, what_is_said_arrives_whole_and_in_order) {
  const std::string content = random_bytes(100'000, 7);
  const auto before = counts();
  const std::vector<std::uint64_t> all = seeds();
  for (const std::uint64_t seed : all) {
    const std::string replay = "replay it with DWELL_TEST_FAULTS_SEED=" + std::to_string(seed);
    const dwell_test::watchdog dog(replay);
    dwell_faults_begin(seed);
    EXPECT_NO_THROW(dwell::run(serve_and_converse<TypeParam>(content), pool(seed)));
    dwell_faults_begin(0);
    ASSERT_FALSE(this->HasFailure()) << replay;
  }
  const auto after = counts();
  if (all.size() < enough_for_each_kind) return;
  for (unsigned kind = 0; kind < after.size(); ++kind)
    EXPECT_GT(after[kind], before[kind]) << "none of the kind " << kind;
}

}  // namespace
