"""The invoices in the books of the group: what the billing run made of the deliveries that left."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.demo.group import Group, Happening
from app.demo.systems.shelf import Shelf

INVOICE = {"SDDocumentCategory": "M", "BillingDocumentType": "F2"}


class Billing:
    """Billing documents, entered by the run itself; a line of a delivery is one of its invoice."""

    def __init__(self, group: Group, service: Shelf) -> None:
        self._service = service
        self._zones = {plant.code: ZoneInfo(plant.zone) for plant in group.sites}

    def hear(self, h: Happening, entered: datetime) -> None:
        """Enter a line of an invoice."""
        head = {
            **INVOICE,
            "BillingDocument": h.document,
            "BillingDocumentDate": h.at.astimezone(self._zones[h.plant]).date(),
            "SoldToParty": h.partner,
        }
        line = {
            "BillingDocument": h.document,
            "BillingDocumentItem": h.position,
            "Material": h.item.zfill(18),
            "Plant": h.plant,
            "BillingQuantityInBaseUnit": h.quantity,
            "BaseUnit": h.unit,
            "NetAmount": h.amount,
            "TransactionCurrency": h.currency,
            "ReferenceSDDocument": h.reference,
            "ReferenceSDDocumentItem": h.position,
            "CreationDate": entered.date(),
            "CreationTime": entered.time(),
        }
        self._service.put("A_BillingDocument", [head])
        self._service.put("A_BillingDocumentItem", [line])
