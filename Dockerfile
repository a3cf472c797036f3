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

# Compiled loops and forms are kept under HOME, which has to be there for every user: results belong to whoever asks
# for them (`--user "$(id -u):$(id -g)" -v "$PWD:/data"`), and never to root.
ENV OMP_NUM_THREADS=1 MPLBACKEND=Agg HOME=/tmp
RUN mkdir --mode=1777 /data
WORKDIR /data
USER 1000:1000
ENTRYPOINT ["femrisk"]
