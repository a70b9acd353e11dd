# What can be run here; `make` alone prints this list. Everything happens in .venv (Python 3.11, pinned packages),
# downloads are kept in .cache, results go to out/.

PYTHON := .venv/bin/python
READY := .venv/.ready
VIDEO ?=
TRAIN_ARGS ?=
FEATURES ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-newest test-blenders test-gui docs extension extension-offline train clean
.PHONY: bench-real bench-real-all bench-smoothing bench-training bench-speed bench-motion bench-retarget bench-lines bench-turning bench-scene

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment from requirements/test.txt

$(READY): requirements/test.txt pyproject.toml
	@python=$$(scripts/find_python.sh 3.11) && "$$python" -m venv .venv
	$(PYTHON) -m pip install --quiet -r requirements/test.txt
	$(PYTHON) -m pip install -qq --no-deps --editable .
	@touch $@

demo: $(READY) ## a real video to out/demo.{npz,blend,png} and out/demo_overlay.mp4; another: make demo VIDEO=my.mp4
	$(PYTHON) -m scripts.demo $(if $(VIDEO),"$(VIDEO)")

test: $(READY) ## lint, types and the tests, those in Blender 4.5 included
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n 2 --dist loadfile

test-slow: $(READY) ## the tests that take minutes
	$(PYTHON) -m pytest -m slow

test-newest: ## the tests outside Blender with the newest packages, such as a user's pip installs them
	@test -x .cache/newest/bin/python || "$$(scripts/find_python.sh 3.11)" -m venv .cache/newest
	.cache/newest/bin/python -m pip install --quiet -r requirements/newest.txt
	.cache/newest/bin/python -m pip install -qq --no-deps --editable .
	.cache/newest/bin/python -m pytest -p no:cacheprovider tests --ignore tests/tar_blender

test-blenders: $(READY) ## tests and the installed extension in every supported Blender; some: BLENDERS="oldest newest"
	$(PYTHON) -m tests.support.matrix

test-gui: $(READY) ## a scripted user in real windows of two Blenders, with pictures in out/gui; one: BLENDERS=sid
	$(PYTHON) -m tests.support.gui

docs: ## the documentation as a website in out/docs; fails if a link is broken
	@test -x .cache/docs/bin/python || "$$(scripts/find_python.sh 3.11)" -m venv .cache/docs
	.cache/docs/bin/python -m pip install --quiet -r requirements/docs.txt
	NO_MKDOCS_2_WARNING=1 .cache/docs/bin/python -m mkdocs build --quiet --strict
	@echo out/docs/index.html

extension: $(READY) ## the Blender extension, as a zip in dist/
	$(PYTHON) -m scripts.build_extension

extension-offline: $(READY) ## another, for this platform and machines without network; PYTHONS="3.11 3.13" PIP_OPTIONS="..."
	$(PYTHON) -m scripts.build_extension --offline $(if $(PYTHONS),--pythons $(PYTHONS)) $(if $(PIP_OPTIONS),--pip-options="$(PIP_OPTIONS)")

bench-real: $(READY) ## accuracy on real video with ground truth, beside MediaPipe
	$(PYTHON) -m benchmarks.bench_real

bench-real-all: $(READY) ## the same, then the other real clips that packages ship (minutes)
	$(PYTHON) -m benchmarks.bench_real --all

bench-smoothing: $(READY) ## accuracy before and after smoothing and balance, on real video; on cached clips too: FEATURES=data/features/test
	$(PYTHON) -m benchmarks.bench_real --smoothing 0.3 0.6 1 --lean-correction
	$(if $(FEATURES),$(PYTHON) -m tar_core.evaluation synthetic "$(FEATURES)" --smoothing 0.3 0.6 1)

bench-training: $(READY) ## training's windows a second and where the time goes; bench-training FEATURES=data/features/train
	$(PYTHON) -m benchmarks.bench_training $(if $(FEATURES),--features "$(FEATURES)") $(BENCH_ARGS)

bench-speed: $(READY) ## speed beside MediaPipe, and memory on a long video
	$(PYTHON) -m benchmarks.bench_speed

bench-motion: $(READY) ## smoothing, planting, the floor and flung limbs on motion with known truth
	$(PYTHON) -m benchmarks.bench_motion

bench-retarget: $(READY) ## motion on other characters: how far ends are off, and the time it takes
	$(PYTHON) -m benchmarks.bench_retarget

bench-lines: $(READY) ## the camera by straight lines, beside calibrated cameras
	$(PYTHON) -m benchmarks.bench_lines

bench-turning: $(READY) ## cameras that pan, tilt, shake and zoom, against ground truth
	$(PYTHON) -m benchmarks.bench_turning

bench-scene: $(READY) ## time to write the scene of a 10,000-frame clip
	$(PYTHON) -m benchmarks.bench_scene

train: $(READY) ## the default checkpoint from nothing (hours; better on a GPU): make train TRAIN_ARGS="--help"
	$(PYTHON) -m tar_core.training.recipe $(TRAIN_ARGS)

clean: ## delete results (out, dist, build); the environment and the downloads stay
	rm -rf out dist build
