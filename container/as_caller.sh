#!/bin/sh
# In: a command. Out: that command, run as whoever owns the folder it works in (the mounted /data), never as root.
set -eu

# Compiled forms and loops come with the image; where it cannot be written to, their user keeps a copy.
shipped=/opt/femrisk/cache
kept() {
    made=$(cat $shipped/made 2>/dev/null) || return 1
    own=${HOME:-/tmp}/.cache/femrisk-$made
    if [ ! -d "$own" ]; then
        mkdir -p "${own%/*}" && fresh=$(mktemp -d "$own.XXXXXX") && cp -R $shipped/. "$fresh" || return 1
        # another process may have been faster
        mv -T "$fresh" "$own" 2>/dev/null || rm -rf "$fresh"
    fi
    echo "$own"
}

if [ "$(id -u)" = 0 ]; then
    owner=$(stat -c %u .) group=$(stat -c %g .)
    # Root of a container without root on the host (rootless Docker or Podman) is the caller.
    read -r _ outside _ </proc/self/uid_map
    if [ "$owner" != 0 ] || [ "$outside" = 0 ]; then
        if [ "$owner" = 0 ]; then
            owner=1000 group=1000
            setpriv --reuid=$owner --regid=$group --clear-groups test -w . || echo "femrisk: warning: container: root owns" \
                "$PWD, user 1000 cannot write there; mount a folder of your own, or add --user UID:GID" >&2
        fi
        exec setpriv --reuid="$owner" --regid="$group" --clear-groups --no-new-privs -- "$0" "$@"
    fi
fi

if ! [ -w $shipped/numba ] && own=$(kept 2>/dev/null); then
    export XDG_CACHE_HOME="$own" NUMBA_CACHE_DIR="$own/numba"
fi
# Somebody has to end the processes that lost their parent, and to hear `docker stop`.
[ $$ != 1 ] || exec tini -- "$@"
exec "$@"
