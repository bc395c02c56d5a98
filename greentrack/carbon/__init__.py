"""Grid intensity: grams of CO2e per kWh by zone; one file a source."""

from greentrack.carbon.base import Intensity
from greentrack.carbon.zones import find_intensity, months_if_old, zones

__all__ = ["Intensity", "find_intensity", "months_if_old", "zones"]
