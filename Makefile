# `make demo` and `make test` are all a newcomer needs; both build .venv first, once per requirements.txt.
.POSIX:
.SUFFIXES:
.PHONY: demo test peers check docs gallery notebook bench image requirements clean

JOBS = 2
# One process more than cores: some tests wait for processes of their own. A file is one process's, whole, so that what its
# tests share is made once; slow files come first.
TESTS = 3
SPREAD = -n $(TESTS) --dist loadfile --no-loadscope-reorder
BIN = .venv/bin
# One thread per process: the pairs of arm and load are what runs in parallel.
RUN = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg

demo: .venv/stamp
	$(RUN) $(BIN)/femrisk run cases/femur_neck_lytic.yaml -o results/femur_neck_lytic -j $(JOBS)

test: .venv/stamp
	$(RUN) $(BIN)/python -m pytest -q $(SPREAD) --durations=15

# Against CalculiX, Slurm, a browser and real bones: what is not here is skipped.
peers: .venv/stamp
	$(RUN) $(BIN)/python -m pytest -q $(SPREAD) --durations=15 -m peer

check: .venv/stamp
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(RUN) $(BIN)/python -m pytest -q $(SPREAD) -m "not slow and not mpi and not gallery and not peer"

# A warning is an error: links inside the site, anchors, what a page takes from the code. Links out of it are looked up by
# `make docs BUILDER=linkcheck`, which needs a network.
BUILDER = html
docs: .venv/stamp
	$(RUN) $(BIN)/python -m sphinx -b $(BUILDER) -W --keep-going -q -d build/doctrees docs build/docs

# Every case of the gallery, coarsely: some minutes.
gallery: .venv/stamp
	$(RUN) $(BIN)/python -m pytest -q -n $(TESTS) --dist load -m gallery --durations=0

# What the notebook shows is made anew by running it.
notebook: .venv/stamp
	cd docs && $(RUN) ../$(BIN)/python -m nbconvert --to notebook --execute --inplace notebook.ipynb

bench: .venv/stamp
	for file in benchmarks/*.py; do echo "== $$file"; $(RUN) $(BIN)/python $$file || exit 1; done

# As root, on Debian: builds and tries the container without a daemon; with FILE=image.tar it is left there.
image:
	scripts/image.sh $(FILE)

# A venv half built has no stamp, and is built again from nothing. What is compiled when first used is compiled here, by
# problems of known answer.
.venv/stamp: requirements.txt pyproject.toml
	scripts/system.sh
	rm -rf .venv
	"$$(scripts/system.sh --python)" -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	$(RUN) $(BIN)/femrisk verify > .venv/verify.txt || { cat .venv/verify.txt; exit 1; }
	touch $@

# Needs uv; hashes are those of the public registry, and no index is named. Versions stay unless UPGRADE=--upgrade.
requirements:
	cp requirements.txt requirements.new
	uv pip compile pyproject.toml --extra dev --extra docs --generate-hashes --no-emit-index-url --no-config --no-header -q \
		--python-version 3.12 --python-platform x86_64-manylinux_2_34 $(UPGRADE) -o requirements.new
	sed -i '1i # Every package and its hashes; made by `make requirements` from pyproject.toml.' requirements.new
	mv requirements.new requirements.txt

clean:
	rm -rf .venv results build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
