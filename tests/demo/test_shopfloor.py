"""Machines on a real Mosquitto: what they say, when they are born, and when they die."""

import itertools
import queue
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from app.clock import SystemClock
from app.demo import shopfloor
from app.demo.estate import Carriers
from app.demo.group import Happening, Kind
from app.demo.shopfloor import WORDS, EdgeNode, Host, ShopFloor, heard, told
from app.demo.simulation import Wish, simulation
from app.demo.systems.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Datatype,
    Metric,
    Payload,
    Verb,
    aliases,
    decode,
    encode,
    topic,
)
from app.demo.wire import CarrierError
from tests.demo import mosquitto

AT = datetime(2026, 10, 1, 6, tzinfo=UTC)
WAITS = 20.0
DONE = Happening(
    7, AT, "1000", Kind.OPERATION_COMPLETED, item="500001", lot="L1", quantity=Decimal("12.125"),
    unit="KG", order_no="1000047", operation="0010", equipment="M-1",
)  # fmt: skip
STOPPED = Happening(
    9, AT, "1000", Kind.DOWNTIME_ENDED, equipment="M-2", since=AT - timedelta(minutes=9),
    reason="jam", reverses=8, minutes=Decimal("0.5"), quantity=Decimal(-3),
)  # fmt: skip
RELEASED = Happening(10, AT, "1000", Kind.ORDER_RELEASED, order_no="1000048")
_groups = (f"test-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if why := mosquitto.missing():
        pytest.skip(f"no Mosquitto can be started here: {why}")
    with mosquitto.broker(tmp_path_factory.mktemp("mqtt")) as address:
        yield shopfloor.address(address)


@pytest.fixture
def group():
    return next(_groups)


class Book:
    """A MES that writes down what it hears."""

    def __init__(self):
        self.heard = []

    def hear(self, happening, at=None):
        self.heard.append((happening, at))


class Stranger:
    """Another host of the same group: everything said there, as it comes."""

    def __init__(self, server, group):
        self._came, ready = queue.SimpleQueue(), queue.SimpleQueue()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _client, _data, message: self._came.put(
            (message.topic, bytes(message.payload))
        )
        self.client.on_subscribe = lambda *_told: ready.put(True)
        self.client.connect(server.host, server.port)
        self.client.subscribe(f"spBv1.0/{group}/#", qos=1)
        self.client.loop_start()
        ready.get(timeout=WAITS)

    def next(self):
        """The verb and device, and the payload as far as it can be read without a birth."""
        place, content = self._came.get(timeout=WAITS)
        _, _, verb, _, *device = place.split("/")
        return verb, "".join(device), decode(content, aliases(WORDS))

    def until(self, verb):
        """All that comes up to the next of a verb."""
        found = [self.next()]
        while found[-1][0] != verb:
            found.append(self.next())
        return found

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
        self.client.on_message = None


@contextmanager
def floor(server, group):
    """A shop floor of plant 1000, and the book of its MES."""
    book = Book()
    with closing(ShopFloor(server, group)) as opened:
        yield opened, opened.plant("1000", book), book


def values(payload):
    return {metric.name: metric.value for metric in payload.metrics}


def test_a_happening_survives_being_said():
    for happening in (DONE, STOPPED):
        said = decode(encode(Payload(AT, told(happening), 1)), aliases(WORDS))
        assert heard("1000", said.metrics) == happening


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "mqtt://", "mqtt://h:port", "mqtt://h/topic", "h:1883"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="MQTT broker"):
        shopfloor.address(url)
    assert "letmein" not in repr(shopfloor.address("mqtt://me:letmein@h"))


def test_a_broker_that_is_not_there_is_told_so():
    with pytest.raises(CarrierError, match=r"MQTT broker at 127\.0\.0\.1:1: "):
        ShopFloor(shopfloor.Address("127.0.0.1", 1, "", ""), "test")


@pytest.mark.live
def test_the_book_hears_machines_over_the_broker_and_the_office_itself(server, group):
    later = AT + timedelta(minutes=3)
    with floor(server, group) as (opened, line, book):
        line.hear(DONE, later)
        assert book.heard == []
        line.hear(RELEASED)
        line.hear(STOPPED)
        opened.pass_time(later)
        assert book.heard == [(DONE, later), (RELEASED, None), (STOPPED, AT)]


