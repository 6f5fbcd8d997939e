#!/usr/bin/env bash
# Bring the whole system up: Python's libraries, Kafka, PostgreSQL, and every process, supervised.
# Again: repairs what is down and changes nothing that runs. Ends when trades reach the dashboard.
#
# STOCKSTREAM_PYTHON names a Python that has requirements.txt installed; without it, .venv is made.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# PostgreSQL runs as another user when root starts it: that user reads its program here.
umask 022

# shellcheck source=venv.sh
source ./venv.sh

python=${STOCKSTREAM_PYTHON:-.venv/bin/python}
if [ -z "${STOCKSTREAM_PYTHON:-}" ]; then
    require requirements.txt
fi
exec "$python" -m stockstream.services start "$@"
