"""Purchase and sales orders of an Odoo, and how much of them came or went."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.demo.group import Happening
from app.demo.systems.odoo_erp.records import Records, bare, text


class _Words(NamedTuple):
    """What the fields of a kind of order are called."""

    order: str
    wanted: str
    done: str
    status: str


_BOUGHT = _Words("purchase.order", "product_qty", "qty_received", "receipt_status")
_SOLD = _Words("sale.order", "product_uom_qty", "qty_delivered", "delivery_status")


class Trade:
    """Orders to suppliers and from customers."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._positions: dict[str, list[str]] = defaultdict(list)

    def buy(self, h: Happening, entered: datetime) -> None:
        """Enter a line of a purchase order."""
        self._order(
            _BOUGHT,
            h,
            entered,
            state="purchase",
            picking_type_id=self._records.picking_type(h.plant, "Receipts"),
            date_approve=text(h.at),
        )

    def sell(self, h: Happening, entered: datetime) -> None:
        """Enter a line of a sales order."""
        self._order(
            _SOLD,
            h,
            entered,
            state="sale",
            warehouse_id=self._records.link("stock.warehouse", h.plant),
            commitment_date=self._records.midnight(h.plant, h.due),
        )

    def received(self, h: Happening, entered: datetime) -> None:
        """A part of a purchase order came."""
        self._settle(_BOUGHT, h, entered)

    def delivered(self, h: Happening, entered: datetime) -> None:
        """A part of a sales order went."""
        self._settle(_SOLD, h, entered)

    def _order(self, words: _Words, h: Happening, entered: datetime, **more: Any) -> None:
        records, company = self._records, self._records.company(h.plant)
        records.keep(
            words.order,
            h.order_no,
            entered,
            name=bare(h.order_no),
            partner_id=records.partner(h.partner),
            date_order=text(h.at),
            **{words.status: "pending"},
            **more,
            **company,
        )
        records.keep(
            f"{words.order}.line",
            (h.order_no, h.position),
            entered,
            order_id=records.link(words.order, h.order_no),
            product_id=records.product(h.item),
            product_uom=records.unit(h.item),
            **{words.wanted: records.amount(h), words.done: Decimal(0)},
            **company,
        )
        self._positions[h.order_no].append(h.position)

    def _settle(self, words: _Words, h: Happening, entered: datetime) -> None:
        """Add to what is done of a line; an order nobody entered has none."""
        model, positions = f"{words.order}.line", self._positions.get(h.order_no, [])
        if h.position not in positions:
            return
        lines = [self._records.of[model][h.order_no, position] for position in positions]
        line = self._records.of[model][h.order_no, h.position]
        news = {words.done: line[words.done] + self._records.amount(h)}
        self._records.keep(model, (h.order_no, h.position), entered, **news)
        is_full = all(line[words.done] >= line[words.wanted] for line in lines)
        status = {words.status: "full" if is_full else "partial"}
        self._records.keep(words.order, h.order_no, entered, **status)
