#!/usr/bin/env bash
# Run the quick tests, against real servers of their own; what they need is installed first.
#
# --all runs every test. Other arguments go to pytest: ./test.sh tests/faults, ./test.sh -k candle.
# --faults N runs the fault tests alone, N times each and longer, and ends with a table of their results.
# --install-only installs and ends. Two files run at a time, each with servers of its own; -n 0 runs one.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# PostgreSQL runs as another user when root starts it: that user reads its program here.
umask 022
# shellcheck source=venv.sh
source ./venv.sh

# The page is tested in a browser: the system's own where it can be had, else the one of Playwright.
require_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then return; fi
    done
    if [ "$(id -u)" -eq 0 ] && [ -e /etc/debian_version ]; then
        echo 'installing the package chromium'
        apt-get update -qq >/dev/null && apt-get install -y -qq chromium >/dev/null && return
    fi
    .venv/bin/python -m playwright install chromium
}

if [ "${1:-}" = --help ]; then
    sed -n '2,6s/^# \?//p' test.sh
    exit 0
fi
if [ "${1:-}" = --faults ]; then
    if ! [[ "${2:-}" =~ ^[1-9][0-9]{0,5}$ ]]; then
        echo 'test.sh: --faults needs a number of runs above zero; see --help' >&2
        exit 2
    fi
    export FAULT_RUNS=$2
    set -- tests/faults -n 3 --dist load "${@:3}"
fi
require requirements-dev.txt
require_browser
JDK_JAVA_OPTIONS=$(.venv/bin/python -m tests.quick_java)
export JDK_JAVA_OPTIONS
if [ "${1:-}" = --install-only ]; then exit 0; fi
if [ "${1:-}" = --all ]; then
    exec .venv/bin/python -m pytest -n 2 --dist loadfile "${@:2}"
elif [ "$#" -gt 0 ]; then
    exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
fi
.venv/bin/python -m pytest -n 2 --dist loadfile -m 'not slow'
echo 'Left out: the slow tests (tests/slow.py says which and why). ./test.sh --all runs everything.'
