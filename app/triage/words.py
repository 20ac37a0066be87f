"""Business words for what a finding says: titles in the form 'left fact, right missing', and likely causes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

ROLES = {"erp": "ERP", "mes": "MES", "wms": "WMS", "qms": "QMS", "cmms": "CMMS", "middleware": "Middleware", "shopfloor": "Shop floor", "supplier": "Supplier", "tms": "Carrier", "finance": "Finance"}
NOUNS = {
    "op_complete": "completion", "goods_issue": "material issue", "fg_receipt": "goods receipt", "scrap": "scrap", "rework": "rework",
    "labor": "labour", "transfer": "transfer", "adjust": "adjustment", "status_change": "status change", "receipt": "receipt",
    "asn": "shipping notice", "ship_ready": "shipment", "ship_confirm": "shipment", "invoice_ready": "invoice", "invoiced": "invoice",
    "spare_issue": "spare part issue", "return": "return",
}  # fmt: skip
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
    "status_drift": "Order status differs, {left} and {right}",
    "revision_drift": "Order revision differs, {left} and {right}",
    "missing_counterpart": "Order in {present}, unknown in {absent}",
    "dead_letter": "{noun} message dead-lettered, no effect in {right}",
    "silent_failure": "{noun} message accepted, no effect in {right}",
    "stuck_message": "Messages waiting in {channel}",
    "hold_not_propagated": "Quality hold in {left}, stock free in {right}",
    "release_not_propagated": "Released in {left}, stock blocked in {right}",
    "hold_violated": "Lot moved while on hold",
}
CAUSES = {
    "failed": "Failed posting", "queued": "Waiting as a message", "not_due": "Not due yet", "missing": "Not posted", "orphan": "Posted without a source",
    "reversal": "Withdrawn on one side", "duplicate": "Posted twice", "unit": "Unit or factor", "quantity": "Other quantity", "lot": "Other lot",
    "location": "Other location", "status_class": "Other stock status", "owner": "Other owner", "attribute": "Other attribute",
    "cutoff": "Cut-off", "adjustment": "Adjustment on one side", "rounding": "Rounding", "unexplained": "Unexplained",
}  # fmt: skip


def title(code: str, words: Mapping[str, str]) -> str:
    """One fact in business words.

    >>> title("missing_posting", {"left": "MES", "right": "ERP", "noun": "completion"})
    'MES completion not posted in ERP'
    """
    text = TITLES.get(code, code.replace("_", " ")).format_map(_Known(words))
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


def cause_of(code: str, carried: Sequence[Mapping[str, Any]], idle: Sequence[Mapping[str, Any]], note: str | None) -> str | None:
    """The likely cause of a finding as the data tell it, in one sentence; None where they do not."""
    for message in carried:
        where, why = message.get("channel"), message.get("error_text") or message.get("stuck_reason")
        if message.get("status") == "dead_lettered":
            return f"Dead-lettered in {where}: {why}" if why else f"Dead-lettered in {where}"
        if message.get("status") not in (None, "done", "delivered"):
            return f"Message {str(message['status']).replace('_', ' ')} in {where}"
    if code == "posting_failed" and idle:
        return f"Held as {idle[0].get('state')} in {idle[0].get('source')}"
    return note


def waiting_in(channels: Sequence[Mapping[str, Any]], occurred_at: datetime | None) -> str | None:
    """Where a fact without a message may still wait. A queue cannot hold what is older than the message at its head."""
    able = [channel for channel in channels if occurred_at is None or channel["oldest_at"] is None or channel["oldest_at"] <= occurred_at]
    if able:
        return "Likely among the " + ", ".join(f"{channel['ready']} messages waiting in {channel['channel']}, which nobody takes" for channel in able)
    return "No message of it on any watched channel: never sent, or lost on the way"
