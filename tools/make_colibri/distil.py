"""La destilación: el alumno aprende a dar los estados internos del maestro.

Las capas de abajo del maestro se quedan como están; las demás empiezan en capas más altas suyas y
aprenden, pieza por pieza, lo que el maestro da después de las capas de `Student.targets`. El `pooler`,
que el maestro no tiene, aprende a resumir la frase: así la cabeza de clasificación de `transformers`
empieza con algo útil (Jiao et al. 2020, «TinyBERT», para la imitación por capas).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoTokenizer, BertConfig, BertModel

from .batches import Corpus, make_batches

INTERMEDIATE_WEIGHT = 0.3
SENTENCE_WEIGHT = 0.5
POOLER_WEIGHT = 3.0
POOLER_SCALE = 0.7
WARMUP_STEPS = 80
FLOOR = 0.02  # parte de la tasa de aprendizaje que queda al final
STATISTICS_BATCHES = 16
SAVE_SECONDS = 240
REPORT_STEPS = 100


@dataclass(frozen=True)
class Student:
    """Qué capas del maestro forman el alumno y qué estados imita."""

    kept: int  # capas de abajo que no se entrenan
    initial: tuple[int, ...]  # capas del maestro con que empiezan las demás
    targets: tuple[int, ...]  # estado del maestro (después de tantas capas) que imita cada una


@dataclass(frozen=True)
class Plan:
    """Los números de una destilación."""

    student: Student
    steps: int
    batch_tokens: int = 1024
    learning_rate: float = 5e-4
    seed: int = 2023


FOUR_LAYERS = Student(kept=1, initial=(2, 5, 8), targets=(3, 6, 9))


def _pad(batch: list[list[int]], pad: int) -> tuple[Tensor, Tensor]:
    width = max(map(len, batch))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in batch])
    return ids, torch.arange(width) < torch.tensor([len(row) for row in batch])[:, None]


def _layer(layer: torch.nn.Module, hidden: Tensor, mask: Tensor) -> Tensor:
    output = layer(hidden, mask)
    return output[0] if isinstance(output, tuple) else output


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


def _additive(mask: Tensor) -> Tensor:
    return torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)[:, None, None]


class Distiller:
    """El maestro, el alumno y lo que hace falta para comparar sus estados.

    Parameters
    ----------
    teacher_folder
        Lo que guardó `teacher.make_teacher`.
    corpus
        Las frases.
    plan
        El alumno y los números de la destilación.
    """

    def __init__(self, teacher_folder: Path, corpus: Corpus, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.corpus = plan, corpus
        self.tokenizer = AutoTokenizer.from_pretrained(teacher_folder)
        self.top = plan.student.targets[-1]
        self.teacher = self._load(teacher_folder, self.top)
        self.teacher.requires_grad_(False)
        self.student = self._new_student()
        self.statistics = self._measure_teacher()
        trained = [p for p in self.student.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in trained if p.ndim > 1], "weight_decay": 0.01},
                {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
            ],
            lr=plan.learning_rate,
            betas=(0.9, 0.98),
        )
        self.step = 0

    @staticmethod
    def _load(folder: Path, layers: int) -> BertModel:
        config = BertConfig.from_pretrained(folder, num_hidden_layers=layers)
        return BertModel.from_pretrained(folder, config=config, add_pooling_layer=False, dtype=torch.float32).eval()

    def _new_student(self) -> BertModel:
        plan = self.plan.student
        layers = [*range(plan.kept), *plan.initial]
        config = BertConfig.from_dict(self.teacher.config.to_dict())
        config.num_hidden_layers = len(layers)
        config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
        student = BertModel(config, add_pooling_layer=True)
        student.embeddings.load_state_dict(self.teacher.embeddings.state_dict())
        for own, layer in enumerate(layers):
            student.encoder.layer[own].load_state_dict(self.teacher.encoder.layer[layer].state_dict())
        torch.nn.init.zeros_(student.pooler.dense.bias)
        student.embeddings.requires_grad_(False)
        student.encoder.layer[: plan.kept].requires_grad_(False)
        return student

    def batches(self) -> Iterator[list[list[int]]]:
        """Los lotes del plan, desde el primero."""
        return make_batches(self.corpus, self.tokenizer, self.plan.batch_tokens, self.plan.seed)

    @torch.no_grad()
    def _states(self, ids: Tensor, mask: Tensor) -> list[Tensor]:
        states = [self.teacher.embeddings(input_ids=ids)]
        for layer in self.teacher.encoder.layer:
            states.append(_layer(layer, states[-1], _additive(mask)))
        return states

    def _measure_teacher(self) -> dict[str, Tensor]:
        tokens: dict[int, list[Tensor]] = {target: [] for target in self.plan.student.targets}
        means = []
        for batch in islice(self.batches(), STATISTICS_BATCHES):
            ids, mask = _pad(batch, self.tokenizer.pad_token_id)
            states = self._states(ids, mask)
            means.append(_mean(states[self.top], mask))
            for target in tokens:
                tokens[target].append(states[target][mask])
        sentence = torch.cat(means)
        statistics = {f"scale {target}": torch.cat(values).std(0).clamp(min=0.02) for target, values in tokens.items()}
        statistics["sentence mean"] = sentence.mean(0)
        statistics["sentence scale"] = sentence.std(0).clamp(min=0.005)
        return statistics

    def losses(self, batch: list[list[int]]) -> dict[str, Tensor]:
        """Los cuatro errores del alumno en un lote, en desviaciones típicas del maestro."""
        ids, mask = _pad(batch, self.tokenizer.pad_token_id)
        states = self._states(ids, mask)
        additive, plan = _additive(mask), self.plan.student
        no_start = mask.clone()
        no_start[:, 0] = False
        hidden, errors = states[plan.kept], []
        for layer, target in zip(self.student.encoder.layer[plan.kept :], plan.targets, strict=True):
            hidden = _layer(layer, hidden, additive)
            # el <s> de la última capa es del pooler: no imita al maestro
            where = no_start if target == self.top else mask
            scale = self.statistics[f"scale {target}"]
            errors.append(F.mse_loss(hidden[where] / scale, states[target][where] / scale))
        mean, scale = self.statistics["sentence mean"], self.statistics["sentence scale"]
        wanted = (_mean(states[self.top], mask) - mean) / scale
        without = [(_mean(h, no_start) - mean) / scale for h in (hidden, states[self.top])]
        return {
            "pieza": errors[-1],
            "capas": torch.stack(errors[:-1]).sum() if errors[:-1] else torch.zeros(()),
            "frase": F.mse_loss(*without),
            "pooler": F.mse_loss(self.student.pooler(hidden), torch.tanh(POOLER_SCALE * wanted)),
        }

    def _learning_rate(self) -> float:
        warmup = min(1.0, (self.step + 1) / WARMUP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * self.step / self.plan.steps))
        return self.plan.learning_rate * warmup * max(FLOOR, cosine)

    def update(self, batch: list[list[int]]) -> dict[str, float]:
        """Un paso del optimizador; devuelve los errores del lote."""
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        losses = self.losses(batch)
        total = (
            losses["pieza"]
            + INTERMEDIATE_WEIGHT * losses["capas"]
            + SENTENCE_WEIGHT * losses["frase"]
            + POOLER_WEIGHT * losses["pooler"]
        )
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 2.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def save(self, path: Path) -> None:
        """Guarda el estado para seguir después."""
        partial = path.with_suffix(".partial")
        state = {
            "plan": repr(self.plan),
            "step": self.step,
            "student": self.student.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        """Sigue donde se guardó; si el plan es otro, se niega."""
        state = torch.load(path, weights_only=True)
        if state["plan"] != repr(self.plan):
            raise SystemExit(f"{path} es de una destilación con otros números: bórralo o renómbralo.")
        self.step = state["step"]
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])


def distil(teacher_folder: Path, text: Path, plan: Plan, folder: Path) -> None:
    """Entrena el alumno y lo guarda en ``folder``; una destilación a medias sigue donde iba."""
    checkpoint = folder.with_suffix(".pt")
    distiller = Distiller(teacher_folder, Corpus(text), plan)
    if checkpoint.exists():
        distiller.resume(checkpoint)
    saved = started = time.monotonic()
    sums: dict[str, float] = {}
    for batch in islice(distiller.batches(), distiller.step, plan.steps):
        for name, value in distiller.update(batch).items():
            sums[name] = sums.get(name, 0.0) + value / REPORT_STEPS
        if distiller.step % REPORT_STEPS == 0:
            errors = ", ".join(f"{name} {value:.3f}" for name, value in sums.items())
            minutes = (time.monotonic() - started) / 60
            print(f"paso {distiller.step} de {plan.steps}, {minutes:.0f} min: {errors}", flush=True)
            sums = {}
        if time.monotonic() - saved > SAVE_SECONDS:
            distiller.save(checkpoint)
            saved = time.monotonic()
    distiller.save(checkpoint)
    distiller.student.save_pretrained(folder)
    distiller.tokenizer.save_pretrained(folder)
