"""``python -m greentrack`` is the ``greentrack`` command."""

from greentrack.cli import main

if __name__ == "__main__":
    main()
