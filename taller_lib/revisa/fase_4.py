"""Las respuestas de la fase 4: pasos y acumulación, detención temprana y la apuesta."""

from __future__ import annotations

from typing import Any

from taller_lib.revisa._comun import UNANSWERED, as_number, as_text, check, unanswered

NOT_NUMBERS = "Necesito dos números, uno en cada renglón: escríbelos con cifras, sin palabras ni corchetes."


@check
def ejercicio_4_1(pasos: Any = ..., acumulacion: Any = ...) -> str:
    """600 textos, lotes de 32, 8 a la vez: 19 pasos y 4 partes."""
    if unanswered(pasos, acumulacion):
        return UNANSWERED.format("tus dos números")
    steps, parts = as_number(pasos), as_number(acumulacion)
    if steps is None or parts is None:
        return NOT_NUMBERS
    if (steps, parts) == (19, 4):
        return (
            "Correcto: 19 lotes, el último con los 24 textos que sobran, y cada paso junta 4 partes de 8. "
            "Acumular cambia el tiempo, no lo que se aprende."
        )
    if (steps, parts) == (4, 19):
        return "Los dos números son buenos, pero están al revés: ¿cuál cuenta pasos y cuál partes?"
    if parts == 4:
        return f"La acumulación está bien. {_steps_hint(steps)}"
    if steps == 19:
        return f"Los pasos están bien. {_parts_hint(parts)}"
    return f"Vamos por partes. {_steps_hint(steps)}"


def _steps_hint(steps: float) -> str:
    if steps == 18:
        return "En 18 lotes caben 576 textos: ¿qué pasa con los que sobran?"
    if 18 < steps < 19:
        return "La división está bien hecha, pero no existe una fracción de paso: ¿qué pasa con los textos que no llenan un lote?"
    if steps == 75:
        return (
            "75 son las veces que se llena la memoria. Un paso se da hasta completar el lote: ¿de cuántos textos es?"
        )
    if steps == 76:
        return "Contaste todas las partes. Un paso se da cuando ya se juntaron varias: ¿cuántos lotes son?"
    if steps == 600:
        return "Eso sería un paso por cada texto. ¿Cuántos textos se leen antes de cada paso?"
    if steps == 600 * 32:
        return "Multiplicaste. La pregunta es cuántos lotes salen de 600 textos: ¿qué operación los reparte?"
    return "Para los pasos, reparte los 600 textos en lotes de 32 y no olvides el último."


def _parts_hint(parts: float) -> str:
    if parts == 8:
        return "8 son los textos que caben a la vez. ¿Cuántas veces hay que llenar la memoria para juntar 32?"
    if parts == 24:
        return "24 son los textos que faltan después de la primera parte. ¿Cuántas partes de 8 hay en total?"
    if parts == 3:
        return "Casi: cuenta también la primera parte."
    if parts == 256:
        return "Multiplicaste. ¿Cuántas partes de 8 textos forman un lote de 32?"
    if parts == 0.25:
        return "Dividiste al revés: ¿cuántas veces cabe 8 en 32?"
    return "Para la acumulación, piensa cuántas partes de 8 textos forman un lote de 32."


@check
def ejercicio_4_2(se_detiene: Any = ..., se_conserva: Any = ...) -> str:
    """Paciencia 3 sobre 0.44, 0.52, 0.58, 0.57, 0.58, 0.56, 0.62: se detiene en la 6, conserva la 3."""
    if unanswered(se_detiene, se_conserva):
        return UNANSWERED.format("tus dos épocas")
    last, kept = as_number(se_detiene), as_number(se_conserva)
    if last is None or kept is None:
        return NOT_NUMBERS
    if (last, kept) == (6, 3):
        return (
            "Correcto: tres épocas seguidas sin mejorar, y se conserva la 3. "
            "El 0.62 de la séptima nunca se vio: con más paciencia lo habrías encontrado, a cambio de tiempo."
        )
    if (last, kept) == (3, 6):
        return "Están al revés: primero la época en que se detiene y después la que se conserva."
    if (last, kept) == (5, 2):
        return "Parece que cuentas desde cero. La primera época es la 1."
    if last < 1 and kept < 1:
        return "Escribe números de época, no valores de F1: la primera época es la 1."
    if last == 6:
        return f"Se detiene donde dices. {_kept_hint(kept)}"
    if kept == 3:
        return f"La que se conserva está bien. {_last_hint(last)}"
    return f"Vamos por partes. {_last_hint(last)}"


