"""Las respuestas de la fase 3: datos y modelo."""

from __future__ import annotations

from typing import Any

from taller_lib.revisa._comun import UNANSWERED, as_number, check, unanswered

TWO_NUMBERS = "Escribe dos números, sin comillas ni unidades."


@check
def ejercicio_3_1(quedan: Any = ..., fila_copia: Any = ...) -> str:
    """Cuántos textos quedan de la tabla de siete filas, y cuál sale por ser copia."""
    if unanswered(quedan, fila_copia):
        return UNANSWERED.format("tus números")
    left, copy = as_number(quedan), as_number(fila_copia)
    if left is None or copy is None:
        return TWO_NUMBERS
    if (left, copy) == (3, 6):
        return (
            "Correcto: quedan las filas 2, 3 y 5. De siete filas se fueron cuatro, y ninguna por ser "
            "difícil: por eso se revisa el archivo antes de entrenar."
        )
    if (left, copy) == (6, 3):
        return "Parece que los números están cambiados: primero cuántos quedan, luego la fila."
    answers = [_left(left), _copied_row(copy)]
    return " ".join(filter(None, answers))


def _left(value: float) -> str:
    if value == 3:
        return "Los textos que quedan están bien."
    hints: dict[float, str] = {
        2: "De las copias, ¿se van las dos o se queda una?",
        4: "Quedan menos: cuando un texto tiene dos etiquetas, ¿cuál de sus filas dirías que es la buena?",
        5: "Quedan menos: relee qué pasa con los textos que tienen dos etiquetas.",
        6: "Quedan menos: además de la fila vacía hay una copia y un texto con dos etiquetas.",
        7: "Esas son todas las filas: hay una vacía, una copia y un texto con dos etiquetas.",
        8: "El último número de fila es 8, pero el encabezado es la 1 y varias filas se van.",
    }
    default = "Para los que quedan, recorre las siete filas y tacha la que no cumpla una regla."
    return hints.get(value, default)


def _copied_row(value: float) -> str:
    if value == 6:
        return "La fila de la copia está bien."
    hints: dict[float, str] = {
        2: "La fila 2 es la primera de las dos: esa se queda. ¿Cuál la repite, aunque grite?",
        4: "La fila 4 sale por no tener texto, no por ser copia.",
        5: "Usa los números de fila de la tabla: el encabezado es la fila 1.",
        7: "La fila 7 sale porque su texto lleva dos etiquetas. La copia es otra: las mayúsculas no cuentan.",
        8: "La fila 8 sale porque su texto lleva dos etiquetas. La copia es otra: las mayúsculas no cuentan.",
    }
    default = "Para la copia, busca dos textos iguales sin fijarte en las mayúsculas."
    return hints.get(value, default)


@check
def ejercicio_3_2(piezas_fuera: Any = ..., palabras_enteras: Any = ...) -> str:
    """Qué se corta de 13 tokens con `max_length = 8`."""
    if unanswered(piezas_fuera, palabras_enteras):
        return UNANSWERED.format("tus números")
    out, whole = as_number(piezas_fuera), as_number(palabras_enteras)
    if out is None or whole is None:
        return TWO_NUMBERS
    if (out, whole) == (5, 3):
        return (
            "Correcto: caben los dos especiales y seis piezas. De Xochimilco solo llega «▁X»: un corte "
            "no avisa, y puede dejar fuera justo la palabra que decide."
        )
    if (out, whole) == (3, 5):
        return "Parece que los números están cambiados: primero las piezas, luego las palabras."
    return " ".join([_pieces_out(out), _whole_words(whole)])


def _pieces_out(value: float) -> str:
    if value == 5:
        return "Las piezas fuera están bien."
    if value == 3:
        return "Con las piezas: `<s>` y `</s>` también ocupan lugar entre los 8."
    if value in (4, 6):
        return "Con las piezas estás a una: cuenta los dos especiales, que siempre se quedan."
    if value == 8:
        return "Ocho son los tokens que se quedan; se piden los que salen."
    if value == 13:
        return "Trece son todos los tokens: ¿cuántos caben?"
    return "Con las piezas: hay 13 tokens y caben 8, contando los especiales."


def _whole_words(value: float) -> str:
    if value == 3:
        return "Las palabras enteras están bien."
    if value == 4:
        return "Con las palabras: ¿llegaron todas las piezas de Xochimilco?"
    if value == 5:
        return "Cinco son todas las palabras, pero el corte deja fuera el final."
    if value in (6, 8):
        return "Eso parece contar piezas: se piden palabras completas, y *güey* es una sola."
    if value == 2:
        return "Con las palabras te falta una: *güey* va en pedazos, pero ¿están todos?"
    return "Con las palabras: junta las piezas que se quedan y ve cuáles forman palabras completas."


@check
def ejercicio_3_3(pasos_por_epoca: Any = ..., pasos_en_total: Any = ...) -> str:
    """Pasos de 200 textos en lotes de 16, por época y en 20 épocas."""
    if unanswered(pasos_por_epoca, pasos_en_total):
        return UNANSWERED.format("tus números")
    steps, total = as_number(pasos_por_epoca), as_number(pasos_en_total)
    if steps is None or total is None:
        return TWO_NUMBERS
    if (steps, total) == (13, 260):
        return (
            "Correcto: doce lotes de 16 y uno de 8. En 260 pasos cada titular se lee 20 veces; por eso "
            "importa detenerse antes de que se los aprenda de memoria."
        )
    if (steps, total) == (260, 13):
        return "Parece que los números están cambiados: primero los de una época, luego el total."
    return " ".join([_steps(steps), _total(steps, total)])


def _steps(value: float) -> str:
    if value == 13:
        return "Los pasos por época están bien."
    if value == 12.5:
        return "Por época: no hay medio paso. ¿Qué pasa con los textos del último lote?"
    if value == 12:
        return "Por época: 12 lotes de 16 son 192 textos. ¿Y los que sobran?"
    if value == 3200:
        return "Por época: multiplicaste. ¿En cuántos grupos de 16 se reparten los 200?"
    if value == 200:
        return "Por época: 200 son los textos, y cada paso se lleva 16."
    return "Por época: reparte los 200 textos en grupos de 16 y cuenta los grupos."


def _total(steps: float, value: float) -> str:
    if value == 260:
        return "El total está bien."
    if value == 4000:
        return "Ese total cuenta textos leídos, no pasos."
    if value == 20 * steps:
        return "El total sale de ahí: corrige el primero y vuelve a multiplicar por las épocas."
    if value == steps:
        return "El total es de las 20 épocas, no de una."
    if value in (240, 250):
        return "El total: redondea hacia arriba los pasos de una época antes de multiplicar."
    return "El total: los pasos de una época, tantas veces como épocas."
