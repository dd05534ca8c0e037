"""Una sola medida, en su propio proceso: la pide `bench.py` y contesta con un renglón de JSON.

Así ninguna hereda la memoria, los hilos ni las cachés de otra.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
from recipes import RECIPES, Task
from transformers import BertConfig, BertForSequenceClassification, TrainerCallback

import taller_lib as taller
from taller_files import processes
from taller_files.reading import read_table

Answer = dict[str, Any]


def peak_memory() -> float:
    """El máximo de memoria de este proceso hasta ahora, en MB (en la GPU, si la hay)."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def load_task(args: argparse.Namespace, folder: Path) -> Task:
    paths = {name: args.data / f"{name}.csv" for name in ("train", "validation", "test")}
    files = {name: path for name, path in paths.items() if path.exists()}  # sin validación, se aparta de train
    labels = sorted(set(read_table(files["train"]).frame[args.label_column]) - {""})
    config = taller.WorkshopConfig(
        model=args.model,
        label_names=tuple(labels),
        text_column=args.text_column,
        label_column=args.label_column,
        max_length=args.max_length,
        batch_size=args.batch_size,
        num_train_epochs=args.epochs,
        early_stopping_patience=20,
        seed=args.seed,
    ).resolved()
    splits, _ = taller.load_splits(**files, config=config)
    tokenizer, model = taller.load_tokenizer(config), taller.load_model(config, splits)
    transformers.set_seed(args.seed)
    return Task(config, splits, tokenizer, model, folder)


def train(args: argparse.Namespace, folder: Path) -> Answer:
    """Una receta de entrenamiento."""
    seconds, f1 = RECIPES[args.what](load_task(args, folder))
    return {"seconds": seconds, "f1": f1, "memory": peak_memory()}


def make_run(args: argparse.Namespace, _: Path) -> Answer:
    """Una corrida con la que predecir."""
    task = load_task(args, Path(args.what))
    tokenized = taller.tokenize(task.splits, task.tokenizer, task.config)
    trainer = taller.build_trainer(task.model, task.tokenizer, tokenized, task.config, task.folder)
    trainer.train()
    return {"path": str(taller.save_run(trainer, task.config).path)}


def predict(args: argparse.Namespace, _: Path) -> Answer:
    """Filas por segundo con `pipeline` o con el taller, ya cargado el modelo."""
    texts = json.loads(Path(args.source).read_text(encoding="utf-8"))
    run = taller.load_run(args.run)
    if args.what == "pipeline":
        device = 0 if torch.cuda.is_available() else -1
        pipe = transformers.pipeline("text-classification", model=str(run.path), device=device)
        length = run.config.max_length

        def classify(some: list[str]) -> list[str]:
            answers = pipe(some, batch_size=32, truncation=True, max_length=length)
            return [answer["label"] for answer in answers]
    else:
        classifier = taller.BatchClassifier(run)

        def classify(some: list[str]) -> list[str]:
            return list(classifier.classify(some)["prediccion"])

    classify(texts[:64])
    start = time.perf_counter()
    said = classify(texts)
    return {"rate": len(texts) / (time.perf_counter() - start), "said": said, "memory": peak_memory()}


def stream(args: argparse.Namespace, _: Path) -> Answer:
    """Un archivo entero con `classify_csv`, en uno o varios procesos; sin contar el arranque."""
    run = taller.load_run(args.run)
    taller.BatchClassifier(run).classify(["para cargar el modelo"])
    processes.from_first(lambda: None)
    processes.wait()
    start = time.perf_counter()
    taller.classify_csv(run, args.source, args.target)
    return {"seconds": time.perf_counter() - start, "memory": peak_memory()}


