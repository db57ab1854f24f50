#!/usr/bin/env bash
# Starts the development build with a demo hospital of its own, runs the browser tests against it, and stops it.
set -euo pipefail
cd "$(dirname "$0")"
wintehr="${WINTEHR_BIN:-${CARGO_TARGET_DIR:-../../target}/debug/wintehr}"
port="${WINTEHR_E2E_PORT:-18080}"
# Else that server would be taken for this one.
! curl -s -o /dev/null "http://127.0.0.1:$port/" || { echo "something answers on port $port already"; exit 1; }
data=$(mktemp -d)
chmod 711 "$data"
"$wintehr" serve --demo --listen "127.0.0.1:$port" --data-dir "$data/wintehr" >"$data/log" 2>&1 &
server=$!
finish() {
  kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true
  rm -rf "$data"
}
trap finish EXIT
for _ in $(seq 600); do
  curl -sf -o /dev/null "http://127.0.0.1:$port/health/ready" && ready=1 && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.2
done
[ -n "${ready:-}" ] || { echo "the server did not start:"; tail -20 "$data/log" "$data"/wintehr/postgres/log/* 2>/dev/null; exit 1; }
# Names of files to run instead of all tests.
WINTEHR_BIN="$(realpath "$wintehr")" WINTEHR_DATA="$data/wintehr" WINTEHR_URL="http://127.0.0.1:$port" npm test -- ${WINTEHR_E2E:-}
