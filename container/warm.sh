#!/bin/sh
# In: the folder of cases, in an image being built. Out: the image's cache: forms and loops compiled, byte code of what was
# imported, the list of fonts; by problems of known answer and the demo in coarse voxels, which also proves that the image works.
set -eu
cases=${1:?a folder of cases}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$NUMBA_CACHE_DIR"
femrisk verify
demo=$cases/femur_neck_lytic.yaml
sed 's/mesh_size_mm: [0-9.]*/mesh: voxel, mesh_size_mm: 5/' "$demo" >"$work/voxels.yaml"
femrisk run "$work/voxels.yaml" -o "$work/results" --arm untreated pop --load stance
sed '/kind: pop_nail/d; s/mesh_size_mm: [0-9.]*/mesh_size_mm: 6/' "$demo" >"$work/tets.yaml"
femrisk mesh "$work/tets.yaml" -o "$work/meshes"
python -c 'import distributed.cli.dask_scheduler, distributed.cli.dask_worker, femrisk.sweep.cluster, trame.app'
date +%s >"$XDG_CACHE_HOME/made"
# whoever runs it may add to it
chmod -R a+rwX "$XDG_CACHE_HOME"
