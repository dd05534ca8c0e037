"""Las respuestas de la fase 0: la tabla de paquetes y la cuenta de lo que se espera."""

from __future__ import annotations

from typing import Any

from taller_lib.environment import check_environment
from taller_lib.revisa._comun import UNANSWERED, as_number, as_text, check, close, unanswered

TEXTS_PACKAGE = "datasets"
OTHER_PACKAGES = {
    "python": "es el lenguaje en que está escrito lo demás",
    "transformers": "trae los modelos que leen",
    "accelerate": "ayuda a que el entrenamiento aproveche la máquina",
    "torch": "hace las cuentas",
    "scikit-learn": "mide qué tan bien se clasifica",
    "pandas": "guarda tablas de cualquier cosa",
    "numpy": "guarda números",
    "seaborn": "dibuja gráficas",
    "ipywidgets": "pone botones y menús",
}
CPU_MINUTES, GPU_MINUTES = 20, 1
GPU_WORDS = {"gpu", "la gpu", "con gpu", "en la gpu", "en gpu"}
CPU_WORDS = {"procesador", "el procesador", "con el procesador", "en el procesador", "cpu"}


@check
def ejercicio_0_1(paquete_textos: Any = ..., filas_bien: Any = ...) -> str:
    """Qué paquete guarda los textos y cuántas filas de la tabla dicen «bien»."""
    if unanswered(paquete_textos, filas_bien):
        return UNANSWERED.format("tus dos respuestas")
    if as_number(paquete_textos) is not None and as_text(filas_bien) in _packages():
        return "Parece que están cambiadas de lugar: primero el paquete, luego el número."
    states = list(check_environment()["estado"])
    well = states.count("bien")
    package_is_right = as_text(paquete_textos) == TEXTS_PACKAGE
    if not package_is_right or as_number(filas_bien) != well:
        return f"{_package(paquete_textos)} {_count(filas_bien, well, len(states))}"
    if well == len(states):
        return (
            "Correcto: datasets guarda los textos y ninguna fila pide nada. "
            "Con recorrer una columna ya sabes que esta máquina está lista."
        )
    return (
        "Correcto: datasets guarda los textos, y hay filas que piden algo. La columna `estado` dice "
        "qué escribir: hazlo antes de pasar a la fase 1."
    )


def _packages() -> set[str]:
    return {TEXTS_PACKAGE, *OTHER_PACKAGES}


def _package(value: Any) -> str:
    name = as_text(value)
    if name == TEXTS_PACKAGE:
        return "El paquete está bien."
    if name in OTHER_PACKAGES:
        return (
            f"El paquete {name} {OTHER_PACKAGES[name]}: busca en la columna `para qué sirve` la fila "
            "que habla de textos y etiquetas."
        )
    if name == "dataset":
        return "Casi: copia el nombre del paquete letra por letra, como está en la tabla."
    return "El nombre del paquete no está en la tabla: cópialo entre comillas de la columna `paquete`."


def _count(value: Any, well: int, rows: int) -> str:
    number = as_number(value)
    if number is None:
        return "En `filas_bien` escribe un número, sin comillas."
    if number == well:
        return "Las filas están bien contadas."
    if isinstance(value, str) and value.strip().endswith("%"):
        return "Se piden filas, no un porcentaje."
    if number == well - 1:
        return "Con las filas estás a una: la primera lleva el número 0, y también cuenta."
    if number == well + 1:
        return "Con las filas estás a una: el encabezado no es un paquete."
    if number == rows:
        return "Esas son todas las filas: cuenta solo las que dicen «bien» en `estado`."
    return "Para las filas, recorre la columna `estado` y cuenta solo las que dicen «bien»."


@check
def ejercicio_0_2(minutos_procesador: Any = ..., minutos_gpu: Any = ..., maquina: Any = ...) -> str:
    """320 textos en lotes de 16, 20 épocas: 400 pasos de 3 y de 0.15 segundos."""
    if unanswered(minutos_procesador, minutos_gpu, maquina):
        return UNANSWERED.format("tus tres respuestas")
    cpu, gpu = as_number(minutos_procesador), as_number(minutos_gpu)
    if cpu is None or gpu is None:
        return "Escribe los minutos como dos números, sin comillas ni unidades."
    if close(cpu, GPU_MINUTES) and close(gpu, CPU_MINUTES):
        return "Los minutos están cambiados de lugar: ¿qué máquina da el paso de 3 segundos, la lenta o la rápida?"
    right = close(cpu, CPU_MINUTES) and close(gpu, GPU_MINUTES)
    if right and as_text(maquina) in GPU_WORDS:
        return (
            "Correcto: 400 pasos son 20 minutos o uno. Tres entrenamientos no caben en media hora con "
            "el procesador y sobran con GPU: esa cuenta, hecha antes, ahorra la tarde."
        )
    found = (
        _minutes("el procesador", cpu, CPU_MINUTES),
        _minutes("la GPU", gpu, GPU_MINUTES),
        _machine(maquina, right),
    )
    return " ".join(filter(None, found))


def _minutes(where: str, value: float, expected: float) -> str:
    if close(value, expected):
        return f"Con {where} están bien los minutos."
    if close(value, expected * 60):
        return f"Con {where} te dio en segundos: ¿cuántos hay en un minuto?"
    if close(value, expected / 60):
        return f"Con {where} te dio en horas: se piden minutos."
    if close(value, expected / 20):
        return f"Con {where} calculaste una sola época, y Ana da 20 vueltas."
    if close(value, expected * 16):
        return f"Con {where} contaste un paso por texto, pero cada paso lee 16."
    if close(value, 400):
        return f"Con {where}, eso son pasos: falta lo que dura cada uno."
    return (
        f"Con {where}, ve por partes: cuántos lotes de 16 hay en 320 textos, cuántos en 20 épocas, "
        "cuántos segundos son y cuántos minutos."
    )


def _machine(value: Any, minutes_are_right: bool) -> str:
    name = as_text(value)
    if name in GPU_WORDS:
        return "La máquina está bien elegida."
    if name in CPU_WORDS:
        ask = "¿cuánto suman tres entrenamientos con el procesador?"
        return f"De la máquina: {ask} Compáralo con media hora." if minutes_are_right else ""
    return 'En `maquina` escribe, entre comillas, "procesador" o "gpu".'
