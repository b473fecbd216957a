// The name of a line of a table, for GoogleTest.
#pragma once

#include <gtest/gtest.h>
#include <string>

namespace dwell_test {

template <class Case>
std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

}  // namespace dwell_test
