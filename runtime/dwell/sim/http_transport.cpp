#include <algorithm>
#include <utility>

#include <dwell/os/entropy.hpp>
#include <dwell/scope/random.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sim/http_transport.hpp>

namespace dwell::inline v0::sim {

namespace {

bool happens(double chance) noexcept {
  return chance > 0 && static_cast<double>(os::entropy() >> 11) * 0x1p-53 < chance;
}

// Ends a request, with what its client is told.
struct trouble {
  http::request_failure reason;
  const char* what;
};

class simulated_exchange final : public http::exchange,
                                 public std::enable_shared_from_this<simulated_exchange> {
 public:
  simulated_exchange(http::wire_request asked,
                     std::shared_ptr<const http_transport::handler> answer,
                     const http_weather& weather)
      : exchange(std::move(asked)), answer_(std::move(answer)), weather_(weather) {}

  void start() { carrying_ = spawn(carry(shared_from_this())); }

 private:
  void go_on() noexcept override { moved_.set(); }
  void stop() noexcept override {
    fail(http::request_failure::called_off, "called off");
    if (carrying_.joinable()) (void)carrying_.cancel();
  }

  // Keeps the exchange until it has ended.
  static task<> carry(std::shared_ptr<simulated_exchange> self) {
    try {
      co_await self->carry_out();
      self->end();
    } catch (const trouble& t) {
      self->fail(t.reason, t.what);
    } catch (const std::exception& e) {
      self->fail(http::request_failure::broken, e.what());
    }
  }

  task<> carry_out() {
    co_await sleep_for(latency());
    if (happens(weather_.refuse))
      throw trouble{http::request_failure::not_connected, "Connection refused"};
    note_connected();
    http_request received{.method = asked().method, .url = asked().url, .headers = asked().headers};
    co_await step();
    co_await receive(received.body);
    http_answer answer = co_await (*answer_)(std::move(received));
    co_await step();
    note_answer_begins();
    give_head({.status = answer.status, .headers = std::move(answer.headers)});
    if (asked().method != "HEAD") co_await send_back(answer.body);
  }

  task<> receive(std::string& body) {
    if (!asked().has_body) co_return;
    for (;;) {
      std::byte buffer[1024];
      const outgoing piece = take_outgoing(buffer);
      body.append(net::text_of(net::const_bytes(buffer, piece.count)));
      if (piece.complete) co_return;
      if (piece.count > 0)
        co_await step();
      else
        co_await moved_.wait();
    }
  }

  task<> send_back(const std::string& body) {
    net::const_bytes left = net::bytes_of(body);
    while (!left.empty()) {
      const std::size_t most = std::min(left.size(), weather_.longest_piece);
      const net::const_bytes piece = left.first(1 + os::entropy() % most);
      co_await step();
      room given = give_body(piece);
      while (given == room::none) {
        co_await moved_.wait();
        given = give_body(piece);
      }
      if (given == room::too_much)
        throw trouble{http::request_failure::too_large, "the body is larger than the limit"};
      left = left.subspan(piece.size());
    }
  }

  // A piece travels.
  task<> step() {
    co_await sleep_for(latency());
    if (happens(weather_.reset))
      throw trouble{http::request_failure::broken, "Connection reset by peer"};
    if (happens(weather_.cut)) co_await sleep_for(std::chrono::nanoseconds::max());
  }

  [[nodiscard]] std::chrono::nanoseconds latency() const noexcept {
    return random_duration(weather_.shortest_latency, weather_.longest_latency);
  }

  const std::shared_ptr<const http_transport::handler> answer_;
  const http_weather weather_;
  auto_reset_event moved_;
  join_handle<> carrying_;
};

}  // namespace

http_transport::http_transport(handler answer, const http_weather& weather)
    : answer_(std::make_shared<const handler>(std::move(answer))), weather_(weather) {}
http_transport::~http_transport() = default;

task<std::shared_ptr<http::exchange>> http_transport::begin(http::wire_request asked) {
  const auto begun = std::make_shared<simulated_exchange>(std::move(asked), answer_, weather_);
  begun->start();
  co_return begun;
}

}  // namespace dwell::inline v0::sim
