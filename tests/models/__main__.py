"""``python -m tests.models``: prints how far our models and sensors, and codecarbon's model, are from the truth."""

from tests.models import published, sensors, wall

TABLES = (published.table, published.by_load, wall.desktops, wall.servers, sensors.table)

if __name__ == "__main__":
    print("\n\n".join("\n".join(table()) for table in TABLES))
