// What a cancellation leaves of a TLS stream: all of it.
#include <atomic>
#include <cstddef>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tls_stream.hpp>

#include "net/tls_wire.hpp"
#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::cancel_when;
using dwell_test::letters;
using dwell_test::read_all;
using dwell_test::read_text;
using dwell_test::read_text_exactly;
using dwell_test::tls_ends;
using dwell_test::tls_wire;
using net::bytes_of;

class a_cancelled_tls_stream : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a cancelled TLS stream"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancelled_tls_stream, dwell_test::each_worker_count());

// What became of an operation in a scope that was cancelled. Another worker may look meanwhile.
struct fate {
  std::atomic<bool> ended{false};
  bool cancelled = false;
  std::optional<std::size_t> count{};
};

task<> note_fate(task<std::size_t> operation, fate& f) {
  try {
    f.count = co_await std::move(operation);
    f.ended = true;
  } catch (const dwell::cancelled&) {
    f.cancelled = true;
    throw;
  }
}

task<> ask(tls_wire& self, std::string question, std::string expected) {
  co_await net::write_all(self, bytes_of(question));
  const std::string got = co_await read_text_exactly(self, expected.size());
  EXPECT_EQ(got, expected);
}

task<> answer(tls_wire& self, std::string expected, std::string reply) {
  const std::string got = co_await read_text_exactly(self, expected.size());
  EXPECT_EQ(got, expected);
  co_await net::write_all(self, bytes_of(reply));
}

task<> talk(tls_ends& ends) {
  auto both = dwell::gather(ask(ends.client, "how are you?", "well, thanks"),
                            answer(ends.server, "how are you?", "well, thanks"));
  co_await std::move(both);
}

TEST_P(a_cancelled_tls_stream, has_read_nothing) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    fate f;
    std::string text(100, '\0');
    task<std::size_t> read = ends.client.read_some(std::as_writable_bytes(std::span(text)));
    co_await cancel_when(note_fate(std::move(read), f),
                         [&] { return ends.client_wire->reading.load(); });
    EXPECT_TRUE(f.cancelled);
    co_await net::write_all(ends.server, bytes_of("not lost"));
    const std::string got = co_await read_text(ends.client);
    EXPECT_EQ(got, "not lost");
    co_await talk(ends);
  };
  dwell::run(scenario(), pool());
}

// Reads until it is cancelled, as the wire brings byte after byte.
TEST_P(a_cancelled_tls_stream, has_read_nothing_at_each_byte_of_a_record) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    ends.client_wire->most_per_read = 1;
    co_await net::write_all(ends.server, bytes_of("first"));
    co_await net::write_all(ends.server, bytes_of("second"));
    const std::size_t all = ends.server_wire->written;
    std::string got;
    std::size_t cancelled = 0;
    for (std::size_t place = ends.client_wire->read; place < all; ++place) {
      fate f;
      std::string text(100, '\0');
      task<std::size_t> read = ends.client.read_some(std::as_writable_bytes(std::span(text)));
      co_await cancel_when(note_fate(std::move(read), f),
                           [&, place] { return f.ended || ends.client_wire->read >= place; });
      if (f.count) got += text.substr(0, *f.count);
      cancelled += f.cancelled ? 1 : 0;
    }
    while (got.size() < 11) got += co_await read_text(ends.client);
    EXPECT_EQ(got, "firstsecond");
    EXPECT_GT(cancelled, 0U);
    co_await talk(ends);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, keeps_what_is_decrypted_already) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    co_await net::write_all(ends.server, bytes_of("here already"));
    const std::string first = co_await read_text(ends.client, 4);
    EXPECT_EQ(first, "here");
    fate f;
    const auto in_cancelled_scope = [&](dwell::cancel_scope& scope) -> task<> {
      scope.cancel();
      std::string text(100, '\0');
      task<std::size_t> read = ends.client.read_some(std::as_writable_bytes(std::span(text)));
      co_await note_fate(std::move(read), f);
    };
    co_await dwell::with_cancel_scope(in_cancelled_scope);
    EXPECT_TRUE(f.cancelled) << "although it would not have had to wait";
    const std::string rest = co_await read_text(ends.client);
    EXPECT_EQ(rest, " already");
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, has_written_nothing_or_all_that_it_says) {
  const std::int64_t rounds = dwell_test::scaled(200) + 20;
  const auto scenario = [rounds]() -> task<> {
    tls_ends ends(100);
    co_await ends.shake();
    std::string accepted;
    const auto writer = [&]() -> task<> {
      for (std::int64_t i = 0; i < rounds; ++i) {
        const std::string text =
            letters(1 + static_cast<std::size_t>(i * 37 % 900), static_cast<unsigned>(i));
        fate f;
        const std::size_t before = ends.client_wire->written;
        const std::size_t pieces = static_cast<std::size_t>(i * 13 % 500);
        co_await cancel_when(note_fate(ends.client.write_some(bytes_of(text)), f), [&, before] {
          return f.ended || ends.client_wire->written >= before + pieces;
        });
        EXPECT_NE(f.cancelled, f.count.has_value()) << "one of the two";
        accepted += text.substr(0, f.count.value_or(0));
      }
      co_await ends.client.shutdown_write();
    };
    const auto reader = [&]() -> task<> {
      const std::string got = co_await read_all(ends.server, 77);
      EXPECT_TRUE(got == accepted) << got.size() << " of " << accepted.size();
    };
    auto both = dwell::gather(writer(), reader());
    co_await std::move(both);
    EXPECT_FALSE(accepted.empty());
  };
  dwell::run(scenario(), pool());
}

