"""The RabbitMQ pack: recorded answers, and a living node on which looking must change nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.demo.replay import RabbitMQ, Server
from tests.collectors import broker

RECORDED = Path(__file__).parents[2] / "data" / "recorded" / "rabbitmq"
COMPANY = """\
company: Pumps
currency: EUR
plants:
  P1: {name: Pump works, zone: Europe/Berlin}
"""
SOURCE = """\
pack: middleware/rabbitmq
address: "%s"
auth: {user: tower, password: '%s'}
plants: P1
parameters: {%s}
"""
RECORDED_BODY = (
    "dead_letter_queues: [{queue: erp.completions.dlq}], payload_correlation: $.event_id, "
    "payload_item: $.product, payload_quantity: $.qty"
)


def recorded(name: str) -> Any:
    """One recorded answer."""
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def replayed(
    tmp_path_factory: pytest.TempPathFactory, plant_at: Any, secret: Any
) -> Iterator[tuple[Any, dict[str, Any], dict[str, Any]]]:
    """The recorded broker collected twice, and the reports."""
    folder = tmp_path_factory.mktemp("rabbitmq")
    server = Server(RabbitMQ(RECORDED, "tower", "letmein"))
    block = SOURCE % (server.address, secret(folder, "letmein"), RECORDED_BODY)
    with plant_at(folder, COMPANY, {"bus": block}) as plant:
        yield plant, plant.collect(), plant.collect()
    server.stop()


def test_every_queue_tells_how_much_waits_and_since_when(replayed: Any) -> None:
    held = replayed[0].facts(
        "channel_depth", "channel, ready, in_flight, consumers, oldest_at, published_total"
    )
    assert {row.pop("channel"): tuple(row.values()) for row in held} == {
        queue["name"]: (
            queue["messages_ready"],
            queue["messages_unacknowledged"],
            queue["consumers"],
            datetime.fromtimestamp(at, UTC) if (at := queue["head_message_timestamp"]) else None,
            queue.get("message_stats", {}).get("publish"),
        )
        for queue in recorded("queues")
    }


def test_queues_are_told_apart_by_what_they_are_for(replayed: Any) -> None:
    held = replayed[0].facts("channel_depth", "channel, channel_role")
    assert {row["channel"]: row["channel_role"] for row in held} == {
        "erp.completions": "main",
        "erp.completions.dlq": "dead_letter",
        "erp.completions.retry": "retry",
        "wms.receipts": "main",
    }


def test_where_no_queue_of_dead_letters_is_named_none_is_read(
    tmp_path: Path, plant_at: Any, secret: Any
) -> None:
    block = SOURCE % ("http://localhost:1", secret(tmp_path, "letmein"), "")
    with plant_at(tmp_path, COMPANY, {"bus": block}) as plant:
        plans = plant.services.landscape.sources["bus"].plans
        assert [plan.name for plan in plans] == ["queues"]


def test_every_dead_letter_tells_why_it_died_and_what_it_carries(replayed: Any) -> None:
    letters = recorded("get.erp.completions.dlq")
    held = replayed[0].facts(
        "message_hop",
        "message_id, correlation_id, order_no, item, lot, quantity, plant, error_text, retries",
    )
    expected = {}
    for letter in letters:
        body, properties = json.loads(letter["payload"]), letter["properties"]
        deaths = properties["headers"].get("x-death", [])
        expected[properties["message_id"]] = (
            body["event_id"],
            body["order"],
            body["product"],
            body["lot"],
            body["qty"],
            body["plant"],
            properties["headers"].get("x-error"),
            deaths[0]["count"] if deaths else 0,
        )
    assert len(expected) == 7
    assert {row.pop("message_id"): tuple(row.values()) for row in held} == expected


def test_a_letter_without_a_history_was_given_up(replayed: Any) -> None:
    held = replayed[0].facts("message_hop", "stuck_reason, ended_at, flow")
    reasons = [row["stuck_reason"] for row in held]
    assert (reasons.count("given up"), len(reasons)) == (3, 7)
    assert all(row["ended_at"] for row in held if row["stuck_reason"] != "given up")


def test_the_same_letters_again_bring_nothing(replayed: Any) -> None:
    _, first, again = replayed
    assert (first["bus/dead_letters"].landed.held, first["bus/queues"].landed.held) == (7, 4)
    assert (again["bus/dead_letters"].landed.held, again["bus/queues"].landed.held) == (0, 0)


# A living node -----------------------------------------------------------------------------------

WORK, DLQ = "erp.completions", "erp.completions.dlq"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[broker.Broker]:
    """A private node with a reader who may read dead letters only."""
    if why := broker.missing():
        pytest.skip(f"no RabbitMQ can be started here: {why}")
    with broker.node(tmp_path_factory.mktemp("node")) as started:
        started.reader("letmein", r"^.*\.dlq$")
        yield started


@pytest.fixture
def filled(node: broker.Broker) -> broker.Broker:
    """Three completions at work, one rejected and one given up among the dead letters."""
    for name in (WORK, DLQ):
        if name in [queue["name"] for queue in node.call("GET", "/queues/%2F")]:
            node.call("DELETE", f"/queues/%2F/{name}")
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DLQ}
    node.queue(DLQ)
    node.queue(WORK, **dead)
    for number in (1, 2, 3, 4):
        node.send(WORK, number)
    assert node.take(WORK, 1, "reject_requeue_false") == [("m1", False)]
    node.send(DLQ, 9, **{"x-error": "unknown order"})
    node.settled(erp__completions=3, erp__completions__dlq=2)
    return node


@pytest.fixture
def tower(filled: broker.Broker, tmp_path: Path, a_plant: Any, secret: Any) -> Any:
    """Opens a landscape that reads the node, with the dead-letter queues it is told of."""

    def opened(*queues: str) -> Any:
        named = ", ".join(f"{{queue: {queue}}}" for queue in queues)
        block = SOURCE % (
            filled.address,
            secret(tmp_path, "letmein"),
            f"dead_letter_queues: [{named}]",
        )
        return a_plant(COMPANY, {"bus": block})

    return opened


@pytest.mark.live
def test_a_living_node_tells_depths_and_deaths(tower: Any) -> None:
    bus = tower(DLQ)
    bus.collect()
    held = bus.facts("channel_depth", "channel, ready, consumers")
    depths = {row["channel"]: (row["ready"], row["consumers"]) for row in held}
    assert depths == {WORK: (3, 0), DLQ: (2, 0)}
    letters = bus.facts(
        "message_hop",
        "message_id, flow, stuck_reason, retries, correlation_id, quantity, error_text",
    )
    assert [tuple(row.values()) for row in letters] == [
        ("m1", WORK, "rejected", 1, "EV-1", 1, None),
        ("m9", DLQ, "given up", 0, "EV-9", 9, "unknown order"),
    ]


@pytest.mark.live
def test_looking_changes_nothing_on_a_work_queue(tower: Any, filled: broker.Broker) -> None:
    bus = tower(DLQ)
    for _ in range(3):
        bus.collect()
    assert bus.rows("SELECT count(*) AS hops FROM message_hop") == [{"hops": 2}]
    filled.settled(erp__completions=3, erp__completions__dlq=2)
    untouched = [("m2", False), ("m3", False), ("m4", False)]
    assert filled.take(WORK, 9, "ack_requeue_false") == untouched
    dead = [name for name, _ in filled.take(DLQ, 9, "ack_requeue_false")]
    assert dead == ["m1", "m9"]


@pytest.mark.live
def test_a_work_queue_named_by_mistake_is_refused_before_it_is_read(
    tower: Any, filled: broker.Broker
) -> None:
    filled.reader("letmein", ".*")
    report = tower(WORK).try_collect()["bus/dead_letters"]
    filled.reader("letmein", r"^.*\.dlq$")
    assert "x-dead-letter-exchange" in report.error
    assert "could move messages away" in report.error
    untouched = [("m2", False), ("m3", False), ("m4", False)]
    assert filled.take(WORK, 9, "ack_requeue_false") == untouched


@pytest.mark.live
def test_a_queue_that_counts_deliveries_is_refused(tower: Any, filled: broker.Broker) -> None:
    """Enough reads would move a message of a quorum queue away."""
    filled.queue("parked.dlq", **{"x-queue-type": "quorum", "x-delivery-limit": 2})
    filled.send("parked.dlq", 5)
    filled.settled(parked__dlq=1)
    report = tower("parked.dlq").try_collect()["bus/dead_letters"]
    assert "type is quorum" in report.error
    assert filled.take("parked.dlq", 9, "ack_requeue_false") == [("m5", False)]
    filled.call("DELETE", "/queues/%2F/parked.dlq")


@pytest.mark.live
def test_without_the_right_to_read_the_letters_the_depths_still_come(
    tower: Any, filled: broker.Broker
) -> None:
    filled.reader("letmein", "^$")
    reports = tower(DLQ).try_collect()
    filled.reader("letmein", r"^.*\.dlq$")
    assert reports["bus/dead_letters"].outcome == "denied"
    assert reports["bus/queues"].landed.held == 2
