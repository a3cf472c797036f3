#!/bin/sh
# In: a venv in which femrisk is installed. Out: the same without what running it never reads.
set -eu
venv=${1:?a venv}
site=$(echo "$venv"/lib/python3.*/site-packages)

# installers, tests of libraries, headers of C++, static libraries, examples
"$venv/bin/python" -m pip uninstall -q -y pip
find "$site" -depth -type d \( -name tests -o -name test \) -exec rm -rf {} +
rm -rf "$site/examples" "$site/pyarrow/include" "$site/pyarrow/src" "$site"/numpy/_core/lib/*.a "$site"/numpy/random/lib/*.a \
    "$site/matplotlib/mpl-data/sample_data" "$venv/lib/gmsh.jl" "$venv/share/man" "$venv/share/doc"
find "$site" \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.lib' \) -delete
# Arrow's network services: tables are read from files
rm -f "$site"/pyarrow/*flight* "$site"/pyarrow/*s3*
# The names of what nobody links to. A file that was patched when its wheel was made may not bear it: then it stays whole.
loads() {
    ! /lib64/ld-linux-x86-64.so.2 --list "$1" 2>&1 | grep -q -E 'aligned|ELF|error while'
}
find "$venv" -type f -name '*.so*' -size +200k | while read -r file; do
    strip --strip-unneeded -o "$file.stripped" "$file" 2>/dev/null && { loads "$file.stripped" || ! loads "$file"; } &&
        chmod --reference="$file" "$file.stripped" && mv "$file.stripped" "$file" || rm -f "$file.stripped"
done

# An image keeps whole seconds of times, and numba looks at them to know whether a source has changed.
find "$venv" -newermt @0 -exec touch --no-dereference -d "@$(date +%s)" {} +
