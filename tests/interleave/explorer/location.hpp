// One atomic object of the model: its stores and their modification order.
#pragma once

#include <cstdint>
#include <vector>

#include "knowledge.hpp"

namespace model {

struct store {
  std::uint64_t value = 0;
  /// What a load that synchronizes with this store learns (empty for a relaxed store).
  knowledge message;
  /// Place in the modification order.
  unsigned rank = 0;
  /// A read-modify-write has read it: the next store in modification order is that one's.
  bool consumed = false;
};

class location {
 public:
  void begin(unsigned id, const void* address, unsigned size, std::uint64_t initial);

  store& operator[](store_index i) { return stores_[i]; }
  const store& operator[](store_index i) const { return stores_[i]; }
  unsigned rank(store_index i) const { return stores_[i].rank; }
  /// The store at this place of the modification order.
  store_index ranked(unsigned rank) const { return order_[rank]; }
  unsigned newest_rank() const { return static_cast<unsigned>(order_.size()) - 1; }
  store_index newest() const { return order_.back(); }
  /// Adds a store directly behind the one at `rank`.
  store_index insert_behind(unsigned rank, std::uint64_t value);

  unsigned id = 0;
  const void* address = nullptr;
  unsigned size = 0;
  bool alive = true;
  // Construction, and every thread's last access, for lifetime errors.
  unsigned creator = 0;
  epoch created = 0;
  std::array<epoch, max_threads> accessed{};

 private:
  store& fresh_store();

  std::vector<store> stores_;
  unsigned count_ = 0;
  std::vector<store_index> order_;
};

}  // namespace model
