"""En palabras: qué época se conserva y por qué."""

from __future__ import annotations

from taller_lib.errors import TallerError
from taller_lib.training import WorkshopTrainer


def explain_best_epoch(trainer: WorkshopTrainer, baseline: float | None = None) -> str:
    """Una o dos frases: qué época se conserva, por qué, y si supera a la línea base.

    Parameters
    ----------
    trainer : WorkshopTrainer
        Ya entrenado.
    baseline : float, optional
        Macro F1 en validación de lo que hay que superar (por ejemplo, TF-IDF).

    Raises
    ------
    TallerError
        Si todavía no termina ninguna época.
    """
    kept = trainer.best_epoch
    if kept is None:
        raise TallerError("Todavía no termina ninguna época: ejecuta trainer.train() y espera a la primera.")
    patience = trainer.config.early_stopping_patience or 1
    best = trainer.state.best_metric or 0.0
    done = int((trainer.state.epoch or 0) + 1e-6)
    reason = f"ninguna otra de las {done} tuvo mejor macro F1"
    if done - kept >= patience:
        reason = f"después no mejoró en {patience} épocas y el entrenamiento se detuvo en la {done}"
    sentence = f"Se conserva la época {kept} (macro F1 {best:.3f} en validación): {reason}."
    if baseline is None:
        return sentence
    if best > baseline:
        return f"{sentence} Supera a la línea base ({baseline:.3f})."
    return (
        f"{sentence} Ninguna época superó a la línea base ({baseline:.3f}): con estos datos y este modelo, "
        "el método sencillo queda igual o mejor."
    )
