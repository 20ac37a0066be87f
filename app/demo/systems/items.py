"""What a system knows of the items it handles, and what somebody changes in that."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from app.demo.group import Group, Happening
from app.demo.group.masterdata import Item


class Change(StrEnum):
    """What somebody changes of an item in one system: the reason of a `MASTER_CHANGED`."""

    UNIT = "unit"
    LOT_CONTROL = "lot control"
    BLOCKED = "blocked"
    COPIED = "copied"  # entered again under the key `document`
    CREATED = "created"  # one that follows it is entered, under the key `document`


@dataclass(frozen=True, slots=True)
class Card:
    """One item as a system knows it; `unit` is what it counts it in."""

    code: str
    name: str
    kind: str
    unit: str
    is_kept_by_lot: bool
    is_active: bool = True

    @classmethod
    def of(cls, item: Item) -> Self:
        """The item as it is."""
        return cls(item.code, item.name, item.kind, item.unit, item.tracking == "lot")


class Cards:
    """The items one system knows of a plant; at first those of the group, as they are."""

    def __init__(self, group: Group) -> None:
        self._cards = {item.code: Card.of(item) for item in group.items.values()}

    def __iter__(self) -> Iterator[Card]:
        return iter(self._cards.values())

    def change(self, h: Happening) -> Card | None:
        """The item that is another or new with a change; None where it changes nothing here."""
        card = _changed(self._cards[h.item], h)
        if card:
            self._cards[card.code] = card
        return card


def _changed(card: Card, h: Happening) -> Card | None:
    match h.reason:
        case Change.UNIT:
            return replace(card, unit=h.unit)
        case Change.LOT_CONTROL:
            return replace(card, is_kept_by_lot=not card.is_kept_by_lot)
        case Change.BLOCKED:
            return replace(card, is_active=False)
        case Change.COPIED:
            return replace(card, code=h.document)
        case Change.CREATED:
            return replace(card, code=h.document, name=f"Successor of {card.name}")
    return None
