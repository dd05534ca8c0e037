"""La carpeta de trabajo (`mi_taller`) que viaja entre cuadernos, y las partes propias de Colab."""

from __future__ import annotations

import contextlib
import dataclasses
import filecmp
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from taller_files.archive import pack, unpack
from taller_files.colab import ask_upload, in_colab
from taller_files.colab import offer_download as offer_download
from taller_files.writing import StrPath, replacing, write_csv, write_json
from taller_lib._paths import SAMPLE_DATA
from taller_lib.config import CONFIG_NAME, WorkshopConfig, parse_choice
from taller_lib.errors import TallerError

FOLDER_NAME, ZIP_NAME = "mi_taller", "mi_taller.zip"
LABELS_NAME, LABEL_COLUMNS = "mis_etiquetas.csv", ("id", "texto", "etiqueta")
DATA_EXTENSIONS = (".csv", ".xlsx", ".tsv", ".txt")
SAMPLE_FILES = {"train": "train", "validation": "validacion", "test": "prueba"}
DRIVE = "/content/drive"
# «devoluciones» no es dev, «testimonios» y «latest» no son test
ROLES = {
    "train": r"train|entren",
    "validation": r"(?<![^\W\d_])(valid|(dev|val)(set|data)?(?![^\W\d_]))",
    "test": r"(?<!la)(?<!con)(?<!pro)test(s|ing|set|data)?(?![^\W\d_])|pruebas?(?![^\W\d_])",
}


