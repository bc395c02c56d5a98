"""``python -m tests.models``: prints how far our processor model and codecarbon's are from published measurements."""

from tests.models.published import by_load, table

if __name__ == "__main__":
    print("\n".join([*table(), "", *by_load()]))