// Nobody reads yet, and the wire is full: the record is taken and half of it is stuck.
task<> leave_half_a_record(tls_ends& ends, const std::string& text) {
  fate f;
  co_await cancel_when(note_fate(ends.client.write_some(bytes_of(text)), f), [&] {
    return ends.client_wire->writing && ends.client_wire->written >= 100;
  });
  EXPECT_FALSE(f.cancelled);
  EXPECT_EQ(f.count, text.size());
}

// So that the handshake's own bytes do not count.
task<> shake_and_drain(tls_ends& ends) {
  co_await ends.shake();
  co_await talk(ends);
  ends.client_wire->written = 0;
  ends.server_wire->written = 0;
}

TEST_P(a_cancelled_tls_stream, sends_the_rest_of_a_record_before_the_next) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    auto both = dwell::gather(ask(ends.client, "and this", "both came"),
                              answer(ends.server, text + "and this", "both came"));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, has_written_nothing_while_the_rest_of_a_record_is_in_the_way) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    fate f;
    task<std::size_t> write = ends.client.write_some(bytes_of("not this"));
    co_await cancel_when(note_fate(std::move(write), f),
                         [&] { return ends.client_wire->writing.load(); });
    EXPECT_TRUE(f.cancelled);
    auto both = dwell::gather(ask(ends.client, "but this", "both came"),
                              answer(ends.server, text + "but this", "both came"));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, sends_the_rest_of_a_record_while_it_reads) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    auto both =
        dwell::gather(ask(ends.client, "", "it came"), answer(ends.server, text, "it came"));
    co_await std::move(both);
    co_await talk(ends);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, reads_although_the_rest_of_a_record_cannot_go) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    // The server writes, and reads nothing before that has been read.
    auto both =
        dwell::gather(ask(ends.client, "", letters(500)), answer(ends.server, "", letters(500)));
    co_await std::move(both);
    auto later = dwell::gather(ask(ends.client, "", "now"), answer(ends.server, text, "now"));
    co_await std::move(later);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, keeps_its_leftovers_when_the_read_that_sends_them_is_cancelled_too) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    for (int i = 0; i < 5; ++i) {
      fate f;
      std::string unused(10, '\0');
      task<std::size_t> read = ends.client.read_some(std::as_writable_bytes(std::span(unused)));
      co_await cancel_when(note_fate(std::move(read), f),
                           [&] { return ends.client_wire->reading && ends.client_wire->writing; });
      EXPECT_TRUE(f.cancelled);
    }
    auto both =
        dwell::gather(ask(ends.client, "!", "it came"), answer(ends.server, text + "!", "it came"));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, goes_on_with_a_handshake_where_it_was) {
  const auto scenario = []() -> task<> {
    for (std::size_t place = 0; place < 1'500; place += 100) {
      tls_ends ends(100);
      ends.client_wire->most_per_read = 100;
      std::atomic<bool> done{false};
      const auto shakes = [&]() -> task<> {
        co_await ends.client.handshake();
        done = true;
      };
      const auto client = [&]() -> task<> {
        co_await cancel_when(shakes(), [&, place] {
          return done || (ends.client_wire->reading && ends.client_wire->read >= place);
        });
        co_await ends.client.handshake();
      };
      auto both = dwell::gather(client(), ends.server.handshake());
      co_await std::move(both);
      co_await talk(ends);
    }
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, lets_go_of_the_wire_when_its_connecting_is_cancelled) {
  const auto scenario = []() -> task<> {
    auto [a, b] = net::duplex();
    std::size_t hello = 0;
    const auto connect = [](net::duplex_stream wire) -> task<> {
      (void)co_await net::tls_connect(std::move(wire), dwell_test::client_context(), "a.example");
    };
    const auto see_hello = [&]() -> task<> {
      const std::string text = co_await read_text(b);
      hello = text.size();
      throw dwell_test::sibling_failed();
    };
    auto both = dwell::gather(connect(std::move(a)), see_hello());
    try {
      co_await std::move(both);
      ADD_FAILURE() << "connected";
    } catch (const dwell_test::sibling_failed&) {
    }
    EXPECT_GT(hello, 0U);
    const std::string rest = co_await read_all(b);
    EXPECT_EQ(rest, "") << "the wire has ended";
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_tls_stream, ends_at_the_second_attempt) {
  const auto scenario = []() -> task<> {
    tls_ends ends(100);
    co_await shake_and_drain(ends);
    const std::string text = letters(1'000);
    co_await leave_half_a_record(ends, text);
    const std::size_t before = ends.client_wire->written;
    co_await cancel_when(ends.client.shutdown_write(),
                         [&] { return ends.client_wire->writing.load(); });
    EXPECT_EQ(ends.client_wire->written, before);
    const auto reads_text = [&]() -> task<> {
      const std::string got = co_await read_all(ends.server);
      EXPECT_EQ(got, text);
    };
    auto both = dwell::gather(ends.client.shutdown_write(), reads_text());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

}  // namespace
