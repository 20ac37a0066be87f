"""The simulated middleware, read by the ordinary pack and set beside what a real one answered."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from app.clock import SetClock
from app.demo.replay import Server
from app.demo.systems.broker import Broker, Message
from tests.collectors.conftest import plant

RECORDED = Path(__file__).parents[3] / "data" / "recorded" / "rabbitmq"
AT = datetime(2026, 10, 1, 6, tzinfo=UTC)
WORK, RETRY, DLQ = "erp.completions", "erp.completions.retry", "erp.completions.dlq"
COMPANY = """\
company: Group
currency: EUR
plants:
  "1000": {name: One, zone: Europe/Berlin}
"""
SOURCE = """\
pack: middleware/rabbitmq
address: "%s"
auth: {user: tower, password: "file:key"}
plants: "1000"
parameters:
  dead_letter_queues: [{queue: erp.completions.dlq}]
"""


def message(number):
    """A completion on its way."""
    body = {
        "order": f"10{number}",
        "operation": "0010",
        "item": "500001",
        "lot": f"L{number}",
        "quantity": "12.125",
        "unit": "KG",
        "plant": "1000",
        "correlation_id": f"E-{number}",
    }
    happened = AT - timedelta(minutes=number)
    return Message(f"m{number}", f"E-{number}", "completion", "mes1000", happened, body)


def later(minutes):
    """Some minutes after `AT`."""
    return AT + timedelta(minutes=minutes)


@pytest.fixture
def broker():
    """Five completions: one taken, one given up at once, one after two tries, two waiting."""
    broker = Broker("tower", "pass", SetClock(later(30), running=False))
    broker.declare(WORK, AT)
    for number in range(1, 6):
        broker.publish(WORK, message(number), later(number))
    assert broker.take(WORK, "m1", later(6)).correlation_id == "E-1"
    broker.give_up(WORK, "m2", later(7), "unknown order 102")
    for minute in (10, 20):
        broker.retry(WORK, "m3", later(minute))
        broker.redeliver(WORK, "m3", later(minute + 1))
    broker.give_up(WORK, "m3", later(22), "order 103 is closed")
    broker.attach(WORK)
    return broker


@pytest.fixture
def server(broker):
    """The broker, served."""
    server = Server(broker)
    yield server
    server.stop()


@pytest.fixture
def tower(server, tmp_path):
    """A landscape that reads it."""
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("pass", "utf-8")
    clock = SetClock(later(30), running=False)
    with plant(tmp_path, COMPANY, {"bus": SOURCE % server.address}, clock) as opened:
        yield opened


def ask(server, method, path, password="pass", **body):
    """One request."""
    told = {"json": body} if method == "POST" else {}
    return httpx.request(method, f"{server.address}/api{path}", auth=("tower", password), **told)


def test_depths_tell_how_much_waits_since_when_and_who_takes_it(tower):
    tower.collect()
    held = tower.facts(
        "channel_depth",
        "channel, channel_role, ready, in_flight, consumers, oldest_at, idle_since, "
        "published_total, acknowledged_total, refused_last_hour",
    )
    assert [tuple(row.values()) for row in held] == [
        (WORK, "main", 2, 0, 1, AT - timedelta(minutes=4), later(22), 5, 3, 2),
        (DLQ, "dead_letter", 2, 0, 0, AT - timedelta(minutes=2), later(22), 2, 0, 0),
        (RETRY, "retry", 0, 0, 0, None, later(21), None, None, None),
    ]


def test_dead_letters_tell_why_they_died_and_what_they_carry(tower):
    tower.collect()
    assert tower.rejects() == []
    carried = "message_id, correlation_id, order_no, op_no, item, lot, quantity, plant"
    held = tower.facts("message_hop", f"{carried}, occurred_at, sender, error_text")
    assert [tuple(row.values()) for row in held] == [
        (
            f"m{number}", f"E-{number}", f"10{number}", "0010", "500001", f"L{number}",
            Decimal("12.125"), "1000", AT - timedelta(minutes=number), "mes1000", error,
        )
        for number, error in ((2, "unknown order 102"), (3, "order 103 is closed"))
    ]  # fmt: skip
    history = tower.facts("message_hop", "flow, stuck_reason, retries, ended_at, is_terminal")
    assert [tuple(row.values()) for row in history] == [
        (DLQ, "given up", 0, None, True),
        (WORK, "rejected", 2, later(11), True),
    ]


def test_a_message_that_was_put_right_is_no_dead_letter_any_more(broker, tower):
    tower.collect()
    broker.publish(WORK, broker.take(DLQ, "m2", later(25)), later(25))
    tower.collect()
    assert [row["message_id"] for row in tower.facts("message_hop", "message_id")] == ["m3"]


def test_deaths_are_counted_and_the_newest_stands_first(server):
    (_, letter) = ask(
        server, "POST", f"/queues/%2F/{DLQ}/get", count=9, ackmode="ack_requeue_true"
    ).json()
    headers = letter["properties"]["headers"]
    deaths = [(death["queue"], death["reason"], death["count"]) for death in headers["x-death"]]
    assert deaths == [(RETRY, "expired", 2), (WORK, "rejected", 2)]
    assert headers["x-first-death-queue"] == WORK


def test_looking_changes_nothing_and_taking_is_not_allowed(server):
    path, before = f"/queues/%2F/{WORK}", ask(server, "GET", "/queues").json()
    for _ in range(2):
        looked = ask(server, "POST", f"{path}/get", count=1, ackmode="ack_requeue_true").json()
        assert [(row["properties"]["message_id"], row["message_count"]) for row in looked] == [
            ("m4", 1)
        ]
    assert ask(server, "POST", f"{path}/get", count=1, ackmode="ack_requeue_false").is_client_error
    assert ask(server, "GET", "/queues").json() == before


def test_strangers_and_unknown_queues_are_told_so(server, broker):
    assert ask(server, "GET", "/queues", password="no").status_code == 401
    assert ask(server, "GET", "/queues/%2F/none").status_code == 404
    with pytest.raises(KeyError, match="holds no message m1"):
        broker.take(WORK, "m1", AT)
    broker.detach(WORK)
    with pytest.raises(ValueError, match="no consumer"):
        broker.detach(WORK)


def shape(value):
    """What kind of JSON a value is, field by field; numbers are all alike, a list as its first."""
    if isinstance(value, dict):
        return {name: shape(field) for name, field in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return float if type(value) is int else type(value)


def within(told, recorded):
    """Whether everything told was recorded as well, and is of the same kind."""
    if isinstance(told, dict) and isinstance(recorded, dict):
        return all(name in recorded and within(told[name], recorded[name]) for name in told)
    return told == recorded


def test_answers_have_the_fields_of_a_real_broker(broker):
    headers = {"Authorization": "Basic " + base64.b64encode(b"tower:pass").decode()}

    def recorded(name, at):
        return shape(json.loads((RECORDED / f"{name}.json").read_text("utf-8"))[at])

    queues = json.loads(broker.answer("GET", "/api/queues", headers, b"")[1])
    for number, queue in enumerate(queues):
        assert within(shape(queue), recorded("queues", number))
    look = b'{"count": 9, "ackmode": "ack_requeue_true"}'
    letters = json.loads(broker.answer("POST", f"/api/queues/%2F/{DLQ}/get", headers, look)[1])
    for letter, at in zip(letters, (0, 3), strict=True):
        del letter["properties"]["correlation_id"]  # the sender that was recorded gave none
        assert within(shape(letter), recorded(f"get.{DLQ}", at))
