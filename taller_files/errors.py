"""El único error que ve un participante: una frase que dice qué pasa, dónde y qué hacer."""


class TallerError(Exception):
    """Algo que la persona puede corregir, dicho en una sola frase en español.

    En un cuaderno se muestra sin la traza de Python: IPython llama a `_render_traceback_`
    cuando la excepción la define.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"✗ {self}"]
