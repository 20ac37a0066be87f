"""A real RabbitMQ as the middleware of the group, with the log of the embedded one.

What waits, goes round or was given up does so in the broker, in a virtual host of the demo's own
that is deleted after. The consumer of a queue takes whatever there is and answers when the receiver
does, so what waits is in its hands and not ready.

The group lives faster than the broker, whose clock is that of the machine. So the management
interface is passed on with three things said in the time of the group: when a queue was last used,
when a message died, and the averages of the last hour. Everything else is what the broker says.
"""

import base64
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from app.clock import Clock, SystemClock
from app.demo.replay import Answer
from app.demo.systems.broker import DEAD, RETRY, Message, averages, encoded
from app.demo.wire import CarrierError
from collectors.client import Allowed, Client, FixedAuth
from collectors.errors import CollectError

RETRY_AFTER_MS = 5  # how long a message waits for its next try: the group does not wait for it
_WAITS = 60.0  # seconds for what has to come
_POLLS = 0.1  # seconds between two looks at statistics, which lag by some seconds
_OFTEN = 60_000  # requests a minute: it is the group that waits
_TOLD = (200, 400, 401, 403, 404)  # what is passed on, whatever it says
_JSON = {"Content-Type": "application/json"}
_PORT, _MANAGEMENT_PORT = 5672, 15672


