"""`python -m taller_lib` es lo mismo que la orden `taller`."""

from taller_lib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
