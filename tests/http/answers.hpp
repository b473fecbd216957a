// What a client sees: the answers in the bytes that a server sent.
//
// Written anew and not with the server's own parser, which would share its mistakes.
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dwell_test {

/// One answer.
struct answer {
  int status = 0;
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};
  /// Whether its body came to its end. One that is not is the last.
  bool complete = false;

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  [[nodiscard]] bool closes() const { return header("connection") == "close"; }
};
inline std::ostream& operator<<(std::ostream& to, const answer& a) {
  return to << a.status << (a.complete ? " '" : " (incomplete) '") << a.body << "'";
}

/// Takes answers off bytes.
class answers_in {
 public:
  explicit answers_in(std::string_view text) : left_(text) {}

  /// False: no head is complete.
  [[nodiscard]] bool next(answer& a, bool to_head = false) {
    const std::size_t end = left_.find("\r\n\r\n");
    if (end == left_.npos) return false;
    a = {};
    take_head(a, left_.substr(0, end));
    left_.remove_prefix(end + 4);
    if (to_head || a.status < 200 || a.status == 204 || a.status == 304)
      a.complete = true;
    else if (a.header("transfer-encoding") == "chunked")
      take_chunks(a);
    else if (a.header("content-length").empty())
      take_rest(a);
    else
      take_length(a);
    return true;
  }

  /// What is left: nothing, or a part of a head.
  [[nodiscard]] std::string_view left() const { return left_; }

 private:
  static void take_head(answer& a, std::string_view head) {
    a.status = std::stoi(std::string(head.substr(9, 3)));
    for (;;) {
      const std::size_t end = head.find("\r\n");
      if (end == head.npos) return;
      head.remove_prefix(end + 2);
      const std::string_view line = head.substr(0, head.find("\r\n"));
      const std::size_t colon = line.find(": ");
      std::string name(line.substr(0, colon));
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      a.headers[name] = line.substr(colon + 2);
    }
  }

  void take_length(answer& a) {
    const std::size_t length = std::stoul(a.header("content-length"));
    a.body = left_.substr(0, length);
    a.complete = a.body.size() == length;
    left_.remove_prefix(a.body.size());
  }

  // A stream to a client of HTTP/1.0: nothing tells whether that was all.
  void take_rest(answer& a) {
    a.body = std::exchange(left_, {});
    a.complete = true;
  }

  void take_chunks(answer& a) {
    for (;;) {
      const std::size_t end = left_.find("\r\n");
      if (end == left_.npos) return left_.remove_prefix(left_.size());
      const std::size_t size = std::stoul(std::string(left_.substr(0, end)), nullptr, 16);
      left_.remove_prefix(end + 2);
      a.body += left_.substr(0, size);
      const bool whole = left_.size() >= size + 2;
      left_.remove_prefix(whole ? size + 2 : left_.size());
      if (!whole) return;
      if (size > 0) continue;
      a.complete = true;
      return;
    }
  }

  std::string_view left_;
};

inline std::vector<answer> all_answers(std::string_view text) {
  std::vector<answer> all;
  answers_in from(text);
  answer one;
  while (from.next(one)) all.push_back(one);
  return all;
}

}  // namespace dwell_test
