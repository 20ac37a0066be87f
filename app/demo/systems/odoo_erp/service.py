"""JSON-RPC as an Odoo 17 speaks it, over records in memory, for one user who may read."""

import json
import operator
import threading
from collections.abc import Callable, Mapping
from typing import Any

from app.demo.replay import NOT_FOUND, Answer

PATH = "/jsonrpc"
UID = 2
Record = dict[str, Any]

# The models and their fields, beside `id`. A field that says nothing is `false`.
MODELS = {
    model: tuple(f"{names} company_id create_date write_date".split())
    for model, names in {
        "uom.uom": "name category_id factor factor_inv uom_type rounding active",
        "stock.warehouse": "name code lot_stock_id active",
        "stock.location": "complete_name usage warehouse_id scrap_location active",
        "product.product": "default_code name uom_id tracking type categ_id standard_price "
        "cost_currency_id active",
        "stock.lot": "name product_id",
        "mrp.bom": "code product_tmpl_id product_qty product_uom_id type consumption active",
        "mrp.bom.line": "bom_id product_id product_qty product_uom_id",
        "mrp.production": "name state origin product_id product_qty qty_produced product_uom_id "
        "lot_producing_id procurement_group_id picking_type_id location_dest_id bom_id date_start "
        "date_finished backorder_sequence",
        "mrp.workorder": "name production_id workcenter_id state qty_production qty_produced "
        "product_uom_id duration duration_expected date_start date_finished",
        "stock.picking": "name state origin picking_type_id picking_type_code location_id "
        "location_dest_id partner_id backorder_id scheduled_date date_done",
        "stock.move": "reference origin state product_id product_uom_qty quantity product_uom "
        "location_id location_dest_id location_usage location_dest_usage picking_id production_id "
        "raw_material_production_id scrapped",
        "stock.move.line": "reference origin state product_id quantity product_uom_id lot_id "
        "lot_name owner_id date location_id location_dest_id location_usage location_dest_usage "
        "move_id picking_id",
        "stock.scrap": "name state product_id lot_id scrap_qty product_uom_id location_id origin "
        "production_id date_done",
        "purchase.order": "name state partner_id partner_ref picking_type_id date_order "
        "date_approve date_planned receipt_status",
        "purchase.order.line": "order_id product_id product_qty qty_received product_uom",
        "sale.order": "name state partner_id client_order_ref warehouse_id date_order "
        "commitment_date delivery_status",
        "sale.order.line": "order_id product_id product_uom_qty qty_delivered product_uom",
        "maintenance.equipment": "name serial_no category_id active",
        "maintenance.request": "name equipment_id stage_id maintenance_type request_date "
        "schedule_date close_date kanban_state archive",
        "stock.quant": "product_id location_id lot_id package_id owner_id quantity "
        "reserved_quantity product_uom_id",
    }.items()
}
_MODEL_OF = {"location_id": "stock.location", "location_dest_id": "stock.location"}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda value, among: value in among,
}


class OdooError(Exception):
    """A call that fails inside the server: the class that is told, and what it says."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class OdooService:
    """One database with one user, who may search and read. Records come by `put`, from any thread.

    Many2one values are `[id, name]`. Decimals are told as floats, which carry 15 digits exactly.
    """

    def __init__(self, database: str, user: str, password: str) -> None:
        self._database, self._user, self._password = database, user, password
        self._records: dict[str, dict[int, Record]] = {model: {} for model in MODELS}
        self._lock = threading.Lock()

    def put(self, model: str, record: Record) -> None:
        """Add a record, or replace the one with its id.

        Raises `KeyError` for a field the model does not have.
        """
        if strange := {*record} - {"id", *MODELS[model]}:
            raise KeyError(f"{model} has no field {', '.join(sorted(strange))}")
        whole = {name: record.get(name, False) for name in ("id", *MODELS[model])}
        with self._lock:
            self._records[model][whole["id"]] = whole

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The result of a call, or its error, which comes inside a 200 as well."""
        if method != "POST" or path != PATH:
            return NOT_FOUND
        try:
            call = json.loads(body)
            number, params = call.get("id"), call["params"]
        except (ValueError, AttributeError, KeyError, TypeError):
            return (
                400,
                b"<h1>Bad Request</h1><p>Invalid JSON data</p>",
                {"Content-Type": "text/html"},
            )
        try:
            said: dict[str, Any] = {"result": self._called(params)}
        except (OdooError, ValueError, KeyError, TypeError, AttributeError) as error:
            said = {"error": _failed(error)}
        text = json.dumps({"jsonrpc": "2.0", "id": number, **said}, default=float)
        return 200, text.encode(), {}

    def _called(self, params: Any) -> Any:
        match params:
            case {
                "service": "common",
                "method": "login" | "authenticate",
                "args": [database, user, password, *_],
            }:
                self._open(database)
                return UID if (user, password) == (self._user, self._password) else False
            case {
                "service": "object",
                "method": "execute_kw",
                "args": [database, uid, password, model, method, [*found], *rest],
            }:
                self._open(database)
                if (uid, password) != (UID, self._password):
                    raise OdooError("odoo.exceptions.AccessDenied", "Access Denied")
                if method != "search_read":
                    said = f"You are not allowed to call {method} of {model}"
                    raise OdooError("odoo.exceptions.AccessError", said)
                return self._search_read(model, *found[:1], **(rest[0] if rest else {}))
        raise OdooError("builtins.NameError", "there is no such service or method")

    def _open(self, database: str) -> None:
        if database != self._database:
            said = f'FATAL:  database "{database}" does not exist\n'
            raise OdooError("psycopg2.OperationalError", said)

    def _search_read(
        self,
        model: str,
        domain: list[Any] | tuple[()] = (),
        fields: list[str] | tuple[()] = (),
        offset: int = 0,
        limit: int | None = None,
        order: str = "id",
        context: Mapping[str, Any] | None = None,
    ) -> list[Record]:
        if model not in MODELS:
            raise OdooError("builtins.KeyError", f"'{model}'")
        known = ("id", *MODELS[model])
        if strange := [name for name in fields if name not in known]:
            raise OdooError(
                "builtins.ValueError", f"Invalid field {strange[0]!r} on model {model!r}"
            )
        is_all = "active" not in known or not (context or {}).get("active_test", True)
        with self._lock:
            found = [
                row
                for row in self._records[model].values()
                if (is_all or row["active"]) and all(self._meets(row, leaf) for leaf in domain)
            ]
        for part in reversed(order.split(",")):
            name, *way = part.split()
            found.sort(key=operator.itemgetter(name), reverse=way == ["desc"])
        page = found[offset:][: limit or None]
        return [
            {name: row[name] for name in dict.fromkeys(["id", *(fields or known)])} for row in page
        ]

    def _meets(self, row: Record, leaf: Any) -> bool:
        """Whether a record meets one condition; all of a domain must be met."""
        name, compared, wanted = leaf
        *path, last = name.split(".")
        for step in path:
            row = self._records[_MODEL_OF[step]][row[step][0]]
        return _COMPARED[compared](row[last], wanted)


def _failed(error: Exception) -> dict[str, Any]:
    """An error as the server tells it; whatever a call trips over has the name Python gives it."""
    name = error.name if isinstance(error, OdooError) else f"builtins.{type(error).__name__}"
    trace = f"Traceback (most recent call last):\n{name}: {error}\n"
    data = {"name": name, "message": str(error), "arguments": [str(error)], "debug": trace}
    return {"code": 200, "message": "Odoo Server Error", "data": data}
