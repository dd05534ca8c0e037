"""La carpeta de trabajo (`mi_taller`) que viaja entre cuadernos, y las partes propias de Colab."""

from __future__ import annotations

import csv
import dataclasses
import filecmp
import io
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from taller_lib._archive import pack, unpack
from taller_lib._colab import ask_upload as ask_upload
from taller_lib._colab import in_colab
from taller_lib._colab import offer_download as offer_download
from taller_lib._files import dated, same_file, temporary, unescape_formula, write_csv, writing
from taller_lib._paths import SAMPLE_DATA
from taller_lib.config import CONFIG_NAME, WorkshopConfig, parse_choice
from taller_lib.errors import TallerError

FOLDER_NAME, ZIP_NAME = "mi_taller", "mi_taller.zip"
LABELS_NAME, LABEL_COLUMNS = "mis_etiquetas.csv", ("id", "texto", "etiqueta")
DATA_EXTENSIONS = (".csv", ".xlsx", ".tsv", ".txt")
SAMPLE_FILES = {
    "train": "imagen_mexico_train.csv",
    "validation": "imagen_mexico_validacion.csv",
    "test": "imagen_mexico_prueba.csv",
}
DRIVE = "/content/drive"
# Una palabra del nombre decide: «devoluciones» no es dev, «testimonios» no es test.
ROLES = {
    "train": re.compile(r"train|entren"),
    "validation": re.compile(r"valid|(?:dev|val)(?:set|data)?$"),
    "test": re.compile(r"tests?(?:ing|set|data)?$|pruebas?$"),
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
        with writing(self.config_path):
            return config.save(self.config_path)

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
        config = saved.replace(
            **{name: parse_choice(name, v) for name, v in choices.items() if v not in ("", None)}
        )
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
            return {split: SAMPLE_DATA / name for split, name in SAMPLE_FILES.items()}
        files = {s: _without_copies([f for f in own if _roles(f) == {s}]) for s in ROLES}
        unclear = [file for file in own if len(_roles(file)) != 1]
        if not files["train"] and len(unclear) == 1:
            files["train"] = unclear
        names = ", ".join(file.name for file in own)
        if any(len(found) > 1 for found in files.values()) or (unclear and not files["train"]):
            raise TallerError(
                f"No se distingue qué es cada archivo de {self.data} ({names}): cámbiales "
                "el nombre a train.csv, validation.csv y test.csv, y saca de ahí los que sobren."
            )
        if not files["train"]:
            raise TallerError(
                f"Falta el archivo de train en {self.data}: por su nombre, lo que hay es de "
                f"validación o de prueba ({names}); llama train.csv al que sirve para entrenar."
            )
        return {split: found[0] if found else None for split, found in files.items()}

    def copy_data(
        self,
        train: str | os.PathLike[str],
        validation: str | os.PathLike[str] | None = None,
        test: str | os.PathLike[str] | None = None,
    ) -> dict[str, Path | None]:
        """Copia tus archivos a `data/` como `train`, `validation` y `test`; no toca los originales.

        Los tres forman un conjunto: lo que había antes de cualquiera de los tres pasa a
        `data/anteriores/<fecha>/`. Si algo falla, `data/` queda como estaba. Un original que ya
        esté en `data/` se queda ahí, salvo que su nombre diga que es otra parte.

        Parameters
        ----------
        train, validation, test : path
            Archivos .csv, .xlsx, .tsv o .txt. Lo que falte se separa de train al leer los datos.

        Returns
        -------
        dict
            Lo mismo que `data_files`.
        """
        given = {"train": train, "validation": validation, "test": test}
        sources = {split: _source(path) for split, path in given.items() if path is not None}
        _refuse_repeated(list(sources.values()))
        targets = {s: self.data / f"{s}{file.suffix.lower()}" for s, file in sources.items()}
        in_place = {split for split, target in targets.items() if same_file(sources[split], target)}
        kept = [source for split, source in sources.items() if _roles(source) <= {split}]
        replaced = [
            file
            for file in self._own_files()
            if _roles(file) and not any(same_file(file, source) for source in kept)
        ]
        partials = {s: temporary(target) for s, target in targets.items() if s not in in_place}
        moved: dict[Path, Path] = {}
        with writing(self.data):
            self.data.mkdir(parents=True, exist_ok=True)
            try:
                for split, partial in partials.items():
                    shutil.copyfile(sources[split], partial)
                older = dated(self.data / "anteriores")
                for file in replaced:
                    older.mkdir(parents=True, exist_ok=True)
                    os.replace(file, older / file.name)
                    moved[file] = older / file.name
                for split, partial in partials.items():
                    os.replace(partial, targets[split])
            except BaseException:
                for file, saved in moved.items():
                    os.replace(saved, file)
                raise
            finally:
                for partial in partials.values():
                    partial.unlink(missing_ok=True)
        return self.data_files()

    def describe(self) -> str:
        """Dice en un renglón dónde se trabaja y con qué datos."""
        where = f"Carpeta de trabajo: {self.path}."
        try:
            files = self.data_files()
        except TallerError as error:
            return f"{where} {error}"
        ignored = self._ignored(files.values())
        extra = f" Además hay archivos que no se usan: {', '.join(ignored)}." if ignored else ""
        if self.uses_sample_data:
            return f"{where} No hay datos tuyos: estás usando los datos de ejemplo.{extra}"
        used = ", ".join(f"{path.name} ({split})" for split, path in files.items() if path)
        absent = [split for split, path in files.items() if path is None]
        verb = "se separará" if len(absent) == 1 else "se separarán"
        rest = f"; {' y '.join(absent)} {verb} de train" if absent else ""
        return f"{where} Tus datos: {used}{rest}.{extra}"

    def own_labels(self) -> list[dict[str, str]] | None:
        """Las etiquetas que pusiste a mano (`mis_etiquetas.csv`), o `None` si no hay."""
        source = self.path / LABELS_NAME
        if not source.exists():
            return None
        raw = source.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:  # guardado otra vez por una hoja de cálculo
            text = raw.decode("cp1252", errors="replace")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
        if not set(LABEL_COLUMNS) <= set(rows.fieldnames or ()):
            raise TallerError(
                f"El archivo {source} no tiene las columnas {', '.join(LABEL_COLUMNS)}: "
                "corrige el encabezado, o bórralo para volver a etiquetar."
            )
        return [{name: unescape_formula(row[name] or "") for name in LABEL_COLUMNS} for row in rows]

    def save_own_labels(self, rows: Iterable[Mapping[str, object]]) -> Path:
        """Escribe `mis_etiquetas.csv` con las columnas `id`, `texto` y `etiqueta`."""
        try:
            values = [[row[name] for name in LABEL_COLUMNS] for row in rows]
        except KeyError as error:
            raise TallerError(
                f"A una de las etiquetas le falta el campo {error}: "
                f"cada una lleva {', '.join(LABEL_COLUMNS)}."
            ) from None
        if not values:
            raise TallerError("No hay ninguna etiqueta que guardar: etiqueta al menos un texto.")
        return write_csv(self.path / LABELS_NAME, [LABEL_COLUMNS, *values])

    def zip(self, target: str | os.PathLike[str] | None = None) -> Path:
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
        file = Path(target or self.path.parent / ZIP_NAME)
        file = (file / ZIP_NAME if file.is_dir() else file).absolute()
        if file.suffix.lower() != ".zip":
            raise TallerError(f"El nombre {file.name} no termina en .zip: escribe uno que sí.")
        return pack(self.path, file)

    @staticmethod
    def unzip(
        source: str | os.PathLike[str], path: str | os.PathLike[str] | None = None
    ) -> Workspace:
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
            Si no es un zip, no es de un taller, está dañado, no cabe o escribiría fuera.
        """
        workspace = open_workspace(path)
        unpack(Path(source), workspace.path)
        return workspace

    def _own_files(self) -> list[Path]:
        return [file for file in self._in_data() if file.suffix.lower() in DATA_EXTENSIONS]

    def _in_data(self) -> list[Path]:
        if not self.data.is_dir():
            return []
        visible = (f for f in self.data.iterdir() if not f.name.startswith((".", "~$")))
        return sorted(f for f in visible if f.is_file() and f.suffix.lower() != ".tmp")

    def _ignored(self, used: Iterable[Path | None]) -> list[str]:
        used = set(used)
        return [file.name for file in self._in_data() if file not in used]


def open_workspace(path: str | os.PathLike[str] | None = None) -> Workspace:
    """Abre la carpeta de trabajo.

    Parameters
    ----------
    path : path, optional
        La carpeta; si no se dice, la que nombra la variable `TALLER_WORKSPACE`, y si no hay,
        `mi_taller` en la carpeta actual. No hace falta que exista.

    Raises
    ------
    TallerError
        Si es un archivo o no se puede escribir en ella.
    """
    folder = Path(path or os.environ.get("TALLER_WORKSPACE") or FOLDER_NAME)
    folder = folder.expanduser().absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not existing.is_dir():
        raise TallerError(
            f"La carpeta de trabajo no puede ser {folder}: {existing} es un archivo; elige otra."
        )
    if not os.access(existing, os.W_OK):
        raise TallerError(f"No hay permiso para escribir en {existing}: elige otra carpeta.")
    return Workspace(folder)


def start(origin: str = "") -> Workspace:
    """Abre la carpeta de trabajo de un cuaderno, trayéndola de donde esté.

    Parameters
    ----------
    origin : str
        Vacío: la de `open_workspace`. «conectar mi Drive»: la de tu Drive. «subir mi_taller.zip», o
        la ruta de un .zip: lo que traiga el zip. Otra cosa: esa carpeta.
    """
    if not origin:
        return open_workspace()
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
        raise TallerError(
            "Conectar Google Drive solo existe en Colab: aquí tu carpeta ya está en disco."
        )
    try:
        from google.colab import drive

        drive.mount(DRIVE)
        workspace = open_workspace(Path(DRIVE) / "MyDrive" / FOLDER_NAME)
    except TallerError:
        raise
    except Exception as error:
        raise TallerError(
            f"Google Drive no se conectó ({error}): repite la celda y acepta el permiso, o sigue "
            "sin Drive y descarga el zip al final."
        ) from None
    os.environ["TALLER_WORKSPACE"] = str(workspace.path)
    return workspace


def _roles(file: Path) -> set[str]:
    words = re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", file.stem))
    return {
        split for split, role in ROLES.items() if any(role.match(word.lower()) for word in words)
    }


def _without_copies(files: list[Path]) -> list[Path]:
    """Deja uno de los archivos con el mismo contenido, mejor el que escribió `copy_data`."""
    kept: list[Path] = []
    for file in sorted(files, key=lambda f: f.stem not in ROLES):
        if not any(filecmp.cmp(file, other, shallow=False) for other in kept):
            kept.append(file)
    return kept


def _source(path: str | os.PathLike[str]) -> Path:
    source = Path(path).expanduser().absolute()
    if not source.is_file():
        found = "es una carpeta" if source.is_dir() else "no existe"
        raise TallerError(f"El archivo de datos {source} {found}: revisa el nombre y la ruta.")
    if source.suffix.lower() not in DATA_EXTENSIONS:
        raise TallerError(
            f"El archivo {source.name} no termina en {', '.join(DATA_EXTENSIONS)}: "
            "ábrelo en tu hoja de cálculo y guárdalo como CSV UTF-8."
        )
    return source


def _refuse_repeated(sources: list[Path]) -> None:
    for i, source in enumerate(sources):
        if any(same_file(source, other) for other in sources[:i]):
            raise TallerError(
                f"Diste el archivo {source.name} para dos partes: da archivos distintos, o solo "
                "el de train y lo demás se separa de él."
            )
