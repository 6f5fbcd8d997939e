# How start.sh and test.sh make .venv: sourced by both, so that they make the same one.
# shellcheck shell=bash

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

find_python() {
    local name
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail 'no Python 3.11 or later found; install one, for example the package python3'
}

# Debian ships Python without what makes a .venv.
require_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "installing the package $package"
        apt-get install -y -qq "$package" >/dev/null 2>&1 && return
    fi
    fail "this Python cannot make a .venv; install the package $package (apt install $package)"
}

# What a complete .venv was made from: it is made again when that changes.
wanted() {
    "$1" -VV
    cat requirements.txt
    if [ "$2" != requirements.txt ]; then cat "$2"; fi
}

# pip says much; what a person wants to see is that it moves.
progress() {
    local line count=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>.venv/install.log
        case $line in
        Collecting*)
            count=$((count + 1))
            if [ -t 1 ]; then printf '\r  %d packages found' "$count"; fi
            ;;
        Installing\ collected*)
            if [ -t 1 ]; then printf '\r'; fi
            printf '  %d packages found, installing\n' "$count"
            ;;
        esac
    done
}

install() {
    local python=$1 requirements=$2 reason
    if [ ! -d .venv ] || [ -e .venv/.half-made ] || ! .venv/bin/python -c '' 2>/dev/null; then
        require_venv "$python"
        rm -rf .venv
        mkdir .venv
        touch .venv/.half-made
        "$python" -m venv .venv || fail "cannot make .venv in $PWD"
    fi
    echo 'installing the libraries into .venv (once; a minute or two)'
    touch .venv/.half-made
    : >.venv/install.log
    if ! .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off \
        -r "$requirements" 2>&1 | progress; then
        # pip has put back what it could not replace; only one that was killed leaves a half.
        rm .venv/.half-made
        reason="$(grep -m 1 '^ERROR' .venv/install.log || tail -n 1 .venv/install.log)"
        fail "cannot install the libraries (${reason#ERROR: }); see $PWD/.venv/install.log"
    fi
    wanted .venv/bin/python requirements.txt >.venv/.complete-requirements.txt
    wanted .venv/bin/python "$requirements" >".venv/.complete-$requirements"
    rm .venv/.half-made
}

# Make .venv hold what a file of requirements names, unless it does already.
require() {
    local python
    if [ -e .venv/.half-made ] || ! wanted .venv/bin/python "$1" 2>/dev/null | cmp -s - ".venv/.complete-$1"; then
        # On a line of its own: a failure inside an argument would go unnoticed.
        python="$(find_python)"
        install "$python" "$1"
    fi
}
