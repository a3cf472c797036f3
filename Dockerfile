FROM python:3.12-slim-bookworm

# DOLFINx compiles its forms when it runs (gcc, libc headers); gmsh and VTK load the rest.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev libegl1 libfontconfig1 libgl1 libglu1-mesa libgomp1 \
        libxcursor1 libxfixes3 libxft2 libxinerama1 libxrender1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/femrisk
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY LICENSE README.md pyproject.toml ./
COPY femrisk femrisk
COPY cases cases
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

ENV OMP_NUM_THREADS=1 MPLBACKEND=Agg
WORKDIR /data
ENTRYPOINT ["femrisk"]
