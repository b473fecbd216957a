// The cancel sweep over the client: a request, an answer that is read, an upload, and the wait for
// a place, over libcurl on real workers and over the simulated transport. Whatever the moment, the
// client is as good as new, and nothing is left behind.
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/sim/http_transport.hpp>

#include "conformance/sweep.hpp"
#include "http/fetching.hpp"
#include "support/open_descriptors.hpp"

namespace {

using namespace sweep;
namespace http = dwell::http;
namespace net = dwell::net;
namespace sim = dwell::sim;
using dwell_test::fetch_text;

// ---- Whom the client talks to: the answer is "first", "second", and what was sent ----

task<> take_some_time() {
  for (int i = 0; i < 4; ++i) co_await dwell::yield_now();
}

task<http::response> answer_over_sockets(http::request& asked) {
  std::string body = co_await asked.body.read_all();
  auto produce = [body = std::move(body)](http::body_writer& out) -> task<> {
    co_await out.write("first");
    co_await take_some_time();
    const std::string rest = "second" + body;
    co_await out.write(rest);
  };
  co_return http::response::streamed(std::move(produce), "");
}

task<sim::http_answer> answer_simulated(sim::http_request asked) {
  co_await take_some_time();
  co_return sim::http_answer{.body = "firstsecond" + asked.body};
}

http::client_options one_at_a_time() {
  http::client_options options;
  options.per_origin = 1;
  return options;
}

// Kept from one trial to the next: a client that a cancel had broken would show it.
struct parties {
  dwell_test::served server{&answer_over_sockets};
  http::client client{};
  http::client narrow{one_at_a_time()};
};
parties* on_sockets = nullptr;  // while a test runs

struct over_curl {
  [[nodiscard]] static http::client& client() { return on_sockets->client; }
  [[nodiscard]] static http::client& narrow() { return on_sockets->narrow; }
  [[nodiscard]] static std::string url() { return on_sockets->server.url(); }
};

class over_simulation {
 public:
  [[nodiscard]] http::client& client() { return client_; }
  [[nodiscard]] http::client& narrow() { return narrow_; }
  [[nodiscard]] static std::string url() { return "http://server/"; }

 private:
  const std::shared_ptr<sim::http_transport> through_ = std::make_shared<sim::http_transport>(
      &answer_simulated, sim::http_weather{.longest_piece = 4});
  http::client client_{through_};
  http::client narrow_{through_, one_at_a_time()};
};

// ---- The operations ----

template <class World>
struct with_client : awaitable {
  World world;

  task<> complete(join_handle<>&) override { co_return; }
  task<> expect_as_good_as_new(http::client& client) {
    const std::string text = co_await fetch_text(client, world.url());
    EXPECT_EQ(text, "firstsecond");
  }
};

template <class World>
struct gets final : with_client<World> {
  std::string text;

  task<> wait() override { text = co_await fetch_text(this->world.client(), this->world.url()); }
  task<> check(bool got) override {
    EXPECT_EQ(text, got ? "firstsecond" : "");
    co_await this->expect_as_good_as_new(this->world.client());
  }
};

// A read that is cancelled has read nothing: the next one goes on.
template <class World>
struct reads final : with_client<World> {
  std::optional<http::client_response> answer;
  std::string text;

  task<> ask() { answer = co_await this->world.client().get(this->world.url()); }
  task<> read_on() {
    for (;;) {
      const std::string part = co_await answer->next();
      if (part.empty()) co_return;
      text += part;
    }
  }
  task<> wait() override {
    auto asking = dwell::shield(ask());
    co_await std::move(asking);
    co_await read_on();
  }
  task<> check(bool) override {
    if (!answer) co_return;
    co_await read_on();
    EXPECT_EQ(text, "firstsecond");
    answer.reset();
    co_await this->expect_as_good_as_new(this->world.client());
  }
};

// A body of two parts, the second of which waits until it is let go.
class in_two_parts {
 public:
  in_two_parts(dwell::event& begun, dwell::event& go) noexcept : begun_(&begun), go_(&go) {}

