"""Whose books a plant is in: the first two of three are kept in an SAP, the third in an Odoo."""

from app.demo.group import Group

_EVERY = 3


def odoo_plants(group: Group) -> tuple[str, ...]:
    """The plants whose ERP is the Odoo."""
    return tuple(site.code for site in group.sites)[_EVERY - 1 :: _EVERY]


def sap_plants(group: Group) -> tuple[str, ...]:
    """All others: their ERP is the SAP, which confirms every operation and reverses what is wrong.

    It dates what is entered hours late to the day it is entered.
    """
    return tuple(site.code for site in group.sites if site.code not in odoo_plants(group))
