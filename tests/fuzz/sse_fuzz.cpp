// sse::parser, in pieces, against the reference that the tests have.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dwell/http/sse.hpp>

#include "fuzz/pieces.hpp"
#include "http/sse_reference.hpp"

namespace {

namespace net = dwell::net;
namespace sse = dwell::http::sse;
using dwell_test::kept_stream;

kept_stream parse(const dwell_fuzz::stream_in_pieces& stream) {
  sse::parser parser;
  kept_stream out;
  for (const std::string_view piece : stream.pieces) {
    const std::string copy(piece);
    parser.feed(net::bytes_of(copy), [&out](const sse::event& e) {
      out.events.push_back(
          {.type = std::string(e.type), .data = std::string(e.data), .id = std::string(e.id)});
    });
  }
  out.last_id = parser.last_event_id();
  if (const auto retry = parser.retry()) out.retry = retry->count();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dwell_fuzz::stream_in_pieces stream = dwell_fuzz::cut(data, size);
  dwell_fuzz::check(parse(stream) == dwell_test::parse_by_the_standard(stream.whole));
  return 0;
}
