// The calls on sockets: each tried once, errors as values, no signal raised.
#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <span>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/os/socket.hpp>

#include "os/socket_pair.hpp"

namespace {

using dwell::os::endpoint;
using dwell::os::file_descriptor;
using dwell::os::io_result;
using dwell::os::socket_kind;
using dwell::os::socket_option;
using dwell_test::socket_pair;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

file_descriptor open_for(const endpoint& e, socket_kind kind = socket_kind::stream) {
  const io_result made = dwell::os::open_socket(e.family(), kind);
  EXPECT_TRUE(made.ok());
  return file_descriptor(static_cast<int>(made.value));
}

TEST(file_descriptor, closes_what_it_owns_once) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const file_descriptor reader(fds[0]);
  {
    file_descriptor writer(fds[1]);
    file_descriptor moved(std::move(writer));
    EXPECT_FALSE(writer);  // NOLINT(bugprone-use-after-move): what the move left behind
    EXPECT_EQ(moved.get(), fds[1]);
  }
  char byte = 0;
  EXPECT_EQ(read(reader.get(), &byte, 1), 0) << "the writing end is closed";
}

TEST(a_socket_call, would_block_instead_of_waiting) {
  const socket_pair s;
  std::array<std::byte, 8> room{};
  EXPECT_TRUE(dwell::os::receive(s.a.get(), room).would_block());
  std::array<std::byte, 4096> much{};
  io_result sent;
  while ((sent = dwell::os::send(s.a.get(), much)).ok()) {
  }
  EXPECT_TRUE(sent.would_block());
}

TEST(a_socket_call, gives_the_count_and_zero_at_the_end) {
  socket_pair s;
  std::array<std::byte, 8> room{};
  EXPECT_EQ(dwell::os::send(s.a.get(), bytes_of("hello")).value, 5);
  EXPECT_EQ(dwell::os::receive(s.b.get(), room).value, 5);
  EXPECT_TRUE(dwell::os::shut_down_sending(s.a.get()).ok());
  const io_result end = dwell::os::receive(s.b.get(), room);
  EXPECT_TRUE(end.ok());
  EXPECT_EQ(end.value, 0);
}

// The test program does not ignore SIGPIPE: raised, it would end it.
TEST(a_socket_call, says_epipe_and_raises_no_signal) {
  socket_pair s;
  s.b.reset();
  EXPECT_EQ(dwell::os::send(s.a.get(), bytes_of("x")).error, EPIPE);
  const std::array<std::span<const std::byte>, 1> buffers{bytes_of("x")};
  EXPECT_EQ(dwell::os::send(s.a.get(), buffers).error, EPIPE);
}

TEST(a_socket_call, gathers_and_scatters) {
  const socket_pair s;
  const std::array<std::span<const std::byte>, 3> from{bytes_of("ab"), bytes_of(""),
                                                       bytes_of("cde")};
  EXPECT_EQ(dwell::os::send(s.a.get(), from).value, 5);
  std::array<std::byte, 3> first{};
  std::array<std::byte, 3> second{};
  const std::array<std::span<std::byte>, 2> to{first, second};
  EXPECT_EQ(dwell::os::receive(s.b.get(), to).value, 5);
  EXPECT_EQ(static_cast<char>(first[2]), 'c');
  EXPECT_EQ(static_cast<char>(second[1]), 'e');
}

TEST(a_socket_call, takes_no_more_buffers_than_it_says) {
  const socket_pair s;
  const std::vector<std::span<const std::byte>> many(dwell::os::most_buffers + 5, bytes_of("x"));
  EXPECT_EQ(dwell::os::send(s.a.get(), many).count(), dwell::os::most_buffers);
}

TEST(a_listener, is_connected_to_and_knows_both_ends) {
  const file_descriptor listener = open_for(endpoint::loopback(0));
  ASSERT_TRUE(dwell::os::bind_socket(listener.get(), endpoint::loopback(0)).ok());
  ASSERT_TRUE(dwell::os::listen_on(listener.get(), 1).ok());
  const endpoint here = dwell::os::local_endpoint(listener.get());
  EXPECT_NE(here.port(), 0);
  endpoint peer;
  EXPECT_TRUE(dwell::os::accept_from(listener.get(), peer).would_block());

  const file_descriptor client = open_for(here);
  const io_result connecting = dwell::os::connect_to(client.get(), here);
  EXPECT_TRUE(connecting.ok() || connecting.error == EINPROGRESS);
  EXPECT_TRUE(dwell::os::connect_result(client.get()).ok());
  const io_result accepted = dwell::os::accept_from(listener.get(), peer);
  ASSERT_TRUE(accepted.ok());
  const file_descriptor server(static_cast<int>(accepted.value));
  EXPECT_EQ(peer, dwell::os::local_endpoint(client.get()));
  EXPECT_EQ(dwell::os::peer_endpoint(client.get()), here);
}

