"""La ficha del modelo (`README.md` de la corrida): qué es, con qué se hizo y para qué no sirve."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from taller_files.problems import counted
from taller_files.writing import write_text
from taller_lib._paths import ASSETS
from taller_lib.metrics import shown_score

METRICS = {
    "accuracy": "exactitud (*accuracy*)",
    "balanced_accuracy": "exactitud balanceada (*balanced accuracy*)",
    "matthews_correlation": "correlación de Matthews",
    "macro_f1": "macro F1",
    "weighted_f1": "F1 ponderado",
}
SAMPLE_WARNING = "- Para medir nada real: aprendió de los datos de ejemplo del taller, que son textos inventados.\n"


def escape_markdown(text: str) -> str:
    """El texto como se escribió: ni HTML ni formato de Markdown."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", text)


def write_model_card(path: Path, record: dict[str, Any]) -> None:
    """Escribe `README.md` en la carpeta de la corrida a partir de su registro."""
    template = (ASSETS / "model_card.md").read_text(encoding="utf-8")
    versions = [f"{name} {number}" for name, number in record["versions"].items() if number]
    values = {
        **record["config"],
        **{name: record[name] for name in ("epochs", "best_epoch", "created")},
        **record["rows"],
        "model": escape_markdown(record["config"]["model"]),
        "n_classes": len(record["label_names"]),
        "classes": ", ".join(map(escape_markdown, record["label_names"])),
        "device": escape_markdown(record["device"]),
        "versions": ", ".join(versions),
        "scores": _scores(record),
        "sample": SAMPLE_WARNING if record.get("sample_data") else "",
    }
    write_text(path / "README.md", template.format(**values))


def score_rows(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Cada métrica, con su intervalo, en validación y en prueba."""
    test = record.get("test")
    rows = []
    for name, title in METRICS.items():
        tested = shown_score(name, test["scores"], test["intervals"]) if test else "sin evaluar"
        rows.append((title, shown_score(name, record["validation"], record["validation_intervals"]), tested))
    return rows


def _scores(record: dict[str, Any]) -> str:
    header = [("métrica, con su intervalo de 95 %", "validación", "prueba"), ("---", "---", "---")]
    lines = [f"| {' | '.join(row)} |" for row in (*header, *score_rows(record))]
    if test := record.get("test"):
        times = record["test_evaluations"]
        lines += [
            "",
            f"Prueba: {test['n']} textos que no intervinieron en ninguna decisión. El conjunto de prueba "
            f"se ha evaluado {counted(times, 'vez', 'veces')} con esta corrida.",
        ]
    return "\n".join(lines)
