"""The metrics of a run: last and best value, which way is better, and the Pareto front against energy."""

import math
import re
from collections.abc import Mapping, Sequence

from greentrack.errors import ConfigError, NotFoundError, did_you_mean
from greentrack.model import Metric

BETTER = ("higher", "lower")

_LOWER = {"loss", "error", "err", "perplexity", "ppl", "wer", "cer", "mae", "mse", "rmse", "nll", "fid"}
_LOWER |= {"deviance", "divergence", "latency", "brier"}
_HIGHER = {"acc", "accuracy", "f1", "auc", "auroc", "auprc", "ap", "map", "precision", "recall", "top1", "top5"}
_HIGHER |= {"bleu", "rouge", "iou", "miou", "dice", "r2", "psnr", "ssim", "reward", "return", "score", "ndcg", "mcc"}


def higher_is_better(metric: str, better: str | None = None) -> bool | None:
    """Return True if higher is better, by *better* or else by the name of *metric*; None if the name does not tell.

    >>> [higher_is_better(name) for name in ("val_acc", "train/loss", "Top1", "lr")]
    [True, False, True, None]
    """
    if better is not None:
        if better not in BETTER:
            raise ConfigError(f"unknown better {better!r}{did_you_mean(better, BETTER)}; known: {', '.join(BETTER)}")
        return better == "higher"
    words = set(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", metric).lower()))
    lower, higher = bool(words & _LOWER), bool(words & _HIGHER)
    return None if lower == higher else higher


def finite(values: Sequence[Metric]) -> list[Metric]:
    """Return the values that are finite numbers, in order of time."""
    return [metric for metric in values if metric.value is not None and math.isfinite(metric.value)]


def last(values: Sequence[Metric]) -> float | None:
    """Return the last finite value, None where there is none."""
    found = finite(values)
    return found[-1].value if found else None


def best(values: Sequence[Metric], higher: bool) -> float | None:
    """Return the best finite value, None where there is none."""
    return (max if higher else min)((metric.value for metric in finite(values)), default=None)


def pareto(points: Sequence[tuple[float, float]], higher_is_better: bool) -> list[int]:
    """Return the indices of the *points* (energy, quality) on the Pareto front.

    >>> pareto([(100, 0.95), (69, 0.94), (80, 0.93)], higher_is_better=True)
    [0, 1]
    """
    sign = 1.0 if higher_is_better else -1.0
    graded = [(energy, sign * quality) for energy, quality in points]
    return [
        number
        for number, (energy, quality) in enumerate(graded)
        if not any(less <= energy and good >= quality and (less, good) != (energy, quality) for less, good in graded)
    ]


def check_logged(metric: str, known: Mapping[str, object], failure: str) -> None:
    """Raise NotFoundError, which begins with *failure* ("the run logged no metric"), where *metric* is not *known*."""
    if metric not in known:
        names = ", ".join(list(known)[:10]) or "none"
        raise NotFoundError(f"{failure} {metric!r}{did_you_mean(metric, known)}; logged: {names}")