TEST(a_connect, is_refused_where_nobody_listens) {
  const file_descriptor nobody = open_for(endpoint::loopback(0));
  ASSERT_TRUE(dwell::os::bind_socket(nobody.get(), endpoint::loopback(0)).ok());
  const endpoint there = dwell::os::local_endpoint(nobody.get());
  const file_descriptor client = open_for(there);
  const io_result at_once = dwell::os::connect_to(client.get(), there);
  const int error =
      at_once.error == EINPROGRESS ? dwell::os::connect_result(client.get()).error : at_once.error;
  EXPECT_EQ(error, ECONNREFUSED);
}

TEST(a_connect, that_nobody_began_has_not_ended) {
  const file_descriptor idle = open_for(endpoint::loopback(0));
  EXPECT_EQ(dwell::os::connect_result(idle.get()).error, EINPROGRESS);
}

// A socket for datagrams, at a port that was free.
file_descriptor bound_datagrams() {
  file_descriptor s = open_for(endpoint::loopback(0), socket_kind::datagram);
  EXPECT_TRUE(dwell::os::bind_socket(s.get(), endpoint::loopback(0)).ok());
  return s;
}

TEST(a_datagram, keeps_its_bounds_and_tells_when_it_was_cut) {
  const file_descriptor a = bound_datagrams();
  const file_descriptor b = bound_datagrams();
  const endpoint to = dwell::os::local_endpoint(b.get());
  EXPECT_EQ(dwell::os::send_to(a.get(), bytes_of("four"), to).value, 4);
  EXPECT_EQ(dwell::os::send_to(a.get(), bytes_of("longer"), to).value, 6);
  std::array<std::byte, 4> room{};
  endpoint from;
  EXPECT_EQ(dwell::os::receive_from(b.get(), room, from).value, 4);
  EXPECT_EQ(from, dwell::os::local_endpoint(a.get()));
  EXPECT_EQ(dwell::os::receive_from(b.get(), room, from).value, 6) << "four of six bytes came";
  EXPECT_TRUE(dwell::os::receive_from(b.get(), room, from).would_block());
}

TEST(a_datagram, may_be_empty_and_must_not_be_too_long) {
  const file_descriptor a = bound_datagrams();
  const endpoint itself = dwell::os::local_endpoint(a.get());
  endpoint from;
  EXPECT_TRUE(dwell::os::send_to(a.get(), {}, itself).ok());
  const io_result empty = dwell::os::receive_from(a.get(), {}, from);
  EXPECT_TRUE(empty.ok());
  EXPECT_EQ(empty.value, 0);
  const std::vector<std::byte> much(65'508);
  EXPECT_EQ(dwell::os::send_to(a.get(), much, itself).error, EMSGSIZE);
}

TEST(socket_options, are_set_and_read_back) {
  const file_descriptor s = open_for(endpoint::loopback(0));
  for (const socket_option flag : {socket_option::no_delay, socket_option::keep_alive,
                                   socket_option::reuse_address, socket_option::reuse_port}) {
    EXPECT_TRUE(dwell::os::set_option(s.get(), flag, 1).ok());
    EXPECT_NE(dwell::os::get_option(s.get(), flag).value, 0);
  }
  const file_descriptor d = bound_datagrams();
  EXPECT_TRUE(dwell::os::set_option(d.get(), socket_option::broadcast, 1).ok());
  EXPECT_NE(dwell::os::get_option(d.get(), socket_option::broadcast).value, 0);
  EXPECT_EQ(dwell::os::get_option(s.get(), socket_option::linger).value, -1);
  EXPECT_TRUE(dwell::os::set_option(s.get(), socket_option::linger, 0).ok());
  EXPECT_EQ(dwell::os::get_option(s.get(), socket_option::linger).value, 0);
  EXPECT_TRUE(dwell::os::set_option(s.get(), socket_option::send_buffer, 8192).ok());
  EXPECT_GE(dwell::os::get_option(s.get(), socket_option::send_buffer).value, 8192);
  EXPECT_EQ(dwell::os::set_option(-1, socket_option::no_delay, 1).error, EBADF);
}

}  // namespace
