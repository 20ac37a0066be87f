"""What a newcomer runs first: the demo, twice, as commands of their own."""

import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[2] / "data" / "recorded"
KEPT = ("held", "unchanged", "rejected", "left_out")
JUDGED = ("matched", "not_due", "excepted", "excluded", "unknown")
SNAPSHOTS = {"erp/stock", "wms/stock", "odoo/quants"}  # stock is told anew at every pull


def tieout(*words: str) -> str:
    """What a command prints; it must end well."""
    command = [sys.executable, "-c", "from app.cli import main; main()", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def recorded_by_feed() -> dict[str, int]:
    """How many records each feed of the demo has to hold, counted in the recorded files."""
    counts: dict[str, int] = {}
    for path in (RECORDED / "tryton").glob("*.json"):
        source, feed, *_ = path.name.split(".")
        rows = json.loads(path.read_text("utf-8"))
        if source == "mes_simulator":
            counts["mes/orders"] = len(rows)
        elif feed == "stock_by_location":
            lots = (row for place in rows.values() for row in place["stock.lot"])
            counts[f"{source}/stock"] = sum(row["quantity"] != 0 for row in lots)
        else:
            counts[f"{source}/{feed}"] = len(rows)
    broker = RECORDED / "rabbitmq"
    counts["middleware/queues"] = len(json.loads((broker / "queues.json").read_text("utf-8")))
    letters = json.loads((broker / "get.erp.completions.dlq.json").read_text("utf-8"))
    counts["middleware/dead_letters"] = len(letters)
    return counts | _odoo()


def _odoo() -> dict[str, int]:
    """Every record Odoo ever told of, by model; of stock what each pull told."""
    ids: dict[str, set[int]] = defaultdict(set)
    for path in (RECORDED / "odoo" / "raw").glob("*/*.json"):
        answer = json.loads(path.read_text("utf-8"))
        ids[path.name.rsplit(".", 2)[0]] |= {row["id"] for row in answer["response"]["result"]}
    return {f"odoo {model}": len(found) for model, found in ids.items()}


class Demo:
    """One demo folder: what a run says, and what it left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self) -> Any:
        """Play it, print and exit; the summary."""
        (summary,) = json.loads(
            tieout("--format", "json", "demo", "--recorded", "--once", "--dir", str(self.folder))
        )
        return summary

    def exceptions(self) -> list[dict[str, Any]]:
        """Every exception as exported, without when it and the stock behind it were looked at."""
        landscape = str(self.folder / "landscape")
        lines = tieout("--format", "jsonl", "--landscape", landscape, "exceptions").splitlines()
        return [_timeless(json.loads(line)) for line in lines]

    def tables(self, *names: str) -> dict[str, list[Any]]:
        """Rows of control tables as they stand in the store."""
        with sqlite3.connect(self.folder / "store" / "tieout.sqlite") as store:
            found = {name: store.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        store.close()
        return found


def _timeless(row: dict[str, Any]) -> dict[str, Any]:
    for fact in (*row["expected"], *row["observed"]):
        if f"{fact['source']}/{fact['feed']}" in SNAPSHOTS:
            del fact["occurred_at"]
    return {name: row[name] for name in row if name not in ("as_of", "known_at")}


@pytest.mark.slow
def test_the_demo_proves_what_it_holds_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo")
    first = demo.run()
    _every_record_is_accounted_for(first)
    _every_fact_is_judged(first)
    found = demo.exceptions()
    assert len(found) == first["exceptions"] > 50
    _each_explains_itself(found)

    remembered = demo.tables("audit", "notification", "exception")
    assert remembered["audit"]
    assert remembered["notification"]
    second = demo.run()
    assert second["proof"].endswith("held exactly once or in rejects with reason")
    news = {f"{row['source']}/{row['feed']}" for row in second["feeds"] if row["held"]}
    assert news == SNAPSHOTS
    assert demo.exceptions() == found
    assert demo.tables("audit", "notification") == {
        name: remembered[name] for name in ("audit", "notification")
    }
    tieout("--landscape", str(demo.folder / "landscape"), "audit", "verify")


def _every_record_is_accounted_for(summary: Any) -> None:
    assert summary["proof"].endswith("held exactly once or in rejects with reason")
    wanted = recorded_by_feed()
    for row in summary["feeds"]:
        assert row["received"] == sum(row[name] for name in KEPT), row
        assert (row["rejected"], row["left_out"]) == (0, 0), row
        label = f"{row['source']}/{row['feed']}"
        if label in wanted:
            assert row["held"] == wanted.pop(label), row
    held = sum(row["held"] for row in summary["feeds"] if row["source"] == "odoo")
    quants = wanted.pop("odoo stock.quant")  # one snapshot at the last recorded pull, one today
    changed = held - 2 * quants - sum(wanted.values())
    assert all(name.startswith("odoo ") for name in wanted), wanted
    assert 0 < changed < sum(wanted.values()), "records Odoo changed between the pulls came again"


def _every_fact_is_judged(summary: Any) -> None:
    for rule in summary["rules"]:
        assert rule["outcome"] in ("tied_out", "drifted"), rule
        if rule["in_scope"] is not None:  # of a source that is silent there are no facts
            assert rule["in_scope"] == sum(rule[name] for name in JUDGED), rule


def _each_explains_itself(found: list[dict[str, Any]]) -> None:
    """Both sides have their records, nobody is accused of what only Odoo knows, causes are said."""
    for row in found:
        assert row["plant"] == "P1", row
        facts = [*row["expected"], *row["observed"]]
        assert facts, row
        assert {fact["source"] for fact in facts} <= {"erp", "mes", "wms", "middleware"}, row
        assert row["cause"] or row["explained"], row
        if row["explained"]:
            parts = sum(float(part["quantity"]) for part in row["explained"])
            assert parts + float(row["unexplained"] or 0) == float(row["variance"]), row
