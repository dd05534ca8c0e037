"""Las respuestas de la fase 1: filtrar una tabla, contar coincidencias y el kappa de Ana y Luis."""

from __future__ import annotations

from typing import Any

from taller_lib.revisa._comun import UNANSWERED, as_number, check, close, looks_like_percentage, unanswered

TOPIC = "seguridad"


@check
def ejercicio_1_1(cuantos: Any = ..., datos: Any = None) -> str:
    """Cuántos renglones de `datos` tienen «seguridad» en `dimension`."""
    if unanswered(cuantos):
        return UNANSWERED.format("tu filtro")
    topics = _column(datos, "dimension")
    if topics is None:
        return "No encuentro `datos` con su columna `dimension`: ejecuta otra vez las celdas del paso 2."
    if _column(cuantos, "dimension") is not None:
        return (
            "Eso es una tabla, y la pregunta es cuántos renglones tiene: "
            "¿qué función los contaba en la celda de arriba?"
        )
    if callable(cuantos):
        return "Escribiste la condición, pero nadie la ha usado todavía: dásela a `datos.filter( )`."
    number = as_number(cuantos)
    if number is None:
        return "Necesito un número: cuenta los renglones con `len( )`, o escríbelo con cifras."
    expected = topics.count(TOPIC)
    if number == expected:
        return (
            f"Correcto: {expected} de {len(topics)} textos. Filtrar y contar es la mitad de un análisis "
            "de contenido, y ahora cabe en un renglón."
        )
    if number == len(topics):
        return "Son todos los renglones de la tabla: falta la condición que escoja los de seguridad."
    if number == 0:
        return (
            "El filtro no encontró ninguno. Python distingue mayúsculas y acentos: revisa cómo "
            "escribiste la columna y el valor."
        )
    sources, labels = _column(datos, "fuente") or [], _column(datos, "etiqueta") or []
    if number == len(topics) - expected:
        return "Contaste los que **no** son de seguridad: ¿escribiste `!=` en lugar de `==`?"
    if number == sources.count("prensa_internacional"):
        return "Esos son los de prensa internacional: cambia la columna y el valor de la condición."
    for value in dict.fromkeys([*topics, *sources, *labels]):
        if number in [column.count(value) for column in (topics, sources, labels)]:
            return f"Ese número corresponde a «{value}»: revisa qué valor pide la pregunta."
    return (
        'La cuenta no sale. La condición compara `fila["dimension"]` con el valor que se busca: '
        "¿está así en tu filtro?"
    )


@check
def ejercicio_1_2(coincidencias: Any = ..., tuyas: Any = (), codificador: Any = ()) -> str:
    """En cuántos renglones coinciden las dos columnas."""
    if unanswered(coincidencias):
        return UNANSWERED.format("tu cuenta")
    pairs = list(zip(tuyas, codificador, strict=True))
    if not pairs:
        return "No encuentro las dos columnas: ejecuta otra vez la celda que las muestra."
    number, total = as_number(coincidencias), len(pairs)
    if number is None:
        return "Necesito un número entero, escrito con cifras: cuántos renglones son iguales."
    same = sum(mine == theirs for mine, theirs in pairs)
    if number == same:
        return f"Correcto: {_counted(same, total)}. {_lesson(same, total)}"
    if number == total - same:
        return "Contaste los desacuerdos: la pregunta es en cuántos renglones son iguales."
    if abs(number - same / total) < 0.006 or looks_like_percentage(number, same / total):
        return "Vas bien, pero escribe la cuenta y no la proporción: ¿cuántos renglones son?"
    if number < 0 or number > total or number != int(number):
        return f"Hay {total} renglones en la tabla: la cuenta es un entero entre 0 y {total}."
    way = "de más" if number > same else "de menos"
    return f"Contaste {way}. Recorre la tabla con el dedo, renglón por renglón."


