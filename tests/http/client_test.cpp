// The client against our own server, on loopback: what requests and answers are.
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "http/fetching.hpp"
#include "support/open_descriptors.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

class an_http_client : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, an_http_client, each_reactor(), reactor_name);

TEST_P(an_http_client, gets_an_answer) {
  run([]() -> task<> {
    served server(&echo);
    {
      http::client client;
      http::client_response answer = co_await client.get(server.url("/a?b"));
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.ok());
      EXPECT_EQ(answer.headers.get("content-type"), "text/plain; charset=utf-8");
      EXPECT_EQ(answer.url, server.url("/a?b"));
      EXPECT_EQ(co_await answer.text(), "GET /a?b ");
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, posts_a_body_with_fields_of_its_own) {
  run([]() -> task<> {
    served server([](http::request& asked) -> task<http::response> {
      const std::string body = co_await asked.body.read_all();
      const std::string type(asked.headers.get("Content-Type").value_or("none"));
      const std::string extra(asked.headers.get("X-Extra").value_or("none"));
      co_return http::response(201, asked.method + ' ' + body + ' ' + type + ' ' + extra);
    });
    {
      http::client client;
      http::client_response posted = co_await client.post(server.url(), "abc", "text/x");
      EXPECT_EQ(posted.status, 201);
      EXPECT_EQ(co_await posted.text(), "POST abc text/x none");
      http::client_request put("PUT", server.url());
      put.body = std::string(200'000, 'p');
      put.headers.add("X-Extra", "y");
      http::client_response large = co_await client.send(std::move(put));
      EXPECT_EQ(co_await large.text(), "PUT " + std::string(200'000, 'p') + " none y");
      http::client_response empty = co_await client.post(server.url(), "", "");
      EXPECT_EQ(co_await empty.text(), "POST  none none");
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, sends_and_reads_json) {
  run([]() -> task<> {
    served server([](http::request& asked) -> task<http::response> {
      const std::string body = co_await asked.body.read_all();
      co_return http::response(200, body, "application/json");
    });
    {
      http::client client;
      const nlohmann::json sent = {{"model", "m"}, {"n", 3}};
      http::client_request asked("POST", server.url());
      http::client_response answer = co_await client.send(std::move(asked).with_json(sent));
      const auto got = co_await answer.json<nlohmann::json>();
      EXPECT_EQ(got, sent);
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, gives_an_error_of_the_server_as_an_answer) {
  run([]() -> task<> {
    served server([](http::request&) -> task<http::response> {
      throw http::status_error(404, "no such model");
      co_return http::response(200);
    });
    {
      http::client client;
      http::client_response answer = co_await client.get(server.url());
      EXPECT_EQ(answer.status, 404);
      EXPECT_FALSE(answer.ok());
      EXPECT_EQ(co_await answer.text(), "no such model\n");
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, gets_a_head_without_a_body) {
  run([]() -> task<> {
    served server(&echo);
    {
      http::client client;
      http::client_response answer =
          co_await client.send(http::client_request("HEAD", server.url()));
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.headers.get("Content-Length"), "7");
      EXPECT_EQ(co_await answer.text(), "");
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, sends_a_thousand_requests_over_few_connections) {
  run([]() -> task<> {
    served server(&echo);
    {
      http::client_options options;
      options.per_origin = 8;
      http::client client(options);
      std::vector<task<std::string>> all;
      for (int i = 0; i < 1000; ++i)
        all.push_back(fetch_text(client, server.url("/" + std::to_string(i))));
      const std::vector<std::string> texts = co_await dwell::gather(std::move(all));
      for (std::size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(texts[i], "GET /" + std::to_string(i) + " ");
      EXPECT_EQ(server.statistics().requests, 1000U);
      EXPECT_LE(server.statistics().connections, 8U);
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, resolves_a_name) {
  run([]() -> task<> {
    served server(&echo);
    {
      http::client client;
      std::string url = server.url("/named");
      url.replace(url.find("127.0.0.1"), 9, "localhost");
      EXPECT_EQ(co_await fetch_text(client, url), "GET /named ");
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, refuses_what_is_no_request) {
  run([]() -> task<> {
    http::client client;
    for (const char* const url : {"", "ftp://a/", "http://", "http://a b/", "nothing"})
      EXPECT_THROW((void)co_await client.get(url), std::invalid_argument) << url;
    http::client_request bad("G T", "http://a/");
    EXPECT_THROW((void)co_await client.send(std::move(bad)), std::invalid_argument);
  }());
}

// One client, used by one runtime after the other.
TEST_P(an_http_client, outlives_a_runtime) {
  const auto before = open_descriptors();
  {
    http::client client;
    for (int i = 0; i < 3; ++i)
      run([](http::client& c) -> task<> {
        served server(&echo);
        EXPECT_EQ(co_await fetch_text(c, server.url("/x")), "GET /x ");
        co_await server.stop();
      }(client));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(an_http_client, may_go_before_its_answers) {
  run([]() -> task<> {
    dwell::event go;
    served server([&go](http::request&) -> task<http::response> {
      co_await go.wait();
      co_return http::response(200, std::string(1'000'000, 'x'));
    });
    auto client = std::make_unique<http::client>();
    auto asking = dwell::spawn(client->get(server.url()));
    while (server.statistics().requests < 1) co_await dwell::yield_now();
    client.reset();
    go.set();
    {
      http::client_response answer = co_await asking;
      EXPECT_EQ((co_await answer.text()).size(), 1'000'000U);
    }
    co_await server.stop();
  }());
}

// ---- Redirects ----

task<http::response> send_elsewhere(http::request& asked) {
  const std::string body = co_await asked.body.read_all();
  const std::string secret(asked.headers.get("Authorization").value_or("no secret"));
  if (asked.path() == "/end")
    co_return http::response(200, asked.method + ' ' + body + ' ' + secret);
  const std::string path(asked.path());
  http::response away(std::stoi(path.substr(1, 3)), "gone");
  const std::string query(asked.query());
  away.headers.add("Location", query.empty() ? "/end" : query);
  co_return away;
}

TEST_P(an_http_client, follows_redirects_as_browsers_do) {
  run([]() -> task<> {
    served server(&send_elsewhere);
    {
      http::client client;
      EXPECT_EQ(co_await fetch_text(client, server.url("/301")), "GET  no secret");
      EXPECT_EQ(co_await fetch_text(client, server.url("/302?/307")), "GET  no secret");
      http::client_response becomes = co_await client.post(server.url("/303"), "b");
      EXPECT_EQ(co_await becomes.text(), "GET  no secret");
      http::client_response stays = co_await client.post(server.url("/308?end"), "b");
      EXPECT_EQ(co_await stays.text(), "POST b no secret");
      EXPECT_EQ(stays.url, server.url("/end"));
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().connections, 1U);
  }());
}

TEST_P(an_http_client, keeps_secrets_within_their_origin) {
  run([]() -> task<> {
    served first(&send_elsewhere);
    served second(&send_elsewhere);
    {
      http::client client;
      for (const bool same : {true, false}) {
        http::client_request asked("GET", first.url("/302?" + (same ? first : second).url("/end")));
        asked.headers.add("Authorization", "secret");
        http::client_response answer = co_await client.send(std::move(asked));
        EXPECT_EQ(co_await answer.text(), same ? "GET  secret" : "GET  no secret");
      }
    }
    co_await first.stop();
    co_await second.stop();
  }());
}

TEST_P(an_http_client, follows_a_redirect_only_where_it_may) {
  run([]() -> task<> {
    served server(&send_elsewhere);
    {
      http::client client;
      http::client_options none;
      none.redirects = 0;
      http::client stays(none);
      http::client_response answer = co_await stays.get(server.url("/302"));
      EXPECT_EQ(answer.status, 302);
      EXPECT_EQ(co_await answer.text(), "gone");
      const auto away = co_await fetch_fault_of(client.get(server.url("/302?file:///etc/passwd")));
      EXPECT_TRUE(away && away->reason == http::request_failure::malformed);
    }
    co_await server.stop();
  }());
}

TEST_P(an_http_client, gives_up_on_a_chain_of_redirects) {
  run([]() -> task<> {
    served server([](http::request&) -> task<http::response> {
      http::response away(302);
      away.headers.add("Location", "/again");
      co_return away;
    });
    {
      http::client_options options;
      options.redirects = 5;
      http::client client(options);
      const auto fault = co_await fetch_fault_of(client.get(server.url()));
      EXPECT_TRUE(fault && fault->reason == http::request_failure::too_many_redirects);
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().requests, 6U);
  }());
}

}  // namespace
