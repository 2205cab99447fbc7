# make lab     open the course in JupyterLab            make test    check everything, as CI does
# make check   notebook pairs, staleness, anatomy       make matrix  every numerical setting, every Python
# make bench   speed, in one table                      make tables  what many seeds show (an hour; it resumes)
# make notebooks   rebuild all lessons and exercises    make mutants mistakes put into the library: do tests notice? (an hour)
# make site        the course as web pages: build/site/index.html
# make test-worlds install other people's worlds (LBF, RWARE, VMAS, SMAX, Overcooked), Ray, Dask and TensorBoard,
#                  and test what meets them
#
# The first run makes .venv; PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
CONSTRAINTS ?= -c constraints.txt
JOBS ?= 2
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# Jupyter refuses to run as root unless told; in a container one often is.
LAB_FLAGS ?= $(if $(filter 0,$(shell id -u)),--allow-root)
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=120

.PHONY: help lab test check notebooks matrix bench tables mutants site test-worlds clean

help:
	@sed -n '1,9s/^# \{0,1\}//p' Makefile

lab: .venv/.learn
	$(PY) -m qmix_course start
	$(PY) -m jupyterlab $(LAB_FLAGS) --ServerApp.root_dir=. my/notebooks/00_start_here.ipynb

test: export OMP_NUM_THREADS = 1
test: .venv/.dev
	$(PY) -m pytest -n $(JOBS) --dist loadfile --max-worker-restart=0 $(NBVAL) tests notebooks exercises solutions

check: .venv/.dev
	$(PY) tools/check.py

notebooks: .venv/.dev
	$(PY) tools/make_exercises.py
	$(PY) tools/build.py

matrix: .venv/.dev
	$(PY) tools/matrix.py

bench: .venv/.dev
	$(PY) benchmarks/run.py

tables: .venv/.dev
	$(PY) -m benchmarks.tables --jobs $(JOBS)

mutants: .venv/.dev
	$(PY) tools/mutants.py --jobs $(JOBS)

site: .venv/.dev
	$(PY) tools/make_site.py

test-worlds: export OMP_NUM_THREADS = 1
test-worlds: export QMIX_COURSE_WORLDS = 1
test-worlds: .venv/.worlds
	$(PY) -m pytest tests/test_pettingzoo*.py $$(grep -l "from outside import .*package" tests/test_*.py)

clean:
	rm -rf .venv

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "The course needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is another one or missing."; \
	  echo "Name one of these, for example: make lab PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The stamps say which requirements are in .venv: while they are newer than these files, set-up is done.
.venv/.learn: .venv/.made requirements.txt constraints.txt pyproject.toml
	$(PIP) install -r requirements.txt $(CONSTRAINTS)
	$(PIP) install --no-deps --editable .
	@touch $@

.venv/.dev: .venv/.learn requirements-dev.txt requirements-pettingzoo.txt
	$(PIP) install -r requirements.txt -r requirements-dev.txt -r requirements-pettingzoo.txt $(CONSTRAINTS)
	@touch $@

.venv/.worlds: .venv/.dev requirements-worlds.txt $(wildcard requirements-*.txt)
	$(PIP) install -r requirements-worlds.txt -r requirements-ray.txt distributed tensorboard $(CONSTRAINTS)
	@touch $@
