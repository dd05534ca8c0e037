"""Una tabla que se escribe por ventanas y que, si se interrumpe, se sigue desde la última ventana entera.

Lo escrito va a un archivo aparte (`.<nombre>.parcial`), y cuántas filas y bytes están enteros, a otro
(`.<nombre>.avance.json`): lo que pase de ahí se corta al seguir. El nombre pedido aparece al final, de una vez.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from taller_files.errors import TallerError
from taller_files.file_kinds import TARGETS, refuse
from taller_files.problems import listed
from taller_files.writing import cause_of, read_object, replacing, write_json, write_rows

ORIGIN = "taller"


def _locked(file: IO[bytes]) -> bool:
    """¿Es este el único proceso con el archivo? El sistema lo suelta solo si el proceso muere; en Windows no se mira."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # un disco de red que no lo ofrece
        return True
    return True


class ResumableTable:
    """Una tabla por escribir: `start` la empieza o la sigue, `append` añade una ventana entera y `finish` le da su nombre.

    Parameters
    ----------
    path : Path
        La extensión dice el formato: .csv, .csv.gz o .parquet.
    columns : sequence of str
    identity : dict
        De qué sale la tabla: solo se sigue una interrumpida que salga de lo mismo. Cada clave es el
        nombre, en español, de lo que pudo cambiar.
    types : sequence
        El tipo de Arrow de cada columna, o su nombre; solo cuenta en Parquet.
    separator : str
        Solo cuenta en CSV.

    Attributes
    ----------
    rows : int
        Filas que ya están escritas y enteras.
    changed : str
        Qué cambió desde la interrupción, si por eso se empieza de nuevo; vacío si no.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], identity: dict[str, Any], types: Sequence[Any], separator: str = ","
    ) -> None:
        self.path, self.columns, self.separator = path, list(columns), separator
        self.kind = next(ending for ending in reversed(TARGETS) if path.name.lower().endswith(ending))
        self.types, self.identity = types, {**identity, "las columnas": [*self.columns, separator]}
        self.partial = path.with_name(f".{path.name}.parcial")
        self.journal = path.with_name(f".{path.name}.avance.json")
        self.rows = self.size = 0
        self.changed = ""

    def already_there(self) -> bool:
        """¿Ya está entera en su lugar, hecha de lo mismo? Solo un Parquet lo dice.

        Raises
        ------
        TallerError
            Si la hizo otra corrida.
        """
        if self.kind != ".parquet" or not self.path.exists():
            return False
        import pyarrow as pa
        from pyarrow.parquet import read_schema

        try:
            before = json.loads((read_schema(self.path).metadata or {}).get(ORIGIN.encode(), b"{}"))
        except (pa.ArrowException, OSError):
            return False  # lo que hay no es un Parquet entero
        if before.get("la corrida") != self.identity.get("la corrida"):
            refuse(self.path, "ya está, clasificado por otra corrida: elige otra carpeta de salida, o bórralo")
        return bool(before == self.identity)

    def start(self) -> int:
        """Toma el archivo a medias, si lo hay, y dice cuántas filas ya están escritas.

        Raises
        ------
        TallerError
            Si otro proceso está escribiendo la misma tabla.
        """
        with self._saying_what_is_kept():
            self.partial.parent.mkdir(parents=True, exist_ok=True)
            self.file = self.partial.open("a+b")
        if not _locked(self.file):
            self.file.close()
            refuse(self.path, "otro proceso lo está escribiendo: espera a que termine, o elige otro nombre")
        saved = read_object(self.journal)
        before = saved.get("identity", {})
        different = [name for name, value in self.identity.items() if before.get(name) != value]
        if saved and different:
            self.changed = listed(different)
        elif saved and self.partial.stat().st_size >= saved["size"]:
            self.rows, self.size = saved["rows"], saved["size"]
        return self.rows

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Añade una ventana; si se interrumpe, no queda nada de ella."""
        window = self._encoded(rows)
        with self._saying_what_is_kept():
            self.file.truncate(self.size)
            self.file.write(window)
            self.file.flush()
            os.fsync(self.file.fileno())
            done = {"rows": self.rows + len(rows), "size": self.size + len(window)}
            write_json(self.journal, {"identity": self.identity, **done})
        self.rows, self.size = done["rows"], done["size"]

    def finish(self) -> Path:
        """Pone la tabla en su lugar; si ya había una, la conserva con la fecha en el nombre."""
        with self._saying_what_is_kept():
            self.file.truncate(self.size)
            if os.name == "nt":  # Windows no cambia el nombre de un archivo abierto
                self.file.close()
            if self.kind == ".parquet":
                with replacing(self.partial.with_suffix(".parquet")) as new:
                    self._write_parquet(new)
                ready = self.partial.with_suffix(".parquet")
            else:
                ready = self.partial
            if self.path.exists():
                stem, ending = self.path.name[: -len(self.kind)], self.path.name[-len(self.kind) :]
                older = f"{stem}_anterior_{datetime.now():%Y%m%d-%H%M%S-%f}{ending}"
                self.path.rename(self.path.with_name(older))
            os.replace(ready, self.path)
            self.journal.unlink()
            self.partial.unlink(missing_ok=True)
            self.file.close()
        return self.path

    def close(self) -> None:
        """Suelta el archivo a medias; si no hay nada que conservar, lo borra."""
        if not self.file.closed:
            with suppress(OSError):  # con el disco lleno, lo que no cupo tampoco cabe al cerrar
                self.file.close()
            if not self.size:
                self.partial.unlink(missing_ok=True)

    def _encoded(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Los bytes de una ventana: juntarlos da el archivo (en Parquet, lo que hace falta para escribirlo)."""
        if self.kind == ".parquet":
            return self._arrow_stream(rows)
        text = io.StringIO(newline="")
        write_rows(text, rows if self.size else [self.columns, *rows], self.separator)
        content = text.getvalue().encode("utf-8" if self.size else "utf-8-sig")
        return gzip.compress(content, compresslevel=6) if self.kind == ".csv.gz" else content

    def _schema(self) -> Any:
        import pyarrow as pa

        metadata = {ORIGIN: json.dumps(self.identity, ensure_ascii=False)}
        types = [pa.type_for_alias(kind) if isinstance(kind, str) else kind for kind in self.types]
        return pa.schema(list(zip(self.columns, types, strict=True)), metadata)

    def _arrow_stream(self, rows: Sequence[Sequence[Any]]) -> bytes:
        import pyarrow as pa

        schema, sink = self._schema(), io.BytesIO()
        columns = zip(*rows, strict=True)
        arrays = [pa.array(cells, kind) for cells, kind in zip(columns, schema.types, strict=True)]
        with pa.ipc.new_stream(sink, schema) as stream:
            stream.write_table(pa.Table.from_arrays(arrays, schema=schema))
        return sink.getvalue()

    def _write_parquet(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        with ParquetWriter(path, self._schema()) as writer, pa.OSFile(str(self.partial)) as windows:
            while windows.tell() < self.size:
                with pa.ipc.open_stream(windows) as window:
                    writer.write_table(window.read_all())

    @contextmanager
    def _saying_what_is_kept(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TallerError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            why = f"No se pudo escribir en {self.path}: {cause_of(cause)} y vuelve a ejecutarlo"
            raise TallerError(f"{why}; las {self.rows:,} filas ya escritas se conservan.") from error
