#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include <dwell/os/endpoint.hpp>

namespace {

using dwell::os::endpoint;

TEST(endpoint, reads_and_prints_ipv4_with_a_port) {
  const auto e = endpoint::parse("192.0.2.7:8080");
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->family(), endpoint::kind::ipv4);
  EXPECT_EQ(e->port(), 8080);
  EXPECT_EQ(e->address(), "192.0.2.7");
  EXPECT_EQ(e->to_string(), "192.0.2.7:8080");
}

TEST(endpoint, reads_and_prints_ipv6_in_brackets) {
  const auto e = endpoint::parse("[2001:db8::1]:443");
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->family(), endpoint::kind::ipv6);
  EXPECT_EQ(e->address(), "2001:db8::1");
  EXPECT_EQ(e->to_string(), "[2001:db8::1]:443");
  EXPECT_EQ(endpoint::from_ip("2001:db8::1", 443), e);
}

TEST(endpoint, refuses_what_is_no_address_with_a_port) {
  for (const char* text : {"", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:80x", "::1:80", "[::1:80", "1.2.3:80", ":80", "[]:80"})
    EXPECT_FALSE(endpoint::parse(text).has_value()) << text;
}

TEST(endpoint, changes_its_port_and_nothing_else) {
  const endpoint moved = endpoint::loopback(1).with_port(2);
  EXPECT_EQ(moved, endpoint::loopback(2));
  EXPECT_NE(moved, endpoint::loopback(1));
  EXPECT_EQ(moved.to_string(), "127.0.0.1:2");
  EXPECT_EQ(endpoint::any(3).to_string(), "0.0.0.0:3");
}

TEST(endpoint, holds_the_path_of_a_unix_socket) {
  const endpoint e = endpoint::unix_socket("/run/tool.sock");
  EXPECT_EQ(e.family(), endpoint::kind::unix_path);
  EXPECT_EQ(e.port(), 0);
  EXPECT_EQ(e.address(), "/run/tool.sock");
  EXPECT_EQ(e.to_string(), "unix:/run/tool.sock");
  EXPECT_EQ(endpoint::unix_socket("@tool").address(), "@tool");
}

TEST(endpoint, refuses_a_path_that_the_system_cannot_take) {
  EXPECT_NO_THROW((void)endpoint::unix_socket(std::string(107, 'x')));
  EXPECT_THROW((void)endpoint::unix_socket(std::string(108, 'x')), std::length_error);
  EXPECT_THROW((void)endpoint::unix_socket(""), std::length_error);
}

TEST(endpoint, of_no_family_says_so) {
  EXPECT_EQ(endpoint().family(), endpoint::kind::none);
  EXPECT_EQ(endpoint().to_string(), "nowhere");
}

}  // namespace
