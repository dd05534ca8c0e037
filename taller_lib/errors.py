"""El único error que ve un participante: una frase que dice qué pasa, dónde y qué hacer."""

from taller_files.errors import TallerError as TallerError
