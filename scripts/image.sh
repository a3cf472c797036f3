#!/usr/bin/env bash
# In: nothing. Out: the Dockerfile's image built without a daemon, tried as other users than root, and the fast tests passed
# inside it; not 0 on failure. Leaves nothing behind, unless told where to save the image: scripts/image.sh [FILE.tar]
#
# Needs root and, of Debian: buildah debootstrap. No registry of images is asked: the base is made of Debian's packages, the
# same ones as the Dockerfile's base has.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
save=${1:+$(realpath -m "$1")}
for program in buildah debootstrap; do
    command -v $program >/dev/null || { echo "femrisk: error: image: no $program (apt-get install $program)" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "femrisk: error: image: needs root, to make a base" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/femrisk-image.XXXXXX")
export BUILDAH_ISOLATION=chroot
build() { buildah --root "$work/storage" --runroot "$work/runroot" --storage-driver vfs "$@"; }
clean() {
    build rm --all >/dev/null 2>&1 || true
    umount --recursive --quiet "$work" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap clean EXIT

step() {
    local name=$1 start=$SECONDS code
    shift
    echo "== image, $name"
    # In a condition (`if`, `||`) bash would go on after whatever fails within.
    set +e
    (set -e; "$@")
    code=$?
    set -e
    [ $code = 0 ] || { echo "== image, $name: FAILED after $((SECONDS - start)) s" >&2; exit 1; }
    echo "== image, $name: passed in $((SECONDS - start)) s"
}

# Debian 13 with nothing but what is essential, less what the public slim image leaves out.
base() {
    local container mount
    debootstrap --variant=minbase trixie "$work/base" "${FEMRISK_MIRROR:-http://deb.debian.org/debian}" >"$work/base.log" ||
        { tail -n 5 "$work/base.log" >&2; return 1; }
    rm -rf "$work"/base/{usr/share/{doc,man,locale,info},var/cache/apt/*,var/lib/apt/lists/*,var/log/*}
    container=$(build from scratch)
    mount=$(build mount "$container")
    mv "$work"/base/* "$mount/"
    build commit -q --rm "$container" debian:trixie-slim >/dev/null
}

# What this machine's pip needs to reach its index, and its certificates, are lent to the build and stay out of the image.
lent() {
    local certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt} given=${PIP_CONFIG_FILE:-/etc/pip.conf}
    { cat "$given" 2>/dev/null || true; } | sed '/^ *cert *=/d' >"$work/pip.conf"
    grep -q '^\[global\]' "$work/pip.conf" || echo '[global]' >>"$work/pip.conf"
    if [ -f "$certificates" ]; then
        sed -i '/^\[global\]/a cert = /run/certificates.crt' "$work/pip.conf"
        volumes=(-v "$(realpath "$certificates"):/run/certificates.crt:ro")
    fi
    volumes+=(-v "$work/pip.conf:/etc/pip.conf:ro")
}

image() {
    build bud -q "${volumes[@]}" --build-arg BASE=docker.io/library/debian:trixie-slim -t femrisk "$root" >"$work/build.log" \
        2>&1 || { tail -n 30 "$work/build.log" >&2; return 1; }
    build images --format 'size: {{.Size}}' femrisk
}

# as_image USER FOLDER COMMAND...: what `docker run --user USER -v FOLDER:/data femrisk` does; USER root: without --user.
as_image() {
    local user=$1 folder=$2
    shift 2
    build run --user "$user" -v "$folder:/data" "$container" -- as-caller "$@"
}

folder_of() {
    mkdir -p "$work/$1"
    chown "$1:$1" "$work/$1"
    chmod 700 "$work/$1"
}

users() {
    folder_of 1234
    folder_of 4321
    [ "$(as_image root "$work/1234" id -u)" = 1234 ]
    [ "$(as_image root "$work/1234" grep -c '^NoNewPrivs:.1' /proc/self/status)" = 1 ]
    [ "$(as_image 4321:4321 "$work/4321" id -u)" = 4321 ]
    # a folder of root's
    mkdir -p "$work/0"
    [ "$(as_image root "$work/0" id -u 2>"$work/said")" = 1000 ]
    grep -q 'root owns /data' "$work/said"
    # a read-only image, as Apptainer's
    build run --user root "$container" -- chmod -R a-w /opt/femrisk/cache
    as_image root "$work/1234" env >"$work/said"
    grep -q '^NUMBA_CACHE_DIR=/tmp/.cache/femrisk-[0-9]*/numba$' "$work/said"
    build run --user root "$container" -- chmod -R a+w /opt/femrisk/cache
    as_image root "$work/1234" femrisk doctor
}

# The demo in coarse voxels, two of its pairs (README: analysis.mesh, --arm, --load): report, figures and styles come from
# files of the package.
demo() {
    local made
    sed 's/mesh_size_mm: [0-9.]*/mesh: voxel, mesh_size_mm: 5/' "$root/cases/femur_neck_lytic.yaml" >"$work/1234/case.yaml"
    chown 1234:1234 "$work/1234/case.yaml"
    as_image root "$work/1234" femrisk run case.yaml --arm untreated pop --load stance
    as_image root "$work/1234" femrisk report results/femur_neck_lytic
    as_image root "$work/1234" femrisk figures results/femur_neck_lytic
    for made in comparison.json report.html arms/pop/stance/result.json figures; do
        [ -e "$work/1234/results/femur_neck_lytic/$made" ] || { echo "no $made" >&2; return 1; }
    done
    [ -z "$(find "$work/1234" ! -uid 1234 -print)" ]
}

# Everything of the repository but the package lies in the folder: what is tested is what the image has.
tests() {
    folder_of 1235
    tar -C "$root" --exclude=./femrisk --exclude=./.git --exclude=./.venv --exclude=./results --exclude=__pycache__ -c . |
        tar -C "$work/1235" -x --no-same-owner
    chown -R 1235:1235 "$work/1235"
    build run "${volumes[@]}" -v "$work/1235:/data" "$container" -- sh -c 'apt-get update -q && apt-get install -y -q \
        --no-install-recommends python3-venv && python -m ensurepip && python scripts/runtime.py . pytest pytest-timeout \
        pytest-xdist hypothesis >tools.txt && python -m pip install -q --no-cache-dir --require-hashes -r tools.txt' >"$work/tools.log" 2>&1 || { tail -n 5 "$work/tools.log" >&2; return 1; }
    as_image root "$work/1235" pytest -q -p no:cacheprovider -n "$(nproc)" --dist worksteal -m 'not slow and not mpi and not gallery and not peer'
}

volumes=()
lent
step base base
step build image
container=$(build from femrisk)
step users users
step 'demo at reduced size' demo
step 'fast tests' tests
[ -z "$save" ] || step "save $save" build push -q femrisk "docker-archive:$save:femrisk"
echo "== image: passed in $SECONDS s"
