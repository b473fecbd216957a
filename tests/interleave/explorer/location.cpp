#include "location.hpp"

namespace model {

// Stores of earlier executions are reused: their messages are large and their memory is warm.
store& location::fresh_store() {
  if (count_ == stores_.size()) stores_.emplace_back();
  store& s = stores_[count_++];
  s.message.clear();
  s.consumed = false;
  return s;
}

void location::begin(unsigned new_id, const void* where, unsigned bytes, std::uint64_t initial) {
  id = new_id;
  address = where;
  size = bytes;
  alive = true;
  creator = 0;
  created = 0;
  accessed.fill(0);
  count_ = 0;
  order_.assign(1, 0);
  store& first = fresh_store();
  first.value = initial;
  first.rank = 0;
}

store_index location::insert_behind(unsigned rank, std::uint64_t value) {
  store& s = fresh_store();
  s.value = value;
  const auto index = static_cast<store_index>(count_ - 1);
  order_.insert(order_.begin() + rank + 1, index);
  for (unsigned r = rank + 1; r < order_.size(); ++r) stores_[order_[r]].rank = r;
  return index;
}

}  // namespace model
