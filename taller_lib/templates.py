"""El HTML del taller: las plantillas de `assets/`, que escapan todo lo que escribió otra persona."""

from __future__ import annotations

from typing import Any

import jinja2

from taller_lib._paths import ASSETS

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(ASSETS), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


def render(template: str, /, **values: Any) -> str:
    """La plantilla con sus valores puestos."""
    return _ENVIRONMENT.get_template(template).render(**values)
