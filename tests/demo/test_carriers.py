"""The group carried by a real RabbitMQ and a real Mosquitto tells what it tells without them."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.clock import SetClock
from app.demo import shopfloor
from app.demo.estate import Carriers, running
from app.demo.faults import Plan, Planting, Sowing
from app.demo.group import Group, simulate
from app.demo.replay import Server
from app.demo.systems import rabbitmq
from app.demo.systems.broker import Message
from app.demo.systems.edi import partnered
from app.demo.wire import CarrierError, Wire
from app.jobs.collect import collect
from app.jobs.reconcile import reconcile
from app.services import opened
from app.store.reading import Wanted
from tests.collectors import broker
from tests.demo import mosquitto

pytestmark = [pytest.mark.live, pytest.mark.slow]
GROUP = Group(seed=7, days=2, plants=2)
PLAN = Plan(faults=tuple(Sowing(mode=mode, count=1) for mode in ("D1", "D2", "D3")), decoys=False)
SOURCES = ("middleware", "mes1000", "mes2000")
RULES = ("integration/channel_moves", "integration/channel_taken")
AT_WORK = ("stuck_message", "retry_storm")
CURRENT = "superseded_at IS NULL AND NOT is_deleted"
DEPTH = """
    channel, channel_role, coalesce(ready, 0) + coalesce(in_flight, 0) AS waiting, consumers,
    CAST(oldest_at AS VARCHAR) AS oldest_at,
    CAST(idle_since AS VARCHAR) AS idle_since, published_total, acknowledged_total
"""
HOP = """
    source_key, channel, flow, sender, message_type, status, stuck_reason, retries, error_text,
    CAST(occurred_at AS VARCHAR) AS occurred_at, CAST(ended_at AS VARCHAR) AS ended_at,
    correlation_id, message_id, plant, order_no, op_no, item, lot, quantity, payload_hash
"""
EVENT = """
    source, feed, source_key, source_revision, kind, state, CAST(occurred_at AS VARCHAR) AS at,
    plant, order_no, op_no, item, lot, quantity, unit, labor_minutes, equipment, reverses_key
"""
STOP = """
    source, source_key, equipment, reason, CAST(started_at AS VARCHAR) AS started_at,
    CAST(ended_at AS VARCHAR) AS ended_at
