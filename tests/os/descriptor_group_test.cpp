// Descriptors of a library, behind one that a reactor can watch.
#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <poll.h>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <dwell/os/descriptor_group.hpp>
#include <dwell/os/file_descriptor.hpp>

#include "os/sanitized.hpp"
#include "os/socket_pair.hpp"
#include "support/descriptor_limit.hpp"

namespace {

using dwell::os::descriptor_group;
using dwell::os::file_descriptor;
using dwell::os::member_event;
using dwell_test::socket_pair;

void give(const file_descriptor& to, std::string_view text) {
  ASSERT_EQ(write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::vector<member_event> taken_from(descriptor_group& group) {
  std::array<member_event, descriptor_group::most_events> room{};
  const std::span<const member_event> got = group.take(room);
  return {got.begin(), got.end()};
}

// More members than are told of at once, each ready to be read.
std::vector<socket_pair> more_than_one_look(descriptor_group& group) {
  std::vector<socket_pair> all(descriptor_group::most_events + 10);
  for (const socket_pair& ends : all) {
    group.watch(ends.a.get(), true, false);
    give(ends.b, "x");
  }
  return all;
}

bool is_readable(const file_descriptor& fd) {
  pollfd one{.fd = fd.get(), .events = POLLIN, .revents = 0};
  return poll(&one, 1, 0) == 1;
}

TEST(descriptor_group, tells_what_is_ready_and_nothing_else) {
  descriptor_group group;
  const socket_pair read;
  const socket_pair written;
  const socket_pair silent;
  group.watch(read.a.get(), true, false);
  group.watch(written.a.get(), false, true);
  group.watch(silent.a.get(), true, false);
  give(read.b, "x");
  const std::vector<member_event> events = taken_from(group);
  ASSERT_EQ(events.size(), 2U);
  for (const member_event& e : events) {
    const bool reads = e.fd == read.a.get();
    EXPECT_TRUE(reads || e.fd == written.a.get());
    EXPECT_EQ(e.readable, reads);
    EXPECT_EQ(e.writable, !reads);
    EXPECT_FALSE(e.failed);
    EXPECT_TRUE(group.is_current(e));
  }
}

// As a library that was written for poll() expects it.
TEST(descriptor_group, tells_it_again_until_it_has_been_read) {
  descriptor_group group;
  const socket_pair ends;
  group.watch(ends.a.get(), true, false);
  give(ends.b, "xy");
  char got = 0;
  for (int left = 2; left > 0; --left) {
    EXPECT_EQ(taken_from(group).size(), 1U);
    ASSERT_EQ(read(ends.a.get(), &got, 1), 1);
  }
  EXPECT_TRUE(taken_from(group).empty());
}

TEST(descriptor_group, asks_for_what_was_asked_last) {
  descriptor_group group;
  const socket_pair ends;
  give(ends.b, "x");
  group.watch(ends.a.get(), true, false);
  group.watch(ends.a.get(), false, true);
  ASSERT_EQ(taken_from(group).size(), 1U);
  EXPECT_FALSE(taken_from(group).front().readable);
  EXPECT_TRUE(taken_from(group).front().writable);
  group.watch(ends.a.get(), false, false);
  EXPECT_TRUE(taken_from(group).empty());
  EXPECT_TRUE(group.empty());
}

TEST(descriptor_group, tells_of_a_peer_that_is_gone_as_of_everything) {
  descriptor_group group;
  socket_pair ends;
  group.watch(ends.a.get(), true, true);
  ends.b.reset();
  const std::vector<member_event> events = taken_from(group);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events.front().readable);
  EXPECT_TRUE(events.front().writable);
  EXPECT_TRUE(events.front().failed);
}

// The number of a closed descriptor is given out again, before its last event has been looked at.
TEST(descriptor_group, drops_an_event_of_the_last_descriptor_of_a_number) {
  descriptor_group group;
  const socket_pair first;
  give(first.b, "x");
  group.watch(first.a.get(), true, false);
  const std::vector<member_event> old = taken_from(group);
  ASSERT_EQ(old.size(), 1U);
  group.forget(first.a.get());
  EXPECT_FALSE(group.is_current(old.front()));
  const socket_pair second;
  ASSERT_EQ(dup2(second.a.get(), first.a.get()), first.a.get());
  group.watch(first.a.get(), true, false);
  EXPECT_FALSE(group.is_current(old.front()));
  EXPECT_TRUE(taken_from(group).empty());
  give(second.b, "x");
  ASSERT_EQ(taken_from(group).size(), 1U);
  EXPECT_TRUE(group.is_current(taken_from(group).front()));
}

TEST(descriptor_group, does_not_mind_being_told_twice_to_forget) {
  descriptor_group group;
  socket_pair ends;
  const int fd = ends.a.get();
  group.forget(fd);
  group.watch(fd, true, false);
  ends.a.reset();  // the library has closed it already
  group.forget(fd);
  group.forget(fd);
  EXPECT_TRUE(group.empty());
}

TEST(descriptor_group, tells_nothing_of_a_member_that_rests_until_it_is_asked_for_again) {
  descriptor_group group;
  const file_descriptor watched = group.duplicate();
  const socket_pair ends;
  const int fd = ends.a.get();
  group.watch(fd, true, false);
  group.rest(fd);
  group.rest(fd);
  EXPECT_TRUE(group.empty());
  group.watch(fd, true, false);
  EXPECT_FALSE(group.empty());
  group.rest(fd);
  give(ends.b, "x");
  EXPECT_TRUE(taken_from(group).empty());
  EXPECT_FALSE(is_readable(watched)) << "it would wake its waiter again and again";
  group.watch(fd, true, false);
  ASSERT_EQ(taken_from(group).size(), 1U);
  EXPECT_TRUE(group.is_current(taken_from(group).front()));
}

TEST(descriptor_group, tells_of_a_ready_member_behind_more_that_rest_than_it_looks_at_at_once) {
  descriptor_group group;
  const std::vector<socket_pair> all = more_than_one_look(group);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) group.rest(all[i].a.get());
  const std::vector<member_event> events = taken_from(group);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events.front().fd, all.back().a.get());
}

