"""Odoo for tests: what was recorded of a real one, and one that answers what it is told."""

import json
import re
from pathlib import Path
from typing import Any

from app.demo.replay import Odoo

RECORDED = Path(__file__).parents[2] / "data" / "recorded" / "odoo"
PACK = Path(__file__).parents[2] / "collectors" / "erp" / "odoo" / "pack.yml"
CURRENT = "superseded_at IS NULL AND NOT is_deleted"
COMPANY = """\
company: Cabinets
currency: CAD
plants:
  HAM: {name: Hamilton, zone: America/Toronto}
  OAK: {name: Oakville, zone: America/Toronto}
"""
MODELS = dict(re.findall(r"^  (\w+):\n    model: ([\w.]+)$", PACK.read_text("utf-8"), re.MULTILINE))
TABLES = {
    name: re.findall(r"\w+", into)
    for name, into in re.findall(
        r"^  (\w+):\n    model: .+\n    into: (.+)$", PACK.read_text("utf-8"), re.MULTILINE
    )
}


def source(address: str, password: str, only: tuple[str, ...] = (), **more: str) -> str:
    """`sources/erp.yml`; with `only`, other feeds are off."""
    feeds = [f"  {name}: off" for name in MODELS if only and name not in only]
    lines = [
        "pack: erp/odoo",
        f"address: {address}",
        f"auth: {{database: erp2, user: tower, password: '{password}'}}",
        "plants: [HAM, OAK]",
        *(f"{key}: {value}" for key, value in more.items()),
        *(["feeds:", *feeds] if feeds else []),
    ]
    return "\n".join(lines) + "\n"


def recorded(generation: str, model: str) -> list[dict[str, Any]]:
    """The records of one model in one recorded pull."""
    pages = sorted((RECORDED / "raw" / generation).glob(f"{model}.p*.json"))
    return [
        row for page in pages for row in json.loads(page.read_text("utf-8"))["response"]["result"]
    ]


def last_seen(model: str) -> dict[int, dict[str, Any]]:
    """Every record of a model as it came last, by its id."""
    return {row["id"]: row for pull in Odoo.GENERATIONS for row in recorded(pull, model)}


def pulls_of(feed: str) -> list[str]:
    """The recorded pulls that asked for a feed; stock was asked for once."""
    return ["asof"] if feed == "quants" else list(Odoo.GENERATIONS)


def answers(folder: Path, models: dict[str, list[dict[str, Any]]]) -> Path:
    """A recording of our own: one page for each model."""
    raw = folder / "raw" / "asof"
    raw.mkdir(parents=True, exist_ok=True)
    manifest = {"pulls": [{"label": "asof", "models": dict.fromkeys(models)}]}
    (folder / "raw" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    for model, rows in models.items():
        (raw / f"{model}.p001.json").write_text(json.dumps({"response": {"result": rows}}), "utf-8")
    return folder


def line(number: int, start: tuple[str, str], end: tuple[str, str], **more: Any) -> dict[str, Any]:
    """One done move line between two places, each a name and a type, as a full Odoo 17 answers."""
    return {
        "id": number,
        "reference": f"HAM/X/{number:05d}",
        "origin": False,
        "state": "done",
        "product_id": [7, "[12] Screw"],
        "quantity": 2.0,
        "product_uom_id": [1, "Units"],
        "lot_id": False,
        "lot_name": False,
        "owner_id": False,
        "date": "2026-09-10 10:00:05",
        "location_id": [1, start[0]],
        "location_usage": start[1],
        "location_dest_id": [2, end[0]],
        "location_dest_usage": end[1],
        "move_id": [number, "move"],
        "picking_id": [number, f"HAM/X/{number:05d}"],
        "company_id": [1, "Cabinets"],
        "create_date": "2026-09-10 10:00:00",
        "write_date": "2026-09-10 10:00:00",
        **more,
    }


def unit(number: int, name: str, kind: str, factor: float) -> dict[str, Any]:
    """One unit of the category of pieces."""
    return {
        "id": number,
        "name": name,
        "category_id": [1, "Unit"],
        "uom_type": kind,
        "factor": factor,
        "factor_inv": 1 / factor,
        "rounding": 0.01,
        "active": True,
        "write_date": "2026-08-17 06:01:01",
    }


UNITS = [unit(1, "Units", "reference", 1.0), unit(2, "Thirds", "smaller", 3.0)]


class Told:
    """An Odoo that answers what it was told last; its pages are files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tell(self, models: dict[str, list[dict[str, Any]]]) -> None:
        """Answer these records from now on."""
        self._odoo = Odoo(answers(self._folder, models), "letmein")

    def answer(self, *request: Any) -> Any:
        """As the replayed Odoo."""
        return self._odoo.answer(*request)
