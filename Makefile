# Solo trae nox a .venv y lo llama: las tareas están en noxfile.py.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
NOX := .venv/bin/nox

.PHONY: taller test test-colab test-scale lint colibri bench clean

taller test lint colibri bench: $(NOX)
	$(NOX) -s $@

test-colab: $(NOX)
	$(NOX) -s test_colab browser_colab

test-scale: $(NOX)
	$(NOX) -s test_scale

$(NOX):
	@test -n "$(PYTHON)" || { echo "El taller necesita Python 3.11 o más nuevo." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check "nox>=2024.4.15"

clean:
	rm -rf .nox .venv build .mypy_cache .pytest_cache .ruff_cache *.egg-info
