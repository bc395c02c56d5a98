"""``python -m greentrack.cli``, where the ``greentrack`` command is not on the path."""

from greentrack.cli.app import main

if __name__ == "__main__":
    main()
