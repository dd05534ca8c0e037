"""`WorkshopConfig`: el registro único de las decisiones de un taller, guardado en `config.json`."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from taller_lib._files import write_json
from taller_lib.errors import TallerError

CONFIG_NAME = "config.json"
MIN_CLASSES, MAX_CLASSES = 2, 20
DEFAULT_CLASSES = 3
LORA_RATE = 10


@dataclasses.dataclass(frozen=True)
class WorkshopConfig:
    """Las decisiones de un taller. Es inmutable: `replace` devuelve una copia cambiada.

    Los campos que dependen del modelo valen `None` mientras nadie los elija; `resolved()` pone en
    su lugar lo que el catálogo recomienda para `model`.

    Parameters
    ----------
    model : str
        ``"colibri"`` (incluido, sin red), un nombre del Hub o una carpeta local.
    text_column, label_column : str
        Columnas del CSV con el texto y con la etiqueta.
    label_names : tuple of str or None
        Clases, en el orden de sus números. ``None``: las tres que haya en train, en orden
        alfabético. De 2 a 20 si se declaran.
    max_length : int or None
        Tokens por texto, de 8 a 8192; lo que pase de ahí se corta.
    num_train_epochs : int
        Épocas como máximo, de 1 a 20.
    early_stopping_patience : int or None
        Épocas sin mejora de macro F1 antes de detenerse, de 1 a 20.
    learning_rate : float or None
        Mayor que 0 y hasta 0.01.
    batch_size : int or None
        Textos por paso de optimización (lote efectivo), de 1 a 512.
    seed : int
        Semilla aleatoria del entrenamiento.
    split_seed : int
        Semilla del reparto de los datos; fija, para que corridas con otra `seed` compartan textos.
    class_weights : {"off", "auto"}
        ``"auto"``: cada clase pesa en la pérdida en proporción inversa a su frecuencia en train.
    freeze_layers : int
        Capas inferiores (y embeddings) que no se entrenan; 0 las entrena todas.
    lora : bool
        Entrenar adaptadores LoRA (con `peft`) en lugar de todos los pesos.

    Raises
    ------
    TallerError
        Si un campo está fuera de su rango.
    """

    model: str = "colibri"
    text_column: str = "texto"
    label_column: str = "etiqueta"
    label_names: tuple[str, ...] | None = None
    max_length: int | None = None
    num_train_epochs: int = 20
    early_stopping_patience: int | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    seed: int = 0
    split_seed: int = 0
    class_weights: str = "off"
    freeze_layers: int = 0
    lora: bool = False

    def __post_init__(self) -> None:
        for name in ("model", "text_column", "label_column"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise TallerError(
                    f"El campo `{name}` de la configuración está vacío: escribe un nombre."
                )
        if self.text_column == self.label_column:
            raise TallerError(
                f"La columna del texto y la de la etiqueta son la misma («{self.text_column}»): "
                "elige dos columnas distintas."
            )
        if self.label_names is not None:
            object.__setattr__(self, "label_names", self._clean_label_names())
        self._check_integer("max_length", 8, 8192, optional=True)
        self._check_integer("num_train_epochs", 1, 20)
        self._check_integer("early_stopping_patience", 1, 20, optional=True)
        self._check_integer("batch_size", 1, 512, optional=True)
        self._check_integer("seed", 0, 2**32 - 1)
        self._check_integer("split_seed", 0, 2**32 - 1)
        self._check_integer("freeze_layers", 0, 100)
        rate = self.learning_rate
        if rate is not None and not (
            isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate <= 0.01
        ):
            raise TallerError(
                f"`learning_rate` vale {rate!r}: escribe un número mayor que 0 y no mayor que 0.01 "
                "(por ejemplo 5e-5), o None para usar el que recomienda el catálogo."
            )
        if self.class_weights not in ("off", "auto"):
            raise TallerError(
                f'`class_weights` vale {self.class_weights!r}: escribe "off" o "auto".'
            )
        if not isinstance(self.lora, bool):
            raise TallerError(f"`lora` vale {self.lora!r}: escribe True o False.")

    def _check_integer(self, name: str, low: int, high: int, optional: bool = False) -> None:
        value = getattr(self, name)
        if value is None and optional:
            return
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            also = " o None" if optional else ""
            raise TallerError(
                f"`{name}` vale {value!r}: escribe un entero de {low} a {high}{also}."
            )

    def _clean_label_names(self) -> tuple[str, ...]:
        if isinstance(self.label_names, str):
            raise TallerError(
                f"`label_names` es un solo texto ({self.label_names!r}): "
                'escribe una lista, por ejemplo ["negativo", "neutral", "positivo"].'
            )
        if not isinstance(self.label_names, list | tuple) or not all(
            isinstance(name, str) for name in self.label_names
        ):
            raise TallerError(
                f"`label_names` vale {self.label_names!r}: escribe una lista de nombres entre comillas, o None."
            )
        names = tuple(name.strip() for name in self.label_names)
        if "" in names or len(set(names)) != len(names):
            raise TallerError(
                f"`label_names` tiene nombres vacíos o repetidos: {list(names)}. Cada clase lleva un nombre distinto."
            )
        if not MIN_CLASSES <= len(names) <= MAX_CLASSES:
            raise TallerError(
                f"`label_names` declara {len(names)} clases: el taller admite de {MIN_CLASSES} a {MAX_CLASSES}."
            )
        return names

    def replace(self, **changes: Any) -> WorkshopConfig:
        """Devuelve una copia con los campos cambiados.

        Raises
        ------
        TallerError
            Si un campo no existe o su valor está fuera de rango.
        """
        self._check_names(changes, "los argumentos de `replace`")
        return dataclasses.replace(self, **changes)

    def resolved(self) -> WorkshopConfig:
        """Devuelve una copia sin `None` en los campos que dependen del modelo.

        Los valores vienen de la ficha del modelo en el catálogo (`taller_lib.catalogue`); un modelo
        que no está en él recibe los de un encoder de tamaño base. Con `lora`, la tasa de aprendizaje
        recomendada se multiplica por diez (Schulman 2025, «LoRA Without Regret»).
        """
        from taller_lib.catalogue import training_settings

        settings = training_settings(self.model)
        missing = {
            name: getattr(settings, name)
            for name in ("max_length", "early_stopping_patience", "learning_rate", "batch_size")
            if getattr(self, name) is None
        }
        if self.lora and "learning_rate" in missing:
            missing["learning_rate"] = min(0.01, LORA_RATE * missing["learning_rate"])
        return dataclasses.replace(self, **missing)

    def to_dict(self) -> dict[str, Any]:
        """Los campos como diccionario que se puede escribir en JSON."""
        values = dataclasses.asdict(self)
        values["label_names"] = list(self.label_names) if self.label_names else None
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any], origin: str = "la configuración") -> WorkshopConfig:
        """Construye la configuración desde un diccionario; `origin` se nombra en los errores."""
        cls._check_names(values, origin)
        values = dict(values)
        if isinstance(values.get("label_names"), list):
            values["label_names"] = tuple(values["label_names"])
        return cls(**values)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Escribe `config.json` (UTF-8) y devuelve su ruta; `path` es el archivo o su carpeta."""
        return write_json(self._file(path), self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> WorkshopConfig:
        """Lee `config.json`; `path` es el archivo o su carpeta.

        Raises
        ------
        TallerError
            Si no existe, no es JSON o tiene un campo desconocido o fuera de rango.
        """
        source = cls._file(path)
        try:
            values = json.loads(source.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise TallerError(
                f"No existe el archivo {source}: crea la configuración con `WorkshopConfig().save(...)`."
            ) from None
        except OSError:
            raise TallerError(
                f"No se puede leer {source}: revisa que sea un archivo y que tengas permiso."
            ) from None
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise TallerError(
                f"El archivo {source} no es JSON válido ({error}): corrígelo o bórralo para empezar de nuevo."
            ) from None
        if not isinstance(values, dict):
            raise TallerError(
                f"El archivo {source} no contiene un objeto JSON con los campos del taller."
            )
        try:
            return cls.from_dict(values, origin=str(source))
        except TallerError as error:
            raise TallerError(f"{error} (en {source})") from None

    @staticmethod
    def _file(path: str | os.PathLike[str]) -> Path:
        path = Path(path)
        return path if path.suffix == ".json" else path / CONFIG_NAME

    @classmethod
    def _check_names(cls, values: dict[str, Any], origin: str) -> None:
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise TallerError(
                f"No existe el campo «{unknown[0]}» en {origin}: los campos son {', '.join(known)}."
            )


def parse_choice(name: str, value: Any) -> Any:
    """El valor de un campo escrito como texto en un formulario, con su tipo."""
    if not isinstance(value, str):
        return value
    value = value.strip()
    if name == "label_names":
        return tuple(part.strip() for part in value.split(","))
    if name in ("model", "text_column", "label_column", "class_weights"):
        return value
    try:
        return float(value) if name == "learning_rate" else int(value)
    except ValueError:
        raise TallerError(f"`{name}` vale «{value}»: escribe un número.") from None
