# Commands of the project; `make` alone lists them. They use the virtual environment .venv (Python 3.11, pinned packages),
# keep downloads in .cache, and write results to out/.

PYTHON := .venv/bin/python
READY := .venv/.ready
TEST_PROCESSES ?= 2
VIDEO ?=
TRAIN_ARGS ?=
GPU_ARGS ?=
FEATURES ?=
BENCH_ARGS ?=

# Without compiled files, each test process and each program that a test starts compiles all of its modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-newest test-cluster test-blenders test-gui docs extension extensions gpu train clean
.PHONY: bench-batch bench-decoding bench-real bench-real-all bench-views bench-smoothing bench-training bench-speed bench-motion bench-retarget bench-lines bench-turning bench-scene bench-contacts bench-editing bench-world bench-hands bench-wrists profile-capture

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## create the virtual environment with the packages of requirements/test.txt

$(READY): requirements/test.txt pyproject.toml
	@python=$$(scripts/find_python.sh 3.11) && "$$python" -m venv .venv
	$(PYTHON) -m pip install --quiet -r requirements/test.txt
	$(PYTHON) -m pip install -qq --no-deps --editable .
	@touch $@

demo: $(READY) ## capture the demo video: out/demo.npz, .blend, .png and _overlay.mp4; or make demo VIDEO=my.mp4
	$(PYTHON) -m scripts.demo $(if $(VIDEO),"$(VIDEO)")

test: $(READY) ## check style, types and layers, and run the quick tests, including those in Blender 4.5
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	@# mypy runs beside the tests, with the lowest priority; its output is shown if it fails.
	@mkdir -p out; nice -n 19 $(PYTHON) -m mypy > out/mypy.txt 2>&1 & types=$$!; \
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist loadfile; tests=$$?; \
	wait $$types || { cat out/mypy.txt; tests=1; }; exit $$tests

test-slow: $(READY) ## run the tests that take longer
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -m slow

test-newest: ## run the tests outside Blender with the newest packages that pip installs for users
	@test -x .cache/newest/bin/python || "$$(scripts/find_python.sh 3.11)" -m venv .cache/newest
	.cache/newest/bin/python -m pip install --quiet -r requirements/newest.txt
	.cache/newest/bin/python -m pip install -qq --no-deps --editable .
	OMP_NUM_THREADS=1 .cache/newest/bin/python -m pytest -n $(TEST_PROCESSES) --dist loadfile -p no:cacheprovider tests --ignore tests/tar_blender

test-cluster: ## run the tests of batches on a Ray cluster, which is started on this machine (minutes)
	@test -x .cache/cluster/bin/python || "$$(scripts/find_python.sh 3.11)" -m venv .cache/cluster
	.cache/cluster/bin/python -m pip install --quiet -r requirements/cluster.txt
	.cache/cluster/bin/python -m pip install -qq --no-deps --editable .
	OMP_NUM_THREADS=1 .cache/cluster/bin/python -m pytest -m "slow or not slow" -p no:cacheprovider tests/tar_core/batch/test_ray_pool.py

test-blenders: $(READY) ## test the installed extension in all supported Blenders, or in some: BLENDERS="oldest newest"
	$(PYTHON) -m tests.support.matrix

test-gui: $(READY) ## run a scripted session in Blender windows, with screenshots in out/gui; one Blender: BLENDERS=sid
	$(PYTHON) -m tests.support.gui

docs: ## the documentation as a website in out/docs; fails if a link is broken
	@test -x .cache/docs/bin/python || "$$(scripts/find_python.sh 3.11)" -m venv .cache/docs
	.cache/docs/bin/python -m pip install --quiet -r requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 .cache/docs/bin/python -m mkdocs build --quiet --strict
	@echo out/docs/index.html

extension: $(READY) ## build the Blender extension with all that it needs on this machine's platform, a zip in dist/
	$(PYTHON) -m scripts.build_extension