// Closed by somebody who did not say so, while it rested.
TEST(descriptor_group, watches_a_new_descriptor_whose_number_was_forgotten_when_it_was_opened) {
  descriptor_group group;
  socket_pair first;
  const int number = first.a.get();
  group.watch(number, true, false);
  group.rest(number);
  const socket_pair second;
  ASSERT_EQ(dup2(second.a.get(), number), number);
  group.forget(number);
  group.watch(number, true, false);
  give(second.b, "x");
  ASSERT_EQ(taken_from(group).size(), 1U);
  EXPECT_TRUE(group.is_current(taken_from(group).front()));
}

TEST(descriptor_group, is_readable_while_a_member_is_ready) {
  descriptor_group group;
  const file_descriptor watched = group.duplicate();
  const socket_pair ends;
  group.watch(ends.a.get(), true, false);
  EXPECT_FALSE(is_readable(watched));
  give(ends.b, "x");
  EXPECT_TRUE(is_readable(watched));
  group.forget(ends.a.get());
  EXPECT_FALSE(is_readable(watched));
}

TEST(descriptor_group, passes_no_member_over_when_more_are_ready_than_it_tells_at_once) {
  descriptor_group group;
  const std::vector<socket_pair> all = more_than_one_look(group);
  std::set<int> seen;
  for (int takes = 0; takes < 2; ++takes)
    for (const member_event& e : taken_from(group)) seen.insert(e.fd);
  EXPECT_EQ(seen.size(), all.size());
}

TEST(descriptor_group, does_not_watch_what_the_kernel_refuses) {
  descriptor_group group;
  try {
    group.watch(-1, true, false);
    ADD_FAILURE() << "that is no descriptor";
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code().value(), EBADF);
  }
  EXPECT_TRUE(group.empty());
}

TEST(descriptor_group, says_when_there_are_too_many_descriptors) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers open files of their own";
  const descriptor_group group;
  const dwell_test::descriptor_limit none(0);
  EXPECT_THROW(descriptor_group(), std::system_error);
  EXPECT_THROW((void)group.duplicate(), std::system_error);
}

}  // namespace
