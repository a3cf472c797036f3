#!/bin/sh
# In: nothing. Out: a machine that can build and run femrisk, or one line per thing it lacks.
#
#   scripts/system.sh           check; as root on Debian/Ubuntu install what is missing with apt-get
#   scripts/system.sh --check   check only
#   scripts/system.sh --python  print the Python (>= 3.12) to build with; FEMRISK_PYTHON overrides the search
set -u

LIBRARIES='libGLU.so.1:libglu1-mesa libGL.so.1:libgl1 libEGL.so.1:libegl1 libXft.so.2:libxft2 libXcursor.so.1:libxcursor1
libXinerama.so.1:libxinerama1 libXrender.so.1:libxrender1 libXfixes.so.3:libxfixes3 libfontconfig.so.1:libfontconfig1
libgomp.so.1:libgomp1'
GET_PYTHON='get one with "uv python install 3.12", "pyenv install 3.12", or on Ubuntu "add-apt-repository ppa:deadsnakes/ppa && apt-get install python3.12-venv python3.12-dev"'

recent() {
    "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

find_python() {
    for candidate in "${FEMRISK_PYTHON:-}" python3.12 python3 python3.13 python3.14 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python /usr/bin/python3.12 /usr/bin/python3; do
        if [ -n "$candidate" ] && recent "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    if command -v uv >/dev/null 2>&1; then
        candidate=$(uv python find '>=3.12,<3.15' 2>/dev/null) && recent "$candidate" && echo "$candidate" && return 0
    fi
    return 1
}

has_library() {
    { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null; ls /usr/lib/*/ /usr/lib64 2>/dev/null; } | grep -q -F "$1"
}

# A compiler that can build and link: gcc alone is no use without the C library's headers.
has_compiler() {
    folder=$(mktemp -d) || return 1
    echo '#include <stdio.h>
int main(void) { return 0; }' >"$folder/a.c"
    cc -o "$folder/a" "$folder/a.c" >/dev/null 2>&1 || gcc -o "$folder/a" "$folder/a.c" >/dev/null 2>&1
    built=$?
    rm -rf "$folder"
    return $built
}

# "what:package" of each thing that is missing.
missing() {
    has_compiler || echo 'a C compiler:gcc libc6-dev'
    for pair in $LIBRARIES; do
        has_library "${pair%%:*}" || echo "$pair"
    done
    if python=$(find_python); then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' \
            || echo "Python.h of $python:python$version-dev"
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || echo "venv of $python:python$version-venv"
    else
        version=$(apt-cache pkgnames 'python3.1' 2>/dev/null | grep -x -E 'python3\.1[234]' | sort | head -n 1)
        if [ -n "$version" ]; then
            echo "Python 3.12 or newer:$version $version-dev $version-venv"
        else
            echo "Python 3.12 or newer:"
        fi
    fi
}

case "${1:-}" in
--python)
    find_python || { echo "femrisk: error: python: none from 3.12 to 3.14 found; $GET_PYTHON" >&2; exit 1; }
    exit 0
    ;;
'' | --check) ;;
*)
    echo "usage: $0 [--check | --python]" >&2
    exit 2
    ;;
esac

lacking=$(missing)
if [ -n "$lacking" ] && [ -z "${1:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -q >/dev/null || echo "femrisk: warning: apt-get update failed" >&2
    packages=$(missing | sed 's/^[^:]*://' | tr '\n' ' ')
    if [ -n "$(echo "$packages" | tr -d ' ')" ]; then
        echo "installing: $packages"
        # shellcheck disable=SC2086  # a list of words
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >/dev/null </dev/null
    fi
    lacking=$(missing)
fi
[ -z "$lacking" ] && exit 0
echo "$lacking" | while IFS=: read -r what package; do
    case "$what" in
    Python*) [ -n "$package" ] && hint="apt-get install $package" || hint="$GET_PYTHON" ;;
    *) hint="on Debian or Ubuntu: apt-get install $package" ;;
    esac
    echo "femrisk: error: system: $what is missing ($hint)" >&2
done
exit 1
