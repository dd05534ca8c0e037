"""Clasificar una carpeta de fragmentos con Ray Data, en una computadora o en un clúster.

    pip install "taller-lib[escala]"
    python examples/clasificar_con_ray.py CORRIDA ENTRADA SALIDA --workers 4

De cada fragmento de ENTRADA (.parquet, .csv o .csv.gz) sale uno en SALIDA (.parquet), con las mismas filas en el mismo
orden. Si se corta, la misma orden sigue: los fragmentos terminados se dejan y el que estaba a medias sigue desde su última
ventana. En un clúster, las tres carpetas tienen que verse desde todas las computadoras.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import ray

import taller_lib as taller

ENDINGS = (".parquet", ".csv", ".csv.gz")


class ShardClassifier:
    """Un trabajador: carga el modelo una vez y clasifica los fragmentos que le tocan."""

    def __init__(self, run: str, target: str, text_column: str) -> None:
        self.run, self.target, self.text_column = taller.load_run(run), Path(target), text_column

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[str]]:
        return {
            "fragmento": list(batch["fragmento"]),
            "error": [self.classify(Path(path)) for path in batch["fragmento"]],
        }

    def classify(self, shard: Path) -> str:
        """La frase de lo que lo impidió; vacía si quedó clasificado."""
        try:
            taller.classify_csv(self.run, shard, self.target / target_name(shard), self.text_column, resume=True)
        except taller.TallerError as error:
            return str(error)
        return ""


def target_name(shard: Path) -> str:
    """«001.csv.gz» se clasifica en «001.parquet»."""
    ending = next(ending for ending in sorted(ENDINGS, key=len, reverse=True) if shard.name.endswith(ending))
    return shard.name.removesuffix(ending) + ".parquet"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="CORRIDA")
    parser.add_argument("source", metavar="ENTRADA", type=Path)
    parser.add_argument("target", metavar="SALIDA", type=Path)
    parser.add_argument("--workers", type=int, default=1, metavar="N")
    parser.add_argument("--gpus-per-worker", type=float, default=0, metavar="G", help="1, o 0.5 si dos comparten una")
    parser.add_argument("--text-column", default="texto", metavar="COLUMNA")
    args = parser.parse_args()
    run = taller.load_run(args.run)
    shards = sorted(str(path.resolve()) for path in args.source.iterdir() if path.name.endswith(ENDINGS))
    if not shards:
        raise taller.TallerError(f"En {args.source} no hay fragmentos ({', '.join(ENDINGS)}): revisa la carpeta.")
    if len(set(map(target_name, map(Path, shards)))) < len(shards):
        raise taller.TallerError(
            f"En {args.source} dos fragmentos se llaman igual y solo cambia la extensión: renombra uno."
        )
    args.target.mkdir(parents=True, exist_ok=True)

    answers = ray.data.from_items(
        [{"fragmento": shard} for shard in shards], override_num_blocks=len(shards)
    ).map_batches(
        ShardClassifier,
        fn_constructor_args=(str(run.path), str(args.target.resolve()), args.text_column),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(args.workers, len(shards)), max_tasks_in_flight_per_actor=1),
        num_gpus=args.gpus_per_worker,
    )
    errors = [row["error"] for row in answers.iter_rows() if row["error"]]
    for error in errors:
        print(f"✗ {error}", file=sys.stderr)
    print(f"{len(shards) - len(errors)} de {len(shards)} fragmentos clasificados en {args.target}")
    return 1 if errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except taller.TallerError as error:
        sys.exit(f"✗ {error}")