@pytest.mark.live
def test_births_come_before_data_and_every_number_follows_the_last(server, group):
    with closing(Stranger(server, group)) as stranger:
        with floor(server, group) as (opened, line, book):
            for number in range(300):
                line.hear(replace(DONE, no=number, equipment=f"M-{number % 2}"))
            opened.pass_time(AT)
            assert [happening.no for happening, _ in book.heard] == [*range(300)]
        told = stranger.until("NDEATH")
    (birth, *others, (_, _, death)) = told
    assert (birth[0], birth[2].seq, values(birth[2])) == ("NBIRTH", 0, {BD_SEQ: 0, REBIRTH: False})
    assert [payload.seq for _, _, payload in others] == [n % 256 for n in range(1, 303)]
    assert [(verb, device) for verb, device, _ in others[:4]] == [
        ("DBIRTH", "M-0"), ("DDATA", "M-0"), ("DBIRTH", "M-1"), ("DDATA", "M-1"),
    ]  # fmt: skip
    assert (death.seq, values(death)) == (None, {BD_SEQ: 0})


@pytest.mark.live
def test_nothing_stays_behind_on_the_broker(server, group):
    with floor(server, group) as (opened, line, _):
        line.hear(DONE)
        opened.pass_time(AT)
    with closing(Stranger(server, group)) as late, closing(node(server, group)) as other:
        other.connect()
        assert late.next()[0] == "NBIRTH", "nothing was kept for who comes late"


def node(server, group):
    return EdgeNode(server, group, "1000", SystemClock())


@pytest.mark.live
def test_a_node_that_is_cut_off_is_dead_until_it_is_born_again(server, group, until):
    with closing(Host(server, group, SystemClock())) as host, closing(node(server, group)) as edge:
        edge.connect()
        edge.tell(DONE, AT)
        assert host.data(WAITS) == (DONE, AT)
        assert host.is_alive("1000")
        cut(edge)
        until(lambda: host.data(0.1) or not host.is_alive("1000"), "the broker told of the death")
        edge.tell(STOPPED, AT)
        assert host.data(WAITS) == (STOPPED, AT), "its machines were born again as well"
        assert host.is_alive("1000")


def cut(edge):
    """The connection of a node breaks."""
    edge._client.socket().shutdown(2)
    ends = time.monotonic() + WAITS
    while edge._client.is_connected():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.live
def test_who_comes_late_asks_for_the_births(server, group):
    with closing(Host(server, group, SystemClock())) as host, closing(node(server, group)) as edge:
        edge.connect()
        edge.tell(DONE, AT)
        assert host.data(WAITS)
        with closing(Stranger(server, group)) as late:
            wish = Payload(AT, (Metric(REBIRTH, Datatype.BOOLEAN, value=True),))
            late.client.publish(topic(group, Verb.NODE_COMMAND, "1000"), encode(wish), qos=1)
            said = [one for one in (late.next() for _ in range(3)) if one[0] != "NCMD"]
            edge.tell(STOPPED, AT)
            said += late.until("DDATA")
    assert [(verb, device, payload.seq) for verb, device, payload in said] == [
        ("NBIRTH", "", 0), ("DBIRTH", "M-1", 1), ("DBIRTH", "M-2", 2), ("DDATA", "M-2", 3),
    ]  # fmt: skip


@pytest.mark.live
def test_a_message_that_is_lost_is_not_passed_over(server, group):
    with closing(Host(server, group, SystemClock())) as host, closing(node(server, group)) as edge:
        edge.connect()
        edge.tell(DONE, AT)
        assert host.data(WAITS)
        with closing(Stranger(server, group)) as other:
            forged = encode(Payload(AT, told(STOPPED), 9))
            other.client.publish(topic(group, Verb.DEVICE_DATA, "1000", "M-1"), forged)
            with pytest.raises(CarrierError, match="number 9 came where 3 was to come"):
                host.data(WAITS)


def said(**more):
    """The metrics of a happening, with some put otherwise; None leaves one out."""
    known = {metric.name: metric for metric in WORDS}
    found = {known_by(metric.alias): metric for metric in told(DONE)}
    for name, value in more.items():
        metric = known.get(name, Metric(name, Datatype.STRING, None, 99))
        found[name] = replace(metric, name="", value=value)
        if value is None:
            del found[name]
    return tuple(found.values())


def known_by(alias):
    return next(metric.name for metric in WORDS if metric.alias == alias)


BORN = Payload(AT, (Metric(BD_SEQ, Datatype.INT64, 0),), 0)
STRANGE = {
    "no kind": said(kind=None),
    "a kind nobody knows": said(kind="party"),
    "no time": said(at=None),
    "no number": said(quantity="much"),
    "nothing finite": said(minutes="NaN"),
    "another word": said(colour="red"),
}


