// Bodies that are streams: back-pressure both ways, uploads, compression.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <gtest/gtest.h>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/copy.hpp>

#include "http/fetching.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;

class a_streamed_body : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_streamed_body, each_reactor(), reactor_name);

// The byte at a place of a long body.
char byte_at(std::uint64_t place) { return static_cast<char>('a' + place % 23); }

// So many bytes of it, in pieces that no buffer's size is a multiple of.
class long_body {
 public:
  explicit long_body(std::uint64_t size) noexcept : size_(size) {}
  task<std::size_t> read_some(net::bytes to) {
    const std::size_t count = std::min({to.size(), std::size_t{9973}, left()});
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::byte>(byte_at(done_ + i));
    done_ += count;
    co_await dwell::yield_now();
    co_return count;
  }

 private:
  [[nodiscard]] std::size_t left() const noexcept {
    return static_cast<std::size_t>(size_ - done_);
  }
  std::uint64_t size_;
  std::uint64_t done_ = 0;
};

// How many bytes of it come, each in its place.
template <net::byte_source S>
task<std::uint64_t> right_bytes(S& from) {
  std::uint64_t count = 0;
  std::string room(5000, '\0');
  const net::bytes to = std::as_writable_bytes(std::span(room));
  for (;;) {
    const std::size_t got = co_await from.read_some(to);
    if (got == 0) co_return count;
    for (std::size_t i = 0; i < got; ++i)
      if (room[i] != byte_at(count + i)) co_return 0;
    count += got;
  }
}

http::response long_answer(std::uint64_t size) {
  auto produce = [size](http::body_writer& out) -> task<> {
    long_body body(size);
    co_await net::copy(body, out);
  };
  return http::response::streamed(std::move(produce), "application/octet-stream");
}

TEST_P(a_streamed_body, arrives_as_it_was_sent) {
  run([]() -> task<> {
    served server([](http::request&) -> task<http::response> { co_return long_answer(3'000'000); });
    {
      http::client client;
      for (int i = 0; i < 2; ++i) {
        http::client_response answer = co_await client.get(server.url());
        EXPECT_EQ(co_await right_bytes(answer), 3'000'000U);
      }
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().connections, 1U);
  }());
}

// The server gives up on a client that does not read: that is how one sees that it was held back.
TEST_P(a_streamed_body, is_held_back_while_nobody_reads) {
  run([]() -> task<> {
    http::server_options impatient = served::hasty();
    impatient.write_time = 50ms;
    served server(
        [](http::request&) -> task<http::response> { co_return long_answer(1'000'000'000'000); },
        impatient);
    {
      http::client client;
      http::client_response answer = co_await client.get(server.url());
      while (server.statistics().broken < 1) co_await dwell::yield_now();
      const auto fault = co_await fetch_fault_of(right_bytes(answer));
      EXPECT_TRUE(fault && fault->how_far == http::delivery::partial_answer);
    }
    co_await server.stop();
  }());
}

TEST_P(a_streamed_body, closes_its_connection_when_it_is_left_unread) {
  run([]() -> task<> {
    served server(
        [](http::request&) -> task<http::response> { co_return long_answer(1'000'000'000'000); });
    {
      http::client client;
      for (int i = 0; i < 5; ++i) {
        http::client_response answer = co_await client.get(server.url());
        EXPECT_FALSE((co_await answer.next()).empty());
      }
      while (server.statistics().open > 0) co_await dwell::yield_now();
    }
    co_await server.stop();
  }());
}

// ---- Uploads ----

task<http::response> count_body(http::request& asked) {
  const std::uint64_t count = co_await right_bytes(asked.body);
  const std::string length(asked.headers.get("Content-Length").value_or("chunked"));
  co_return http::response(200, std::to_string(count) + ' ' + length);
}

