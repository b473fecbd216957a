// A TLS stream that is cut, at each byte: never a silent end.
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tls_stream.hpp>

#include "net/tls_wire.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::tls_ends;
using dwell_test::tls_wire;
using net::bytes_of;
using net::tls_version;

enum class ending { clean, cut, other };

constexpr const char* message = "an answer in three records, and of each a part may be missing";

task<ending> listens(tls_wire self) {
  std::string got;
  try {
    co_await self.handshake();
    got = co_await dwell_test::read_all(self);
  } catch (const net::unexpected_end&) {
    co_return ending::cut;
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what();
    co_return ending::other;
  }
  EXPECT_EQ(got, message);
  co_return ending::clean;
}

// Says all it has, unless the other side is gone.
task<> speaks(tls_wire self) {
  const std::string_view all(message);
  try {
    co_await self.handshake();
    co_await net::write_all(self, bytes_of(all.substr(0, 10)));
    co_await net::write_all(self, bytes_of(all.substr(10, 30)));
    co_await net::write_all(self, bytes_of(all.substr(40)));
    co_await self.shutdown_write();
    // Until the listener goes, so that it is the cut that it sees and not our going.
    (void)co_await dwell_test::read_all(self);
  } catch (const net::unexpected_end&) {
  } catch (const net::error&) {
  }
}

struct cut_case {
  tls_version version;
  bool client_listens;
};

// Cuts what the listener is told after 0, 1, 2... bytes, until it has heard everything. Gives the
// number of cuts that it took.
task<std::size_t> cut_everywhere(cut_case how, std::size_t step) {
  for (std::size_t cuts = 0;; ++cuts) {
    tls_ends ends(64 * std::size_t{1024}, how.version);
    const auto listener = how.client_listens ? ends.client_wire : ends.server_wire;
    const auto speaker = how.client_listens ? ends.server_wire : ends.client_wire;
    listener->deliver = cuts * step;
    tls_wire& hears = how.client_listens ? ends.client : ends.server;
    tls_wire& says = how.client_listens ? ends.server : ends.client;
    task<ending> one = listens(std::move(hears));
    task<> other = speaks(std::move(says));
    auto both = dwell::gather(std::move(one), std::move(other));
    const auto results = co_await std::move(both);
    if (std::get<0>(results) == ending::clean) {
      EXPECT_GE(listener->deliver, speaker->written) << "a cut was taken for an end";
      co_return cuts;
    }
    EXPECT_EQ(std::get<0>(results), ending::cut) << "after " << listener->deliver << " bytes";
  }
}

class a_cut_tls_stream : public dwell_test::no_frames_left,
                         public testing::WithParamInterface<cut_case> {};
INSTANTIATE_TEST_SUITE_P(
    versions, a_cut_tls_stream,
    testing::Values(cut_case{tls_version::tls_1_2, true}, cut_case{tls_version::tls_1_2, false},
                    cut_case{tls_version::tls_1_3, true}, cut_case{tls_version::tls_1_3, false}),
    [](const auto& each) {
      const bool old = each.param.version == tls_version::tls_1_2;
      return std::string(each.param.client_listens ? "to_the_client" : "to_the_server") +
             (old ? "_1_2" : "_1_3");
    });

TEST_P(a_cut_tls_stream, is_an_error_at_every_byte) {
  const dwell_test::watchdog dog("TLS cut at each byte");
  const std::size_t step = dwell_test::scaled(1'000) < 1'000 ? 19 : 1;
  const std::size_t cuts = dwell_test::run_on(2, cut_everywhere(GetParam(), step));
  EXPECT_GT(cuts * step, 400U) << "a handshake and an answer are longer";
}

}  // namespace
