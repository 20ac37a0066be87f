"""How a golden signal stands against its thresholds. Shape, word and colour come together here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from app.landscape.model import Limits, Thresholds

Tone = Literal["ok", "watch", "out", "stale", "idle", "none"]
WORDS: Mapping[Tone, str] = {
    "ok": "In sync",
    "watch": "Watch",
    "out": "Out of sync",
    "stale": "Stale data",
    "idle": "Nothing judged",
    "none": "Not compared",
}
SEVERITIES: Mapping[str, tuple[str, str]] = {
    "critical": ("P1", "out"),
    "major": ("P2", "watch"),
    "warning": ("P3", "info"),
    "info": ("P4", "quiet"),
}
_WORSE: tuple[Tone, ...] = ("ok", "watch", "out")


@dataclass(frozen=True)
class Signals:
    """The golden signals of one plant in one window. None: no facts to say it from."""

    success: float | None = None
    score: float | None = None
    judged: int = 0
    agreed: int = 0
    due: int = 0
    effective: int = 0
    postings: int = 0
    p50: float | None = None
    p95: float | None = None
    objective: float | None = None  # seconds a posting may take
    quantity: float | None = None  # percent of what was compared
    gross: float | None = None
    net: float | None = None
    currency: str | None = None
    retries: int | None = None
    exhausted: int = 0
    amplification: float | None = None
    oldest_hours: float | None = None
    count: int = 0


def of_plant(rows: Iterable[Mapping[str, Any]], objective: float | None) -> Signals:
    """The signals of one plant from its rows over all flows."""
    by = {row["name"]: row for row in rows}
    empty: Mapping[str, Any] = {"value": None, "numerator": None, "denominator": None, "detail": {}}
    success, agreement, lag, variance, retries, aging = (
        by.get(name, empty)
        for name in ("success", "agreement", "lag", "variance", "retries", "aging")
    )
    messages, again = retries["denominator"], retries["numerator"]
    return Signals(
        success=success["value"],
        score=agreement["value"],
        judged=int(agreement["denominator"] or 0),
        agreed=int(agreement["numerator"] or 0),
        due=int(success["denominator"] or 0),
        effective=int(success["numerator"] or 0),
        postings=int(lag["detail"].get("facts") or 0),
        p50=lag["detail"].get("p50"),
        p95=lag["detail"].get("p95"),
        objective=objective,
        quantity=_share_off(variance),
        gross=variance["value"],
        net=variance["detail"].get("net"),
        currency=variance["detail"].get("currency"),
        retries=None if again is None else int(again),
        exhausted=int(retries["detail"].get("exhausted") or 0),
        amplification=float((messages + again) / messages) if messages else None,
        oldest_hours=aging["value"],
        count=int(aging["detail"].get("count") or 0),
    )


def _share_off(variance: Mapping[str, Any]) -> float | None:
    """Gross variance in percent of what was compared: quantity if of one unit, or money."""
    detail = variance["detail"]
    part, whole = detail.get("quantity"), detail.get("quantity_compared")
    if not part or not whole or not Decimal(whole):
        part, whole = variance["value"], detail.get("compared")
    return 100 * float(part) / float(whole) if whole and part is not None else None


def tones(signals: Signals, limits: Thresholds) -> dict[str, Tone]:
    """Each golden signal against its thresholds. A signal without a value has no tone."""
    lag = signals.p95 / signals.objective if signals.p95 is not None and signals.objective else None
    return {
        "success": _low(signals.success, limits.success),
        "lag": _high(lag, limits.lag),
        "quantity": _high(signals.quantity, limits.quantity),
        "value": _high(signals.gross, limits.value),
        "retries": _high(signals.amplification, limits.amplification),
        "oldest": _high(signals.oldest_hours, limits.oldest_hours),
    }


def worst(found: Iterable[Tone]) -> Tone:
    """The worst of some tones.

    >>> worst(["ok", "none", "out", "watch"]), worst(["none"])
    ('out', 'none')
    """
    ranked = [_WORSE.index(tone) for tone in found if tone in _WORSE]
    return _WORSE[max(ranked)] if ranked else "none"


def _low(value: float | None, limits: Limits) -> Tone:
    if value is None:
        return "none"
    return "out" if value < limits.out else "watch" if value < limits.watch else "ok"


def _high(value: float | None, limits: Limits) -> Tone:
    if value is None:
        return "none"
    return "out" if value > limits.out else "watch" if value > limits.watch else "ok"


def band(share: float) -> int:
    """Which of the five bands of the heat scale an agreement falls in, 0 the calm one.

    >>> [band(share) for share in (100, 99, 98.9, 97, 95, 20)]
    [0, 0, 1, 2, 3, 4]
    """
    return next((no for no, floor in enumerate((99, 98, 96, 90)) if share >= floor), 4)
