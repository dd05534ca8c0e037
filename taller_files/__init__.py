"""La capa de archivos del taller: leer tablas de otras personas tal como son, y escribir sin perder nada.

Lee CSV y .xlsx difíciles (codificaciones, separadores, comillas, hojas, copias a medias) y dice lo raro en una
frase; escribe cada archivo completo o no lo escribe. No sabe nada de modelos ni de clases: sirve sin `taller_lib`.
"""
