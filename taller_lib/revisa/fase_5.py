"""Las respuestas a los ejercicios de la fase 5."""

from __future__ import annotations

import re
from typing import Any

from taller_lib.revisa._comun import UNANSWERED, as_number, as_text, check, close, looks_like_percentage, unanswered

_FLIPPED, _RECALL, _PRECISION = 6, 20 / 30, 20 / 27
_KINDS = ("modelo", "frontera", "etiqueta")
_KIND_HINTS = {
    (0, "etiqueta"): "El primero: la etiqueta dice «negativo». ¿De verdad está elogiando a la "
    "ventanilla quien hizo tres horas de fila?",
    (0, "frontera"): "El primero: léelo en voz alta con el tono de quien lo escribió. ¿Le cabe en "
    "serio la lectura de elogio, o hace falta notar algo que el modelo no notó?",
    (1, "modelo"): "El segundo: ¿qué tendría que haber entendido el modelo y no entendió? Haz la "
    "cuenta de lo bueno y lo malo que dice el texto.",
    (1, "etiqueta"): "El segundo: la etiqueta dice «neutral». ¿Podrías convencer a otra persona de "
    "que esa lectura es un descuido, o también se puede defender?",
    (2, "modelo"): "El tercero: lee primero el texto y luego decide tú. ¿Cuál de las dos "
    "respuestas, la del modelo o la etiqueta, se parece más a la tuya?",
    (2, "frontera"): "El tercero: para que sea de frontera tienen que caber las dos lecturas. ¿Cómo "
    "defenderías que deja una imagen peor?",
}


@check
def ejercicio_5_1(volteados: Any, recall_positivo: Any) -> str:
    """Leer una matriz de confusión: los textos que cambian de signo y un recall."""
    if unanswered(volteados, recall_positivo):
        return UNANSWERED.format("tus dos números")
    flipped, recall = as_number(volteados), as_number(recall_positivo)
    if flipped is None or recall is None:
        return "Escribe dos números: un conteo de textos y una proporción entre 0 y 1."
    if close(volteados, _RECALL) and close(recall_positivo, _FLIPPED):
        return "Los dos números están bien, pero cambiados de lugar: primero va el conteo."
    hints = [hint for hint in (_flipped_hint(flipped), _recall_hint(recall_positivo)) if hint]
    if not hints:
        return (
            "Correcto: seis textos cambiaron de signo, y de los positivos encontró dos de cada "
            "tres. Lo primero se lee en las esquinas de la matriz; lo segundo, en su renglón."
        )
    if len(hints) == 1:
        done = "Tu *recall* está bien." if hints[0] == _flipped_hint(flipped) else ""
        return f"{done or 'Los volteados están bien.'} {hints[0]}"
    return " ".join(hints)


def _flipped_hint(value: float) -> str:
    if value == _FLIPPED:
        return ""
    if value in (2, 4):
        return (
            "Contaste los textos que voltean en un sentido; falta el otro: una crítica puede "
            "acabar en elogio, y un elogio en crítica."
        )
    if value == 35:
        return "Sumaste todos los errores. Cambiar de signo es más que fallar: quita los que pasan por «neutral»."
    if value == 85:
        return "Esa es la diagonal, los aciertos. Los volteados están lejos de ella."
    if close(value, _FLIPPED / 120):
        return "Eso es una proporción de todos los textos; aquí se pide cuántos son."
    return "Para los volteados busca las dos celdas en que un extremo acabó en el otro, y súmalas."


def _recall_hint(value: Any) -> str:
    if close(value, _RECALL, 0.007):  # también 0.66, cortado en vez de redondeado
        return ""
    if looks_like_percentage(value, _RECALL):
        return "El *recall* va bien, pero escríbelo como proporción entre 0 y 1."
    if close(value, _PRECISION) or looks_like_percentage(value, _PRECISION):
        return (
            "Dividiste entre la columna: eso es *precision*, de lo que llamó positivo cuánto lo "
            "era. Para el *recall* divide entre el total del renglón."
        )
    if close(value, 20 / 120) or looks_like_percentage(value, 20 / 120):
        return "Dividiste entre todos los textos; el *recall* solo mira los que eran positivos."
    if close(value, 1 / 3) or looks_like_percentage(value, 1 / 3):
        return "Esa es la parte de los positivos que se le escapó; falta la que sí encontró."
    if as_number(value) == 20:
        return "20 es cuántos positivos encontró. ¿De cuántos que había?"
    return "Para el *recall*, quédate en el renglón de los positivos: los que acertó, entre su total."


@check
def ejercicio_5_2(error_1: Any, error_2: Any, error_3: Any) -> str:
    """Juzgar tres errores: del modelo, de frontera o de la etiqueta."""
    answers = (error_1, error_2, error_3)
    if unanswered(*answers):
        return UNANSWERED.format("de quién es cada error")
    said = [_kind(answer) for answer in answers]
    if None in said:
        place = ("primera", "segunda", "tercera")[said.index(None)]
        return f'No reconozco tu {place} respuesta: usa "modelo", "frontera" o "etiqueta", entre comillas.'
    wrong = [number for number, kind in enumerate(said) if kind != _KINDS[number]]
    if not wrong:
        return (
            "Correcto: una ironía que el modelo no notó, un texto en que caben dos lecturas y una "
            "etiqueta descuidada. Los tres restan lo mismo en la calificación; solo leyendo se "
            "distinguen."
        )
    right = {0: "", 1: " Llevas uno.", 2: " Llevas dos."}[3 - len(wrong)]
    repeated = " Recuerda que cada palabra se usa una sola vez." if len(set(said)) < 3 and len(wrong) < 3 else ""
    first = wrong[0]
    return _KIND_HINTS[first, str(said[first])] + right + repeated


def _kind(answer: Any) -> str | None:
    text = as_text(answer)
    found = [kind for kind in _KINDS if kind in text]
    return found[0] if len(found) == 1 else None


@check
def ejercicio_5_3(textos: Any, frase: Any) -> str:
    """Qué se puede decir con diez textos."""
    if unanswered(textos, frase):
        return UNANSWERED.format("el número de textos y la letra de la frase")
    number, letter = as_number(textos), _letter(frase)
    if number is None and _letter(textos) and as_number(frase) is not None:
        return "Están cambiados de lugar: primero el número de textos y después la letra."
    if number is None:
        return "En `textos` escribe un número: cuántos textos separan a quien lee y al modelo."
    if letter is None:
        return 'En `frase` escribe una letra entre comillas: "a", "b" o "c".'
    if close(number, 0.1) or number == 10:
        return "Esa es la diferencia en proporción o en puntos. Cuéntala en textos: ¿en cuántos coincide cada quien?"
    if number == -1:
        return "Es la resta al revés: escribe la diferencia sin signo."
    if number != 1:
        return "Resta los aciertos de uno y otro, no los errores de los dos: ¿cuántos los separan?"
    if letter == "a":
        return (
            "El número está bien. Pero mira de qué está hecha esa ventaja de 0.10: ¿qué pasaría si "
            "un solo texto hubiera sido otro?"
        )
    if letter == "b":
        return (
            "El número está bien. Pero no ver una diferencia no demuestra que no la haya: ¿qué "
            "puede saberse con diez textos?"
        )
    return (
        "Correcto: con diez textos, un solo texto vale 0.10. La frase dice lo que se vio y hasta "
        "dónde alcanza, y así no hay que retirarla después."
    )


def _letter(answer: Any) -> str | None:
    match = re.fullmatch(r"\W*([abc])\W*", as_text(answer))
    return match[1] if match else None