extensions: $(READY) ## the same for all platforms
	$(PYTHON) -m scripts.build_extension --platforms all

bench-real: $(READY) ## measure the accuracy on real video with ground truth, compared with MediaPipe
	$(PYTHON) -m benchmarks.bench_real

bench-real-all: $(READY) ## the same, and on the other real clips from packages (minutes)
	$(PYTHON) -m benchmarks.bench_real --all

bench-views: $(READY) ## the same for people whom several cameras see, whose clips are combined
	$(PYTHON) -m benchmarks.bench_views $(BENCH_ARGS)

bench-batch: $(READY) ## measure many clips and a long one with one and two processes (minutes)
	$(PYTHON) -m benchmarks.bench_batch $(BENCH_ARGS)

bench-decoding: $(READY) ## compare the speed of reading videos with OpenCV
	$(PYTHON) -m benchmarks.bench_decoding

bench-smoothing: $(READY) ## measure the clean-up on real video, and on cached clips: FEATURES=data/features/test
	$(PYTHON) -m benchmarks.bench_real --smoothing 0.3 0.6 1 --lean-correction --cleanup
	$(if $(FEATURES),$(PYTHON) -m tar_core.evaluation synthetic "$(FEATURES)" --smoothing 0.3 0.6 1)

bench-training: $(READY) ## measure the training speed and profile a step; on cached clips: FEATURES=data/features/train
	$(PYTHON) -m benchmarks.bench_training $(if $(FEATURES),--features "$(FEATURES)") $(BENCH_ARGS)

bench-speed: $(READY) ## compare the speed with MediaPipe, and measure the memory for a long video
	$(PYTHON) -m benchmarks.bench_speed

profile-capture: $(READY) ## measure where the time of a capture goes, stage by stage
	$(PYTHON) -m benchmarks.profile_capture

bench-motion: $(READY) ## measure smoothing, foot locking, the floor and outliers on motion with known truth
	$(PYTHON) -m benchmarks.bench_motion

bench-retarget: $(READY) ## measure the accuracy and speed of retargeting to other characters
	$(PYTHON) -m benchmarks.bench_retarget

bench-hands: $(READY) ## measure captured fingers and faces on rendered hands and faces
	$(PYTHON) -m benchmarks.bench_hands $(BENCH_ARGS)

bench-wrists: $(READY) ## measure the rotation of hands and heads on rendered videos (minutes; longer the first time)
	$(PYTHON) -m benchmarks.bench_wrists $(BENCH_ARGS)

bench-lines: $(READY) ## compare cameras estimated from vanishing points with calibrated cameras
	$(PYTHON) -m benchmarks.bench_lines

bench-turning: $(READY) ## measure the accuracy with cameras that pan, tilt, shake and zoom
	$(PYTHON) -m benchmarks.bench_turning

bench-scene: $(READY) ## measure the time to build the scene of a 10,000-frame clip
	$(PYTHON) -m benchmarks.bench_scene

bench-editing: $(READY) ## measure key reduction and loops on a recorded motion
	$(PYTHON) -m benchmarks.bench_editing

bench-contacts: $(READY) ## measure the time to lock a foot or a hand in a clip of 1,000 frames in Blender
	$(PYTHON) -m benchmarks.bench_contacts

bench-world: $(READY) ## measure captured motion in the world, per kind, on rendered videos with known truth (minutes; longer the first time)
	$(PYTHON) -m benchmarks.bench_world --sheets $(BENCH_ARGS)

gpu: $(READY) ## run everything that needs a GPU, in stages (docs/gpu.md), or one: make gpu GPU_ARGS="parity"; repeat to resume
	$(PYTHON) -m benchmarks.gpu run $(GPU_ARGS)

train: $(READY) ## train the default checkpoint from scratch (hours; better on a GPU): make train TRAIN_ARGS="--help"
	$(PYTHON) -m tar_core.training.recipe $(TRAIN_ARGS)

clean: ## delete out, dist and build; keep the virtual environment and the downloads
	rm -rf out dist build
