import csv
import errno
import os
import shutil
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import pytest

from taller_files import colab as colab_files
from taller_files import writing
from taller_lib import workspace
from taller_lib.config import WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.workspace import Workspace, open_workspace, start

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def space(tmp_path):
    return open_workspace(tmp_path / "año nuevo" / "mi_taller")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    monkeypatch.delenv("TALLER_WORKSPACE", raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)


def put(folder, **contents):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def names(files):
    return {split: path and path.name for split, path in files.items()}


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# abrir


def test_open_names_and_creates_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_workspace().path == Path.cwd() / "mi_taller"
    assert open_workspace("").path == Path.cwd() / "mi_taller"
    monkeypatch.setenv("TALLER_WORKSPACE", str(tmp_path / "otra"))
    opened = open_workspace()
    assert opened.path == tmp_path / "otra"
    assert open_workspace("aquí").path == Path.cwd() / "aquí"
    assert opened.load_config() == WorkshopConfig()
    assert opened.describe() and opened.own_labels() is None
    assert list(tmp_path.iterdir()) == []


def test_open_refuses_file_and_unwritable(tmp_path, monkeypatch):
    (tmp_path / "nota").write_text("x", encoding="utf-8")
    with pytest.raises(TallerError, match="es un archivo"):
        open_workspace(tmp_path / "nota")
    with pytest.raises(TallerError, match="es un archivo"):
        open_workspace(tmp_path / "nota" / "dentro")
    monkeypatch.setattr(workspace.os, "access", lambda path, mode: False)
    with pytest.raises(TallerError, match="permiso"):
        open_workspace(tmp_path / "nueva")


def test_config_round_trip(space):
    config = WorkshopConfig(label_names=("a", "b"), text_column="opinión")
    assert space.save_config(config) == space.config_path
    assert space.load_config() == config
    space.config_path.write_text("{", encoding="utf-8")
    with pytest.raises(TallerError, match="JSON"):
        space.load_config()


