"""La ficha del modelo (`README.md` de la corrida): qué es, con qué se hizo y para qué no sirve."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

METRICS = {
    "accuracy": "Exactitud (*accuracy*)",
    "balanced_accuracy": "Exactitud balanceada (*balanced accuracy*)",
    "matthews_correlation": "Correlación de Matthews",
    "macro_f1": "F1 macro",
    "weighted_f1": "F1 ponderada",
}


def escape_markdown(text: str) -> str:
    """El texto como se escribió: ni HTML ni formato de Markdown."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", text)


def write_model_card(path: Path, record: dict[str, Any]) -> None:
    """Escribe `README.md` en la carpeta de la corrida a partir de su registro."""
    temporary = path / "README.md.tmp"
    temporary.write_text(_card(record), encoding="utf-8")
    os.replace(temporary, path / "README.md")


def _card(record: dict[str, Any]) -> str:
    config, rows = record["config"], record["rows"]
    names = ", ".join(escape_markdown(name) for name in record["label_names"])
    test = record.get("test")
    lines = [
        "---",
        "language: es",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "---",
        "",
        f"# Clasificador de textos sobre {escape_markdown(config['model'])}",
        "",
        f"Pone a cada texto en español una de {len(record['label_names'])} clases: {names}.",
        "",
        "## Cómo se hizo",
        "",
        f"- Modelo de partida: {escape_markdown(config['model'])}",
        f"- Textos: {rows['train']} de entrenamiento y {rows['validation']} de validación",
        f"- Épocas: {record['epochs']} (máximo {config['num_train_epochs']}); se conserva la {record['best_epoch']}, "
        "la de mejor F1 macro en validación",
        f"- Tasa de aprendizaje {config['learning_rate']:g}, lote de {config['batch_size']} textos, "
        f"{config['max_length']} tokens por texto, semilla aleatoria {config['seed']}, pesos de clase {config['class_weights']}",
        f"- Fecha: {record['created']}",
        f"- Equipo: {escape_markdown(record['device'])}",
        "- Versiones: "
        + ", ".join(f"{name} {number}" for name, number in record["versions"].items() if number),
        "",
        "## Qué tan bueno es",
        "",
        "| métrica | validación" + (" | prueba |" if test else " |"),
        "|---|---" + ("|---|" if test else "|"),
    ]
    for key, title in METRICS.items():
        cells = [f"{record['validation'][key]:.3f}"] + (
            [f"{test['scores'][key]:.3f}"] if test else []
        )
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append("")
    if test:
        times = record["test_evaluations"]
        lines += [
            f"Prueba: {test['n']} textos que no intervinieron en ninguna decisión. El conjunto de prueba se ha evaluado "
            f"{times} {'vez' if times == 1 else 'veces'} con esta corrida.",
            "",
        ]
    lines += [
        "## Para qué no sirve",
        "",
        "- Para textos de otro tema, otro idioma u otra época que los de entrenamiento, sin comprobarlo antes.",
        "- Para decidir sobre una persona a partir de un texto suyo.",
        "- Para contar clases en un corpus sin corregir sus errores: un clasificador imperfecto cuenta con sesgo.",
    ]
    if record.get("sample_data"):
        lines.append(
            "- Para medir nada real: aprendió de los datos de ejemplo del taller, que son textos inventados."
        )
    lines += [
        "",
        "## Cómo se usa",
        "",
        "```python",
        "from transformers import pipeline",
        "",
        'clasificador = pipeline("text-classification", model="ruta/de/esta/carpeta")',
        'clasificador("Un texto tuyo")',
        "```",
        "",
    ]
    return "\n".join(lines)
