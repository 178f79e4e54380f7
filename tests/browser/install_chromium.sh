#!/bin/sh
# Makes sure that there is a Chromium for the browser's tests: an installed one if there is one,
# else the system's package, else Playwright's own build. Prints what it did; safe to run again.
set -u
python="${1:-python3}"

found() { "$python" -m tests.browser.chromium >/dev/null 2>&1; }

found && exit 0
echo "No Chromium or Chrome found; installing one for the browser's tests."
if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get -qq update >/dev/null 2>&1
  for package in chromium-headless-shell chromium; do
    # shellcheck disable=SC2086
    $as_root apt-get -qq install -y --no-install-recommends "$package" >/dev/null 2>&1
    found && exit 0
  done
fi
"$python" -m playwright install --only-shell chromium >/dev/null 2>&1
found && exit 0
echo "Could not install Chromium. Install Chromium or Chrome, or set CHROMIUM to its path." >&2
exit 1
