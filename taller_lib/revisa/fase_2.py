"""Las respuestas de la fase 2: exactitud, recall y precision, el perezoso y la elección de modelo."""

from __future__ import annotations

from typing import Any

from taller_lib.revisa._comun import UNANSWERED, as_number, as_text, check, close, looks_like_percentage, unanswered

NUMBERS = "tus números"
NOT_NUMBERS = (
    "Necesito dos números, uno en cada renglón: escríbelos con cifras (0.25) o como división (1 / 4), "
    "sin comillas ni corchetes."
)
PERCENTAGE = "Vas bien, pero {} como proporción entre 0 y 1."


@check
def ejercicio_2_1(aciertos: Any = ..., exactitud: Any = ...) -> str:
    """Los veinte titulares: 14 aciertos y exactitud 0.70."""
    if unanswered(aciertos, exactitud):
        return UNANSWERED.format(NUMBERS)
    hits = as_number(aciertos)
    if hits is None or as_number(exactitud) is None:
        return NOT_NUMBERS
    if close(aciertos, 0.70) and close(exactitud, 14):
        return "Tienes los dos números, pero al revés: primero la cuenta de aciertos y después la proporción."
    if hits != 14:
        return f"{_hits_hint(hits)} La exactitud la revisamos cuando cuadre la cuenta."
    if close(exactitud, 0.70):
        return (
            "Correcto: 14 de 20. Fíjate en lo que no dice ese número: si los seis errores están "
            "repartidos o caen todos en las mismas clases."
        )
    if looks_like_percentage(exactitud, 0.70):
        return PERCENTAGE.format("escribe la exactitud")
    return f"Los aciertos están bien. {_accuracy_hint(exactitud)}"


def _hits_hint(hits: float) -> str:
    if hits in (9, 3, 2):
        return "Contaste los aciertos de una sola clase: la diagonal tiene tres celdas."
    if hits == 6:
        return "6 son los errores. Los aciertos son las celdas con marco."
    if hits == 20:
        return "20 son todos los titulares, también los que falló. Suma solo las celdas con marco."
    if hits in (10, 12):
        return "Sumaste un renglón o una columna completos. Los aciertos van en diagonal, de esquina a esquina."
    if 0 <= hits <= 1:
        return "El primero es una cuenta, un número entero: ¿cuántos titulares acertó?"
    return "Esa no es la cuenta de aciertos: suma solo los tres números con marco."


def _accuracy_hint(accuracy: Any) -> str:
    if close(accuracy, 0.30):
        return "Pero esa es la proporción de errores: la exactitud cuenta lo contrario."
    if close(accuracy, 14):
        return "Falta dividirlos: ¿entre cuántos titulares en total?"
    if close(accuracy, 20 / 14):
        return "Dividiste al revés: la exactitud nunca pasa de 1."
    if close(accuracy, 19 / 30):
        return "Ese es el promedio del acierto de cada clase, otra medida que llega en el paso 4. Aquí es una sola división."
    return "Para la exactitud, divídelos entre el total de titulares, no entre los de una clase."


@check
def ejercicio_2_2(recall_neutral: Any = ..., precision_neutral: Any = ...) -> str:
    """La clase «neutral»: recall 3/5 y precision 3/6."""
    recall, precision = recall_neutral, precision_neutral
    if unanswered(recall, precision):
        return UNANSWERED.format(NUMBERS)
    if as_number(recall) is None or as_number(precision) is None:
        return NOT_NUMBERS
    if close(recall, 0.60) and close(precision, 0.50):
        return (
            "Correcto: encontró tres de cada cinco neutrales, pero la mitad de lo que llamó neutral "
            "era otra cosa. Son dos problemas distintos."
        )
    if looks_like_percentage(recall, 0.60) and looks_like_percentage(precision, 0.50):
        return PERCENTAGE.format("escríbelos")
    if close(recall, 0.50) and close(precision, 0.60):
        return "Están al revés: recall mira lo que había (el renglón); precision, lo que dijo el modelo (la columna)."
    for name, its_recall, its_precision in (("negativo", 0.90, 0.75), ("positivo", 0.40, 1.00)):
        if close(recall, its_recall) and close(precision, its_precision):
            return f"Esas son las medidas de «{name}». Busca el renglón y la columna de «neutral»."
    if close(recall, 0.60):
        hint = _part_hint(precision, 6, "¿cuántas veces dijo «neutral»? Súmalo en la columna.")
        return f"El recall está bien. Para precision: {hint}"
    if close(precision, 0.50):
        hint = _part_hint(recall, 5, "¿cuántos neutrales había? Súmalo en el renglón.")
        return f"La precision está bien. Para recall: {hint}"
    hint = _part_hint(
        recall,
        5,
        "todavía no. En las dos se dividen los neutrales que acertó: para recall, entre los que había "
        "(el renglón); para precision, entre los que dijo (la columna).",
    )
    return hint[0].upper() + hint[1:]


