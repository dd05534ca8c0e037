"""Las herramientas de tools/ y lo que el empaquetado promete."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from pathlib import Path

import pytest

import exercises
import set_repository
import update_colab_constraints
from taller_lib import _paths

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def cell(source: str, *tags: str, kind: str = "code") -> dict:
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": kind, "metadata": metadata, "source": source, **extra}


def notebook(*cells: dict) -> dict:
    cells = tuple({"id": f"celda-{number}", **found} for number, found in enumerate(cells))
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# --- exercises ---------------------------------------------------------------------------------


def solution(code: str) -> str:
    return f"{exercises.SOLUTION_TITLE}\n{code}"


@pytest.mark.parametrize(
    ("code", "exercise"),
    [
        pytest.param(
            "exactitud = 0.40\nbalanceada = 1 / 3\n\nrevisa.ejercicio_2_3(exactitud, balanceada)",
            "exactitud = ...\nbalanceada = ...\n\nrevisa.ejercicio_2_3(exactitud, balanceada)",
            id="los números de la lección",
        ),
        pytest.param(
            "datos = [1, 2]\ntotal = sum(datos)\nrevisa.ejercicio_1_1(total)",
            "datos = [1, 2]\ntotal = ...\nrevisa.ejercicio_1_1(total)",
            id="lo que no se revisa se queda",
        ),
        pytest.param(
            'años = "ñandú: á"; razón = "é"  # tu razón\nrevisa.ejercicio_1_1(razón)',
            'años = "ñandú: á"; razón = ...  # tu razón\nrevisa.ejercicio_1_1(razón)',
            id="acentos y comentario",
        ),
        pytest.param(
            "peor = (\n    tabla\n    .min()\n)\nrevisa.ejercicio_5_1(peor, extra=1)",
            "peor = ...\nrevisa.ejercicio_5_1(peor, extra=1)",
            id="varias líneas entre paréntesis",
        ),
        pytest.param(
            "a, b = 1, (2)\nrevisa.ejercicio_0_1(a, segundo=b)",
            "a, b = ..., ...\nrevisa.ejercicio_0_1(a, segundo=b)",
            id="dos nombres a la vez",
        ),
        pytest.param(
            "n: int = 3\nn_2 = n\nrevisa.ejercicio_0_1(n)",
            "n: int = ...\nn_2 = n\nrevisa.ejercicio_0_1(n)",
            id="con anotación",
        ),
    ],
)
def test_exercise_is_derived_from_the_solution(code: str, exercise: str) -> None:
    assert exercises.derive(solution(code)) == exercise


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\nrevisa.ejercicio_1_1(x)", "primera línea"),
        (solution("x = 1"), "no llama a `revisa"),
        (solution("x = 1\nrevisa.ejercicio_1_1(y)"), "ninguna asignación"),
        (solution("x ="), "no es Python válido"),
    ],
)
def test_solution_without_an_exercise_is_refused(source: str, message: str) -> None:
    with pytest.raises(exercises.ExerciseError, match=message):
        exercises.derive(source)


def test_exercises_are_rewritten_and_compared(tmp_path: Path, capsys) -> None:
    source = solution("x = 1\nrevisa.ejercicio_1_1(x)")
    cells = (
        cell("# Título", kind="markdown"),
        cell("viejo", "ejercicio"),
        cell(source, "solucion"),
    )
    path = tmp_path / "fase_1.ipynb"
    exercises.write_notebook(path, notebook(*cells))
    assert exercises.main(["--check", str(path)]) == 1
    assert "fase_1.ipynb" in capsys.readouterr().err
    assert exercises.main([str(path)]) == 0
    assert exercises.main(["--check", str(path)]) == 0
    saved = exercises.read_notebook(path)["cells"]
    assert saved[1]["source"] == "x = ...\nrevisa.ejercicio_1_1(x)"
    assert saved[2]["source"] == source
    assert saved[2]["metadata"]["cellView"] == "form"
    assert saved[2]["metadata"]["jupyter"] == {"source_hidden": True}


def test_written_as_jupyter_writes(tmp_path: Path) -> None:
    import nbformat

    path, other = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    exercises.write_notebook(path, notebook({**cell("a = 'ñ'\n\nb"), "id": "a1"}))
    nbformat.write(nbformat.read(path, as_version=4), other)
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("tags", [("solucion",), ("ejercicio",)])
def test_exercise_and_solution_go_together(tmp_path: Path, tags: tuple[str, ...], capsys) -> None:
    path = tmp_path / "fase_1.ipynb"
    source = solution("x = 1\nrevisa.ejercicio_1_1(x)")
    exercises.write_notebook(path, notebook(cell("a"), cell(source, *tags)))
    assert exercises.main([str(path)]) == 1
    assert "celda 2" in capsys.readouterr().err


# --- set_repository ----------------------------------------------------------------------------

OLD, NEW = "tu-usuario/taller-imagen-pais", "una-cuenta/mi.taller"
SET_UP = 'url, tag = "https://github.com/{}", "v0.1.0"\nprint(f"git+{{url}}@{{tag}}")'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write(
        "pyproject.toml",
        '[project]\nname = "x"\nversion = "0.1.0"\ndependencies = ["a==0.1.0"]\n'
        f'[project.urls]\nRepository = "https://github.com/{OLD}"\n',
    )
    badge = f"https://colab.research.google.com/github/{OLD}/blob/v0.1.0/notebooks/fase_0.ipynb"
    other = "https://github.com/huggingface/transformers"
    write("README.md", f"[Colab]({badge}) · `git clone https://github.com/{OLD}.git` · {other}.")
    write("CITATION.cff", f'version: "0.1.0"\nrepository-code: "https://github.com/{OLD}"\n')
    write("docs/a.md", f"Está en https://github.com/{OLD}.")
    exercises_notebook = notebook(cell(f"[Colab]({badge})", kind="markdown"), cell(SET_UP.format(OLD)))
    write("notebooks/fase_0.ipynb", json.dumps(exercises_notebook))
    return tmp_path


def run(repository: Path, *arguments: str) -> int:
    return set_repository.main([*arguments, "--root", str(repository)])


def test_address_is_rewritten_everywhere(repository: Path) -> None:
    assert run(repository, "--check") == 0
    assert run(repository, f"https://github.com/{NEW}.git") == 0
    for path in repository.rglob("*.*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert OLD not in text and NEW in text, path
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert f"git clone https://github.com/{NEW}.git" in readme
    assert "https://github.com/huggingface/transformers." in readme
    first = exercises.read_notebook(repository / "notebooks" / "fase_0.ipynb")["cells"][1]
    assert first["source"] == SET_UP.format(NEW)
    assert run(repository, "--check") == 0


def test_what_was_left_behind_is_named_and_mended(repository: Path, capsys) -> None:
    pyproject = repository / "pyproject.toml"
    pyproject.write_text(pyproject.read_text(encoding="utf-8").replace(OLD, NEW), encoding="utf-8")
    assert run(repository, "--check") == 1
    named = capsys.readouterr().err
    for name in ("README.md", "CITATION.cff", "docs/a.md", "notebooks/fase_0.ipynb"):
        assert name in named
    assert run(repository, f"https://github.com/{NEW}") == 0
    assert run(repository, "--check") == 0


def test_version_is_rewritten_everywhere(repository: Path) -> None:
    assert run(repository, "--version", "0.2.0") == 0
    assert set_repository.declared(repository)[1] == "0.2.0"
    assert 'version: "0.2.0"' in (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert "/blob/v0.2.0/" in (repository / "README.md").read_text(encoding="utf-8")
    assert '"a==0.1.0"' in (repository / "pyproject.toml").read_text(encoding="utf-8")
    first = exercises.read_notebook(repository / "notebooks" / "fase_0.ipynb")["cells"][1]
    assert first["source"] == SET_UP.format(OLD).replace("v0.1.0", "v0.2.0")
    assert run(repository, "--check") == 0


@pytest.mark.parametrize("arguments", [["https://gitlab.com/a/b"], ["https://github.com/a"], ["--version", "0.2"]])
def test_what_colab_cannot_open_is_refused(repository: Path, arguments: list[str], capsys) -> None:
    assert run(repository, *arguments) == 2
    assert capsys.readouterr().err.startswith("✗ «")
    assert run(repository, "--check") == 0


def test_this_repository_agrees_with_itself() -> None:
    assert set_repository.differences(ROOT) == []


# --- update_colab_constraints ------------------------------------------------------------------


@pytest.fixture
def constraints(tmp_path: Path) -> Path:
    path = tmp_path / "colab.txt"
    path.write_text("# Colab, agosto de 2026\nhuggingface_hub==1.0\nnumpy==2.1.3\n", encoding="utf-8")
    return path


def published(tmp_path: Path, *lines: str) -> Path:
    filler = [f"paquete-{number}==1.0" for number in range(20)]
    path = tmp_path / "lista.txt"
    path.write_text("\n".join([*lines, *filler]) + "\n", encoding="utf-8")
    return path


def update(constraints: Path, source: Path) -> int:
    return update_colab_constraints.main(["--source", str(source), "--constraints", str(constraints)])


def test_versions_are_those_of_the_list(tmp_path: Path, constraints: Path, capsys) -> None:
    source = published(tmp_path, "Huggingface-Hub==1.2.0", "numpy==2.1.3", "torch==3.0+cu126", "x @ file:///x")
    assert update(constraints, source) == 0
    today = datetime.date.today()
    month = update_colab_constraints.MONTHS[today.month - 1]
    assert constraints.read_text(encoding="utf-8") == (
        f"# Colab, {month} de {today.year}\nhuggingface_hub==1.2.0\nnumpy==2.1.3\n"
    )
    assert capsys.readouterr().out == "huggingface_hub: 1.0 → 1.2.0\n"
    before = constraints.read_bytes()
    assert update(constraints, source) == 0
    assert constraints.read_bytes() == before


def test_unusable_list_changes_nothing(tmp_path: Path, constraints: Path, capsys) -> None:
    before = constraints.read_bytes()
    page = tmp_path / "página.html"
    page.write_text("<html>numpy==9.9</html>", encoding="utf-8")
    for source in (published(tmp_path, "numpy==9.9"), page, tmp_path / "no_existe.txt"):
        assert update(constraints, source) == 1
        assert capsys.readouterr().err.startswith("✗ ")
    assert constraints.read_bytes() == before


# --- run_notebooks -----------------------------------------------------------------------------


def test_notebooks_run_in_order_and_stop_at_an_error(tmp_path: Path, capsys, monkeypatch) -> None:
    import run_notebooks

    monkeypatch.setenv("TALLER_WORKSPACE", "otro")
    folder = tmp_path / "cuadernos de aquí"
    folder.mkdir()
    where = "import os, pathlib; print(os.environ['TALLER_WORKSPACE'], pathlib.Path.cwd().name)"
    first = notebook(cell("# Uno", kind="markdown"), cell(where))
    second = notebook(cell("x = 1"), cell("raise ValueError('se acabó')"), cell("x = 2"))
    for name, content in (("fase_0_a", first), ("fase_1_b", second)):
        exercises.write_notebook(folder / f"{name}.ipynb", content)
    paths = run_notebooks.find_notebooks(folder)
    options = ["--workspace", str(tmp_path / "mi taller"), "--output", str(tmp_path / "copias")]
    options += ["--html", str(tmp_path / "html")]
    status = run_notebooks.main([*map(str, paths), *options])
    said = capsys.readouterr()
    assert status == 1
    assert re.match(r"\[1/2\] fase_0_a … \d+ s\n\[2/2\] fase_1_b … ✗\n", said.out)
    assert "El cuaderno fase_1_b.ipynb se detuvo en la celda 2 de 3. ValueError: se acabó" in said.err
    executed = exercises.read_notebook(tmp_path / "copias" / "fase_0_a.ipynb")
    assert "widgets" not in executed["metadata"]
    text = "".join(executed["cells"][1]["outputs"][0]["text"])
    assert text == f"{tmp_path / 'mi taller'} copias\n"
    assert '<html lang="es">' in (tmp_path / "html" / "fase_0_a.html").read_text(encoding="utf-8")
    assert (tmp_path / "copias" / "fase_1_b.ipynb").exists()


def test_variants_leave_out_solutions_or_exercises(tmp_path: Path) -> None:
    import run_notebooks

    path = tmp_path / "fase_0.ipynb"
    cells = (cell("a"), cell("b", "ejercicio"), cell("c", "solucion"))
    exercises.write_notebook(path, notebook(*cells))

    def sources(variant: str | None) -> str:
        return "".join(found.source for found in run_notebooks.load(path, variant).cells)

    assert sources(None) == "abc"
    assert sources(run_notebooks.UNANSWERED) == "ab"
    assert sources(run_notebooks.SOLVED) == "ac"


# --- packaging ---------------------------------------------------------------------------------


def test_every_package_folder_is_declared() -> None:
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in ("taller_files", "taller_lib")
        for path in (ROOT / package).rglob("*.py")
        if "assets" not in path.parts
    }
    declared = set(PYPROJECT["tool"]["setuptools"]["packages"])
    assert declared == folders | {"taller_lib.sample_data"}


def test_shipped_files_are_found() -> None:
    assert (_paths.SAMPLE_DATA / "LIBRO_DE_CODIGOS.md").is_file()
    assert (_paths.ASSETS / "colibri").is_dir()


def test_hooks_use_the_versions_that_are_tested() -> None:
    pins = update_colab_constraints.read_pins((ROOT / "constraints" / "latest.txt").read_text(encoding="utf-8"))
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    found = re.findall(r'"([\w-]+)==([^"]+)"', hooks)
    assert found
    assert all(pins[name] == version for name, version in found)


def test_constraints_satisfy_what_the_package_asks() -> None:
    from packaging.requirements import Requirement

    for name in ("latest.txt", "colab.txt"):
        text = (ROOT / "constraints" / name).read_text(encoding="utf-8")
        pins = update_colab_constraints.read_pins(text)
        for line in PYPROJECT["project"]["dependencies"]:
            requirement = Requirement(line)
            pin = pins.get(update_colab_constraints.canonical(requirement.name))
            assert pin or (name, requirement.name) == ("colab.txt", "torch"), requirement
            assert pin is None or requirement.specifier.contains(pin), requirement


def test_the_file_layer_knows_nothing_of_the_library() -> None:
    for path in (ROOT / "taller_files").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) taller_lib", path.read_text(encoding="utf-8"), re.MULTILINE), (
            path.name
        )
