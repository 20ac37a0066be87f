"""Business words for what a finding says: titles, and likely causes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.plain import WIDE

ROLES = {
    "erp": "ERP",
    "mes": "MES",
    "wms": "WMS",
    "qms": "QMS",
    "cmms": "CMMS",
    "middleware": "Middleware",
    "shopfloor": "Shop floor",
    "supplier": "Supplier",
    "tms": "Carrier",
    "finance": "Finance",
}
NOUNS = {
    "op_complete": "completion",
    "goods_issue": "material issue",
    "fg_receipt": "goods receipt",
    "labor": "labour",
    "adjust": "adjustment",
    "asn": "shipping notice",
    "ship_ready": "shipment",
    "ship_confirm": "shipment",
    "invoice_ready": "invoice",
    "invoiced": "invoice",
    "spare_issue": "spare part issue",
}  # other kinds are called what they are, e.g. status change
TITLES = {
    "missing_posting": "{left} {noun} not posted in {right}",
    "orphan_posting": "{right} {noun} without one in {left}",
    "duplicate_posting": "{left} {noun} posted twice in {right}",
    "quantity_variance": "{left} {noun}, other quantity in {right}",
    "unit_mismatch": "{left} {noun} in another unit in {right}",
    "late_posting": "{left} {noun} posted late in {right}",
    "wrong_period": "{left} {noun} in another period in {right}",
    "attribute_mismatch": "{left} {noun}, {attribute} differs in {right}",
    "posting_failed": "{left} {noun} held as failed in {right}",
    "reversal_lost": "{noun} withdrawn on one side only, {left} and {right}",
    "balance_variance": "Stock differs, {left} and {right}",
    "ledger_mismatch": "{left} stock is not what its movements make it",
    "negative_stock": "{left} stock below zero",
    "status_drift": "{state_of} status differs, {left} and {right}",
    "revision_drift": "Order revision differs, {left} and {right}",
    "missing_counterpart": "{state_of} in {present}, unknown in {absent}",
    "dead_letter": "{noun} message dead-lettered, no effect in {right}",
    "silent_failure": "{noun} message accepted, no effect in {right}",
    "stuck_message": "Messages waiting in {channel}",
    "retry_storm": "A message tried again and again in {channel}",
    "hold_not_propagated": "Quality hold in {left}, stock free in {right}",
    "release_not_propagated": "Released in {left}, stock blocked in {right}",
    "hold_violated": "Lot moved while on hold",
    "silent_source": "Nothing comes from {left}",
    "genealogy_gap": "Lot used in {left}, of unknown origin",
    "master_data_drift": "{state_of} not known alike, {left} and {right}",
    "unmapped_key": "Key in {left}, unknown in {right}",
    "cutoff_balance": "{left} account differs from what it stands for",
}
WITHIN = {  # both sides are of one system: the two postings are told apart by what they are
    "missing_posting": "{left} {noun} without {other}",
    "orphan_posting": "{left} {other} without {noun}",
    "duplicate_posting": "{left} {other} posted twice for one {noun}",
    "quantity_variance": "{left} {other}, other quantity than its {noun}",
    "unit_mismatch": "{left} {other} in another unit than its {noun}",
    "late_posting": "{left} {other} posted late after its {noun}",
    "wrong_period": "{left} {other} in another period than its {noun}",
    "attribute_mismatch": "{left} {other}, other {attribute} than its {noun}",
    "posting_failed": "{left} {other} of a {noun} held as failed",
    "reversal_lost": "{left} {noun} and {other}, one of them withdrawn",
}
MISSING = ("missing_posting", "spare_part_unposted", "transit_open")  # no effect where one is due
CAUSES = {
    "failed": "Failed posting",
    "queued": "Waiting as a message",
    "not_due": "Not due yet",
    "missing": "Not posted",
    "orphan": "Posted without a source",
    "reversal": "Withdrawn on one side",
    "duplicate": "Posted twice",
    "unit": "Unit or factor",
    "quantity": "Other quantity",
    "lot": "Other lot",
    "location": "Other location",
    "status_class": "Other stock status",
    "owner": "Other owner",
    "attribute": "Other attribute",
    "cutoff": "Cut-off",
    "journal": "Posted without goods",
    "adjustment": "Adjustment on one side",
    "rounding": "Rounding",
    "unexplained": "Unexplained",
}
UNCOMPARED = "not compared until cross_reference/unit.csv leads to one unit"


def title(code: str, words: Mapping[str, str], own: Mapping[str, str] | None = None) -> str:
    """One fact in business words: those of its rule, `own` by code, or the usual ones.

    >>> title("missing_posting", {"left": "MES", "right": "ERP", "noun": "completion"})
    'MES completion not posted in ERP'
    """
    is_within = "other" in words and words["left"] == words["right"]
    usual = WITHIN if is_within else TITLES
    told = {**usual, **(own or {})}.get(code, code.replace("_", " "))
    text = told.format_map(_Known({"state_of": "order", **words}))
    return text[0].upper() + text[1:]


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def noun(kinds: Sequence[str]) -> str:
    """What one of these kinds is called."""
    return NOUNS.get(kinds[0], kinds[0].replace("_", " ")) if kinds else "posting"


def role_name(roles: Sequence[str]) -> str:
    """What a side is called."""
    return " or ".join(ROLES.get(role, role) for role in roles) or "source"


def cause_of(
    finding: Mapping[str, Any], sides: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str | None:
    """What the data tell of the cause of a finding, in one sentence; None where they do not."""
    for message in sides.get("carried", ()):
        where = f" in {message['channel']}" if message.get("channel") else ""
        why = message.get("error_text") or message.get("stuck_reason")
        if message.get("status") == "dead_lettered":
            return f"Dead-lettered{where}: {why}" if why else f"Dead-lettered{where}"
        if message.get("status") not in (None, "done", "delivered"):
            return f"Message {str(message['status']).replace('_', ' ')}{where}"
    expected, observed = sides.get("expected", ()), sides.get("observed", ())
    told = _CAUSE.get(finding["code"])
    return finding["note"] or (told(finding, expected, observed) if told else None)


Facts = Sequence[Mapping[str, Any]]


def _copies(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str:
    return f"{len(observed)} postings for {len(expected)}: {_keys(observed)}"


def _alone(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    return f"Only in {observed[0]['source']}: {_keys(observed)}" if observed else None


def _periods(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    if not expected or not observed:
        return None
    happened = _day(expected[0], "occurred_on", "posting_on")
    return f"Happened {happened}, posted {_day(observed[-1], 'posting_on', 'occurred_on')}"


def _quantities(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str:
    mine, other = _number(finding["quantity_expected"]), _number(finding["quantity_observed"])
    return f"{mine} against {other} {finding['unit'] or ''}".strip()


def _units(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str:
    factor = f", factor {_number(finding['factor'])}" if finding["factor"] else ""
    if finding["variance"] is not None:
        return _quantities(finding, expected, observed) + factor
    left, right = (" and ".join(sorted(_values(facts, "unit"))) for facts in (expected, observed))
    return f"{left} against {right}: {UNCOMPARED}{factor}"


def _idle(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    held = [fact for fact in observed if fact.get("state") in ("failed", "pending", "draft")]
    return f"Held as {held[0]['state']} in {held[0]['source']}: {_keys(held)}" if held else None


def _withdrawn(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    """The finding is about what still stands, so the facts of the other side are those withdrawn.

    What failed was never there to be withdrawn.
    """
    is_orphan = finding["lead_no"] in {fact["fact_no"] for fact in observed}
    idle = expected if is_orphan else observed
    gone = [fact for fact in idle if fact.get("state") in ("posted", "cancelled")]
    return f"Withdrawn in {gone[0]['source']}: {_keys(gone)}" if gone else None


def _attributes(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    name = differing(expected, observed)
    if name is None:
        return _accepted(finding, expected, observed)
    left, right = (", ".join(sorted(_values(facts, name))) for facts in (expected, observed))
    return f"{name.replace('_', ' ').capitalize()} {left} against {right}"


def _accepted(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    """How much of what was inspected is free on both sides."""
    pairs = [(mine.get("quantity_free"), other.get("quantity_free"))
             for mine in expected for other in observed]  # fmt: skip
    unlike = next((pair for pair in pairs if None not in pair and pair[0] != pair[1]), None)
    if unlike is None:
        return None
    return f"Free {_number(unlike[0])} against {_number(unlike[1])} {finding['unit'] or ''}".strip()


def _revisions(finding: Mapping[str, Any], expected: Facts, observed: Facts) -> str | None:
    told = _attributes(finding, expected, observed)
    return told or (_quantities(finding, expected, observed) if finding["variance"] else None)


def differing(expected: Facts, observed: Facts) -> str | None:
    """The first attribute both sides know, and not alike."""
    names = ("lot", "location", "stock_status", "item", "item_revision", "order_no", "op_no")
    for name in names:
        left, right = _values(expected, name), _values(observed, name)
        if left and right and left != right:
            return name
    return None


def _values(facts: Facts, name: str) -> set[str]:
    return {str(fact[name]) for fact in facts if fact.get(name)}


_CAUSE = {
    "duplicate_posting": _copies,
    "orphan_posting": _alone,
    "wrong_period": _periods,
    "quantity_variance": _quantities,
    "unit_mismatch": _units,
    "posting_failed": _idle,
    "reversal_lost": _withdrawn,
    "attribute_mismatch": _attributes,
    "revision_drift": _revisions,
}


def _keys(facts: Facts) -> str:
    keys = [str(fact["source_key"]) for fact in facts]
    return ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def _day(fact: Mapping[str, Any], *names: str) -> str:
    return next(
        (f"{fact[name]:%-d %b %Y}" for name in names if fact.get(name)), "on an unknown day"
    )


def _number(value: Decimal | None) -> str:
    return "nothing" if value is None else f"{value.normalize(WIDE):,f}"


def waiting_in(channels: Sequence[Mapping[str, Any]], occurred_at: datetime | None) -> str | None:
    """Where a fact without a message may still wait.

    A queue cannot hold what is older than the message at its head.
    """
    able = [
        channel
        for channel in channels
        if occurred_at is None
        or channel["oldest_at"] is None
        or channel["oldest_at"] <= occurred_at
    ]
    if able:
        return "Likely among the " + ", ".join(map(_waiting, able))
    return "No message of it on any watched channel: never sent, or lost on the way"


def _waiting(channel: Mapping[str, Any]) -> str:
    count = channel["ready"]
    messages = "message" if count == 1 else "messages"
    return f"{count} {messages} waiting in {channel['channel']}, which nobody takes"
