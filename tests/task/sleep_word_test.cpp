// The sleeping protocol, one transition after the other. What two parties do to the word at the
// same time is the models' business (tests/interleave).
#include <gtest/gtest.h>

#include <dwell/task/sleep_word.hpp>
#include <dwell/task/wait.hpp>

namespace {

using dwell::core::sleep_word;
using dwell::core::wait;
using result = sleep_word::commit_result;

const dwell::core::wait_kind kind{"a test's wait", [](wait&) noexcept { return true; }};

struct sleeper {
  wait w{kind};
  sleep_word word;

  void park() {
    word.arm(w);
    ASSERT_EQ(word.commit(w), result::parked);
  }
};

TEST(sleep_word, gives_a_parked_sleeper_to_whoever_wakes_it) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.sleeping_in(), &s.w);
  EXPECT_EQ(s.word.wake(), &s.w);
  EXPECT_EQ(s.word.sleeping_in(), nullptr);
}

TEST(sleep_word, keeps_a_sleeper_awake_whose_wake_came_while_it_armed) {
  sleeper s;
  s.word.arm(s.w);
  EXPECT_EQ(s.word.wake(), nullptr);
  EXPECT_EQ(s.word.commit(s.w), result::woken);
}

TEST(sleep_word, lets_an_arming_sleeper_call_itself_off_after_a_cancel) {
  sleeper s;
  s.word.arm(s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  EXPECT_EQ(s.word.commit(s.w), result::cancelled);
  EXPECT_TRUE(s.word.finish_abort_by_sleeper(s.w, true));
}

TEST(sleep_word, prefers_the_wake_to_the_cancel_of_an_arming_sleeper) {
  sleeper s;
  s.word.arm(s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  EXPECT_EQ(s.word.wake(), nullptr);
  EXPECT_EQ(s.word.commit(s.w), result::woken);
}

TEST(sleep_word, lets_the_sleeper_wait_for_the_wake_that_its_source_promised) {
  sleeper s;
  s.word.arm(s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  EXPECT_EQ(s.word.commit(s.w), result::cancelled);
  EXPECT_FALSE(s.word.finish_abort_by_sleeper(s.w, false));
  EXPECT_EQ(s.word.wake(), &s.w);
}

TEST(sleep_word, lets_the_sleeper_go_on_when_the_promised_wake_was_there_first) {
  sleeper s;
  s.word.arm(s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  EXPECT_EQ(s.word.commit(s.w), result::cancelled);
  EXPECT_EQ(s.word.wake(), nullptr);
  EXPECT_TRUE(s.word.finish_abort_by_sleeper(s.w, false));
}

TEST(sleep_word, gives_a_parked_sleeper_to_the_canceller_whose_abort_succeeds) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.try_cancel(), &s.w);
  EXPECT_TRUE(s.word.finish_abort(s.w, true));
}

TEST(sleep_word, hands_a_parked_sleeper_back_when_the_abort_fails) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.try_cancel(), &s.w);
  EXPECT_FALSE(s.word.finish_abort(s.w, false));
  EXPECT_EQ(s.word.sleeping_in(), &s.w);
  EXPECT_EQ(s.word.wake(), &s.w);
}

TEST(sleep_word, leaves_a_wake_during_an_abort_to_the_canceller) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.try_cancel(), &s.w);
  EXPECT_EQ(s.word.wake(), nullptr);
  EXPECT_TRUE(s.word.finish_abort(s.w, false));
}

TEST(sleep_word, gives_a_sleeper_to_one_canceller_only) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.try_cancel(), &s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
}

TEST(sleep_word, has_nothing_to_cancel_while_its_chain_runs) {
  sleeper s;
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  s.park();
  EXPECT_EQ(s.word.wake(), &s.w);
  EXPECT_EQ(s.word.try_cancel(), nullptr);
  s.word.resumed();
  EXPECT_EQ(s.word.try_cancel(), nullptr);
}

TEST(sleep_word, can_be_slept_on_again) {
  sleeper s;
  for (int i = 0; i < 3; ++i) {
    s.park();
    EXPECT_EQ(s.word.wake(), &s.w);
    s.word.resumed();
  }
}

TEST(sleep_word_death, stops_a_source_that_wakes_who_does_not_wait) {
  sleep_word word;
  EXPECT_DEATH(static_cast<void>(word.wake()), "a source woke a chain that does not wait for it");
}

TEST(sleep_word_death, stops_a_source_that_wakes_twice) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.wake(), &s.w);
  EXPECT_DEATH(static_cast<void>(s.word.wake()), "a source woke a chain that does not wait for it");
}

TEST(sleep_word_death, stops_a_source_that_wakes_after_its_abort_said_yes) {
  sleeper s;
  s.park();
  EXPECT_EQ(s.word.try_cancel(), &s.w);
  EXPECT_DEATH(
      {
        static_cast<void>(s.word.wake());
        static_cast<void>(s.word.finish_abort(s.w, true));
      },
      "an aborted source never wakes");
}

}  // namespace
