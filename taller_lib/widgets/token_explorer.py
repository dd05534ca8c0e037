"""Un texto cortado en piezas por dos tokenizadores, lado a lado."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import ipywidgets

from taller_lib.catalogue import CATALOGUE, COLIBRI
from taller_lib.config import INTEGERS, WorkshopConfig
from taller_lib.errors import TallerError
from taller_lib.models import load_tokenizer
from taller_lib.templates import render
from taller_lib.tokenization import token_preview
from taller_lib.widgets._base import LiveWidget

EXAMPLE = "¡Qué padre está Xochimilco! 😍 #México"


class TokenExplorer(LiveWidget):
    """Las piezas de un texto, sus números, las desconocidas y las que `max_length` deja fuera.

    Parameters
    ----------
    models : sequence of str
        Uno o dos modelos: del catálogo, del Hub o carpetas.
    text : str
        El texto con que empieza.
    max_length : int
        Piezas que se conservan, de 8 a 8192.
    """

    def __init__(self, models: Sequence[str] = (COLIBRI,), text: str = EXAMPLE, max_length: int = 128) -> None:
        self.tokenizer = functools.lru_cache(4)(load_tokenizer)
        self.text = ipywidgets.Textarea(value=text, description="Texto", rows=3, continuous_update=False)
        slow = {"continuous_update": False}
        self.models = [
            ipywidgets.Combobox(value=name, options=list(CATALOGUE), description=f"Tokenizador {letter}", **slow)
            for letter, name in zip("AB", [*models, ""], strict=False)
        ]
        low, high, _ = INTEGERS["max_length"]
        self.max_length = ipywidgets.BoundedIntText(
            max_length, min=low, max=high, description="Piezas (max_length)", **slow
        )
        self.pieces = ipywidgets.HTML()
        fields = [self.text, *self.models, self.max_length]
        super().__init__("tokens", [*fields, self.button("Ver las piezas", self._show, "primary"), self.pieces])
        for field in fields:
            field.observe(self.guarded(self._show), "value")
        self.guarded(self._show)()

    def _show(self) -> None:
        self.pieces.value = ""
        names = [field.value.strip() for field in self.models if field.value.strip()]
        if not names or not self.text.value.strip():
            raise TallerError("Escribe un texto y al menos un tokenizador (colibri viene incluido).")
        tables = {}
        for name in names:
            config = WorkshopConfig(model=name, max_length=self.max_length.value)
            preview = token_preview(self.text.value, self.tokenizer(config), config)
            tables[name] = preview.to_dict("records")
        self.pieces.value = render("widgets/tokens.html", tables=tables)

    def static(self) -> str:
        """Las piezas que se ven, con cada tokenizador."""
        return self.pieces.value
