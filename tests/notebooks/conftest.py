"""Una prueba que pide `phase` o `path` corre en cada uno de los seis cuadernos."""

from __future__ import annotations

from pathlib import Path

import pytest

from phases import PHASES, notebook_path


@pytest.fixture(params=PHASES, ids=lambda phase: f"fase_{phase}")
def phase(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def path(phase: int) -> Path:
    return notebook_path(phase)