def _part_hint(value: Any, total: int, otherwise: str) -> str:
    if close(value, 3 / 20):
        return "dividiste entre los 20 titulares, y aquí solo cuentan los de una clase."
    if close(value, 3):
        return "3 son los aciertos; falta dividirlos."
    if close(value, total / 3):
        return "dividiste al revés. Estas medidas nunca pasan de 1."
    if looks_like_percentage(value, 3 / total):
        return "ese número quedó en porcentaje; escríbelo como proporción entre 0 y 1."
    return otherwise


@check
def ejercicio_2_3(exactitud: Any = ..., balanceada: Any = ...) -> str:
    """El perezoso en un corpus de 40, 35 y 25 %: exactitud 0.40 y balanceada 1/3."""
    if unanswered(exactitud, balanceada):
        return UNANSWERED.format(NUMBERS)
    if as_number(exactitud) is None or as_number(balanceada) is None:
        return NOT_NUMBERS
    if close(exactitud, 0.40) and close(balanceada, 1 / 3):
        return "Correcto: con clases más parejas el engaño es menor, pero el piso no se mueve."
    if looks_like_percentage(exactitud, 0.40) and looks_like_percentage(balanceada, 1 / 3):
        return PERCENTAGE.format("escríbelos")
    if close(exactitud, 1 / 3) and close(balanceada, 0.40):
        return "Parece que los números están cambiados de lugar: ¿cuál de los dos depende de cuántos textos negativos hay?"
    if close(exactitud, 0.40):
        return f"La exactitud está bien. {_balanced_hint(balanceada)}"
    if close(balanceada, 1 / 3):
        return f"La balanceada está bien. {_lazy_hint(exactitud)}"
    return _lazy_hint(exactitud)


def _balanced_hint(balanced: Any) -> str:
    if looks_like_percentage(balanced, 1 / 3):
        return "La balanceada también se escribe como proporción entre 0 y 1."
    if close(balanced, 0.30, 0.001) or close(balanced, 0.34, 0.001):
        return "La balanceada va muy cerca: escribe la división sin redondear, o con dos decimales."
    if close(balanced, 0.40 / 3):
        return "En la balanceada usaste 0.40 como acierto de «negativo». De los textos negativos, ¿cuántos acierta?"
    if close(balanced, 0.50):
        return "0.50 sería el piso con dos clases. ¿Cuántas hay aquí?"
    if close(balanced, 1):
        return "1 es lo que acierta en negativo. Falta promediarlo con las otras clases."
    if close(balanced, 0):
        return "0 es lo que acierta en neutral y en positivo. Falta promediarlo con negativo."
    return "Para la balanceada, calcula primero el acierto de cada clase: ¿cuánto acierta en neutral?"


def _lazy_hint(accuracy: Any) -> str:
    if close(accuracy, 0.80):
        return "0.80 es la exactitud del corpus anterior. En este, ¿cuántos de cada 100 textos son negativos?"
    if looks_like_percentage(accuracy, 0.40):
        return "La exactitud se escribe como proporción entre 0 y 1."
    if close(accuracy, 0.60):
        return "0.60 es la proporción en que se equivoca. La exactitud cuenta los aciertos."
    if close(accuracy, 0.35) or close(accuracy, 0.25):
        return "Esa es la proporción de otra clase: este perezoso siempre contesta «negativo»."
    return "Para la exactitud, imagina 100 textos de ese corpus: ¿en cuántos acierta quien siempre dice «negativo»?"


@check
def ejercicio_2_4(sin_que_se_escape: Any = ..., sin_revisar: Any = ...) -> str:
    """Encontrar toda la cobertura negativa pide recall (B); publicarla sin revisar, precision (A)."""
    if unanswered(sin_que_se_escape, sin_revisar):
        return UNANSWERED.format("tus dos respuestas")
    first, second = _letter(sin_que_se_escape), _letter(sin_revisar)
    if first is None or second is None:
        return 'Contesta con una sola letra en cada renglón, entre comillas: "A" o "B".'
    if (first, second) == ("b", "a"):
        return (
            "Correcto: B encuentra 36 de las 40 negativas, aunque 19 de sus 55 avisos sean falsos. Cuando "
            "A avisa, se equivoca poco (4 de 26), pero calla 18. Misma exactitud, distinto encargo."
        )
    if (first, second) == ("a", "b"):
        return (
            "Justo al revés. «Que no se escape» se lee en el renglón «negativo» (recall); «sin revisar», "
            "en su columna (precision). Vuelve a ver cuál modelo gana en cada uno."
        )
    if first == "a":
        return (
            "El segundo encargo está bien. Para el primero lee el renglón «negativo» de cada matriz: "
            "de 40 notas, ¿cuántas deja ir cada modelo?"
        )
    return (
        "El primer encargo está bien. Para el segundo lee la columna «negativo» de cada matriz: "
        "de lo que cada modelo llama negativo, ¿cuánto no lo es?"
    )


def _letter(value: Any) -> str | None:
    """«A», «b» o «modelo B», como «a» o «b»."""
    if not isinstance(value, str):
        return None
    text = as_text(value).removeprefix("modelo").strip(" _.«»\"'")
    return text if text in ("a", "b") else None