@dataclasses.dataclass(frozen=True)
class Workspace:
    """Una carpeta de trabajo: `config.json`, `data/` (copias de los CSV en uso) y `runs/`.

    Abrirla no crea nada: cada carpeta nace cuando hay algo que escribir en ella.

    Parameters
    ----------
    path : Path
        La carpeta. Se obtiene con `open_workspace`.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """Dónde está (o estará) `config.json`."""
        return self.path / CONFIG_NAME

    @property
    def data(self) -> Path:
        """Carpeta de los datos en uso."""
        return self.path / "data"

    @property
    def runs(self) -> Path:
        """Carpeta de las corridas."""
        return self.path / "runs"

    @property
    def uses_sample_data(self) -> bool:
        """Si no hay datos propios en `data/` y se usan los de ejemplo."""
        return not self._own_files()

    def load_config(self) -> WorkshopConfig:
        """Lee `config.json`; si todavía no existe, devuelve la configuración inicial."""
        exists = self.config_path.exists()
        return WorkshopConfig.load(self.config_path) if exists else WorkshopConfig()

    def save_config(self, config: WorkshopConfig) -> Path:
        """Escribe `config.json` y devuelve su ruta."""
        return write_json(self.config_path, config.to_dict())

    def update_config(self, **choices: Any) -> WorkshopConfig:
        """Cambia en `config.json` los campos que traigan valor y devuelve la configuración.

        Lo vacío (``""`` o ``None``) significa «lo que dice config.json»; si nada cambia y el
        archivo existe, no se escribe. Los números y las clases pueden venir como texto, tal como se
        escriben en un formulario (``label_names="a, b, c"``).

        Raises
        ------
        TallerError
            Si un campo no existe o su valor está fuera de rango.
        """
        saved = self.load_config()
        given = {name: parse_choice(name, v) for name, v in choices.items() if v not in ("", None)}
        config = saved.replace(**given)
        if config != saved or not self.config_path.exists():
            self.save_config(config)
        return config

    def data_files(self) -> dict[str, Path | None]:
        """Los archivos en uso: los de `data/`, o los de ejemplo si no hay ninguno.

        Un archivo se reconoce por su nombre (`train` o `entren…`, `valid…` o `dev`, `test` o
        `prueba`); si solo uno no dice qué es y falta el de train, es el de train.

        Returns
        -------
        dict
            `train`, `validation` y `test`; los dos últimos pueden ser `None`.

        Raises
        ------
        TallerError
            Si hay varios y por el nombre no se sabe cuál es cuál.
        """
        own = self._own_files()
        if not own:
            return {s: SAMPLE_DATA / f"imagen_mexico_{n}.csv" for s, n in SAMPLE_FILES.items()}
        roles = {f: {s for s in ROLES if re.search(ROLES[s], f.stem.lower())} for f in own}
        files = {split: [f for f in own if roles[f] == {split}] for split in ROLES}
        files["train"] = files["train"] or [f for f in own if len(roles[f]) != 1]
        names = ", ".join(file.name for file in own)
        if not files["train"] or any(len(found) > 1 for found in files.values()):
            raise TallerError(
                f"Falta el archivo de train en {self.data} o no se distingue cuál es cada uno ({names}): "
                "cámbiales el nombre a train.csv, validation.csv y test.csv, y saca los que sobren."
            )
        return {split: found[0] if found else None for split, found in files.items()}

    def copy_data(
        self, train: StrPath, validation: StrPath | None = None, test: StrPath | None = None
    ) -> dict[str, Path | None]:
        """Copia tus archivos a `data/` como `train`, `validation` y `test`; no toca los originales.

        Los tres forman un conjunto: lo que hubiera en `data/` pasa a `data_anterior_<fecha>/`. Si
        algo falla, `data/` queda como estaba.

        Parameters
        ----------
        train, validation, test : path
            Tablas en CSV o .xlsx. Lo que falte se separa de train al leer los datos.

        Returns
        -------
        dict
            Lo mismo que `data_files`.
        """
        from taller_files.file_kinds import check_kind, locate

        given = {"train": train, "validation": validation, "test": test}
        sources = {s: locate(path) for s, path in given.items() if path or s == "train"}
        if len({file.resolve() for file in sources.values()}) < len(sources):
            raise TallerError("Diste el mismo archivo para dos partes: da solo el de train.")
        copies = {f"{split}.{check_kind(file)}": file for split, file in sources.items()}
        same = copies.keys() == {file.name for file in self._in_data()} and all(
            filecmp.cmp(file, self.data / name, shallow=False) for name, file in copies.items()
        )
        if not same:
            with replacing(self.data) as new:
                new.mkdir()
                for name, file in copies.items():
                    shutil.copyfile(file, new / name)
        return self.data_files()

    def describe(self) -> str:
        """Dice en un renglón dónde se trabaja y con qué datos."""
        where = f"Carpeta de trabajo: {self.path}."
        try:
            files = self.data_files()
        except TallerError as error:
            return f"{where} {error}"
        ignored = ", ".join(f.name for f in self._in_data() if f not in files.values())
        extra = f" Además hay archivos que no se usan: {ignored}." if ignored else ""
        if self.uses_sample_data:
            return f"{where} No hay datos tuyos: estás usando los datos de ejemplo.{extra}"
        used = ", ".join(f"{path.name} ({split})" for split, path in files.items() if path)
        absent = [f"; {split} se separará de train" for split, path in files.items() if not path]
        return f"{where} Tus datos: {used}{''.join(absent)}.{extra}"

    def own_labels(self) -> list[dict[str, str]] | None:
        """Las etiquetas que pusiste a mano (`mis_etiquetas.csv`), o `None` si no hay."""
        source = self.path / LABELS_NAME
        if not source.exists():
            return None
        from taller_lib.labelling import read_labels

        rows = read_labels(source).to_numpy()
        return [dict(zip(LABEL_COLUMNS, row, strict=True)) for row in rows]

    def save_own_labels(self, rows: Iterable[Mapping[str, object]]) -> Path:
        """Escribe `mis_etiquetas.csv` con las columnas `id`, `texto` y `etiqueta`."""
        values = [[row[name] for name in LABEL_COLUMNS] for row in rows]
        if not values:
            raise TallerError("No hay ninguna etiqueta que guardar: etiqueta al menos un texto.")
        return write_csv(self.path / LABELS_NAME, [LABEL_COLUMNS, *values])

    def zip(self, target: StrPath | None = None) -> Path:
        """Guarda el taller en un solo archivo, sin los estados intermedios del entrenamiento.

        Parameters
        ----------
        target : path, optional
            El .zip, o la carpeta donde ponerlo; por omisión, `mi_taller.zip` junto a la carpeta.

        Returns
        -------
        Path
            El archivo escrito. Sustituye al anterior solo cuando está completo.
        """
        file = Path(target or self.path.parent)
        file = file / ZIP_NAME if file.is_dir() else file.with_suffix(".zip")
        return pack(self.path, file.absolute())

    @staticmethod
    def unzip(source: StrPath, path: StrPath | None = None) -> Workspace:
        """Abre un `mi_taller.zip` en una carpeta de trabajo.

        Si la carpeta ya tiene algo, eso pasa a `<carpeta>_anterior_<fecha>` y se dice.

        Parameters
        ----------
        source : path
            El .zip.
        path : path, optional
            La carpeta; por omisión, la misma de `open_workspace`.

        Raises
        ------
        TallerError
            Si no es un zip, no es de un taller, está dañado o no cabe.
        """
        workspace = open_workspace(path)
        unpack(Path(source), workspace.path)
        return workspace

    def _in_data(self) -> list[Path]:
        return sorted(file for file in self.data.glob("[!.~]*") if file.is_file())

    def _own_files(self) -> list[Path]:
        return [file for file in self._in_data() if file.suffix.lower() in DATA_EXTENSIONS]


def open_workspace(path: Workspace | StrPath | None = None) -> Workspace:
    """Abre la carpeta de trabajo.

    Parameters
    ----------
    path : path or Workspace, optional
        La carpeta; si no se dice, la que nombra la variable `TALLER_WORKSPACE`, y si no hay,
        `mi_taller` en la carpeta actual. No hace falta que exista. Una ya abierta se devuelve igual.

    Raises
    ------
    TallerError
        Si es un archivo o no se puede escribir en ella.
    """
    if isinstance(path, Workspace):
        return path
    folder = Path(path or os.environ.get("TALLER_WORKSPACE") or FOLDER_NAME)
    with contextlib.suppress(OSError, RuntimeError):
        folder = folder.expanduser().absolute()
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if existing.is_dir() and os.access(existing, os.W_OK):
            return Workspace(folder)
    message = (
        f"No se puede trabajar en {folder}: es un archivo, o no hay permiso para escribir ahí; elige otra carpeta."
    )
    raise TallerError(message)


def start(origin: str = "") -> Workspace:
    """Abre la carpeta de trabajo de un cuaderno, trayéndola de donde esté.

    Parameters
    ----------
    origin : str
        Vacío: la de `open_workspace`. «conectar mi Drive»: la de tu Drive. «subir mi_taller.zip», o
        la ruta de un .zip: lo que traiga el zip. Otra cosa: esa carpeta.
    """
    if "drive" in origin.casefold() and not Path(origin).exists():
        return use_drive()
    if origin.startswith("subir"):
        uploaded = ask_upload(ZIP_NAME)
        return Workspace.unzip(uploaded[0]) if uploaded else open_workspace()
    if origin.casefold().endswith(".zip"):
        return Workspace.unzip(origin)
    return open_workspace(origin)


def use_drive() -> Workspace:
    """Conecta tu Google Drive (solo en Colab) y abre en él la carpeta `mi_taller`.

    Desde entonces es la carpeta de trabajo de la sesión (queda en `TALLER_WORKSPACE`).
    """
    if not in_colab():
        raise TallerError("Conectar Drive solo existe en Colab: aquí tu carpeta ya está en disco.")
    from google.colab import drive

    try:
        drive.mount(DRIVE)
    except Exception as error:
        message = (
            f"Google Drive no se conectó ({error}): acepta el permiso, o sigue sin Drive y descarga el zip al final."
        )
        raise TallerError(message) from None
    os.environ["TALLER_WORKSPACE"] = str(Path(DRIVE) / "MyDrive" / FOLDER_NAME)
    return open_workspace()
