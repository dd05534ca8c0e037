import importlib.metadata
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import taller_lib
from taller_lib import environment
from taller_lib.environment import DeviceInfo, check_environment, device_info, precision, welcome
from taller_lib.workspace import open_workspace

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def no_colab(monkeypatch):
    monkeypatch.setattr(environment, "in_colab", lambda: False)


@pytest.fixture
def gpu(monkeypatch):
    """Una GPU de mentira; `gpu(bf16)` decide si hace bf16 de verdad."""
    torch = pytest.importorskip("torch")

    def pretend(bf16, name="Tesla T4", total=15 * 1024**3):
        def supported(including_emulation=True):
            return bf16 or including_emulation

        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: name)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device=None: (total - 2**30, total))

    return pretend


@pytest.fixture
def cpu(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def info(**changes):
    good = {
        "kind": "cuda",
        "name": "Tesla T4",
        "memory_gb": 15.0,
        "cores": 8,
        "ram_gb": 16.0,
        "disk_free_gb": 50.0,
    }
    return DeviceInfo(**{**good, **changes})


# paquetes


def test_all_packages_are_listed_and_fine():
    table = check_environment()
    assert list(table.columns) == ["paquete", "versión", "necesaria", "para qué sirve", "estado"]
    assert list(table["paquete"]) == list(environment.PACKAGES)
    assert set(table["estado"]) == {"bien"}
    assert table.set_index("paquete").loc["numpy", "versión"] == importlib.metadata.version("numpy")


def test_minimums_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {"Python" + project["requires-python"], *project["dependencies"]}
    listed = {f"{name}>={package['minimum']}" for name, package in environment.PACKAGES.items()}
    assert listed <= declared


def test_missing_and_old(monkeypatch):
    versions = {"datasets": None, "pandas": "1.5.3", "transformers": "5.0.0rc1"}
    installed = environment._installed
    monkeypatch.setattr(environment, "_installed", lambda n: versions.get(n, installed(n)))
    monkeypatch.setattr(environment.platform, "python_version", lambda: "3.9.1")
    table = check_environment().set_index("paquete")
    monkeypatch.undo()
    assert table.loc["datasets", "estado"] == "falta: %pip install datasets"
    assert table.loc["datasets", "necesaria"] == "4.0 o posterior"
    old = 'antigua: %pip install -U "pandas>=2.2" y reinicia el entorno'
    assert table.loc["pandas", "estado"] == old
    assert table.loc["transformers", "estado"] == "bien"
    assert table.loc["Python", "estado"].startswith("antigua")


@pytest.mark.parametrize(
    "version, minimum, fine",
    [
        ("2.11.0+cu128", "2.6", True),
        ("2.2", "2.2.0", True),
        ("1.10.0", "1.9", True),
        ("1.9", "1.10", False),
        ("4.0.0", "", True),
        ("3.0.0.dev0", "3.1", False),
    ],
)
def test_versions_are_compared_as_numbers(version, minimum, fine):
    assert (environment._state("x", version, minimum) == "bien") is fine


# dispositivo y precisión


def test_cpu(cpu, no_colab, tmp_path):
    found = device_info(tmp_path / "todavía" / "no existe")
    assert (found.kind, found.memory_gb) == ("cpu", None)
    assert found.cores >= 1 and found.ram_gb > 0.1 and found.disk_free_gb > 0
    assert str(found).startswith("No hay GPU") and "Runtime" not in str(found)
    assert precision() == "fp32"
    assert any("BETO" in sentence for sentence in found.advice())


def test_menu_is_said_in_colab_only(monkeypatch):
    monkeypatch.setattr(environment, "in_colab", lambda: True)
    assert "(Change runtime type) → T4 GPU." in str(info(kind="cpu", memory_gb=None))
    assert "Runtime" not in str(info())


def test_t4_trains_in_fp16(gpu):
    gpu(bf16=False)
    found = device_info()
    assert (found.kind, found.name, found.memory_gb) == ("cuda", "Tesla T4", 15)
    assert "Tesla T4, con 15.0 GB de memoria;" in str(found)
    assert precision() == "fp16"


def test_newer_gpu_trains_in_bf16(gpu):
    gpu(bf16=True, name="NVIDIA A100")
    assert device_info().name == "NVIDIA A100"
    assert precision() == "bf16"


def test_apple_gpu_trains_in_fp32(cpu, monkeypatch):
    import torch

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    found = device_info()
    assert found.kind == "mps"
    assert "Apple" in str(found) and "fp32" in found.advice()[0]
    assert precision() == "fp32"


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_without_torch(monkeypatch, error):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "torch":
                raise error("roto")

    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert device_info().kind == "cpu" and precision() == "fp32"


def test_advice():
    assert info().advice() == []
    slow = info(kind="cpu", memory_gb=None, cores=2).advice()
    assert len(slow) == 2 and "unos 3 min" in slow[0] and "2 núcleos" in slow[1]
    assert "1 núcleo:" in info(kind="cpu", memory_gb=None, cores=1).advice()[1]
    assert len(info(kind="cpu", memory_gb=None, cores=16).advice()) == 1
    assert "libera espacio" in info(disk_free_gb=2).advice()[0]
    assert "1.8 GB" in info(disk_free_gb=2).advice()[0]
    assert "colibri" in info(ram_gb=3).advice()[0]
    assert "lote" in info(memory_gb=4).advice()[0]


# bienvenida


def test_welcome_is_three_lines(cpu, no_colab, tmp_path):
    lines = welcome(open_workspace(tmp_path / "año")).splitlines()
    assert len(lines) == 3
    assert lines[0] == f"taller_lib {taller_lib.__version__}"
    assert lines[1].startswith("No hay GPU")
    assert "estás usando los datos de ejemplo" in lines[2]


def test_welcome_does_not_stop_at_odd_data(cpu, tmp_path):
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / "data" / f"{name}.csv").write_text("x", encoding="utf-8")
    assert "cámbiales el nombre" in welcome(open_workspace(tmp_path))


def test_welcome_loads_no_transformers(tmp_path):
    code = (
        "import sys\n"
        "from taller_lib import environment, workspace\n"
        "environment.welcome(workspace.open_workspace(sys.argv[1]))\n"
        "heavy = {'transformers', 'pandas', 'sklearn', 'datasets', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    options = ["-X", "warn_default_encoding", "-c", code, str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *options],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"taller_lib" not in done.stderr
