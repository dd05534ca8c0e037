"""Los seis cuadernos, para las pruebas."""

from __future__ import annotations

from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PHASES = range(6)


def notebook_path(phase: int) -> Path:
    """El cuaderno de una fase; que falte, o que haya dos, es un error."""
    found = sorted(NOTEBOOKS.glob(f"fase_{phase}_*.ipynb"))
    assert len(found) == 1, f"debe haber un cuaderno notebooks/fase_{phase}_*.ipynb: {found}"
    return found[0]