def _kept_hint(kept: float) -> str:
    if 0 < kept < 1:
        return "Para la que se conserva, escribe el número de la época, no su valor de F1."
    if kept == 6:
        return "Pero no se conserva la última, sino la mejor de las que se vieron."
    if kept == 5:
        return "Pero la 5 solo empata: entre dos épocas iguales, ¿cuál vale?"
    if kept == 7:
        return "Pero entonces la 7 no llegó a existir: busca la mejor entre las seis primeras."
    return "Ahora busca, entre las seis primeras, la de F1 más alto."


def _last_hint(last: float) -> str:
    if last == 7:
        return "Recorrer toda la lista es no detenerse. ¿Tomaste el empate de la época 5 como mejora?"
    if last == 4:
        return "Con la 4 va una sola época sin mejorar: la paciencia es 3."
    if last == 5:
        return "Con la 5 van dos épocas sin mejorar: la paciencia es 3."
    if last == 3:
        return "En la 3 el F1 todavía mejora. ¿Desde cuál empieza la cuenta?"
    if last > 7:
        return "La lista tiene siete épocas: cuenta sobre ella."
    return "Cuenta cuántas épocas seguidas pasan sin superar el mejor valor; al llegar a 3, se detiene."


@check
def ejercicio_4_3(apuesta: Any = "", epocas: Any = None, mejor: Any = None) -> str:
    """La apuesta: antes de entrenar se anota; con `mejor`, se abre."""
    best, limit = as_number(mejor), as_number(epocas)
    if apuesta is ... or apuesta is None or as_text(apuesta) == "":
        if best is None:
            return "Todavía no has escrito tu apuesta: pon en la casilla el número de una época y ejecuta la celda."
        return f"Esta vez no hubo apuesta. La mejor época fue la {best:.0f}: ¿la habrías adivinado?"
    bet = as_number(apuesta)
    if bet is None or bet != int(bet):
        return (
            "No pude leer tu apuesta: escribe el número de una sola época, por ejemplo 3."
            if best is None
            else f"No pude leer tu apuesta: la mejor época fue la {best:.0f}."
        )
    if best is None:
        return _noted(int(bet), limit)
    return _opened(int(bet), int(best), limit)


def _noted(bet: int, limit: float | None) -> str:
    if bet < 1:
        return "Las épocas se cuentan desde 1: escribe 1 o un número mayor."
    if limit is not None and bet > limit:
        return f"Tu configuración permite {limit:.0f} épocas como máximo: apuesta por una de la 1 a la {limit:.0f}."
    last = " Es la última posible: confías en que nunca dejará de mejorar." if bet == limit else ""
    first = " Es la primera: confías en que aprende de golpe." if bet == 1 and bet != limit else ""
    return f"Apuesta anotada: época {bet}.{last}{first} Se abre después de entrenar."


def _opened(bet: int, best: int, limit: float | None) -> str:
    opening = f"Apostaste por la época {bet} y la mejor fue la {best}"
    if limit is not None and not 1 <= bet <= limit:
        return f"{opening}; la tuya no podía ser: había de 1 a {limit:.0f}. La próxima vez, elige una de esas."
    away = abs(bet - best)
    if away == 0:
        return f"Correcto: la mejor fue la {best}, la tuya. Con otra semilla aleatoria podría ser otra."
    distance = "una época" if away == 1 else f"{away} épocas"
    if away == 1:
        return f"{opening}: casi, por {distance}. Una diferencia así también la da otra semilla aleatoria."
    if bet < best:
        return f"{opening}: te adelantaste por {distance}. Al modelo le quedaba más por aprender de lo que parecía."
    return f"{opening}: te pasaste por {distance}. Pasado su mejor momento, el modelo repasa lo que ya sabe."
