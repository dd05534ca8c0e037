"""Qué hay en esta máquina: paquetes, dispositivo y precisión numérica."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata as metadata
import json
import math
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from taller_files.disk import free_space
from taller_files.writing import StrPath
from taller_lib import __version__
from taller_lib._paths import ASSETS
from taller_lib.workspace import Workspace, in_colab

if TYPE_CHECKING:
    import pandas as pd

_ASSET = json.loads((ASSETS / "environment.json").read_text(encoding="utf-8"))
PACKAGES: dict[str, dict[str, str]] = _ASSET["packages"]
NEEDS_RESTART = ("torch", "pandas", "numpy")  # ya están cargados en la sesión de Colab
GIB = 1024**3
# Un paso de BETO (16 textos de 64 tokens) ocupa a un núcleo unos 6.5 segundos, medido: 1000
# textos, unos 400 segundos entre los núcleos que haya.
BETO_SECONDS_PER_1000_TEXTS = 400
BETO_DISK_GB, BETO_RAM_GB, BETO_GPU_GB = 1.8, 6, 5
FEW_CORES = 2


@dataclasses.dataclass(frozen=True)
class DeviceInfo:
    """Dónde se hacen las cuentas. `str(info)` lo dice en una frase.

    Parameters
    ----------
    kind : {"cuda", "mps", "cpu"}
        GPU NVIDIA, GPU de Apple o procesador.
    name : str
        Nombre de la GPU o del procesador.
    memory_gb : float or None
        Memoria de la GPU.
    cores : int
        Núcleos del procesador que se pueden usar.
    ram_gb : float
        Memoria de la máquina.
    disk_free_gb : float
        Disco libre donde está la carpeta de trabajo.
    """

    kind: str
    name: str
    memory_gb: float | None
    cores: int
    ram_gb: float
    disk_free_gb: float

    def __str__(self) -> str:
        rest = f"{_cores(self.cores)}, {self.ram_gb:.1f} GB de RAM y {self.disk_free_gb:.0f} GB de disco libres"
        if self.kind == "cuda":
            return f"Hay GPU: {self.name}, con {self.memory_gb:.1f} GB de memoria; {rest}."
        if self.kind == "mps":
            return f"Hay GPU de Apple ({self.name}); {rest}."
        menu = f"; para pedir una: {_ASSET['gpu_menu']}" if in_colab() else ""
        return f"No hay GPU: se usará el procesador, con {rest}{menu}."

    def advice(self) -> list[str]:
        """Qué irá lento o no cabrá en esta máquina; vacía si nada."""
        applies = {
            "cpu": self.kind == "cpu",
            "few_cores": self.kind == "cpu" and self.cores <= FEW_CORES,
            "mps": self.kind == "mps",
            "gpu_memory": (self.memory_gb or math.inf) < BETO_GPU_GB,
            "ram": self.ram_gb < BETO_RAM_GB,
            "disk": self.disk_free_gb < 2 * BETO_DISK_GB,
        }
        minutes = max(1, round(BETO_SECONDS_PER_1000_TEXTS / self.cores / 60))
        said = {"minutes": minutes, "cores_said": _cores(self.cores), "beto_disk_gb": BETO_DISK_GB}
        texts = (_ASSET["advice"][name] for name, yes in applies.items() if yes)
        return [text.format(**vars(self), **said) for text in texts]


def check_environment() -> pd.DataFrame:
    """Compara los paquetes instalados con los que el taller necesita, sin importarlos.

    Returns
    -------
    DataFrame
        Una fila por paquete: `paquete`, `versión`, `necesaria`, `para qué sirve` y `estado`
        (`bien`, `falta: …` o `antigua: …`).
    """
    import pandas as pd

    rows = []
    for name, package in PACKAGES.items():
        minimum, purpose = package["minimum"], package["purpose"]
        version = platform.python_version() if name == "Python" else _installed(name)
        state = _state(name, version, minimum)
        rows.append((name, version or "—", f"{minimum} o posterior", purpose, state))
    columns = ["paquete", "versión", "necesaria", "para qué sirve", "estado"]
    return pd.DataFrame(rows, columns=columns)


def device_info(path: StrPath | None = None) -> DeviceInfo:
    """Mira qué GPU, procesador, memoria y disco hay.

    Parameters
    ----------
    path : path, optional
        Carpeta cuyo disco importa; por omisión, la actual.
    """
    import psutil

    free = free_space(Path(path or ".").absolute())
    kind, name, memory = _accelerator()
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    ram = psutil.virtual_memory().total / GIB
    return DeviceInfo(kind, name, memory, cores, ram, free / GIB)


def precision() -> str:
    """La precisión con que conviene entrenar aquí: `"bf16"`, `"fp16"` o `"fp32"`.

    bf16 solo donde la GPU lo hace de verdad (una T4 lo imita, y es lenta); fp16 en las demás GPU
    NVIDIA; fp32 en el procesador y en las GPU de Apple.
    """
    if _accelerator()[0] != "cuda":
        return "fp32"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def welcome(workspace: Workspace) -> str:
    """Tres renglones para empezar un cuaderno: versión, dispositivo y carpeta de trabajo."""
    lines = (f"taller_lib {__version__}", device_info(workspace.path), workspace.describe())
    return "\n".join(map(str, lines))


def _installed(name: str) -> str | None:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None


def _state(name: str, version: str | None, minimum: str) -> str:
    if version is None:
        return f"falta: %pip install {name}"
    if _numbers(version) >= _numbers(minimum):
        return "bien"
    if name == "Python":
        return f"antigua: instala Python {minimum} o posterior"
    restart = " y reinicia el entorno" if name in NEEDS_RESTART else ""
    return f'antigua: %pip install -U "{name}>={minimum}"{restart}'


def _numbers(version: str) -> tuple[int, ...]:
    """Los tres primeros números: «2.11.0+cu128» es (2, 11, 0)."""
    return tuple(map(int, [*re.findall(r"\d+", version), 0, 0][:3]))


def _accelerator() -> tuple[str, str, float | None]:
    """Clase, nombre y memoria (GB) del dispositivo que hará las cuentas."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(ImportError, OSError):  # sin torch, o roto
        import torch

        if torch.cuda.is_available():
            return "cuda", torch.cuda.get_device_name(0), torch.cuda.mem_get_info(0)[1] / GIB
        if torch.backends.mps.is_available():
            return "mps", name, None
    return "cpu", name, None


def _cores(n: int) -> str:
    return "1 núcleo" if n == 1 else f"{n} núcleos"