def disk(args: argparse.Namespace, folder: Path) -> Answer:
    """Lo que una corrida ocupa en disco, en pesos del modelo: entre épocas, al guardar y al final."""
    task = load_task(args, folder)
    weights = 4 * sum(parameter.numel() for parameter in task.model.parameters())
    trainer = taller.build_trainer(
        task.model, task.tokenizer, taller.tokenize(task.splits, task.tokenizer, task.config), task.config, folder
    )
    between, peaks, done = [0], [0], threading.Event()

    def used() -> int:
        total = 0
        for path in trainer.run_path.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:  # se borró mientras se contaba
                continue
        return total

    class BetweenEpochs(TrainerCallback):
        def on_epoch_begin(self, *_: Any, **__: Any) -> None:
            between.append(used())

    def watch() -> None:
        while not done.wait(0.005):
            peaks.append(used())

    trainer.add_callback(BetweenEpochs())
    watcher = threading.Thread(target=watch)
    watcher.start()
    trainer.train()
    run = taller.save_run(trainer, task.config)
    done.set()
    watcher.join()
    end = sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
    return {name: size / weights for name, size in (("between", max(between)), ("peak", max(peaks)), ("end", end))}


def growth(args: argparse.Namespace, folder: Path) -> Answer:
    """Una época con `rows` textos de `length` tokens (0: de largos mezclados), hechos de piezas al azar."""
    config = taller.WorkshopConfig(
        model=args.model, max_length=max(args.length, 128), batch_size=args.batch_size, num_train_epochs=1
    ).resolved()
    names = ["a", "b", "c"]
    tokenizer, generator = taller.load_tokenizer(config), torch.Generator().manual_seed(0)
    features = Features(
        text=Value("string"),
        label=ClassLabel(names=names),
        input_ids=Sequence(Value("int32")),
        attention_mask=Sequence(Value("int8")),
    )

    def part(size: int) -> Dataset:
        mixed = (4 + torch.rand(size, generator=generator) ** 3 * 124).int().tolist()
        lengths = [args.length or length for length in mixed]
        ids = [torch.randint(5, len(tokenizer), (length,), generator=generator).tolist() for length in lengths]
        columns = {"text": [str(i) for i in range(size)], "label": [i % 3 for i in range(size)]}
        masks = [[1] * length for length in lengths]
        return Dataset.from_dict({**columns, "input_ids": ids, "attention_mask": masks}, features=features)

    few = min(64, args.rows)
    splits = DatasetDict(train=part(args.rows), validation=part(few), test=part(few))
    model = taller.load_model(config.replace(label_names=tuple(names)), splits)
    trainer = taller.build_trainer(model, tokenizer, splits, config, folder)
    start = time.perf_counter()
    trainer.train()
    tokens = sum(len(ids) for ids in splits["train"]["input_ids"])
    return {"seconds": time.perf_counter() - start, "tokens": tokens, "memory": peak_memory()}


def make_big(args: argparse.Namespace, _: Path) -> Answer:
    """Un modelo del tamaño de BETO (12 capas, 768 dimensiones), con pesos al azar, en la carpeta pedida."""
    tokenizer = taller.load_tokenizer(taller.WorkshopConfig(model=args.model))
    config = BertConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id)
    BertForSequenceClassification(config).save_pretrained(args.what)
    tokenizer.save_pretrained(args.what)
    return {"path": args.what}


MEASURES: dict[str, Callable[[argparse.Namespace, Path], Answer]] = {
    measure.__name__: measure for measure in (train, make_run, make_big, predict, stream, disk, growth)
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--what", default="workshop", help="qué receta, qué predictor o qué carpeta")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--text-column", default="texto")
    parser.add_argument("--label-column", default="etiqueta")
    parser.add_argument("--model", default="colibri")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run")
    parser.add_argument("--source")
    parser.add_argument("--target")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--length", type=int, default=0)
    return parser.parse_args(arguments)


def main() -> None:
    args = parse()
    with tempfile.TemporaryDirectory() as folder:
        answer = MEASURES[args.measure](args, Path(folder) / "medida")
    if processes.rank() == 0:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
