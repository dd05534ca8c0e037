"""Lo que comparten los controles: su caja, sus avisos y su forma fija."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from taller_lib.errors import TallerError
from taller_lib.templates import render

LONGEST = 1_000


class LiveWidget:
    """Un control vivo (`box`) y, para quien no tiene kernel, su forma fija (`static()`).

    No hereda de ipywidgets: así los dos van juntos en la salida también con ipywidgets 7.7, el de Colab.
    """

    def __init__(self, name: str, children: Sequence[ipywidgets.Widget]) -> None:
        self.status = ipywidgets.HTML().add_class("estado")
        live = ipywidgets.HTML(render("widgets/live.html"))
        self.box = ipywidgets.VBox([live, *children, self.status])
        self.box.add_class("taller").add_class(f"taller-{name}")

    def static(self) -> str:
        """La forma fija, en HTML: la que muestran GitHub, nbconvert y una página impresa."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Pone un aviso al pie del control."""
        self.status.value = render("widgets/status.html", text=text)

    def button(self, description: str, action: Callable[[], object], style: str = "") -> ipywidgets.Button:
        """Un botón que hace `action` al hacerle clic, y dice en el control lo que falle."""
        button = ipywidgets.Button(description=description, button_style=style, layout={"width": "auto"})
        button.on_click(self.guarded(action))
        return button

    def guarded(self, action: Callable[[], object]) -> Callable[..., None]:
        """La acción de un botón o un campo: si falla, el control lo dice y se puede seguir usando."""

        def handler(*_: Any) -> None:
            self.say("")
            try:
                action()
            except TallerError as error:
                self.say(f"✗ {str(error)[:LONGEST]}")
            except KeyboardInterrupt:
                self.say("Se interrumpió antes de terminar: puedes volver a intentarlo.")
            except Exception as error:
                cause = f"{type(error).__name__}: {error}"[:LONGEST]
                self.say(
                    f"✗ Algo falló aquí ({cause}). Vuelve a ejecutar la celda; si se repite, avisa a tu instructor."
                )

        return handler

    def interruptible(self, action: Callable[[], object]) -> Callable[[], None]:
        """La acción de un botón que tarda: se hace en el hilo principal, el único al que llega «Interrumpir».

        JupyterLab 4 y ipykernel 7 atienden los clics en otro hilo.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # fuera de un cuaderno
            loop = None
        handler = self.guarded(action)

        def in_main_thread() -> None:
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                handler()
            finally:
                signal.signal(signal.SIGINT, before)

        def start() -> None:
            if loop is None or threading.current_thread() is threading.main_thread():
                handler()
            else:
                loop.call_soon_threadsafe(in_main_thread)

        return start

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        try:
            static = self.static()
        except TallerError as error:
            static = render("widgets/status.html", text=str(error))
        return {
            "application/vnd.jupyter.widget-view+json": view,
            "text/html": render("widgets/static.html", content=static),
            "text/plain": f"{type(self).__name__} (un control: se ve en un cuaderno)",
        }
