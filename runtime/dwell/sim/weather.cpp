#include <dwell/base/panic.hpp>
#include <dwell/os/entropy.hpp>
#include <dwell/os/stand_in.hpp>
#include <dwell/sim/weather.hpp>

namespace dwell::inline v0::sim {

namespace {

std::uint64_t below(std::uint64_t bound) noexcept { return os::entropy() % bound; }

bool is_chance(double p) noexcept { return p >= 0 && p <= 1; }

}  // namespace

weather::weather(const network_options& o) : options_(o) {
  if (os::current_stand_in == nullptr)
    base::panic("sim::network",
                "made outside a simulation; make it in a task that sim::run() runs");
  if (!is_chance(o.short_reads) || !is_chance(o.short_writes) || !is_chance(o.reset) ||
      !is_chance(o.cut))
    base::panic("sim::network", "a chance is a number from 0 to 1");
  if (o.shortest_latency.count() < 0 || o.longest_latency < o.shortest_latency)
    base::panic("sim::network", "longest_latency is less than shortest_latency, or that than 0");
  if (o.window == 0)
    base::panic("sim::network", "a window of 0 bytes lets nothing through; give at least 1");
}

std::int64_t weather::latency() const noexcept {
  const std::int64_t shortest = options_.shortest_latency.count();
  const std::int64_t spread = options_.longest_latency.count() - shortest;
  return shortest + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(spread) + 1));
}

std::int64_t weather::sending(std::size_t count) const noexcept {
  if (options_.bandwidth == 0) return 0;
  const double seconds = static_cast<double>(count) / static_cast<double>(options_.bandwidth);
  return static_cast<std::int64_t>(seconds * 1e9);
}

bool weather::happens(double chance) noexcept {
  return chance > 0 && static_cast<double>(os::entropy() >> 11) * 0x1p-53 < chance;
}

std::size_t weather::part_of(std::size_t count, double chance_of_less) noexcept {
  return count > 1 && happens(chance_of_less) ? 1 + below(count - 1) : count;
}

}  // namespace dwell::inline v0::sim
