"""La línea de comandos `taller`: el mismo camino de los cuadernos, sin cuaderno.

El avance y los avisos van a la salida de errores; los resultados, a la salida normal. Termina con 0
si se hizo, 1 si hay algo que corregir (una frase en español) y 2 si se usó mal.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import taller_lib as taller
from taller_files import processes
from taller_files.progress import say as _say
from taller_lib._paths import ASSETS
from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.workspace import open_workspace

if TYPE_CHECKING:
    import pandas as pd

MAX_SEEDS = 20


class _SpanishParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        for pattern, spanish in json.loads((ASSETS / "usage_errors.json").read_text("utf-8")).items():
            match = re.fullmatch(pattern, message)
            if match:
                message = spanish.format(*match.groups())
        self.exit(2, f"Uso incorrecto: {message}. Mira las opciones con «{self.prog} --help».\n")


def _parser() -> argparse.ArgumentParser:
    parser = _SpanishParser(prog="taller", description="Clasificar textos sobre la imagen de un país.")
    parser.add_argument("--version", action="version", version=f"taller_lib {taller.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_SpanishParser)

    data, space = (_SpanishParser(add_help=False) for _ in range(2))
    data.add_argument("--validation", metavar="CSV")
    data.add_argument("--test", metavar="CSV")
    data.add_argument("--text-column", metavar="COLUMNA")
    data.add_argument("--label-column", metavar="COLUMNA")
    data.add_argument("--label-names", metavar="a,b,c", help="las clases, si no son tres")
    data.add_argument("--model", metavar="NOMBRE", help="colibri, un nombre del Hub o una carpeta")
    space.add_argument("--workspace", metavar="CARPETA", help="por omisión, ./mi_taller")

    run = commands.add_parser("run", parents=[data, space], help="datos → entrenamiento → evaluación")
    run.add_argument("--train", metavar="CSV", help="sin él, los datos del espacio de trabajo")
    run.add_argument("--epochs", type=int, metavar="N", help="épocas como máximo, de 1 a 20")
    run.add_argument("--seed", type=int, metavar="N", help="semilla aleatoria")
    run.add_argument("--seeds", type=int, default=1, metavar="N", help="corridas, con N semillas")
    run.add_argument("--resume", action="store_true", help="seguir la corrida que quedó a medias")
    run.add_argument("--report", action="store_true", help="dejar también informe.html")

    check = commands.add_parser("check", parents=[data], help="revisar un CSV antes de la clase")
    check.add_argument("train", metavar="A.csv")

    predict = commands.add_parser("predict", help="clasificar un archivo con una corrida")
    predict.add_argument("run", metavar="CORRIDA")
    predict.add_argument("source", metavar="entrada", help="CSV, .csv.gz, Parquet o .xlsx")
    predict.add_argument("target", metavar="salida", help=".csv, .csv.gz o .parquet")
    predict.add_argument("--text-column", default="texto", metavar="COLUMNA")
    predict.add_argument("--window", type=int, default=10_000, metavar="N", help="filas que se clasifican juntas")
    predict.add_argument("--resume", action="store_true", help="si la salida (Parquet) ya está entera, dejarla")

    compare = commands.add_parser("compare", parents=[space], help="las corridas, por su validación")
    compare.add_argument("runs", nargs="*", metavar="CORRIDA", help="dos, para ver su diferencia")
    compare.add_argument("--test", action="store_true", help="en prueba (queda anotado)")

    shares = commands.add_parser("shares", help="qué parte de unos textos es de cada clase")
    shares.add_argument("run", metavar="CORRIDA")
    shares.add_argument("source", metavar="nuevos.csv")
    shares.add_argument("--by", metavar="COLUMNA", help="agrupar; si son fechas, por mes")

    commands.add_parser("doctor", help="qué hay instalado y qué equipo es este")
    return parser


def _config(args: argparse.Namespace, base: WorkshopConfig) -> WorkshopConfig:
    chosen = {name: getattr(args, name, None) for name in ("text_column", "label_column", "model", "seed")}
    chosen["num_train_epochs"] = getattr(args, "epochs", None)
    if args.label_names is not None:
        chosen["label_names"] = tuple(next(csv.reader([args.label_names], skipinitialspace=True)))
    return base.replace(**{name: value for name, value in chosen.items() if value is not None})


def _run(args: argparse.Namespace) -> None:
    from taller_lib import comparison, report

    if not 1 <= args.seeds <= MAX_SEEDS:
        raise TallerError(f"--seeds vale {args.seeds}: escribe de 1 a {MAX_SEEDS}.")
    workspace = open_workspace(args.workspace)
    saved = workspace.load_config()
    config = _config(args, saved)
    if not args.train and (args.validation or args.test):
        raise TallerError("Falta --train: los archivos de validación y prueba van con el suyo.")
    given = {"train": args.train, "validation": args.validation, "test": args.test}
    files = given if args.train else workspace.data_files()
    splits, found = taller.load_splits(**files, config=config)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, splits)
    # solo lo que se pudo leer y cargar entra en el espacio de trabajo
    first = processes.rank() == 0
    if args.train and first:
        workspace.copy_data(**given)
    if first and (config != saved or not workspace.config_path.exists()):
        workspace.save_config(config)
    _say(workspace.describe())
    _say(found)
    tokenized = taller.tokenize(splits, tokenizer, config)
    tfidf = taller.baselines.tfidf(splits)
    baselines: list[Any] = []
    to_beat = tfidf.scores("validation")["macro_f1"]
    for seed in range(config.seed, config.seed + args.seeds):
        seeded = config.replace(seed=seed)
        if seed > config.seed:
            model = taller.load_model(seeded, splits)
        trainer = taller.build_trainer(model, tokenizer, tokenized, seeded, workspace, args.resume, baseline=to_beat)
        trainer.train()
        if not first:  # guarda y mide solo el primer proceso
            continue
        run = taller.save_run(trainer, seeded)
        _say(taller.explain_best_epoch(trainer, to_beat))
        if "test" not in run.record:
            baselines = baselines or [taller.baselines.majority(splits), tfidf, taller.baselines.frozen(splits)]
            run = taller.save_evaluation(run, taller.evaluate(run, tokenized["test"]), baselines)
        print(_table(run.comparison))
        print(f"Corrida: {run.path}")
        if args.report:
            print(f"Informe: {report.write_report(run)}")
    if args.seeds > 1 and first:
        print(f"Por semilla, en validación:\n{_table(comparison.by_seed(workspace))}")


def _check(args: argparse.Namespace) -> None:
    from taller_files.progress import spoken_time
    from taller_lib.catalogue import max_positions
    from taller_lib.estimate import seconds_per_epoch

    config = _config(args, WorkshopConfig())
    splits, report = taller.load_splits(args.train, args.validation, args.test, config)
    print(report)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, splits)
    lengths = taller.tokenization.token_lengths(splits, tokenizer, config)
    positions = max_positions(model.config.to_dict()) or 512
    limit = taller.tokenization.suggest_max_length(lengths["train"], min(512, positions))
    print(f"max_length propuesto: {limit} tokens (deja enteros al 95 % de los textos)")
    seconds = seconds_per_epoch(model, tokenizer, taller.tokenize(splits, tokenizer, config), config)
    epochs = config.num_train_epochs
    print(
        f"Tiempo esperado en este equipo con {config.model}: {spoken_time(seconds)} por época, "
        f"{spoken_time(seconds * epochs)} como máximo ({epochs} épocas; suele detenerse antes)"
    )


def _predict(args: argparse.Namespace) -> None:
    print(taller.classify_csv(args.run, args.source, args.target, args.text_column, args.window, args.resume))


def _compare(args: argparse.Namespace) -> None:
    from taller_lib import comparison

    workspace = open_workspace(args.workspace)
    if args.runs:
        if len(args.runs) != 2:
            raise TallerError("Para comparar hacen falta dos corridas: escribe sus nombres.")
        first, second = (workspace.runs / name for name in args.runs)
        found = taller.compare(first, second, "test" if args.test else "validation")
        print(f"{_table(found.table)}\n{found}")
        return
    table = taller.list_runs(workspace)
    if table.empty:
        raise TallerError(f"No hay corridas en {workspace.runs}: entrena una con `taller run`.")
    print(_table(table))
    print("Ordenadas por F1 macro en validación; la prueba de cada corrida está en su carpeta.")
    if len(others := comparison.compare_with_best(workspace)):
        print(f"\nLa mejor frente a las demás, en los mismos textos:\n{_table(others)}")
        print("Donde p_holm pasa de 0.05, no se distinguen.")
    if len(seeds := comparison.by_seed(workspace)) < len(table):
        print(f"\nPor semilla aleatoria:\n{_table(seeds)}")


def _shares(args: argparse.Namespace) -> None:
    print(_table(taller.estimate_shares(args.run, args.source, args.by)))


def _doctor(_: argparse.Namespace) -> None:
    print(taller.check_environment().to_string(index=False))
    device = taller.device_info()
    print(device, *device.advice(), sep="\n- ")


def _table(table: pd.DataFrame) -> str:
    return taller.metrics.readable(table).to_string(float_format="{:.3f}".format, na_rep="–")


_COMMANDS = {command.__name__[1:]: command for command in (_run, _check, _predict, _compare, _shares, _doctor)}


def _check_terminal(args: argparse.Namespace) -> None:
    """Con una codificación sin acentos, Python entrega los nombres con bytes sueltos."""
    if any(re.search("[\udc80-\udcff]", str(value)) for value in vars(args).values()):
        raise TallerError(
            "Esta terminal no entiende los acentos de lo que escribiste: "
            "pon PYTHONUTF8=1 antes del comando, o quita LC_ALL=C."
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Ejecuta un comando y devuelve su código de salida."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    args = _parser().parse_args(arguments)
    if processes.rank():  # habla solo el primero
        sys.stdout = io.StringIO()
    try:
        _check_terminal(args)
        _COMMANDS[args.command](args)
        sys.stdout.flush()
    except TallerError as error:
        _say(f"✗ {error}")
        return 1
    except BrokenPipeError:  # quien leía la salida (`head`, `less`) cerró antes del final
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        _say("Te detuviste antes de terminar; lo ya guardado sigue en su carpeta.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
