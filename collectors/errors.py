"""What can go wrong between us and a source.

CollectError
├── SourceUnavailableError   did not answer in time, or answered 5xx
├── ThrottledError           asked us to come back later; carries `until`
├── SourceDeniedError        refused our credentials
├── ForbiddenRequestError    we were about to do what a collector must not do
├── PayloadError             the answer is not what the feed promises; the page is rejected whole
├── ContractBrokenError      too many records of a page are rejects; the feed stops
└── SnapshotRefusedError     empty, partial or mixed; the last good snapshot stays
"""

from datetime import datetime


class CollectError(Exception):
    """The source could not be collected."""

    outcome = "failed"

    def __init__(self, source: str, message: str | None = None) -> None:
        self.source = source
        self.message = message or (self.__doc__ or "").splitlines()[0]
        super().__init__(f"{source}: {self.message}")


class SourceUnavailableError(CollectError):
    """The source did not answer in time, or answered 5xx."""

    outcome = "unreachable"


class ThrottledError(CollectError):
    """The source asked us to come back later."""

    outcome = "throttled"

    def __init__(self, source: str, until: datetime) -> None:
        self.until = until
        super().__init__(source, f"throttled until {until:%Y-%m-%d %H:%M:%S} UTC")


class SourceDeniedError(CollectError):
    """The source refused our credentials."""

    outcome = "denied"


class ForbiddenRequestError(CollectError):
    """A collector may only read: this request is not on its allow-list."""

    outcome = "forbidden"


class PayloadError(CollectError):
    """The answer is not what the feed promises."""

    outcome = "payload"


class ContractBrokenError(CollectError):
    """Too many records of one page could not be trusted."""

    outcome = "contract"


class SnapshotRefusedError(CollectError):
    """The snapshot is empty, partial or mixed; the last good one stays."""

    outcome = "refused"

    def __init__(self, source: str, message: str | None = None, *, was_empty: bool = False) -> None:
        self.was_empty = was_empty
        super().__init__(source, message)


def shown(body: bytes, length: int = 300) -> str:
    """The beginning of a body, safe to print."""
    return ascii(body[:length].decode("utf-8", "replace"))


class NothingNew(Exception):  # noqa: N818 - not an error: the source has nothing that was not read before
    """The newest snapshot is the one held already."""
