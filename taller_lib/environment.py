"""Qué hay en esta máquina: paquetes, dispositivo y precisión numérica."""

from __future__ import annotations

import dataclasses
import importlib.metadata as metadata
import os
import platform
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taller_lib.workspace import Workspace, in_colab

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = "taller-lib"
PURPOSES = {
    "Python": "el lenguaje en que está escrito todo lo demás",
    "datasets": "guardar los textos y sus etiquetas, ya repartidos",
    "transformers": "los modelos, sus tokenizadores y el entrenamiento",
    "accelerate": "que el entrenamiento use la GPU si la hay",
    "torch": "las cuentas de las redes neuronales",
    "scikit-learn": "las métricas y los clasificadores de comparación",
    "pandas": "tablas",
    "numpy": "vectores y matrices de números",
    "seaborn": "gráficas",
    "ipywidgets": "botones y menús dentro del cuaderno",
}
NEEDS_RESTART = ("torch", "pandas", "numpy")  # ya están cargados en la sesión de Colab
GPU_MENU = (
    "Entorno de ejecución (Runtime) → Cambiar tipo de entorno de ejecución (Change runtime type) "
    "→ T4 GPU"
)
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
    memory_gb, memory_free_gb : float or None
        Memoria de la GPU, total y libre.
    cores : int
        Núcleos del procesador que se pueden usar.
    ram_gb : float or None
        Memoria de la máquina.
    disk_free_gb : float
        Disco libre donde está la carpeta de trabajo.
    fp16, bf16 : bool
        Si el dispositivo entrena más rápido con números de 16 bits de cada clase.
    """

    kind: str
    name: str
    memory_gb: float | None
    memory_free_gb: float | None
    cores: int
    ram_gb: float | None
    disk_free_gb: float
    fp16: bool
    bf16: bool

    def __str__(self) -> str:
        ram = f", {self.ram_gb:.1f} GB de RAM" if self.ram_gb else ""
        rest = f"{_cores(self.cores)}{ram} y {self.disk_free_gb:.0f} GB de disco libres"
        if self.kind == "cuda":
            free = "" if self.memory_free_gb is None else f" ({self.memory_free_gb:.1f} libres)"
            return f"Hay GPU: {self.name}, con {self.memory_gb:.1f} GB de memoria{free}; {rest}."
        if self.kind == "mps":
            return f"Hay GPU de Apple ({self.name}); {rest}."
        menu = f"; para pedir una: {GPU_MENU}" if in_colab() else ""
        return f"No hay GPU: se usará el procesador, con {rest}{menu}."

    def advice(self) -> list[str]:
        """Qué irá lento o no cabrá en esta máquina; vacía si nada."""
        found = []
        if self.kind == "cpu":
            minutes = max(1, round(BETO_SECONDS_PER_1000_TEXTS / self.cores / 60))
            found.append(
                f"Sin GPU, un modelo de tamaño base como BETO tarda aquí unos {minutes} min o más "
                "por época por cada 1000 textos cortos: empieza con «colibri», que está incluido."
            )
            if self.cores <= FEW_CORES:
                found.append(
                    f"Hay {_cores(self.cores)}: cierra otros programas mientras se entrena."
                )
        if self.kind == "mps":
            found.append("En la GPU de Apple se entrena en fp32: usa un lote pequeño.")
        if self.memory_gb is not None and self.memory_gb < BETO_GPU_GB:
            found.append(
                f"La GPU tiene {self.memory_gb:.1f} GB: con un modelo de tamaño base el lote se "
                "partirá en partes pequeñas y tardará más."
            )
        if self.ram_gb is not None and self.ram_gb < BETO_RAM_GB:
            found.append(
                f"Hay {self.ram_gb:.1f} GB de RAM: un modelo de tamaño base puede no caber; "
                "usa «colibri»."
            )
        if self.disk_free_gb < 2 * BETO_DISK_GB:
            found.append(
                f"Quedan {self.disk_free_gb:.1f} GB de disco y una corrida de BETO necesita unos "
                f"{BETO_DISK_GB} GB mientras entrena, además de la descarga: libera espacio."
            )
        return found


def check_environment() -> pd.DataFrame:
    """Compara los paquetes instalados con los que el taller necesita, sin importarlos.

    Returns
    -------
    DataFrame
        Una fila por paquete: `paquete`, `versión`, `necesaria`, `para qué sirve` y `estado`
        (`bien`, `falta: …` o `antigua: …`).
    """
    import pandas as pd

    needed = needed_versions()
    rows = []
    for name, purpose in PURPOSES.items():
        minimum = needed.get(name, "")
        version = platform.python_version() if name == "Python" else _installed(name)
        state = _state(name, version, minimum)
        shown = f"{minimum} o posterior" if minimum else "cualquiera"
        rows.append((name, version or "—", shown, purpose, state))
    columns = ["paquete", "versión", "necesaria", "para qué sirve", "estado"]
    return pd.DataFrame(rows, columns=columns)


def device_info(path: str | os.PathLike[str] | None = None) -> DeviceInfo:
    """Mira qué GPU, procesador, memoria y disco hay.

    Parameters
    ----------
    path : path, optional
        Carpeta cuyo disco importa; por omisión, la actual.
    """
    place = Path(path or ".").absolute()
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    torch = _torch()
    kind, name = "cpu", platform.processor() or platform.machine()
    total = free = None
    if torch is not None and torch.cuda.is_available():
        kind, name = "cuda", torch.cuda.get_device_name(0)
        free, total = (amount / GIB for amount in torch.cuda.mem_get_info(0))
    elif torch is not None and torch.backends.mps.is_available():
        kind = "mps"
    affinity = getattr(os, "sched_getaffinity", None)
    return DeviceInfo(
        kind=kind,
        name=name,
        memory_gb=total,
        memory_free_gb=free,
        cores=len(affinity(0)) if affinity else os.cpu_count() or 1,
        ram_gb=_ram_gb(),
        disk_free_gb=shutil.disk_usage(existing).free / GIB,
        fp16=kind == "cuda",
        bf16=kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False),
    )


def precision() -> str:
    """La precisión con que conviene entrenar aquí: `"bf16"`, `"fp16"` o `"fp32"`.

    bf16 solo donde la GPU lo hace de verdad (una T4 lo imita, y es lenta); fp16 en las demás GPU
    NVIDIA; fp32 en el procesador y en las GPU de Apple.
    """
    torch = _torch()
    if torch is None or not torch.cuda.is_available():
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def welcome(workspace: Workspace) -> str:
    """Tres renglones para empezar un cuaderno: versión, dispositivo y carpeta de trabajo."""
    lines = (f"taller_lib {package_version()}", device_info(workspace.path), workspace.describe())
    return "\n".join(map(str, lines))


def package_version() -> str:
    """La versión de `taller_lib`."""
    return _installed(PACKAGE) or _project().get("version", "sin instalar")


def needed_versions() -> dict[str, str]:
    """La versión mínima de cada paquete, tal como la declara `taller-lib` al instalarse."""
    try:
        about = metadata.metadata(PACKAGE)
        python = about["Requires-Python"] or ""
        requirements = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        python = _project().get("requires-python", "")
        requirements = _project().get("dependencies", [])
    found = {}
    for requirement in (f"Python{python}", *requirements):
        name, minimum = re.match(r"([\w.-]+)(?:.*?>=\s*([\d.]+))?", requirement).groups()  # type: ignore[union-attr]
        if "extra ==" not in requirement:
            found[name] = minimum or ""
    return found


def _project() -> dict[str, Any]:
    file = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if not file.is_file():
        return {}
    return tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
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
    release = re.match(r"[\d.]*", version)
    parts = [int(part) for part in (release.group() if release else "").split(".") if part]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _torch() -> Any:
    try:
        import torch
    except (ImportError, OSError):
        return None
    return torch


def _ram_gb() -> float | None:
    try:
        import psutil

        return psutil.virtual_memory().total / GIB
    except ImportError:
        return None


def _cores(n: int) -> str:
    return "1 núcleo" if n == 1 else f"{n} núcleos"
