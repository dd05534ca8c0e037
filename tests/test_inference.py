"""Clasificar un archivo de cualquier tamaño: por ventanas, sin perder nada al interrumpirse."""

from __future__ import annotations

import csv
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny

import taller_lib as taller
from taller_files.resumable import ResumableTable
from taller_lib import inference
from taller_lib.runs import Run

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    "PYTHONIOENCODING": "utf-8",
}
TEXTS = ["=SUM(1+1)", "", 'con "comillas", comas;\ny saltos', *tiny.splits(300)["train"]["text"], "  "]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.tiny_run(tmp_path_factory.mktemp("corridas"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "textos.csv", TEXTS)


def write(path: Path, texts: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "texto"), *((f"{i:04}", text) for i, text in enumerate(texts))])
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def same_predictions(one: pd.DataFrame, other: pd.DataFrame) -> None:
    numbers = [name for name in one if name == "confianza" or name.startswith("probabilidad")]
    exact = one.columns.difference(numbers)
    pd.testing.assert_frame_equal(one[exact], other[exact])
    pairs = [frame[numbers].apply(pd.to_numeric).to_numpy() for frame in (one, other)]
    np.testing.assert_allclose(*pairs, atol=1e-6)


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def in_another_process(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("window", [1, 7, 10_000])
def test_la_ventana_no_cambia_las_predicciones(run: Run, source: Path, tmp_path: Path, window: int) -> None:
    expected = taller.classify_csv(run, source, tmp_path / "b.csv")
    found = taller.classify_csv(run, source, tmp_path / f"a{window}.csv", window=window)
    same_predictions(read(found), read(expected))
    assert read(found)["id"].tolist() == [f"{i:04}" for i in range(len(TEXTS))]
    assert not hidden(tmp_path)


def test_un_texto_repetido_se_lee_una_sola_vez(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_model: list[int] = []
    predict = inference.predict_probabilities

    def counting(model: Any, tokenizer: Any, encodings: list[Any]) -> np.ndarray:
        read_by_model.append(len(encodings))
        return predict(model, tokenizer, encodings)

    monkeypatch.setattr(inference, "predict_probabilities", counting)
    classifier = taller.BatchClassifier(run)
    two, repeated = [TEXTS[3], TEXTS[4]], [TEXTS[4], "", TEXTS[3], TEXTS[4], TEXTS[3]]
    alone, found = classifier.classify(two), classifier.classify(repeated)
    assert read_by_model == [2, 2]
    for name, cells in found.items():
        empty = "sí" if name == "dudoso" else None
        first, second = alone[name]
        expected = [second, empty, first, second, first]
        assert cells == (pytest.approx(expected, abs=1e-6) if isinstance(first, float) else expected)


def test_csv_comprimido_y_parquet_dan_lo_mismo_que_el_csv(run: Run, source: Path, tmp_path: Path) -> None:
    expected = read(taller.classify_csv(run, source, tmp_path / "b.csv"))
    zipped = tmp_path / "textos.csv.gz"
    zipped.write_bytes(gzip.compress(source.read_bytes()))
    found = taller.classify_csv(run, zipped, tmp_path / "c.csv.gz", window=50)
    same_predictions(read(found), expected)
    assert gzip.decompress(found.read_bytes()).count(b"\xef\xbb\xbf") == 1

    frame = pd.DataFrame({"id": range(len(TEXTS)), "texto": TEXTS, "fecha": pd.Timestamp("2026-03-01 10:00")})
    frame.loc[1, "texto"] = None
    frame.to_parquet(tmp_path / "textos.parquet", row_group_size=20)
    found = taller.classify_csv(run, tmp_path / "textos.parquet", tmp_path / "d.parquet", window=50)
    table = pd.read_parquet(found)
    pd.testing.assert_frame_equal(table[list(frame)], frame, check_dtype=False)
    assert table["fecha"].dtype.kind == "M" and table["id"].dtype == "int64"  # los tipos se conservan
    assert table["prediccion"].fillna("").tolist() == expected["prediccion"].tolist()
    assert table["confianza"].dtype == "float64" and np.isnan(table.loc[1, "confianza"])
    as_csv = read(taller.classify_csv(run, tmp_path / "textos.parquet", tmp_path / "e.csv"))
    assert as_csv["prediccion"].tolist() == expected["prediccion"].tolist()
    assert as_csv["texto"][0] == "'=SUM(1+1)" and as_csv["fecha"][0] == "2026-03-01 10:00:00"


KILLED = """
import os, signal, sys
from taller_files.resumable import ResumableTable
import taller_lib as taller
run, source, target, windows = sys.argv[1:]
append = ResumableTable.append
def dies(self, rows):
    if self.rows >= 20 * int(windows):
        with self.partial.open("ab") as file:
            file.write(b"media fila sin termin")
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, rows)
ResumableTable.append = dies
taller.classify_csv(run, source, target, window=20)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="sin SIGKILL")
@pytest.mark.parametrize("ending, deaths", [("csv", (2, 5)), ("csv.gz", (5,)), ("parquet", (5,))])
def test_sigue_tras_morir(
    run: Run, source: Path, tmp_path: Path, ending: str, deaths: tuple[int, ...], capsys: Any
) -> None:
    target = tmp_path / f"salida.{ending}"
    for windows in deaths:
        killed = in_another_process(KILLED, run.path, source, target, windows)
        assert killed.returncode == -signal.SIGKILL
        assert not target.exists()
    taller.classify_csv(run, source, target, window=33)
    assert f"Sigue donde quedó: 100 de {len(TEXTS)} filas" in capsys.readouterr().err
    expected = read(taller.classify_csv(run, source, tmp_path / "otra.csv"))
    if ending == "parquet":
        found = pd.read_parquet(target).astype(object).fillna("").astype(str)
        assert found["texto"].tolist() == TEXTS
        expected.loc[0, "texto"] = TEXTS[0]
        same_predictions(found, expected)
    else:
        same_predictions(read(target), expected)
    assert not hidden(tmp_path)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="sin SIGKILL")
@pytest.mark.parametrize("changed", ["el archivo", "la corrida"])
def test_no_mezcla_lo_de_antes_si_algo_cambio(
    run: Run, source: Path, tmp_path: Path, changed: str, capsys: Any
) -> None:
    target = tmp_path / "salida.csv"
    in_another_process(KILLED, run.path, source, target, 3)
    assert hidden(tmp_path)
    if changed == "el archivo":
        write(source, [text.upper() for text in TEXTS])
    else:
        run = tiny.tiny_run(tmp_path / "otras", seed=1)
    found = read(taller.classify_csv(run, source, target))
    assert f"cambió {changed}: se clasifica todo de nuevo" in capsys.readouterr().err
    same_predictions(found, read(taller.classify_csv(run, source, tmp_path / "otra.csv")))


@pytest.mark.skipif(sys.platform == "win32", reason="en Windows no se mira")
def test_dos_a_la_vez_no_escriben_en_el_mismo_archivo(run: Run, source: Path, tmp_path: Path) -> None:
    first = ResumableTable(tmp_path / "salida.csv", ["texto"], {}, ["string"])
    first.start()
    with pytest.raises(taller.TallerError, match=r"salida\.csv: otro proceso lo está escribiendo"):
        taller.classify_csv(run, source, tmp_path / "salida.csv")
    first.close()
    assert not hidden(tmp_path)
    taller.classify_csv(run, source, tmp_path / "salida.csv")


FULL_DISK = """
import resource, sys
import taller_lib as taller
run, source, target = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    taller.classify_csv(run, source, target, window=20)
except taller.TallerError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sin límites de tamaño de archivo")
def test_disco_lleno_se_dice_y_se_sigue_despues(run: Run, source: Path, tmp_path: Path, capsys: Any) -> None:
    target = tmp_path / "salida.csv"
    said = in_another_process(FULL_DISK, run.path, source, target).stdout
    assert "el disco está lleno; libera espacio" in said and "filas ya escritas se conservan" in said
    assert said.count("\n") == 1 and not target.exists()
    same_predictions(
        read(taller.classify_csv(run, source, target)), read(taller.classify_csv(run, source, tmp_path / "otra.csv"))
    )
    assert "Sigue donde quedó" in capsys.readouterr().err


FULL_MEMORY = """
import resource, sys
import taller_lib as taller
run, source, target = sys.argv[1:]
taller.BatchClassifier(run).classify(["para cargarlo todo antes"])
pages = int(open("/proc/self/statm").read().split()[0])
used = pages * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 40 * 2**20,) * 2)
try:
    taller.classify_csv(run, source, target)
except taller.TallerError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mide la memoria con /proc")
def test_una_ventana_que_no_cabe_en_memoria(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "ancho.csv"
    header = ",".join(["texto", *(f"c{i}" for i in range(2_000))])
    row = "hola" + "," * 2_000
    source.write_text("\n".join([header, *[row] * 6_000, "fin" + "," * 1_999 + ",x"]), encoding="utf-8")
    done = in_another_process(FULL_MEMORY, run.path, source, tmp_path / "b.csv")
    assert "Una ventana de 10,000 filas no cabe en la memoria: usa una de window=1000" in done.stdout, done.stderr
    assert not (tmp_path / "b.csv").exists()


def test_lo_que_no_se_puede_clasificar(run: Run, source: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"comentario": ["a"]})
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(taller.TallerError, match=r"a\.parquet: no hay una columna «texto».*comentario"):
        taller.classify_csv(run, tmp_path / "a.parquet", tmp_path / "b.csv")
    cut = tmp_path / "cortado.parquet"
    cut.write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(taller.TallerError, match="Parquet y está dañado"):
        taller.classify_csv(run, cut, tmp_path / "b.csv")
    frame.iloc[:0].to_parquet(cut)
    with pytest.raises(taller.TallerError, match="está vacío"):
        taller.classify_csv(run, cut, tmp_path / "b.csv")
    zipped = tmp_path / "cortado.csv.gz"
    zipped.write_bytes(gzip.compress(os.urandom(50_000).hex().encode())[:-9])
    with pytest.raises(taller.TallerError, match=r"comprimido \(gzip\), y dañado"):
        taller.classify_csv(run, zipped, tmp_path / "b.csv")
    done = taller.classify_csv(run, source, tmp_path / "b.parquet")
    with pytest.raises(taller.TallerError, match="ya tiene la columna «prediccion»"):
        taller.classify_csv(run, done, tmp_path / "c.csv")
    with pytest.raises(taller.TallerError, match=r"un archivo \.csv o \.csv\.gz o \.parquet"):
        taller.classify_csv(run, source, tmp_path / "c.xlsx")


def test_un_fragmento_ya_clasificado_se_deja_y_el_de_otra_corrida_se_dice(
    run: Run, source: Path, tmp_path: Path, capsys: Any
) -> None:
    target = taller.classify_csv(run, source, tmp_path / "b.parquet", resume=True)
    before = target.stat().st_mtime_ns
    taller.classify_csv(run, source, target, resume=True)
    assert target.stat().st_mtime_ns == before and "ya estaba clasificado" in capsys.readouterr().err
    other = tiny.tiny_run(tmp_path / "otras", seed=1)
    with pytest.raises(taller.TallerError, match=r"b\.parquet: ya está, clasificado por otra corrida"):
        taller.classify_csv(other, source, target, resume=True)
    assert target.stat().st_mtime_ns == before
    write(source, TEXTS[:20])
    taller.classify_csv(run, source, target, resume=True)
    assert len(pd.read_parquet(target)) == 20
    target.write_bytes(target.read_bytes()[:-30])  # cortado por otro programa
    taller.classify_csv(run, source, target, resume=True)
    assert len(pd.read_parquet(target)) == 20 and len(list(tmp_path.glob("b_anterior_*.parquet"))) == 2


def test_lo_que_ya_habia_se_conserva_con_su_extension(run: Run, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "salida.csv.gz"
    target.write_bytes(b"algo de antes")
    taller.classify_csv(run, source, target)
    older = list(tmp_path.glob("salida_anterior_*.csv.gz"))
    assert len(older) == 1 and older[0].read_bytes() == b"algo de antes"
    assert len(read(target)) == len(TEXTS)


@pytest.mark.skipif(sys.platform != "linux", reason="mide la memoria con resource")
def test_la_memoria_no_crece_con_las_filas(run: Run, tmp_path: Path) -> None:
    code = (
        "import resource, sys, taller_lib as taller\n"
        "taller.classify_csv(*sys.argv[1:], window=500)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for rows in (1_000, 12_000):
        source = write(tmp_path / f"{rows}.csv", (TEXTS * 50)[:rows])
        peaks.append(int(in_another_process(code, run.path, source, tmp_path / f"b{rows}.csv").stdout))
    assert peaks[1] - peaks[0] < 40_000  # KiB


def test_el_avance_dice_filas_por_segundo_y_lo_que_queda(run: Run, source: Path, tmp_path: Path, capsys: Any) -> None:
    taller.classify_csv(run, source, tmp_path / "b.csv", window=100)
    last = capsys.readouterr().err.strip().splitlines()[-1].rpartition("\r")[2]
    assert last.startswith(f"{len(TEXTS)} de {len(TEXTS)} filas") and "por segundo" in last and "quedan 0 s" in last
