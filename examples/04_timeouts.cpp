// Timeouts, what is shielded from them, and what is done in the end whatever happens.
//
// asyncio says timeout(), shield() and try/finally. C++ cannot await in a handler or a destructor:
// finally() takes the cleanup as a function, and runs it out of reach of the cancellation.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

dwell::task<std::string> slow_model() {
  co_await dwell::sleep_for(1h);
  co_return "at last";
}

dwell::task<std::string> quick_model() {
  co_await dwell::sleep_for(1ms);
  co_return "at once";
}

// timeout() throws when the time is over; the model's own wait was cancelled and has ended by then.
dwell::task<std::string> ask_or_fall_back() {
  try {
    co_return co_await dwell::timeout(5ms, slow_model());
  } catch (const dwell::timed_out& e) {
    std::printf("the slow model %s\n", e.what());  // no await in a handler: the next line does
  }
  co_return co_await dwell::timeout(1h, quick_model());
}

// move_on_after() does without the answer instead.
dwell::task<bool> ask_if_there_is_time() {
  const std::optional<std::string> answer = co_await dwell::move_on_after(5ms, slow_model());
  co_return !answer.has_value();
}

class conversation {
 public:
  // Cancelled in the middle of a turn, it still saves what it has and closes the connection.
  dwell::task<> hold() {
    const auto turns = [this] { return talk(); };
    const auto close = [this] { return close_connection(); };
    co_await dwell::finally(turns, close);
  }

  [[nodiscard]] bool saved_and_closed() const { return saved_ == 1 && closed_ && !went_on_; }

 private:
  dwell::task<> talk() {
    const auto runs_out = [this]() -> dwell::task<> {
      // The scope's time is over while this saves, but half a file would be worse than none.
      co_await dwell::shield(save());
      // The shield is left: what was kept out is thrown here.
      co_await dwell::sleep_for(1h);
      went_on_ = true;
    };
    if (!co_await dwell::move_on_after(200ms, runs_out()))
      std::printf("the conversation ran out\n");
    // One more turn, which nobody limits here: whoever called does.
    co_await slow_model();
    went_on_ = true;
  }

  dwell::task<> save() {
    co_await dwell::sleep_for(300ms);
    ++saved_;
  }

  dwell::task<> close_connection() {
    co_await dwell::sleep_for(1ms);  // an await in a cancelled scope: finally() shields it
    closed_ = true;
  }

  int saved_ = 0;
  bool closed_ = false;
  bool went_on_ = false;
};

dwell::task<bool> cut_short() {
  conversation c;
  const bool ended = co_await dwell::move_on_after(600ms, c.hold());
  co_return !ended && c.saved_and_closed();
}

// A stream may take as long as it likes, but must not fall silent.
dwell::task<int> tokens_until_silence() {
  int tokens = 0;
  const auto stream = [&tokens](dwell::progress& progress) -> dwell::task<> {
    for (; tokens < 5; ++tokens) {
      co_await dwell::sleep_for(100us);
      progress();
    }
    co_await dwell::sleep_for(1h);
  };
  try {
    co_await dwell::idle_timeout(500ms, stream);
  } catch (const dwell::timed_out& e) {
    std::printf("the stream made %s\n", e.what());
  }
  co_return tokens;
}

dwell::task<bool> all_right() {
  const std::string answer = co_await ask_or_fall_back();
  const bool moved_on = co_await ask_if_there_is_time();
  const bool tidy = co_await cut_short();
  const int tokens = co_await tokens_until_silence();
  co_return answer == "at once" && moved_on&& tidy&& tokens == 5;
}

}  // namespace

int main() {
  if (!dwell::run(all_right())) return 1;
  std::printf("nothing waited too long, and nothing was left half done\n");
  return 0;
}