@pytest.mark.live
@pytest.mark.parametrize("metrics", STRANGE.values(), ids=[*STRANGE])
def test_what_no_machine_of_ours_would_say_stops_the_group(server, group, metrics):
    colour = Metric("colour", Datatype.STRING, None, 99)
    with closing(Host(server, group, SystemClock())) as host:
        forge(server, topic(group, Verb.NODE_BIRTH, "1000"), encode(BORN))
        born = encode(Payload(AT, (*WORDS, colour), 1))
        forge(server, topic(group, Verb.DEVICE_BIRTH, "1000", "M-1"), born)
        place = topic(group, Verb.DEVICE_DATA, "1000", "M-1")
        forge(server, place, encode(Payload(AT, metrics, 2)))
        with pytest.raises(CarrierError, match=place):
            host.data(WAITS)


@pytest.mark.live
def test_a_word_of_another_type_stops_the_group(server, group):
    with closing(Host(server, group, SystemClock())) as host:
        forge(server, topic(group, Verb.NODE_BIRTH, "1000"), encode(BORN))
        words = tuple(
            replace(word, datatype=Datatype.STRING) if word.name == "at" else word for word in WORDS
        )
        place = topic(group, Verb.DEVICE_BIRTH, "1000", "M-1")
        forge(server, place, encode(Payload(AT, words, 1)))
        wrong = said(at=None)
        alias = next(word.alias for word in WORDS if word.name == "at")
        at = Metric("", Datatype.STRING, "noon", alias)
        place = topic(group, Verb.DEVICE_DATA, "1000", "M-1")
        forge(server, place, encode(Payload(AT, (*wrong, at), 2)))
        with pytest.raises(CarrierError, match=place):
            host.data(WAITS)


# Field 1, a timestamp, with the largest number a varint of 64 bits can hold.
FAR = b"\x08" + b"\xff" * 9 + b"\x01"


@pytest.mark.live
def test_a_time_no_calendar_has_stops_the_group(server, group):
    with closing(Host(server, group, SystemClock())) as host:
        forge(server, topic(group, Verb.NODE_BIRTH, "1000"), FAR)
        with pytest.raises(CarrierError, match=r"NBIRTH/1000: .*time"):
            host.data(WAITS)


@pytest.mark.live
def test_what_is_said_on_other_topics_is_passed_over(server, group):
    with closing(Host(server, group, SystemClock())) as host, closing(node(server, group)) as edge:
        for place in ("", "/NBIRTH", "/NBIRTH/", "/STATE/1000/M-1"):
            forge(server, f"spBv1.0/{group}{place}", b"hello")
        edge.connect()
        edge.tell(DONE, AT)
        assert host.data(WAITS) == (DONE, AT)


@pytest.mark.live
def test_a_plant_nobody_listens_to_is_told_as_such(server, group):
    with (
        floor(server, group) as (opened, line, _),
        closing(Stranger(server, group)) as witness,
        closing(EdgeNode(server, group, "2000", SystemClock())) as other,
    ):
        other.connect()
        other.tell(replace(DONE, plant="2000"), AT)
        witness.until("DDATA")
        line.hear(DONE)
        with pytest.raises(CarrierError, match="2000"):
            opened.pass_time(AT)


def forge(server, place, content):
    """Somebody publishes something."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect(server.host, server.port)
    client.loop_start()
    client.publish(place, content, qos=1).wait_for_publish(WAITS)
    client.disconnect()
    client.loop_stop()


@contextmanager
def answering(*answers):
    """A server that takes one connection, and answers what it reads by these in turn."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    connection.recv(4096)
                    connection.sendall(answer)
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield shopfloor.Address("127.0.0.1", listening.getsockname()[1], "", "")
        thread.join(WAITS)
        assert not thread.is_alive(), "the client has hung up"


def test_a_broker_that_refuses_the_subscription_is_told_so_and_left():
    connected, refused = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x80"
    before = set(threading.enumerate())
    said = pytest.raises(CarrierError, match="takes no subscription: Unspecified error")
    with answering(connected, refused) as server, said:
        Host(server, "test", SystemClock())
    assert set(threading.enumerate()) == before


@pytest.mark.live
def test_a_group_whose_broker_goes_away_stands_still_and_says_so(tmp_path, until, caplog):
    if why := mosquitto.missing():
        pytest.skip(f"no Mosquitto can be started here: {why}")
    looks = []
    with ExitStack() as stack:
        broker = stack.enter_context(ExitStack())
        url = broker.enter_context(mosquitto.broker(tmp_path))
        wish = Wish(days=1, plants=1, faults="none")
        carriers = Carriers(mqtt=shopfloor.address(url))
        group = stack.enter_context(simulation(tmp_path / "demo", wish, carriers))
        list(group.stops())
        broker.close()
        stack.enter_context(group.going_on(86_400, 0.05, lambda: looks.append(True)))
        until(lambda: "the group stands still" in caplog.messages, "the end is told")
    (said,) = [one.reason for one in caplog.records if one.msg == "the group stands still"]
    assert said.startswith("MQTT broker at 127.0.0.1:")