  task<std::size_t> read_some(net::bytes to) {
    if (part_ == 2) co_return 0;
    if (part_ == 1) {
      begun_->set();
      co_await go_->wait();
    }
    to.front() = static_cast<std::byte>(part_++ == 0 ? 'a' : 'b');
    co_return 1;
  }

 private:
  dwell::event* begun_;
  dwell::event* go_;
  int part_ = 0;
};

template <class World>
struct with_upload : with_client<World> {
  dwell::event begun;
  dwell::event go;

  task<std::string> upload(http::client& client) {
    http::client_request asked("POST", this->world.url());
    auto streamed = std::move(asked).with_stream(in_two_parts(begun, go));
    http::client_response answer = co_await client.send(std::move(streamed));
    co_return co_await answer.text();
  }
  task<> complete(join_handle<>&) override {
    go.set();
    co_return;
  }
};

template <class World>
struct uploads final : with_upload<World> {
  std::string text;

  task<> wait() override { text = co_await this->upload(this->world.client()); }
  task<> check(bool got) override {
    EXPECT_EQ(text, got ? "firstsecondab" : "");
    co_await this->expect_as_good_as_new(this->world.client());
  }
};

// An upload has the only place, until it is let go.
template <class World>
struct waits_for_a_place final : with_upload<World> {
  std::optional<join_handle<std::string>> holder;
  std::string text;

  task<> hold() {
    holder = dwell::spawn(this->upload(this->world.narrow()));
    co_await this->begun.wait();
  }
  task<> wait() override {
    auto holding = dwell::shield(hold());
    co_await std::move(holding);
    text = co_await fetch_text(this->world.narrow(), this->world.url());
  }
  task<> check(bool got) override {
    EXPECT_EQ(text, got ? "firstsecond" : "");
    if (!holder) co_return;
    const std::string held = co_await *holder;
    EXPECT_EQ(held, "firstsecondab");
    co_await this->expect_as_good_as_new(this->world.narrow());
  }
};

// ---- The sweeps ----

template <class World>
constexpr row rows[] = {{"get", &make<gets<World>>},
                        {"read", &make<reads<World>>},
                        {"upload", &make<uploads<World>>},
                        {"wait_for_a_place", &make<waits_for_a_place<World>>}};

class http_client_sweep : public every_await {
 protected:
  static void sweep_over_sockets(unsigned workers) {
    const auto before = dwell_test::open_descriptors();
    sweep_on(workers, &with_parties);
    EXPECT_EQ(dwell_test::open_descriptors(), before);
  }

 private:
  static task<> with_parties(task<> all) {
    const auto with_all = dwell::core::live_frames();
    {
      task<> trials = std::move(all);
      parties both;
      on_sockets = &both;
      co_await std::move(trials);
      on_sockets = nullptr;
      co_await both.server.stop();
      EXPECT_EQ(both.server.statistics().open, 0U);
    }
    // The clients' own tasks are told to end, and nobody waits for them.
    while (dwell::core::live_frames() >= with_all) co_await dwell::yield_now();
  }
};
INSTANTIATE_TEST_SUITE_P(awaits, http_client_sweep, testing::ValuesIn(rows<over_curl>), name_of);

TEST_P(http_client_sweep, leaves_nothing_behind_on_one_worker) { sweep_over_sockets(1); }
TEST_P(http_client_sweep, leaves_nothing_behind_on_two_workers) { sweep_over_sockets(2); }
TEST_P(http_client_sweep, leaves_nothing_behind_on_four_workers) { sweep_over_sockets(4); }

using http_client_sweep_simulated = every_simulated_await;
INSTANTIATE_TEST_SUITE_P(awaits, http_client_sweep_simulated,
                         testing::ValuesIn(rows<over_simulation>), name_of);

TEST_P(http_client_sweep_simulated, leaves_nothing_behind_over_the_seeds) { sweep_seeds(); }

}  // namespace
