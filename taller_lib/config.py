"""`WorkshopConfig`: el registro único de las decisiones de un taller, guardado en `config.json`."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any, Self

from taller_files.writing import StrPath, write_json
from taller_lib.errors import TallerError

CONFIG_NAME = "config.json"
MIN_CLASSES, MAX_CLASSES = 2, 20
DEFAULT_CLASSES = 3
LORA_RATE = 10
TUNED = {"early_stopping_patience", "max_length", "batch_size", "learning_rate"}  # dependen del modelo
# los campos enteros: el menor valor, el mayor y si admiten None
INTEGERS = {
    "max_length": (8, 8192, True),
    "num_train_epochs": (1, 20, False),
    "early_stopping_patience": (1, 20, True),
    "batch_size": (1, 512, True),
    "seed": (0, 2**32 - 1, False),
    "split_seed": (0, 2**32 - 1, False),
    "freeze_layers": (0, 100, False),
}


class _KnownFields:
    """Da una frase, y no el `TypeError` de Python, a quien escribe un campo que no existe.

    Está en una clase de la que se hereda para que la firma de `WorkshopConfig` sea la de sus campos.
    """

    def __new__(cls, *_: Any, **values: Any) -> Self:
        known = [field.name for field in dataclasses.fields(WorkshopConfig)]
        if unknown := sorted(set(values) - set(known)):
            raise TallerError(
                f"No existe el campo «{unknown[0]}» en la configuración: los campos son {', '.join(known)}."
            )
        return super().__new__(cls)


@dataclasses.dataclass(frozen=True)
class WorkshopConfig(_KnownFields):
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
        if problem := self._problem() or _label_names_problem(self.label_names):
            raise TallerError(problem)
        if self.label_names is not None:
            names = tuple(name.strip() for name in self.label_names)
            object.__setattr__(self, "label_names", names)

    def _problem(self) -> str | None:
        """La frase sobre el primer campo con un valor que no se admite, si lo hay."""
        for name in ("model", "text_column", "label_column"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                return f"El campo `{name}` de la configuración está vacío: escribe un nombre."
        if self.text_column == self.label_column:
            column = self.text_column
            return f"La columna del texto y la de la etiqueta son la misma («{column}»): elige dos columnas distintas."
        for name, (low, high, optional) in INTEGERS.items():
            value = getattr(self, name)
            integer = isinstance(value, int) and not isinstance(value, bool)
            if not (integer and low <= value <= high) and not (optional and value is None):
                also = " o None" if optional else ""
                return f"`{name}` vale {value!r}: escribe un entero de {low} a {high}{also}."
        rate = self.learning_rate
        if rate is not None and not (isinstance(rate, float) and 0 < rate <= 0.01):
            return (
                f"`learning_rate` vale {rate!r}: escribe un número mayor que 0 y no mayor que 0.01 "
                "(por ejemplo 5e-5), o None para usar el que recomienda el catálogo."
            )
        if self.class_weights not in ("off", "auto"):
            return f'`class_weights` vale {self.class_weights!r}: escribe "off" o "auto".'
        if not isinstance(self.lora, bool):
            return f"`lora` vale {self.lora!r}: escribe True o False."
        return None

    def replace(self, **changes: Any) -> WorkshopConfig:
        """Devuelve una copia con los campos cambiados.

        Raises
        ------
        TallerError
            Si un campo no existe o su valor está fuera de rango.
        """
        return dataclasses.replace(self, **changes)

    def choose(self, model: str, **chosen: Any) -> WorkshopConfig:
        """Cambia de modelo; de los ajustes que dependen de él quedan los de `chosen`, y en `None` los recomendados.

        Raises
        ------
        TallerError
            Si un valor está fuera de su rango.
        """
        base = self.replace(model=model, **dict.fromkeys(TUNED))
        best = base.resolved()
        same = {name: None for name in chosen.keys() & TUNED if math.isclose(chosen[name], getattr(best, name))}
        return base.replace(**chosen | same)

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
        names = self.label_names and list(self.label_names)
        return dataclasses.asdict(self) | {"label_names": names}

    @classmethod
    def from_dict(cls, values: dict[str, Any], origin: str = "el diccionario") -> WorkshopConfig:
        """Construye la configuración desde un diccionario; `origin` se nombra en los errores."""
        try:
            return cls(**values)
        except TallerError as error:
            raise TallerError(f"{error} (en {origin})") from None

    def save(self, path: StrPath) -> Path:
        """Escribe `config.json` (UTF-8) y devuelve su ruta; `path` es el archivo o su carpeta."""
        return write_json(self._file(path), self.to_dict())

    @classmethod
    def load(cls, path: StrPath) -> WorkshopConfig:
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
            problem = f"No existe el archivo {source}: crea la configuración con `WorkshopConfig().save(...)`."
        except OSError:
            problem = f"No se puede leer {source}: revisa que sea un archivo y que tengas permiso."
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            problem = f"El archivo {source} no es JSON válido ({error}): corrígelo o bórralo para empezar de nuevo."
        else:
            if isinstance(values, dict):
                return cls.from_dict(values, origin=str(source))
            problem = f"El archivo {source} no contiene un objeto JSON con los campos del taller."
        raise TallerError(problem)

    @staticmethod
    def _file(path: StrPath) -> Path:
        path = Path(path)
        return path if path.suffix == ".json" else path / CONFIG_NAME


def _label_names_problem(names: Any) -> str | None:
    """La frase sobre unas clases que no se admiten, si algo está mal en ellas."""
    if names is None:
        return None
    if isinstance(names, str):
        return f'`label_names` es un solo texto ({names!r}): escribe una lista, por ejemplo ["negativo", "neutral", "positivo"].'
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        return f"`label_names` vale {names!r}: escribe una lista de nombres entre comillas, o None."
    clean = [name.strip() for name in names]
    if "" in clean or len(set(clean)) != len(clean):
        return f"`label_names` tiene nombres vacíos o repetidos: {clean}. Cada clase lleva un nombre distinto."
    if not MIN_CLASSES <= len(clean) <= MAX_CLASSES:
        return f"`label_names` declara {len(clean)} clases: el taller admite de {MIN_CLASSES} a {MAX_CLASSES}."
    return None


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
