"""Faults of billing: what was shipped is not invoiced, what is invoiced was never shipped."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from app.demo.faults.mode import INVOICES, mode, shuffled
from app.demo.faults.past import Past, bare
from app.demo.faults.strike import DAY, HOUR, Row, Strike, without
from app.demo.group import Happening, Kind
from app.demo.wire import ERP, Delivery

_BILLED, _SHIPPED = 2 * DAY, 4 * HOUR  # until then an invoice, or a shipment, has followed


@mode("H7")
def _not_invoiced(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """The price of a line is missing: the billing run leaves it out, night after night."""
    for h in shuffled(rng, filter(past.in_sap, past.by_kind[Kind.CUSTOMER_INVOICED])):
        shipped = [
            x
            for x in past.by_document[h.reference]
            if x.kind is Kind.DELIVERY_SHIPPED and x.position == h.position
        ]
        row = Row(
            "missing_posting",
            max(x.at for x in shipped) + _BILLED,
            h.plant,
            key=_line(h.reference, h),
            quantity=h.quantity,  # what was shipped counts less than nothing
            value=past.value(shipped[0], h.quantity),
        )
        claims = frozenset({h.document, h.reference})
        yield Strike([row], {h.no: without(ERP)}, claims=claims)


@mode("H8")
def _never_shipped(past: Past, rng: Random, size: int) -> Iterator[Strike]:
    """Somebody invoices a delivery that is not one, by hand."""
    invoices = filter(past.in_sap, past.by_kind[Kind.CUSTOMER_INVOICED])
    for count, h in enumerate(shuffled(rng, invoices)):
        delivery, number = f"89{count:08}", f"99{count:08}"
        quantity = past.group.items[h.item].step * size
        made = replace(
            h, no=INVOICES + count, document=number, reference=delivery, quantity=quantity
        )
        extra = [Delivery(ERP, h.at, made)]
        claims = frozenset({delivery, h.document})
        yield Strike([unshipped(past, made)], extra=extra, claims=claims)


def unshipped(past: Past, invoice: Happening) -> Row:
    """What is invoiced, and no warehouse tells that it left."""
    return Row(
        "orphan_posting",
        invoice.at + _SHIPPED,
        invoice.plant,
        key=_line(invoice.reference, invoice),
        quantity=-invoice.quantity,
        value=past.value(invoice, invoice.quantity),
    )


def _line(delivery: str, h: Happening) -> str:
    return f"{bare(delivery)}/{bare(h.item)}"