def test_disk_full_is_one_sentence(space, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(TallerError, match="el disco está lleno"):
        space.save_config(WorkshopConfig())


# qué archivo es cuál


def test_sample_data_when_there_is_nothing(space):
    expected = [f"imagen_mexico_{name}.csv" for name in ("train", "validacion", "prueba")]
    assert list(names(space.data_files()).values()) == expected
    assert all(path.parent == workspace.SAMPLE_DATA for path in space.data_files().values())
    assert space.uses_sample_data
    assert "estás usando los datos de ejemplo" in space.describe()
    assert "\n" not in space.describe()


@pytest.mark.parametrize(
    "found, expected",
    [
        (("corpus",), ("corpus", None, None)),
        (("devoluciones",), ("devoluciones", None, None)),
        (("testimonios",), ("testimonios", None, None)),
        (("train", "latest"), ("train", None, None)),
        (("train_y_test",), ("train_y_test", None, None)),
        (("Entrenamiento", "Validación", "Prueba"), ("Entrenamiento", "Validación", "Prueba")),
        (("mis_datos-TRAIN", "dev2", "TEST"), ("mis_datos-TRAIN", "dev2", "TEST")),
        (("datosTrain", "datosTest"), ("datosTrain", None, "datosTest")),
        (("corpus", "pruebas"), ("corpus", None, "pruebas")),
        (("train", "testimonios"), ("train", None, None)),
    ],
)
def test_recognised_by_name(space, found, expected):
    put(space.data, **dict.fromkeys(found, "x"))
    for number, name in enumerate(found):
        (space.data / f"{name}.csv").write_text(str(number), encoding="utf-8")
    assert tuple(p and p.stem for p in space.data_files().values()) == expected
    assert not space.uses_sample_data


def test_other_extensions_and_ignored_files(space):
    put(space.data, train="a")
    (space.data / "Prueba.XLSX").write_bytes(b"PK")
    for name in (".oculto.csv", "~$train.csv", "x.csv.tmp", "viejo.xls"):
        (space.data / name).write_bytes(b"")
    put(space.data / "anteriores" / "2026", train="viejo")
    assert names(space.data_files()) == {
        "train": "train.csv",
        "validation": None,
        "test": "Prueba.XLSX",
    }
    text = space.describe()
    assert "train.csv (train), Prueba.XLSX (test); validation se separará de train" in text
    assert "no se usan: viejo.xls" in text and "ejemplo" not in text


@pytest.mark.parametrize(
    "found, what",
    [
        (("a", "b"), "a.csv, b.csv"),
        (("train_1", "train_2"), "cámbiales el nombre"),
        (("test",), "Falta el archivo de train"),
    ],
)
def test_what_cannot_be_told_apart(space, found, what):
    put(space.data, **{name: name for name in found})
    with pytest.raises(TallerError, match=what):
        space.data_files()
    assert what in space.describe()
    assert not space.uses_sample_data


# copiar


def test_copy_data(space, tmp_path):
    source = tmp_path / "mis datos"
    put(source, opiniones="1", otra="2", tercera="3")
    before = tree(source)
    files = space.copy_data(source / "opiniones.csv", test=str(source / "otra.csv"))
    assert names(files) == {"train": "train.csv", "validation": None, "test": "test.csv"}
    files = space.copy_data(source / "tercera.csv")
    assert names(files) == {"train": "train.csv", "validation": None, "test": None}
    assert files["train"].read_text(encoding="utf-8") == "3"
    (older,) = space.path.glob("data_anterior_*")
    assert tree(older) == {"train.csv": b"1", "test.csv": b"2"}
    assert tree(source) == before
    space.copy_data(source / "otra.csv")  # en el mismo segundo: otra carpeta
    assert len(list(space.path.glob("data_anterior_*"))) == 2


def test_copy_keeps_extension_and_replaces_other(space, tmp_path):
    put(tmp_path, a="1")
    with zipfile.ZipFile(tmp_path / "b.XLSX", "w") as book:
        book.writestr("xl/workbook.xml", "")
    space.copy_data(tmp_path / "a.csv")
    assert names(space.copy_data(tmp_path / "b.XLSX"))["train"] == "train.xlsx"
    assert not (space.data / "train.csv").exists()


def test_copy_from_inside_data(space):
    put(space.data, train="1", test="2", corpus="3")
    before = tree(space.data)
    swapped = space.copy_data(space.data / "test.csv", test=space.data / "train.csv")
    assert swapped["train"].read_text(encoding="utf-8") == "2"
    assert swapped["test"].read_text(encoding="utf-8") == "1"
    (older,) = space.path.glob("data_anterior_*")
    assert tree(older) == before


def test_copy_refuses(space, tmp_path):
    put(tmp_path, a="1")
    (tmp_path / "b.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    for bad, what in [("no.csv", "No existe"), (".", "es una carpeta"), ("b.xls", "guárdalo")]:
        with pytest.raises(TallerError, match=what):
            space.copy_data(tmp_path / bad)
    with pytest.raises(TallerError, match="dos partes"):
        space.copy_data(tmp_path / "a.csv", test=tmp_path / "a.csv")
    assert not space.path.exists()


@pytest.mark.parametrize("fails_at", [1, 2])
def test_copy_that_fails_leaves_everything(space, tmp_path, monkeypatch, fails_at):
    put(space.data, train="1", test="2")
    put(tmp_path, nuevo="3", otro="4")
    before, replace, calls = tree(space.data), os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == fails_at:
            raise PermissionError(errno.EACCES, "abierto en Excel", str(source))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(TallerError, match="ciérralo"):
        space.copy_data(tmp_path / "nuevo.csv", test=tmp_path / "otro.csv")
    assert tree(space.data) == before


# etiquetas propias


ROWS = [
    {"id": "im0001", "texto": '=1+1; "México", ñ', "etiqueta": "positivo"},
    {"id": "im0002", "texto": "'@usuario\r\nhola\u2028😀", "etiqueta": ""},
    {"id": "7", "texto": "'sí'", "etiqueta": "negativo"},
]


def test_own_labels(space):
    path = space.save_own_labels(ROWS)
    assert path.name == "mis_etiquetas.csv" and path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert space.own_labels() == ROWS
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert not any(cell.startswith(("=", "@")) for row in csv.reader(file) for cell in row)
    with pytest.raises(TallerError, match="ninguna"):
        space.save_own_labels([])
    assert space.own_labels() == ROWS
    assert [p.name for p in space.path.iterdir()] == [path.name]


def test_own_labels_saved_by_a_spreadsheet(space):
    space.path.mkdir(parents=True)
    text = "id;texto;etiqueta\r\n1;México, sí;neutral\r\n"
    (space.path / "mis_etiquetas.csv").write_bytes(text.encode("cp1252"))
    assert space.own_labels() == [{"id": "1", "texto": "México, sí", "etiqueta": "neutral"}]
    (space.path / "mis_etiquetas.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(TallerError, match="columnas"):
        space.own_labels()


@pytest.mark.parametrize(
    "text, risky",
    [
        ("=x", True),
        ("'=x", True),
        ("''=x", True),
        ("\tx", True),
        ("@SUM(1+1)", True),
        ("+1|' /C x'!A0", True),
        ("@'\\\\servidor\\[x.xlsx]Hoja1'!A1", True),
    ]
    + [(text, False) for text in ("'x", "-", "+52 55", "-3 grados", "@usuario ¡hola! sí!!", "", "x=", "—")],
)
def test_formulas_round_trip(text, risky):
    escaped = writing.escape_formula(text)
    assert escaped == ("'" + text if risky else text)
    assert writing.unescape_formula(escaped) == text


# zip


def full(space):
    space.save_config(WorkshopConfig(num_train_epochs=3))
    put(space.data, train="a", test="b")
    run = space.runs / "corrida ñ"
    put(run, predictions="p")
    (run / "model.safetensors").write_bytes(b"\0" * 1000)
    for name in ("checkpoints/checkpoint-10", "checkpoint-20"):
        put(run / name, estado="no")
    space.save_own_labels(ROWS)
    (space.path / "ajeno.txt").write_text("no", encoding="utf-8")
    return space


def test_zip_and_unzip(space, tmp_path):
    full(space)
    file = space.zip()
    assert file == space.path.parent / "mi_taller.zip"
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [
            "config.json",
            "mis_etiquetas.csv",
            "data/test.csv",
            "data/train.csv",
            "runs/corrida ñ/model.safetensors",
            "runs/corrida ñ/predictions.csv",
        ]
    other = Workspace.unzip(file, tmp_path / "otra máquina" / "mi_taller")
    assert other.load_config().num_train_epochs == 3 and other.own_labels() == ROWS
    expected = {k: v for k, v in tree(space.path).items() if "checkpoint" not in k}
    del expected["ajeno.txt"]
    assert tree(other.path) == expected
    assert [p.name for p in other.path.parent.iterdir()] == ["mi_taller"]


def test_zip_target(space, tmp_path):
    with pytest.raises(TallerError, match="nada que guardar"):
        space.zip()
    full(space)
    assert space.zip(tmp_path).name == "mi_taller.zip"
    inside = space.zip(space.data / "copia.zip")
    assert zipfile.ZipFile(space.zip(inside)).namelist().count("data/copia.zip") == 0
    assert space.zip(tmp_path / "tesis.docx") == tmp_path / "tesis.zip"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_half_a_zip_is_never_left(space, monkeypatch, error):
    full(space)
    whole = space.zip().read_bytes()

    def failing(self, *args, **kwargs):
        raise error

    monkeypatch.setattr(zipfile.ZipFile, "write", failing)
    with pytest.raises(TallerError if isinstance(error, OSError) else KeyboardInterrupt):
        space.zip()
    assert (space.path.parent / "mi_taller.zip").read_bytes() == whole
    assert len(list(space.path.parent.iterdir())) == 2


def test_unzip_keeps_what_was_there(space, tmp_path, capsys):
    file = full(space).zip(tmp_path / "z.zip")
    put(space.data, train="más nuevo")
    before = tree(space.path)
    for times in (1, 2):
        again = Workspace.unzip(file, space.path)
        assert (again.data / "train.csv").read_text(encoding="utf-8") == "a"
        older = sorted(p for p in space.path.parent.iterdir() if "_anterior_" in p.name)
        assert len(older) == times
        assert str(older[-1]) in capsys.readouterr().err
    assert tree(older[0]) == before


def test_unzip_into_empty_folder_says_nothing(space, tmp_path, capsys):
    file = full(space).zip()
    (tmp_path / "vacía").mkdir()
    assert Workspace.unzip(file, tmp_path / "vacía").load_config().num_train_epochs == 3
    assert capsys.readouterr() == ("", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["año nuevo", "vacía"]


def test_unzip_of_a_folder_zipped_by_hand(space, tmp_path):
    full(space)
    by_hand = shutil.make_archive(str(tmp_path / "mano"), "zip", space.path.parent, "mi_taller")
    with zipfile.ZipFile(by_hand, "a") as archive:
        archive.writestr("__MACOSX/mi_taller/._config.json", "x")
    assert Workspace.unzip(by_hand, tmp_path / "w").load_config().num_train_epochs == 3


def make_zip(path, entries):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize(
    "entries, what",
    [
        ({"foto.png": "x", "notas/data/x.csv": "x"}, "no es de un taller"),
        ({}, "no es de un taller"),
    ],
)
def test_unzip_refuses(space, tmp_path, entries, what):
    full(space)
    before = tree(tmp_path)
    file = make_zip(tmp_path / "malo.zip", entries)
    with pytest.raises(TallerError, match=what) as caught:
        Workspace.unzip(file, space.path)
    assert ".tmp" not in str(caught.value)
    file.unlink()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["../f.csv", "data/../../f.csv", "data\\..\\..\\f.csv", "/f.csv", "C:\\f.csv", "//f.csv"],
)
def test_unzip_writes_nothing_outside(tmp_path, name):
    file = make_zip(tmp_path / "a" / "b" / "z.zip", {"config.json": "{}", name: "x"})
    before = tree(tmp_path)
    opened = Workspace.unzip(file, tmp_path / "a" / "b" / "mi_taller")
    outside = {k: v for k, v in tree(tmp_path).items() if not k.startswith("a/b/mi_taller/")}
    assert outside == before and not Path("/f.csv").exists()
    assert opened.load_config() == WorkshopConfig()


def test_unzip_makes_no_links(space, tmp_path):
    link = zipfile.ZipInfo("data/train.csv")
    link.external_attr = 0o120777 << 16
    file = make_zip(tmp_path / "z.zip", {"config.json": "{}", link: "/etc/passwd"})
    Workspace.unzip(file, space.path)
    assert tree(space.data) == {"train.csv": b"/etc/passwd"}
    assert not (space.data / "train.csv").is_symlink()


def test_unzip_damaged(space, tmp_path):
    file = full(space).zip(tmp_path / "z.zip")
    before = tree(space.path)
    whole = file.read_bytes()
    for raw in (b"", b"esto no es un zip", whole[:-200], whole[:200] + b"\xff" * 90 + whole[290:]):
        file.write_bytes(raw)
        with pytest.raises(TallerError, match="no es un zip que se pueda abrir"):
            Workspace.unzip(file, space.path)
    with pytest.raises(TallerError, match="No existe"):
        Workspace.unzip(tmp_path / "no.zip", space.path)
    assert tree(space.path) == before
    assert sorted(p.name for p in space.path.parent.iterdir()) == ["mi_taller"]


def test_unzip_that_cannot_be_put_in_place(space, tmp_path, monkeypatch):
    file = full(space).zip(tmp_path / "z.zip")
    before, replace = tree(space.path), os.replace

    def failing(source, target):
        if str(source).endswith(".tmp"):
            raise PermissionError(errno.EACCES, "en uso")
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(TallerError, match="ciérralo"):
        Workspace.unzip(file, space.path)
    assert tree(space.path) == before


# Colab, con un módulo que ocupa su lugar


@pytest.fixture
def colab(monkeypatch, tmp_path):
    package = types.ModuleType("google.colab")
    package.drive = types.SimpleNamespace(mount=lambda place: Path(place).mkdir(parents=True))
    package.downloaded = []
    package.uploads = {}
    package.files = types.SimpleNamespace(download=package.downloaded.append, upload=lambda: package.uploads)
    google = types.ModuleType("google")
    google.colab = package
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", package)
    monkeypatch.setattr(workspace, "DRIVE", str(tmp_path / "content" / "drive"))
    monkeypatch.setenv("TALLER_WORKSPACE", "")
    monkeypatch.chdir(tmp_path)
    return package


def test_outside_colab(tmp_path, capsys):
    assert not workspace.in_colab()
    with pytest.raises(TallerError, match="solo existe en Colab"):
        workspace.use_drive()
    file = tmp_path / "año.csv"
    with pytest.raises(TallerError, match="No existe"):
        workspace.offer_download(file)
    file.write_bytes(b"")
    assert workspace.offer_download(file) == file
    assert str(file) in capsys.readouterr().out
    assert workspace.ask_upload("el zip") == []
    assert "el zip" in capsys.readouterr().out


def test_drive(colab, tmp_path):
    assert workspace.in_colab()
    opened = workspace.use_drive()
    assert opened.path == tmp_path / "content" / "drive" / "MyDrive" / "mi_taller"
    assert open_workspace() == opened


def test_drive_refused(colab):
    def refuse(place):
        raise ValueError("mount failed")

    colab.drive.mount = refuse
    with pytest.raises(TallerError, match="sigue sin Drive"):
        workspace.use_drive()
    assert os.environ["TALLER_WORKSPACE"] == ""


def test_download_and_upload(colab, tmp_path, capsys):
    file = tmp_path / "mi_taller.zip"
    file.write_bytes(b"x")
    assert workspace.offer_download("mi_taller.zip") == Path.cwd() / "mi_taller.zip"
    assert colab.downloaded == [str(Path.cwd() / "mi_taller.zip")]
    assert capsys.readouterr().out == ""

    def blocked(path):
        raise RuntimeError("no browser")

    colab.files.download = blocked
    workspace.offer_download(file)
    assert str(file) in capsys.readouterr().out
    colab.uploads = {"opinión.csv": b"texto"}  # Colab ya lo escribió en la carpeta actual
    assert workspace.ask_upload() == [Path.cwd() / "opinión.csv"]


def test_colab_from_a_subprocess(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    assert colab_files.in_colab()


# importar


def test_imports_are_light_and_encoding_is_named(tmp_path):
    code = (
        "import sys, taller_lib.workspace as w, taller_lib.environment\n"
        "heavy = {'torch', 'pandas', 'numpy', 'transformers', 'sklearn', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "s = w.open_workspace(sys.argv[1])\n"
        "s.save_own_labels([{'id': 'ñ', 'texto': 'México 😀', 'etiqueta': 'sí'}])\n"
        "assert s.own_labels()[0]['texto'] == 'México 😀'\n"
        "s.save_config(s.load_config()); s.unzip(s.zip(), s.path)\n"
        "s.copy_data(s.path / 'mis_etiquetas.csv')\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    options = ["-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    done = subprocess.run(
        [sys.executable, *options, str(script), str(tmp_path / "año nuevo")],
        capture_output=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONIOENCODING": "utf-8:surrogateescape",
        },
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def test_start_brings_the_workspace_from_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("TALLER_WORKSPACE", str(tmp_path / "mi_taller"))
    assert start().path == tmp_path / "mi_taller"
    other = open_workspace(tmp_path / "otro")
    other.save_config(WorkshopConfig(seed=5))
    assert start(str(other.path)).load_config().seed == 5
    packed = other.zip(tmp_path / "mi_taller.zip")
    assert start(str(packed)).path == tmp_path / "mi_taller"
    assert start().load_config().seed == 5
    with pytest.raises(TallerError, match="solo existe en Colab"):
        start("conectar mi Drive")
    assert start("subir mi_taller.zip").path == tmp_path / "mi_taller"  # sin Colab no hay botón


def test_copying_the_same_data_again_changes_nothing(tmp_path):
    source = tmp_path / "míos.csv"
    source.write_text("texto,etiqueta\na,b\n", encoding="utf-8")
    space = open_workspace(tmp_path / "mi_taller")
    space.copy_data(source)
    before = {path: path.stat().st_mtime_ns for path in space.path.rglob("*")}
    space.copy_data(source)
    assert before == {path: path.stat().st_mtime_ns for path in space.path.rglob("*")}
