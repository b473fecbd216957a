// request_parser and chunked_decoder, as the server uses them: what they make of a stream does not
// depend on where it is cut, and nothing that is refused elsewhere hides in what they accept.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/http/chunked_decoder.hpp>
#include <dwell/http/request_parser.hpp>
#include <dwell/http/status.hpp>

#include "fuzz/pieces.hpp"

namespace {

namespace http = dwell::http;
namespace net = dwell::net;

// So small that the limits are met.
constexpr http::request_limits limits{
    .request_line = 64, .header_count = 6, .header_bytes = 128, .body = 200};

// One connection's requests, one after the other, as text.
class reader {
 public:
  void feed(net::const_bytes input) {
    while (!input.empty()) {
      if (in_body())
        feed_body(input);
      else if (parser_.feed(input))
        begin_body();
    }
  }

  std::string log{};

 private:
  [[nodiscard]] bool in_body() const { return left_ > 0 || (chunks_ && !chunks_->is_done()); }

  void begin_body() {
    const http::request_head& head = parser_.head();
    log += head.method + ' ' + head.target + '|';
    for (const auto& [name, value] : head.headers) {
      dwell_fuzz::check((name + value).find_first_of(std::string_view("\r\n\0", 3)) ==
                        std::string::npos);
      log += name + '=' + value + '|';
    }
    const std::size_t lengths =
        head.headers.count("Content-Length") + head.headers.count("Transfer-Encoding");
    dwell_fuzz::check(lengths <= 1 && head.length <= limits.body);
    dwell_fuzz::check(head.headers.count("Host") <= 1 && !head.target.empty());
    left_ = head.length;
    chunks_.reset();
    if (head.body == http::framing::chunked) chunks_.emplace(limits);
    parser_ = http::request_parser(limits);
  }

  void feed_body(net::const_bytes& input) {
    if (chunks_) chunks_->feed(input);
    const std::uint64_t left = chunks_ ? chunks_->left() : left_;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size()));
    log += net::text_of(input.first(count));
    input = input.subspan(count);
    if (chunks_)
      chunks_->took(count);
    else
      left_ -= count;
  }

  http::request_parser parser_{limits};
  std::optional<http::chunked_decoder> chunks_;
  std::uint64_t left_ = 0;
};

std::string read(const std::vector<std::string_view>& pieces) {
  reader r;
  try {
    for (const std::string_view piece : pieces) {
      const std::string copy(piece);
      r.feed(net::bytes_of(copy));
    }
  } catch (const http::status_error& e) {
    r.log += "refused " + std::to_string(e.status());
  }
  return r.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dwell_fuzz::stream_in_pieces stream = dwell_fuzz::cut(data, size);
  dwell_fuzz::check(read(stream.pieces) == read({stream.whole}));
  return 0;
}
