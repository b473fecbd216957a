// Finding the peers' programs (see peers.hpp).
#include "peers.hpp"

#include <algorithm>
#include <unistd.h>

#include "child_process.hpp"

namespace bench {

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::vector<peer> find_peers(const options& wanted) {
  std::vector<peer> found;
  for (const auto& name : wanted.peers) {
    const auto program = wanted.peers_dir + '/' + name;
    if (access(program.c_str(), X_OK) != 0) {
      throw usage_error("--peers: no program '" + program + "'; bench/run builds the peers");
    }
    const auto said = run_program(program, {"--version"});
    if (!said.succeeded()) throw usage_error("--peers: " + name + ": " + said.complaint());
    found.push_back({name, program, first_line(said.output)});
  }
  return found;
}

row on_peer(const row& ours, const std::string& runtime) {
  auto theirs = ours;
  theirs.runtime = runtime;
  std::erase_if(theirs.params,
                [](const parameter& each) { return each.what == parameter::kind::knob; });
  return theirs;
}

}  // namespace bench
