// What the parts of a simulated network share: who listens, who is connected, who is parted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dwell/sim/link.hpp>
#include <dwell/sim/network.hpp>
#include <dwell/sync/channel.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::sim {

class switchboard {
 public:
  explicit switchboard(const network_options& o) : weather_(o) {}

  [[nodiscard]] channel_receiver<connection> open(const std::string& name, std::size_t backlog);
  void close(const std::string& name) { listeners_.erase(name); }

  /// `board` keeps what the task needs alive.
  [[nodiscard]] static task<connection> connect(std::shared_ptr<switchboard> board, std::string to,
                                                std::string from);

  void partition(const std::string& a, const std::string& b);
  void heal(const std::string& a, const std::string& b);

 private:
  /// Between two hosts, in either direction.
  struct way {
    bool parted = false;
    std::uint64_t partings = 0;
  };

  [[nodiscard]] way& between(const std::string& a, const std::string& b);
  [[nodiscard]] task<> travel(const std::string& a, const std::string& b);
  [[nodiscard]] connection ring(const std::string& to, const std::string& from);
  template <class Do>
  void each_link_between(const std::string& a, const std::string& b, const Do& act);

  const weather weather_;
  std::map<std::string, channel_sender<connection>> listeners_;
  std::map<std::pair<std::string, std::string>, way> ways_;
  std::vector<std::weak_ptr<link>> links_;
  event healed_;
};

}  // namespace dwell::inline v0::sim
