"""Grid intensity: grams of CO2e per kWh by zone; one file a source."""

from greentrack.carbon.base import Intensity
from greentrack.carbon.zones import age_note, find_intensity, zones

__all__ = ["Intensity", "age_note", "find_intensity", "zones"]