"""
ORDER = "source, source_key, order_no, status, item, quantity"


@dataclass
class Carried:
    """What was collected and told of a group, and what its queues held at every look."""

    facts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    exceptions: set[tuple[str, str]] = field(default_factory=set)
    queues: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    if why := broker.missing():
        pytest.skip(f"no RabbitMQ can be started here: {why}")
    with broker.node(tmp_path_factory.mktemp("node")) as started:
        yield started


@pytest.fixture(scope="module")
def mqtt(tmp_path_factory):
    if why := mosquitto.missing():
        pytest.skip(f"no Mosquitto can be started here: {why}")
    with mosquitto.broker(tmp_path_factory.mktemp("mqtt")) as address:
        yield address


@pytest.fixture(scope="module")
def history():
    return list(simulate(GROUP))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory, history):
    return carried(tmp_path_factory.mktemp("embedded"), history, Carriers())


@pytest.fixture(scope="module")
def real(tmp_path_factory, history, node, mqtt):
    server = rabbitmq.address(node.amqp, node.address)
    carriers = Carriers(server, shopfloor.address(mqtt))
    return carried(tmp_path_factory.mktemp("real"), history, carriers, node)


def carried(folder, history, carriers, node=None):
    """The history told, and looked at a little after anything goes wrong in a queue."""
    planting = Planting(GROUP, history, PLAN, None, partnered(GROUP))
    late = {row.since for row in planting.truth() if row.code in AT_WORK}
    looks = sorted({at + timedelta(minutes=10) for at in late} | {GROUP.ends_at})
    clock, held = SetClock(GROUP.starts_at, running=False), Carried()
    with (
        running(folder, GROUP, clock, carriers) as estate,
        opened(estate.landscape, clock=clock) as services,
    ):
        wire = Wire(GROUP, history, estate.system, estate.bus, planting)
        for look in looks:
            wire.run(look)
            estate.pass_time(look)
            pulls = collect(services, dict.fromkeys(SOURCES))
            assert [pull.error for pull in pulls if pull.error] == []
            assert {run.outcome for run in reconcile(services, RULES)} <= {"drifted", "tied_out"}
            held.exceptions |= told(services)
            held.queues += living(node) if node else []
        for table, columns in (
            ("channel_depth", DEPTH), ("message_hop", HOP), ("business_event", EVENT),
            ("asset_state", STOP), ("order_state", ORDER),
        ):  # fmt: skip
            rows = services.store.state.rows(f"SELECT {columns} FROM {table} WHERE {CURRENT}", {})
            held.facts[table] = sorted(rows, key=str)
    return held


def told(services):
    """What is told about queues and letters, by what it is about."""
    found = services.reader.exceptions(Wanted())
    return {(row["code"], row["title"]) for row in found if row["rule"] in RULES}


def living(node):
    """The queues of the demo as the real broker lists them."""
    listed = node.call("GET", "/queues")
    return [queue for queue in listed if queue["vhost"].startswith("tieout-demo-")]


@pytest.mark.parametrize(
    "table", ["channel_depth", "message_hop", "business_event", "asset_state", "order_state"]
)
def test_the_same_is_collected(table, embedded, real):
    assert len(real.facts[table]) == len(embedded.facts[table]) > 0
    assert real.facts[table] == embedded.facts[table]


def test_the_same_is_told_and_it_is_what_was_planted(embedded, real):
    assert real.exceptions == embedded.exceptions
    assert Counter(code for code, _ in real.exceptions).keys() == {
        "retry_storm", "stuck_message",
    }  # fmt: skip
    assert any("wms.shipments" in title for _, title in real.exceptions)


def test_what_is_told_is_so_in_the_broker(real):
    names = [(queue["name"], queue["consumers"]) for queue in real.queues if queue["messages"]]
    assert ("mes.confirmations.dlq", 0) in names
    assert ("wms.shipments", 0) in names, "nobody takes what waits"
    assert ("wms.receipts", 1) in names, "somebody does, and the first does not get through"
    storm = max(queue["message_stats"]["deliver"] for queue in real.queues
                if queue["name"] == "wms.receipts" and "message_stats" in queue)  # fmt: skip
    letters = real.facts["message_hop"]
    assert [letter["retries"] for letter in letters] == [3]
    assert storm > 20, "the first was delivered again and again"


def test_nothing_is_left_in_the_broker(real, node):
    assert [one["name"] for one in node.call("GET", "/vhosts")] == ["/"]
    assert [one["name"] for one in node.call("GET", "/users")] == ["guest"]


# One queue at a time


NOW = GROUP.starts_at
ROOM = "tieout-demo-test"


@contextmanager
def room(node, waits=60):
    """A virtual host with a work queue, whose consumer listens."""
    server, clock = rabbitmq.address(node.amqp, node.address), SetClock(NOW, running=False)
    with rabbitmq.opened(server, ROOM, "letmein", clock, waits) as log:
        log.declare("moves", NOW)
        log.attach("moves")
        yield log


def message(number):
    return Message(f"m{number}", f"E-{number}", "completion", "mes1000", NOW, {"order": "1"})


def depth(node, queue):
    """What the broker holds: ready, and in the hands of a consumer."""
    told = node.call("GET", f"/queues/{ROOM}/{queue}")
    return told["messages_ready"], told["messages_unacknowledged"]


def test_what_a_consumer_does_not_answer_is_in_his_hands_and_comes_back_when_he_goes(node):
    with room(node) as log:
        for number in (1, 2):
            log.publish("moves", message(number), NOW)
        log.pass_time(NOW)
        assert depth(node, "moves") == (0, 2)
        log.detach("moves")
        log.pass_time(NOW)
        assert depth(node, "moves") == (2, 0)
        log.attach("moves")
        log.take("moves", "m2", NOW)
        log.pass_time(NOW)
        assert depth(node, "moves") == (0, 1)


def test_a_consumer_the_broker_has_dropped_listens_again(node):
    with room(node) as log:
        log.publish("moves", message(1), NOW)
        log.pass_time(NOW)
        dropped = log._consumers["moves"]
        dropped.basic_ack(4711)  # a mistake for which a broker closes the channel
        log.publish("moves", message(2), NOW)
        log.take("moves", "m2", NOW)
        assert dropped.is_closed
        log.retry("moves", "m1", NOW)
        log.redeliver("moves", "m1", NOW)
        log.take("moves", "m1", NOW)
        log.pass_time(NOW)
        assert depth(node, "moves") == (0, 0)


def test_a_message_somebody_else_takes_is_missed(node):
    with room(node, waits=5) as log:
        log.detach("moves")
        log.publish("moves", message(1), NOW)
        node.call("DELETE", f"/queues/{ROOM}/moves/contents")
        with pytest.raises(CarrierError, match="holds other messages: moves"):
            log.pass_time(NOW)
        with pytest.raises(CarrierError, match="moves never gave m1"):
            log.take("moves", "m1", NOW)


def flood(log):
    for number in range(1000):
        log.publish("moves", message(number), NOW)


def test_a_broker_that_goes_away_is_told_so(node, until):
    with room(node) as log:
        until(lambda: node.call("GET", "/connections"), "the connection is listed")
        for connection in node.call("GET", "/connections"):
            node.call("DELETE", f"/connections/{quote(connection['name'])}")
        with pytest.raises(CarrierError, match=r"RabbitMQ at .* ConnectionClosedByBroker"):
            flood(log)
    assert [one["name"] for one in node.call("GET", "/vhosts")] == ["/"]


def test_who_may_not_look_may_not(node):
    with room(node) as log:
        log.publish("moves", message(1), NOW)
        look = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
        with served(log) as ask:
            assert ask("GET", "/queues", password="no").status_code == 401
            assert {queue["name"] for queue in ask("GET", "/queues").json()} == {
                "moves", "moves.retry", "moves.dlq",
            }  # fmt: skip
            assert ask("POST", f"/queues/{ROOM}/moves/get", json=look).is_client_error
            assert ask("POST", f"/queues/{ROOM}/moves.dlq/get", json=look).json() == []


@contextmanager
def served(log):
    """Asks the management interface the demo passes on, as the user of the demo."""
    server = Server(log)

    def ask(method, path, password="letmein", **more):
        return httpx.request(method, f"{server.address}/api{path}", auth=(ROOM, password), **more)

    yield ask
    server.stop()


@pytest.mark.parametrize(
    "url", ["http://h", "amqp://", "amqp://me:letmein@h:port", "amqp://me:letmein@h/room", "h:5672"]
)
def test_what_is_no_address_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match=r"broker") as refused:
        rabbitmq.address(url)
    assert "letmein" not in str(refused.value)
    with pytest.raises(ValueError, match="management API") as refused:
        rabbitmq.address("amqp://h", "http://me:letmein@h:15672")
    assert "letmein" not in str(refused.value)
    assert "letmein" not in repr(rabbitmq.address("amqp://me:letmein@h"))
    with pytest.raises(ValueError, match="management API"):
        rabbitmq.address("amqp://h", "http://h:port")


def test_the_management_interface_is_at_the_host_of_the_broker():
    assert rabbitmq.address("amqp://h").management == "http://h:15672"
    server = rabbitmq.address("amqp://[::1]:5673")
    assert (server.host, server.management) == ("::1", "http://[::1]:15672")
