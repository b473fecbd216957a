// Our parser of server-sent events beside `eventsource-parser`, on which most clients in JavaScript
// stand: the same streams, each under every one and two cuts of its bytes.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/http/sse.hpp>

#include "foreign/against_npm.hpp"
#include "foreign/program.hpp"
#include "http/sse_cases.hpp"

namespace {

using namespace dwell_test;
using nlohmann::json;
namespace net = dwell::net;
namespace sse = dwell::http::sse;

// Where it does otherwise than the standard, and so than ours.
const std::map<std::string_view, std::string_view> departures = {
    {"cr_only", "a CR ends its line only when it sees what follows"},
    {"comment_ended_by_cr_alone", "so here"},
    {"id_without_data_counts", "it forgets the id of an event without data"},
    {"retry_beyond_all_clocks", "its numbers have no end"},
};

std::vector<sse_case> all_cases() {
  std::vector<sse_case> all = line_cases();
  for (const auto& more : {field_cases(), character_cases()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

// In the form of the script's outcomes.
json as_outcome(const std::vector<kept_event>& events, const json& retry) {
  json told = json::array();
  for (const kept_event& e : events)
    told.push_back({{"type", e.type}, {"data", e.data}, {"id", e.id}});
  return {{"events", std::move(told)}, {"retry", retry}};
}

json ours(std::string_view stream, std::size_t a, std::size_t b) {
  sse::parser parser;
  std::vector<kept_event> events;
  for (const std::string_view piece :
       {stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)})
    parser.feed(net::bytes_of(piece), [&](const sse::event& e) {
      events.push_back({std::string(e.type), std::string(e.data), std::string(e.id)});
    });
  return as_outcome(events, parser.retry() ? json(parser.retry()->count()) : json(nullptr));
}

// Whether theirs has one outcome under all cuts, and ours has the same under each.
bool agree(const sse_case& c, const json& outcomes) {
  if (outcomes.size() != 1) return false;
  for (std::size_t a = 0; a <= c.stream.size(); ++a)
    for (std::size_t b = a; b <= c.stream.size(); ++b)
      if (ours(c.stream, a, b) != outcomes[0]) return false;
  return true;
}

class eventsource_parser : public against_npm {
 protected:
  // By the names of the cases: what came of each, under whatever cuts.
  static std::map<std::string, json> theirs() {
    program running(node("eventsource_parser.mjs"));
    for (const sse_case& c : all_cases()) {
      const std::vector<unsigned char> bytes(c.stream.begin(), c.stream.end());
      running.tell(json({{"name", c.name}, {"bytes", bytes}}).dump() + "\n");
    }
    running.end_input();
    std::map<std::string, json> found;
    std::istringstream lines(running.everything());
    for (std::string line; std::getline(lines, line);) {
      const json told = json::parse(line, nullptr, false);
      if (!told.is_object()) throw std::runtime_error(line);
      found[told["name"]] = told["outcomes"];
    }
    return found;
  }
};

TEST_F(eventsource_parser, agrees_with_ours_however_a_stream_is_cut) {
  const std::map<std::string, json> found = theirs();
  for (const sse_case& c : all_cases()) {
    ASSERT_TRUE(found.contains(c.name)) << c.name;
    const json& outcomes = found.at(c.name);
    if (departures.contains(c.name)) {
      EXPECT_FALSE(agree(c, outcomes))
          << c.name << ": it agrees by now, although " << departures.at(c.name);
      continue;
    }
    EXPECT_TRUE(agree(c, outcomes))
        << c.name << ": " << outcomes << "; ours: " << ours(c.stream, 0, 0);
  }
}

}  // namespace