TEST_P(a_streamed_body, is_uploaded_chunked_or_with_its_length) {
  run([]() -> task<> {
    served server(&count_body);
    {
      http::client client;
      http::client_request chunked("POST", server.url());
      auto first = std::move(chunked).with_stream(long_body(1'000'000));
      http::client_response one = co_await client.send(std::move(first));
      EXPECT_EQ(co_await one.text(), "1000000 chunked");
      http::client_request sized("PUT", server.url());
      auto second = std::move(sized).with_stream(long_body(1'000'000), 1'000'000);
      http::client_response two = co_await client.send(std::move(second));
      EXPECT_EQ(co_await two.text(), "1000000 1000000");
    }
    co_await server.stop();
  }());
}

// A source that gives a byte and then nothing, for ever.
class endless_source {
 public:
  task<std::size_t> read_some(net::bytes to) {
    if (std::exchange(begun_, true)) co_await dwell::sleep_for(std::chrono::hours(1));
    to.front() = std::byte{'x'};
    co_return 1;
  }

 private:
  bool begun_ = false;
};

TEST_P(a_streamed_body, is_no_longer_uploaded_when_the_answer_has_come) {
  run([]() -> task<> {
    served server([](http::request&) -> task<http::response> {
      throw http::status_error(413, "too much");
      co_return http::response(200);
    });
    {
      http::client client;
      http::client_request asked("POST", server.url());
      auto streamed = std::move(asked).with_stream(endless_source());
      http::client_response answer = co_await client.send(std::move(streamed));
      EXPECT_EQ(answer.status, 413);
    }
    co_await server.stop();
  }());
}

class source_broke : public std::exception {};
struct breaking_source {
  task<std::size_t> read_some(net::bytes) {
    co_await dwell::yield_now();
    throw source_broke();
  }
};

TEST_P(a_streamed_body, whose_source_fails_ends_the_request_with_that) {
  run([]() -> task<> {
    served server(&count_body);
    {
      http::client client;
      http::client_request asked("POST", server.url());
      auto streamed = std::move(asked).with_stream(breaking_source());
      bool broke = false;
      try {
        (void)co_await client.send(std::move(streamed));
      } catch (const source_broke&) {
        broke = true;
      }
      EXPECT_TRUE(broke);
    }
    co_await server.stop();
  }());
}

// ---- Compression ----

// "compressed by gzip", forty times, by gzip itself.
constexpr unsigned char gzipped[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xce, 0xcf, 0x2d, 0x28,
    0x4a, 0x2d, 0x2e, 0x4e, 0x4d, 0x51, 0x48, 0xaa, 0x54, 0x48, 0xaf, 0xca, 0x2c, 0x48, 0x1e,
    0x15, 0x19, 0x15, 0x19, 0xb2, 0x22, 0x00, 0x82, 0xe7, 0x25, 0x91, 0xd0, 0x02, 0x00, 0x00};

TEST_P(a_streamed_body, is_decompressed) {
  run([]() -> task<> {
    served server([](http::request& asked) -> task<http::response> {
      const bool wanted = asked.headers.has_word("Accept-Encoding", "gzip");
      if (!wanted) co_return http::response(200, "plain");
      http::response answer(200, std::string(std::begin(gzipped), std::end(gzipped)));
      answer.headers.add("Content-Encoding", "gzip");
      co_return answer;
    });
    {
      http::client client;
      std::string expected;
      for (int i = 0; i < 40; ++i) expected += "compressed by gzip";
      EXPECT_EQ(co_await fetch_text(client, server.url()), expected);
      http::client_options as_it_is;
      as_it_is.decompress = false;
      http::client plain(as_it_is);
      EXPECT_EQ(co_await fetch_text(plain, server.url()), "plain");
      http::client_options small;
      small.limits.body = 700;
      http::client limited(small);
      const auto fault = co_await fetch_fault_of(fetch_text(limited, server.url()));
      EXPECT_TRUE(fault && fault->reason == http::request_failure::too_large);
    }
    co_await server.stop();
  }());
}

}  // namespace
