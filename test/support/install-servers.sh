#!/usr/bin/env bash
# Installs the real servers that tests start: PgBouncer (Debian package) and versitygw, an S3 server (Go module proxy, pinned).
# PostgreSQL comes with npm ci. Idempotent: what is there in its pinned version costs a few milliseconds.
#   install-servers.sh [pgbouncer] [versitygw]      no argument: both
# Go programs go to $XPOD_TEST_SERVERS, else ~/.cache/xpod-test-servers. Needs Go 1.24 or later, and root or sudo for packages.
set -euo pipefail

versitygw=v1.8.0
servers=${XPOD_TEST_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/xpod-test-servers}

retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    printf 'attempt %s failed: %s\n' "$attempt" "$*" >&2
    sleep $((attempt * 5))
  done
  "$@"
}

install_pgbouncer() {
  local as_root=()
  if [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null; then return 0; fi
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  retry "${as_root[@]}" apt-get update -qq
  # No daemon of its own: tests start theirs.
  retry "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 pgbouncer
}

# A stamp beside the program names the version that it was built from.
install_versitygw() {
  local building
  if [ -x "$servers/versitygw" ] && [ "$(cat "$servers/.versitygw" 2>/dev/null)" = "$versitygw" ]; then return 0; fi
  command -v go >/dev/null || { printf 'install-servers: no Go toolchain\n' >&2; return 1; }
  mkdir -p "$servers"
  building=$(mktemp -d "$servers/building.XXXXXX")
  retry build "$building"
  mv -f "$building/versitygw" "$servers/versitygw"
  rm -rf "$building"
  printf '%s\n' "$versitygw" >"$servers/.versitygw"
}

build() {
  (cd "$1" && CGO_ENABLED=0 GOBIN=$1 go install -trimpath -ldflags '-s -w' \
    "github.com/versity/versitygw/cmd/versitygw@$versitygw")
}

[ $# -gt 0 ] || set -- pgbouncer versitygw
for server in "$@"; do
  case $server in
    pgbouncer | versitygw) "install_$server" ;;
    *) printf 'install-servers: no such server: %s\n' "$server" >&2; exit 2 ;;
  esac
done
