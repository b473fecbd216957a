# shellcheck shell=bash
# What bench/run and tests/run share; they source this file. It installs the Debian packages that
# are missing, chooses compilers, and configures one preset.

# Each line: a package, and what shows that it is there (a command, or a path). The probes are not
# questions to dpkg, so that tools which came another way are taken as they are.
required_packages='
g++ g++
cmake cmake
ninja-build ninja
pkg-config pkg-config
python3 python3
clang-19 clang++-19
libclang-rt-19-dev /usr/lib/llvm-19/lib/clang/19/lib
clang-tidy-19 clang-tidy-19
clang-format clang-format
libc-ares-dev /usr/include/ares.h
libtbb-dev /usr/include/oneapi/tbb.h
libconcurrentqueue-dev /usr/include/concurrentqueue/concurrentqueue.h
libtomlplusplus-dev /usr/include/toml++/toml.h
libssl-dev /usr/include/openssl/ssl.h
liburing-dev /usr/include/liburing.h
libcurl4-openssl-dev curl-config
nlohmann-json3-dev /usr/include/nlohmann/json.hpp
openssl openssl
curl curl
libbenchmark-dev /usr/include/benchmark/benchmark.h
libgtest-dev /usr/include/gtest/gtest.h
libgmock-dev /usr/include/gmock/gmock.h
valgrind valgrind
'
# From Debian's security suite: the fastest code and the best ThreadSanitizer, where they exist.
optional_packages='
clang-22 clang++-22
libclang-rt-22-dev /usr/lib/llvm-22/lib/clang/22/lib
'

# Reads lines as above and prints the packages that are not there.
missing_packages() {
  local package probe
  while read -r package probe; do
    if [ -z "$package" ] || [ -e "$probe" ] || command -v "$probe" >/dev/null; then
      continue
    fi
    echo "$package"
  done
}

# Prints those of its arguments that apt can install.
installable_packages() {
  local package
  for package in "$@"; do
    if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then
      echo "$package"
    fi
  done
}

set_up_failed() {
  echo "set-up: $*" >&2
  exit 2
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    set_up_failed "not root, and there is no sudo. As root: apt-get install $missing"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

# Debian starts a service as soon as its package is installed, unless this file says no. One that
# exists already is somebody else's decision.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy" || exit
  fi
  "$@"
)

apt_install() {
  without_services apt_get install -y --no-install-recommends "$@" >/dev/null
}

# Installs what is missing; does nothing, and asks the network nothing, when all is there.
set_up() {
  local missing wanted
  missing=$(missing_packages <<<"$required_packages" | xargs)
  wanted=$(missing_packages <<<"$optional_packages" | xargs)
  if [ -z "$missing$wanted" ]; then
    return
  fi
  if ! command -v apt-get >/dev/null; then
    [ -z "$missing" ] && return
    set_up_failed "this is not Debian (no apt-get). Install what these packages hold: $missing"
  fi
  if [ -n "$missing" ]; then
    echo "set-up: apt-get update"
    apt_get update || echo "set-up: apt-get update failed; trying with the lists there are" >&2
  fi
  # shellcheck disable=SC2086  # lists of names
  wanted=$(installable_packages $wanted | xargs)
  if [ -z "$missing$wanted" ]; then
    return
  fi
  echo "set-up: installing $missing $wanted"
  # shellcheck disable=SC2086  # in both: lists of names
  if [ -n "$missing" ] && ! apt_install $missing; then
    set_up_failed "apt-get could not install: $missing"
  fi
  # shellcheck disable=SC2086
  if [ -n "$wanted" ] && ! apt_install $wanted; then
    echo "set-up: apt-get could not install: $wanted; going on without" >&2
  fi
}

# The first of its arguments that is a command.
first_command() {
  local name
  for name in "$@"; do
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

# configure_preset <preset> <compiler> [cmake argument…], in the root of the tree. A build folder
# keeps its compiler for life, so another compiler starts it anew.
configure_preset() {
  local preset=$1 compiler cache=build/$1/CMakeCache.txt
  compiler=$(command -v "$2") || return 1
  shift 2
  if [ -e "$cache" ] && ! grep -q "^CMAKE_CXX_COMPILER:[A-Z]*=$compiler\$" "$cache"; then
    rm -rf "build/$preset"
  fi
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER="$compiler" "$@"
}
