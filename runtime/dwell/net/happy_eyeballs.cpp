#include <dwell/net/happy_eyeballs.hpp>

namespace dwell::inline v0::net::happy_eyeballs {

std::vector<endpoint> by_turns(const std::vector<endpoint>& preferred) {
  std::vector<endpoint> ones, others, turns;
  for (const endpoint& each : preferred)
    (each.family() == preferred.front().family() ? ones : others).push_back(each);
  for (std::size_t i = 0; i < preferred.size(); ++i) {
    if (i < ones.size()) turns.push_back(ones[i]);
    if (i < others.size()) turns.push_back(others[i]);
  }
  return turns;
}

error all_failed(const std::string& whom, const std::vector<failed_attempt>& attempts) {
  std::string what = "connect to " + whom;
  const char* before = " (";
  for (const failed_attempt& each : attempts) {
    what.append(before).append(each.to.to_string()).append(": ");
    what.append(each.why.code().message());
    before = ", ";
  }
  return {attempts.front().why.code().value(), what.append(")")};
}

}  // namespace dwell::inline v0::net::happy_eyeballs
