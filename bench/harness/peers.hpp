// The peers: programs that solve the suite's problems on other runtimes, and speak its protocol
// (row.hpp; bench/peers/README.md).
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "row.hpp"

namespace bench {

struct peer {
  std::string name;     ///< The `runtime` of its rows.
  std::string program;  ///< A path.
  std::string version;  ///< As it says itself.
};

/// The peers that these options name. Throws usage_error for one whose program is not there.
std::vector<peer> find_peers(const options& wanted);

/// A row of Dwell's as its peers run it: without Dwell's own knobs.
row on_peer(const row& ours, const std::string& runtime);

}  // namespace bench