@check
def ejercicio_1_3(acuerdo: Any = ..., kappa: Any = ...) -> str:
    """Diez «negativo» contra nueve y un «positivo»: acuerdo 0.90, kappa 0."""
    if unanswered(acuerdo, kappa):
        return UNANSWERED.format("tus dos números")
    share, corrected = as_number(acuerdo), as_number(kappa)
    if share is None or corrected is None:
        return "Necesito dos números, uno en cada renglón: escríbelos con cifras."
    if close(share, 0.9) and close(corrected, 0):
        return (
            "Correcto: como Ana no distingue nada, hasta un lector a ciegas coincidiría con ella en "
            "9 de 10. Un acuerdo alto puede no decir nada; el kappa lo delata."
        )
    if close(share, 0) and close(corrected, 0.9):
        return "Los dos números son buenos, pero están al revés: primero el acuerdo, después el kappa."
    if close(share, 0.9):
        return f"El acuerdo está bien. {_kappa_hint(corrected)}"
    return f"{'El kappa está bien. ' if close(corrected, 0) else ''}{_share_hint(share)}"


def _share_hint(share: float) -> str:
    if looks_like_percentage(share, 0.9):
        return "Vas bien con el acuerdo, pero escríbelo como proporción entre 0 y 1."
    if share == 9:
        return "9 son las notas en que coinciden: divídelas entre el total para tener una proporción."
    if close(share, 0.1):
        return "Eso es el desacuerdo: ¿en qué parte de las notas ponen lo mismo?"
    if close(share, 1):
        return "Casi: hay una nota en que no ponen lo mismo."
    return "Para el acuerdo, cuenta en cuántas de las diez notas ponen lo mismo y divide entre diez."


def _kappa_hint(corrected: float) -> str:
    if close(corrected, 0.9):
        return (
            "Para el kappa falta descontar el azar: si Ana siempre dice «negativo», ¿en qué parte de "
            "las notas coincidiría Luis a ciegas?"
        )
    if looks_like_percentage(corrected, 0.9):
        return "El kappa no es un porcentaje ni repite el acuerdo: réstale el azar y divide entre 1 − azar."
    if close(corrected, 0.1):
        return "0.10 es lo que vale 1 − azar, el divisor. ¿Cuánto queda arriba, en acuerdo − azar?"
    if close(corrected, 0.8):
        return (
            "Parece que restaste 0.10, la parte de Luis en «positivo». El azar es cuánto coincidirían "
            "a ciegas en «negativo»."
        )
    if close(corrected, 0.85, 0.011):
        return (
            "Parece que tomaste un azar de ⅓, como si las clases fueran parejas. Aquí no lo son: "
            "multiplica la parte de «negativo» de Ana por la de Luis."
        )
    if close(corrected, 0.81):
        return (
            "Multiplicaste 0.90 por 0.90. Ana pone «negativo» en todas: ¿qué proporción es esa? "
            "Con el azar, vuelve a la fórmula."
        )
    if corrected > 1:
        return "Un kappa nunca pasa de 1: revisa la división."
    if close(corrected, 1):
        return "Un 1 sería acuerdo total: el kappa no puede ser mayor que el acuerdo cuando hay azar que descontar."
    if corrected < 0:
        return "Bajo cero sería peor que la suerte. Calcula el azar: ¿es mayor, menor o igual que el acuerdo?"
    return "Para el kappa, calcula primero el azar: la parte de «negativo» de Ana por la de Luis."


def _lesson(same: int, total: int) -> str:
    if same == total:
        return "Nadie discute aquí. Antes de celebrarlo, mira si las tres lecturas también coincidieron."
    if 2 * same >= total:
        return "Lo que queda fuera no es basura: es donde el texto admite dos lecturas."
    return "Con tanto desacuerdo conviene releer juntos el libro de códigos. Así se empieza siempre."


def _counted(same: int, total: int) -> str:
    return f"coinciden en {same} de {total} {'texto' if total == 1 else 'textos'}"


def _column(table: Any, name: str) -> list[Any] | None:
    """La columna como lista; `None` si eso no es una tabla con esa columna."""
    if isinstance(table, str | bytes):
        return None
    try:
        return list(table[name])
    except Exception:
        return None