@dataclass(frozen=True)
class Address:
    """A broker, its administrator, and its management interface."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    management: str


def address(broker: str, management: str | None = None) -> Address:
    """The broker at `amqp://user:password@host:port`. Raises `ValueError`, with no password in it.

    Without `management` its interface is at the usual port of the same host.
    """
    url = urlsplit(broker)
    try:
        port = url.port or _PORT
    except ValueError:
        raise ValueError("the port of the broker is no number") from None
    if url.scheme != "amqp" or not url.hostname or url.query or url.fragment:
        raise ValueError("a broker is given as amqp://user:password@host:port")
    if url.path.strip("/"):
        raise ValueError("the demo makes a virtual host of its own: leave the one of --broker out")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    api = urlsplit(management or f"http://{host}:{_MANAGEMENT_PORT}")
    if not _is_interface(api):
        raise ValueError("the management API of the broker is given as http://host:port")
    return Address(
        host=url.hostname,
        port=port,
        user=unquote(url.username or "guest"),
        password=unquote(url.password or "guest"),
        management=api.geturl().rstrip("/"),
    )


def _is_interface(url: SplitResult) -> bool:
    try:
        url.port  # noqa: B018 - it is read to see whether it is one
    except ValueError:
        return False
    return url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc


@contextlib.contextmanager
def opened(
    server: Address, vhost: str, password: str, clock: Clock, waits: float = _WAITS
) -> Iterator["RabbitMQ"]:
    """A virtual host, and a user of the same name who may list it and read its dead letters.

    `waits` is how many seconds it may take until what has to come has come.

    What an earlier start left of it is deleted first, and all of it at the end. Raises
    `CarrierError`.
    """
    owned = f"/api/(vhosts|users)/{vhost}|/api/permissions/{vhost}/[^/]+"
    shown = f"/api/queues/{vhost}/[^/]+/get"
    pair = f"{server.user}:{server.password}".encode()
    client = Client(
        "RabbitMQ",
        server.management,
        SystemClock(),
        auth=FixedAuth({"Authorization": f"Basic {base64.b64encode(pair).decode()}"}),
        allowed=(Allowed("PUT", owned), Allowed("DELETE", owned), Allowed("POST", shown)),
        requests_per_minute=_OFTEN,
    )
    with contextlib.closing(client) as management:
        _clear(management, vhost)
        try:
            _make(management, server.user, vhost, password)
            with contextlib.closing(RabbitMQ(server, vhost, management, clock, waits)) as broker:
                yield broker
        finally:
            _clear(management, vhost)


def _make(management: Client, owner: str, vhost: str, password: str) -> None:
    every = {"configure": ".*", "write": ".*", "read": ".*"}
    dead = {"configure": "^$", "write": "^$", "read": f"^.*\\{DEAD}$"}
    # With the tag `management` a user sees what he has rights in; one of `monitoring` sees all.
    _call(management, "PUT", f"/vhosts/{vhost}")
    _call(management, "PUT", f"/permissions/{vhost}/{quote(owner, safe='')}", every)
    _call(management, "PUT", f"/users/{vhost}", {"password": password, "tags": "management"})
    _call(management, "PUT", f"/permissions/{vhost}/{vhost}", dead)


def _clear(management: Client, vhost: str) -> None:
    for kind in ("vhosts", "users"):
        _call(management, "DELETE", f"/{kind}/{vhost}")


def _call(management: Client, method: str, path: str, body: Any = None) -> Any:
    """One call of the administrator. What is to be deleted may be gone."""
    statuses = {"GET": (200,), "PUT": (201, 204), "DELETE": (204, 404)}[method]
    content = None if body is None else json.dumps(body).encode()
    try:
        answer = management.ask(
            method, f"/api{path}", headers=_JSON, content=content, statuses=statuses
        )
    except CollectError as error:
        raise CarrierError(f"{error} at {management.address}") from error
    return json.loads(answer.body) if method == "GET" else None


def _unreachable(where: object, error: Exception) -> CarrierError:
    return CarrierError(f"RabbitMQ at {where}: {type(error).__name__} {error}".rstrip())


@dataclass
class _Held:
    """A message a consumer has got and not answered."""

    channel: BlockingChannel
    tag: int
    properties: pika.BasicProperties
    body: bytes


@dataclass
class _Log:
    """What was done with a queue, in the time of the group."""

    idle_since: datetime
    holds: int = 0
    published: int = 0
    delivered: list[datetime] = field(default_factory=list)
    acknowledged: list[datetime] = field(default_factory=list)


class RabbitMQ:
    """The queues of a virtual host. All instants are UTC; `CarrierError` where the broker is not
    there, or a message does not come.

    Its messages are carried in one thread at a time; `answer` may be called in any.
    """

    def __init__(
        self,
        server: Address,
        vhost: str,
        management: Client,
        clock: Clock,
        waits: float,
        machine: Clock | None = None,
    ) -> None:
        """`clock` is the group's; `machine` the one it is waited by, for `waits` seconds."""
        self._vhost, self._management, self._clock = vhost, management, clock
        self._machine, self._waits = machine or SystemClock(), waits
        self._where = f"{server.host}:{server.port}"
        self._logs: dict[str, _Log] = {}
        self._held: dict[str, dict[str, _Held]] = defaultdict(dict)
        self._consumers: dict[str, BlockingChannel] = {}
        self._deaths: dict[tuple[str, str, str], datetime] = {}
        self._at = clock.now()
        with self._reached():
            self._connection = pika.BlockingConnection(
                pika.ConnectionParameters(
                    server.host,
                    server.port,
                    vhost,
                    pika.PlainCredentials(server.user, server.password),
                    heartbeat=0,  # nobody answers it while tieout looks
                )
            )
            self._channel = self._connection.channel()

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(AMQPError):
            self._connection.close()

    # The log

    def declare(self, queue: str, at: datetime) -> None:
        """Make a work queue and the two beside it."""
        retry = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{queue}{RETRY}"}
        back: dict[str, Any] = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
        back |= {"x-message-ttl": RETRY_AFTER_MS}
        for name, arguments in ((queue, retry), (f"{queue}{RETRY}", back), (queue + DEAD, {})):
            with self._reached():
                self._channel.queue_declare(name, durable=True, arguments=arguments)
            self._logs[name] = _Log(at)

    def publish(self, queue: str, message: Message, at: datetime) -> None:
        """Put a message at the end of a queue."""
        properties = pika.BasicProperties(
            app_id=message.app_id,
            type=message.type,
            timestamp=int(message.timestamp.timestamp()),
            message_id=message.message_id,
            correlation_id=message.correlation_id,
            delivery_mode=2,
            content_type="application/json",
        )
        self._publish(queue, properties, encoded(message), at)

    def take(self, queue: str, message_id: str, at: datetime) -> None:
        """The consumer acknowledges a message it has been given: it is gone."""
        self._acknowledge(queue, self._given(queue, message_id, at), at)

    def retry(self, queue: str, message_id: str, at: datetime) -> None:
        """The consumer rejects a message: it waits in the retry queue."""
        held = self._given(queue, message_id, at)
        with self._reached():
            held.channel.basic_reject(held.tag, requeue=False)
        self._died(message_id, queue, "rejected", queue + RETRY)

    def redeliver(self, queue: str, message_id: str, at: datetime) -> None:
        """Wait until its time in the retry queue is over, and the consumer has it once more."""
        held = self._given(queue, message_id, at)
        self._held[queue][message_id] = held
        self._died(message_id, queue + RETRY, "expired", queue)

    def give_up(self, queue: str, message_id: str, at: datetime, error: str) -> None:
        """The consumer moves a message to the dead letters, with its history and why."""
        held = self._given(queue, message_id, at)
        held.properties.headers = {**(held.properties.headers or {}), "x-error": error}
        self._publish(queue + DEAD, held.properties, held.body, at)
        self._acknowledge(queue, held, at)

    def attach(self, queue: str) -> None:
        """A consumer, who is given all there is."""
        with self._reached():
            channel = self._connection.channel()
            channel.basic_consume(queue, partial(self._delivered, queue))
        self._consumers[queue] = channel

    def detach(self, queue: str) -> None:
        """The consumer is gone: what it was given lies in the queue again."""
        channel = self._consumers.pop(queue)
        with self._reached():
            if channel.is_open:
                channel.close()
        self._held.pop(queue, None)

    # What the broker does

    def pass_time(self, until: datetime) -> None:
        """Wait until the statistics have got to know what was done; they lag by some seconds.

        That they agree in the end proves that the broker has lost nothing.
        """
        ends = self._machine.monotonic() + self._waits
        while different := self._different():
            if self._machine.monotonic() > ends:
                told = ", ".join(f"{name} {seen}, not {done}" for name, seen, done in different)
                raise CarrierError(f"RabbitMQ at {self._where} holds other messages: {told}")
            with self._reached():
                self._connection.process_data_events(_POLLS)
            self._machine.sleep(_POLLS)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request to the management interface, by whoever asks."""
        url = urlsplit(path)
        age = timedelta(seconds=int(parse_qs(url.query).get("msg_rates_age", ["0"])[0]))
        sent = _JSON | {"Authorization": headers.get("Authorization", "")}
        try:
            # Without the question for averages: asked for, the totals are those of a minute ago.
            answer = self._management.ask(
                method, url.path, headers=sent, content=body or None, statuses=_TOLD
            )
        except CollectError as error:
            return 503, json.dumps({"error": "unavailable", "reason": str(error)}).encode(), {}
        if answer.status != _TOLD[0]:
            return answer.status, answer.body, {}
        told = json.loads(answer.body)
        if method == "POST":
            told = [self._letter(letter) for letter in told]
        elif isinstance(told, list):
            told = [self._shown(queue, age) for queue in told]
        elif "name" in told:
            told = self._shown(told, age)
        return answer.status, json.dumps(told).encode(), {}

    def _shown(self, queue: dict[str, Any], age: timedelta) -> dict[str, Any]:
        log = self._logs.get(queue["name"])
        if log is None:
            return queue
        if "message_stats" in queue and age:
            times = {"deliver": log.delivered, "ack": log.acknowledged}
            queue["message_stats"] |= averages(times, self._clock.now(), age)
        idle = log.idle_since.astimezone(UTC).isoformat(timespec="milliseconds")
        return queue | {"idle_since": idle}

    def _letter(self, letter: dict[str, Any]) -> dict[str, Any]:
        properties = letter["properties"]
        for death in properties.get("headers", {}).get("x-death", ()):
            died = properties.get("message_id", ""), death["queue"], death["reason"]
            if at := self._deaths.get(died):
                death["time"] = int(at.timestamp())
        return letter

    def _publish(
        self, queue: str, properties: pika.BasicProperties, body: bytes, at: datetime
    ) -> None:
        self._at = at
        with self._reached():
            self._channel.basic_publish("", queue, body, properties)
        log = self._logs[queue]
        log.idle_since = at
        log.holds += 1
        log.published += 1

    def _acknowledge(self, queue: str, held: _Held, at: datetime) -> None:
        with self._reached():
            held.channel.basic_ack(held.tag)
        log = self._logs[queue]
        log.idle_since = at
        log.holds -= 1
        log.acknowledged.append(at)

    def _died(self, message_id: str, queue: str, reason: str, to: str) -> None:
        self._deaths.setdefault((message_id, queue, reason), self._at)
        for name, more in ((queue, -1), (to, 1)):
            self._logs[name].idle_since = self._at
            self._logs[name].holds += more

    def _delivered(
        self,
        queue: str,
        channel: BlockingChannel,
        method: pika.spec.Basic.Deliver,
        properties: pika.BasicProperties,
        body: bytes,
    ) -> None:
        held = _Held(channel, method.delivery_tag, properties, body)
        self._held[queue][properties.message_id] = held
        self._logs[queue].delivered.append(self._at)

    def _given(self, queue: str, message_id: str, at: datetime) -> _Held:
        """A message the consumer was given, or is now; it answers for it."""
        self._at = at
        ends = self._machine.monotonic() + self._waits
        while message_id not in self._held[queue]:
            if self._machine.monotonic() > ends:
                raise CarrierError(f"RabbitMQ at {self._where}: {queue} never gave {message_id}")
            # The broker drops a consumer who does not answer for half an hour.
            if queue in self._consumers and not self._consumers[queue].is_open:
                self._held.pop(queue)
                self.attach(queue)
            with self._reached():
                self._connection.process_data_events(1)
        return self._held[queue].pop(message_id)

    def _different(self) -> list[tuple[str, Counter[str], Counter[str]]]:
        """Queues the statistics tell otherwise of: what they say, and what was done."""
        listed = _call(self._management, "GET", f"/queues/{self._vhost}")
        told = {queue["name"]: queue for queue in listed}
        pairs = ((name, _said(told.get(name, {})), self._done(name)) for name in self._logs)
        return [(name, said, done) for name, said, done in pairs if said != done]

    def _done(self, name: str) -> Counter[str]:
        log, in_hands = self._logs[name], name in self._consumers
        return Counter(
            ready=0 if in_hands else log.holds,
            unacknowledged=log.holds if in_hands else 0,
            publish=log.published,
            ack=len(log.acknowledged),
        )

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (AMQPError, OSError) as error:
            raise _unreachable(self._where, error) from error


def _said(queue: Mapping[str, Any]) -> Counter[str]:
    stats = queue.get("message_stats", {})
    return Counter(
        ready=queue.get("messages_ready", 0),
        unacknowledged=queue.get("messages_unacknowledged", 0),
        publish=stats.get("publish", 0),
        ack=stats.get("ack", 0),
    )
