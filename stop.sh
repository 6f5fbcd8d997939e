#!/usr/bin/env bash
# End what start.sh began, and nothing else. --wipe also deletes the data of the servers it started.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

python=${STOCKSTREAM_PYTHON:-.venv/bin/python}
if ! "$python" -c 'import stockstream.services.stop' 2>/dev/null; then
    if [ -e .venv ] || [ -e .run ]; then
        echo 'stop.sh: .venv is missing or not complete; run ./start.sh once, then ./stop.sh' >&2
        exit 1
    fi
    echo 'stop        nothing runs: nothing was ever started here'
    exit 0
fi
exec "$python" -m stockstream.services stop "$@"
