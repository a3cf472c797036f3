#!/bin/sh
# In: the folder of cases, in an image being built. Out: the image's cache: forms and loops compiled, byte code of what was
# imported, the list of fonts; by problems of known answer and by coarse cases, which also proves that the image works.
set -eu
cases=${1:?a folder of cases}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$NUMBA_CACHE_DIR"
femrisk verify
sed "s/mesh_size_mm: [0-9.]*/mesh_size_mm: 6/" "$cases/femur_neck_lytic.yaml" >"$work/case.yaml"
femrisk run "$work/case.yaml" -o "$work/results" --arm untreated pop_screws --load stance
date +%s >"$XDG_CACHE_HOME/made"
# whoever runs it may add to it
chmod -R a+rwX "$XDG_CACHE_HOME"
