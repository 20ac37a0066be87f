"""Connections a source may have: checked addresses, a deadline, bodies unpacked within bounds."""

import ipaddress
import socket
import ssl
import zlib
from collections.abc import Callable
from typing import Any

import httpcore
import httpx

# where clouds tell a machine its own credentials, beside link-local 169.254.0.0/16 and fe80::/10
METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
STEP_SECONDS = 0.5
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedAddressError(Exception):
    """A name leads to an address no source may have."""


class CheckedTransport(httpx.HTTPTransport):
    """Connects only to addresses a source may have, for as long as `left` says (seconds).

    What a name resolves to is checked, and the checked address is the one used.
    """

    def __init__(self, context: ssl.SSLContext, host: str, left: Callable[[], float]) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=2, network_backend=_Backend(host, left)
        )


class _Backend(httpcore.SyncBackend):
    def __init__(self, host: str, left: Callable[[], float]) -> None:
        self._host, self._left = host, left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no usable address")
        addresses = [str(address[0]) for *_, address in _resolve(host, port)]
        for address in addresses:
            check_address(address, self._host)
        for address in addresses:
            try:
                stream = super().connect_tcp(
                    address, port, _within(timeout, self._left()), local_address, socket_options
                )
                return _Timed(stream, self._left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Timed(httpcore.NetworkStream):
    """A stream on which nothing takes longer than there is time left, however slowly it drips."""

    def __init__(self, stream: httpcore.NetworkStream, left: Callable[[], float]) -> None:
        self._stream, self._left = stream, left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Waits in small steps: `left` may say meanwhile that there is no time any more."""
        waits = self._within(timeout, httpcore.ReadTimeout)
        while waits > STEP_SECONDS:
            try:
                return self._stream.read(max_bytes, STEP_SECONDS)
            except httpcore.ReadTimeout:
                waits = min(waits - STEP_SECONDS, self._within(timeout, httpcore.ReadTimeout))
        return self._stream.read(max_bytes, waits)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._within(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        allowed = self._within(timeout, httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, allowed), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _within(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._left()
        if left <= 0:
            raise late("the time for one answer is over")
        return _within(timeout, left)


def _within(timeout: float | None, left: float) -> float:
    return left if timeout is None else min(timeout, left)


def _resolve(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise httpcore.ConnectError(f"{host}: {said}") from error


def check_address(text: str, host: str) -> None:
    """Refuse addresses no source has, unless the configured `host` plainly names this one.

    These are link-local and the other addresses of cloud metadata, multicast, unspecified and
    this machine. Raises `RefusedAddressError`.
    """
    address = _plain(ipaddress.ip_address(text.split("%")[0]))
    if _names(host, address):
        return
    if (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_loopback
        or address in METADATA
    ):
        raise RefusedAddressError(f"{text} is not an address a source may have")


def _plain(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address an IPv6 one stands for, else itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _names(host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the configured host is this address written out, or localhost for loopback."""
    if host.lower() == "localhost":
        return address.is_loopback
    try:
        named = ipaddress.ip_address(host)
    except ValueError:
        return False
    return named == address and not (named.is_multicast or named.is_unspecified)


class Unpacker:
    """Unpacks gzip piece by piece, never more than asked for: a bomb costs what the limit costs."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._began = False

    def feed(self, packed: bytes, room: int) -> bytes:
        """At most `room` bytes more. Raises zlib.error on damage."""
        found = bytearray()
        self._began = self._began or bool(packed)
        while packed and len(found) < room:
            if self._inflate.eof:
                if not packed.strip(b"\0"):
                    break
                self._inflate = zlib.decompressobj(wbits=31)
            found += self._inflate.decompress(packed, room - len(found))
            packed = self._inflate.unconsumed_tail or self._inflate.unused_data
        return bytes(found)

    @property
    def is_whole(self) -> bool:
        """Whether the end came, or nothing came at all."""
        return self._inflate.eof or not self._began
