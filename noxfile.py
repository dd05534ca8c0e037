"""Las tareas del taller: `nox -s taller`, `nox -s test`, `nox -s test_colab`, `nox -s lint`,
`nox -s colibri`, `nox -s test_scale`, `nox -s bench`.

En Linux y macOS basta `make taller` o `make test`; en Windows, `py -m pip install nox` y después
`py -m nox -s taller` o `py -m nox -s test`.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["taller"]

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
LATEST = "constraints/latest.txt"
COLAB = "constraints/colab.txt"
COLAB_BROWSER = "constraints/colab-navegador.txt"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
SECONDS_TO_ANSWER = 3
TEST_ENVIRONMENT = {"TOKENIZERS_PARALLELISM": "false", "MPLBACKEND": "Agg"}
# En Windows, una salida que no es la consola usa cp1252: las tareas escriben UTF-8.
os.environ.setdefault("PYTHONIOENCODING", "utf-8")


def torch_pin() -> str:
    """`torch==…` de constraints/latest.txt."""
    text = (ROOT / LATEST).read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith("torch=="))


def needs_cpu_build() -> bool:
    """En Linux sin GPU de NVIDIA, PyPI daría una compilación de varios GB que no sirve de nada."""
    if sys.platform != "linux":
        return False
    try:
        found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return found.returncode != 0 or "GPU" not in found.stdout


@functools.cache
def cpu_index_answers() -> bool:
    """¿Contesta el índice de PyTorch para CPU en tres segundos, con todo y resolver su nombre?"""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{TORCH_CPU_INDEX}/torch/", timeout=SECONDS_TO_ANSWER):
                answers.append(True)
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS_TO_ANSWER)
    return bool(answers)


def install_torch(session: nox.Session) -> None:
    """Instala torch antes que lo que depende de él, sin CUDA donde no hay GPU."""
    if not needs_cpu_build():
        return
    if cpu_index_answers():
        try:
            session.install(torch_pin(), "--index-url", TORCH_CPU_INDEX)
            return
        except nox.command.CommandFailed:
            session.log("El índice de PyTorch falló: se usa el índice configurado.")
    session.install(torch_pin())


def install(session: nox.Session, *arguments: str, constraint: str, torch: bool = True) -> bool:
    """Instala lo que haga falta; `False` si el entorno ya estaba al día.

    Se reutiliza el entorno mientras no cambien pyproject.toml, las versiones ni Python.
    """
    digest = hashlib.sha256(repr((sys.version, torch_pin(), arguments)).encode())
    for name in ("pyproject.toml", constraint):
        digest.update((ROOT / name).read_bytes())
    stamp = Path(session.virtualenv.location) / "taller.stamp"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        session.log("El entorno está al día: no se instala nada.")
        return False
    session.log("Instalando en un entorno propio (la primera vez tarda unos minutos)…")
    start = time.monotonic()
    if torch:
        install_torch(session)
    session.install(*arguments, "-c", constraint)
    stamp.write_text(digest.hexdigest(), encoding="utf-8")
    session.log(f"Instalado en {time.monotonic() - start:.0f} s.")
    return True


def merged_constraints(base: str, changes: str) -> str:
    """Las versiones de `base`, salvo las que `changes` cambia o añade; escribe el resultado en build/."""
    old, new = ((ROOT / name).read_text(encoding="utf-8").splitlines() for name in (base, changes))
    changed = {line.partition("==")[0] for line in new}
    BUILD.mkdir(exist_ok=True)
    path = BUILD / Path(changes).name
    path.write_text(
        "\n".join([line for line in old if line.partition("==")[0] not in changed] + new), encoding="utf-8"
    )
    return path.relative_to(ROOT).as_posix()


def build_wheel(session: nox.Session) -> Path:
    """Construye el paquete desde cero y lo deja en build/."""
    shutil.rmtree(BUILD / "setuptools", ignore_errors=True)
    for old in BUILD.glob("taller_lib-*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(BUILD), ".")
    shutil.rmtree(BUILD / "setuptools", ignore_errors=True)
    return next(BUILD.glob("taller_lib-*.whl"))


@contextmanager
def part(session: nox.Session, name: str) -> Iterator[None]:
    """Anuncia una parte y los segundos que tomó."""
    print(f"== {name}", flush=True)
    start = time.monotonic()
    yield
    print(f"== {name}: {time.monotonic() - start:.0f} s", flush=True)


def check_style(session: nox.Session) -> None:
    """Estilo del código y forma de los cuadernos que se puede ver sin ejecutarlos."""
    notebooks = [str(path) for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
    with part(session, "estilo"):
        session.run("ruff", "check", ".")
        session.run("ruff", "format", "--check", ".")
        if notebooks:
            session.run("nbstripout", "--verify", "--keep-id", *notebooks)
        session.run("python", "tools/exercises.py", "--check")
        session.run("python", "tools/set_repository.py", "--check")


def check_types(session: nox.Session) -> None:
    """Tipos del paquete y de tools."""
    with part(session, "tipos"):
        session.run("mypy")


@nox.session
def taller(session: nox.Session) -> None:
    """El taller completo: instala, ejecuta los seis cuadernos y dice dónde mirar."""
    BUILD.mkdir(exist_ok=True)
    wheel = build_wheel(session)
    if not install(session, f"{wheel}[notebooks]", constraint=LATEST):
        session.install("--quiet", "--no-deps", "--force-reinstall", str(wheel))
    workspace = BUILD / "mi_taller"
    shutil.rmtree(workspace, ignore_errors=True)
    with part(session, "los seis cuadernos"):
        session.run("python", "tools/run_notebooks.py", "--workspace", str(workspace))
    print(
        "\nListo. Mira:\n"
        "  build/html/        una página por cuaderno, para abrir en el navegador\n"
        "  build/cuadernos/   los cuadernos ejecutados\n"
        "  build/mi_taller/   el espacio de trabajo, con el modelo y sus resultados\n"
        f"  build/{wheel.name}   el paquete, para repartir a quienes no lo tengan",
        flush=True,
    )


@nox.session
def test(session: nox.Session) -> None:
    """Estilo, tipos, pruebas (con clics en un navegador) y los seis cuadernos en orden, con las versiones más nuevas."""
    install(session, "-e", ".[test,navegador]", constraint=LATEST)
    check_style(session)
    check_types(session)
    session.run("pytest", "-m", "not colab and not scale", *session.posargs, env=TEST_ENVIRONMENT)


@nox.session
def test_colab(session: nox.Session) -> None:
    """Pruebas y cada cuaderno solo, sin responder y resuelto, con las versiones de Colab."""
    install(session, "-e", ".[test]", constraint=COLAB)
    session.run(
        "pytest", "-m", "not full and not scale", "--ignore=tests/browser", *session.posargs, env=TEST_ENVIRONMENT
    )


@nox.session
def test_scale(session: nox.Session) -> None:
    """El ejemplo de Ray en un clúster local, con cien mil filas y un trabajador que muere."""
    install(session, "-e", ".[test,escala]", constraint=LATEST)
    session.run("pytest", "-m", "scale", "tests/scale", *session.posargs, env=TEST_ENVIRONMENT)


@nox.session
def bench(session: nox.Session) -> None:
    """Mide tiempos, memoria y disco, y escribe docs/rendimiento.md (una hora o más en dos núcleos)."""
    install(session, "-e", ".", constraint=LATEST)
    session.run("python", "benchmarks/bench.py", "--write", *session.posargs, env=TEST_ENVIRONMENT)


@nox.session
def browser_colab(session: nox.Session) -> None:
    """Los controles, con clics en un navegador y el ipywidgets de Colab (7.7.1), en un entorno aparte."""
    install(session, "-e", ".[test,navegador]", "notebook", constraint=merged_constraints(COLAB, COLAB_BROWSER))
    session.run("pytest", "tests/browser", *session.posargs, env=TEST_ENVIRONMENT)


@nox.session
def colibri(session: nox.Session) -> None:
    """Vuelve a hacer el encoder incluido y mide sus cifras (hasta tres horas; se puede reanudar)."""
    install(session, "-e", ".", constraint=LATEST)
    session.run("python", "-m", "make_colibri", *session.posargs, env={"PYTHONPATH": "tools"})
    session.run("python", "tools/measure_colibri.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Solo estilo y tipos, en un entorno pequeño (sin torch)."""
    tools = ("mypy", "nbstripout", "pandas-stubs", "ruff")
    install(session, *tools, constraint=LATEST, torch=False)
    check_style(session)
    check_types(session)
