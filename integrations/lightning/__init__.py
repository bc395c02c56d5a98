"""PyTorch Lightning: a callback that tracks a fit, a validation or a test."""

from greentrack.integrations.lightning.callback import GreenTrackCallback

__all__ = ["GreenTrackCallback"]
