# femrisk in a container; docs/containers.md says how it is used, scripts/image.sh builds and tries it without a daemon.
#
#   docker build -t femrisk .
#   docker run --rm -v "$PWD:/data" femrisk run case.yaml
#
# Pinned: the base by its digest, every Python package by its hashes (requirements.txt); Debian's packages by the signature
# of its stable release, so that a rebuild gets security fixes. Debian's own Python is what a base made without a registry has.
ARG BASE=debian:trixie-20260918-slim@sha256:a99cfc517144bc59b1978475ec53b46ecabec7e43635402ee5b77cc54cd1b20a

FROM ${BASE} AS system
# What femrisk needs when it runs: DOLFINx compiles forms (gcc, headers of libc and Python), gmsh and VTK load the rest, tini
# hands signals on. Left out: manuals, static libraries, and what gcc has for optimising across files and for sanitizers.
RUN printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*' \
        '/usr/lib/*/libpython3*.a' '/usr/lib/python3*/config-*/*.a' '/usr/libexec/gcc/*/lto1' '/usr/bin/*lto-dump*' \
        '/usr/lib/*san.a' '/usr/lib/*san.so*' >/etc/dpkg/dpkg.cfg.d/slim \
    && printf 'path-include=%s\n' '/usr/share/doc/*/copyright' >>/etc/dpkg/dpkg.cfg.d/slim \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 libpython3-dev gcc libc6-dev \
        libegl1 libfontconfig1 libgl1 libglu1-mesa libgomp1 libxcursor1 libxfixes3 libxft2 libxinerama1 libxrender1 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/*

# Loops and forms are compiled for any x86-64 with AVX2 (Intel since 2013, AMD since 2015), not for the machine that built
# the image: another one can then use them as they are. A machine without: -e NUMBA_CPU_NAME=generic -e NUMBA_CPU_FEATURES=.
ENV PATH=/opt/femrisk/bin:$PATH XDG_CACHE_HOME=/opt/femrisk/cache NUMBA_CACHE_DIR=/opt/femrisk/cache/numba \
    NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES=+avx2,+bmi,+bmi2,+fma \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg HOME=/tmp

FROM system AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv binutils
WORKDIR /src
COPY requirements.txt pyproject.toml ./
COPY scripts/runtime.py scripts/runtime.py
RUN python3 -m venv /opt/femrisk \
    && /usr/bin/python3 scripts/runtime.py >runtime.txt \
    && pip install --no-cache-dir --no-compile --require-hashes -r runtime.txt
COPY LICENSE README.md ./
COPY femrisk femrisk
COPY cases /opt/femrisk/cases
COPY container container
RUN pip install --no-cache-dir --no-compile --no-deps --no-build-isolation --no-index . \
    && container/slim.sh /opt/femrisk
RUN container/warm.sh /opt/femrisk/cases

FROM system
COPY --from=build /opt/femrisk /opt/femrisk
COPY container/as_caller.sh /usr/local/bin/as-caller
# Of the user that stands in where no folder of a user's is mounted.
RUN mkdir /data && chown 1000:1000 /data
WORKDIR /data
EXPOSE 8050
# No USER: which one it is shows when /data is mounted. The container starts as root for one `setpriv` and femrisk is never run
# as root; with `--user` it is not even started as root.
ENTRYPOINT ["as-caller", "femrisk"]
CMD ["--help"]
