// A stream of whatever kind behind one type.
#include <cerrno>
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/any_stream.hpp>
#include <dwell/net/duplex.hpp>

#include "net/reading.hpp"
#include "net/scripted_stream.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::scripted_stream;

using any_stream = dwell_test::no_frames_left;

task<std::string> echo_all(net::any_stream& stream) {
  std::string all = co_await dwell_test::read_all(stream);
  co_await net::write_all(stream, net::bytes_of(all));
  co_await stream.shutdown_write();
  co_return all;
}

TEST_F(any_stream, passes_operations_on_to_a_stream_that_it_borrows) {
  scripted_stream script{.pieces = {"one", "two"}, .most_per_write = 4};
  net::stream_as_any<scripted_stream&> any(script);
  EXPECT_EQ(dwell::run(echo_all(any)), "onetwo");
  EXPECT_EQ(script.written, "onetwo");
  EXPECT_TRUE(script.write_ended);
}

TEST_F(any_stream, owns_a_stream_that_it_is_given) {
  dwell::run([]() -> task<> {
    auto [here, there] = net::duplex();
    {
      net::stream_as_any<net::duplex_stream> any(std::move(there));
      co_await net::write_all(here, net::bytes_of("to and fro"));
      co_await here.shutdown_write();
      (void)co_await echo_all(any);
    }
    EXPECT_EQ(co_await dwell_test::read_all(here), "to and fro");
    EXPECT_EQ(co_await dwell_test::fault_of(here.write_some(net::bytes_of("x"))), EPIPE)
        << "it went with the any_stream";
  }());
}

}  // namespace
