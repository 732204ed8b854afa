"""The exceptions of the project, in one tree. Every adapter maps foreign errors to these at its border.

    MonitorError                  something the project can explain
    ├── TransientError            trying again later may help: drives every retry
    │   ├── FetchError            a feed or page could not be had this time
    │   ├── DatabaseBusyError     the database is locked or out of reach
    │   └── DeliveryError         an alert could not be posted this time
    │       ├── RateLimitedError      the channel asked to wait
    │       └── UnknownOutcomeError   nobody knows whether it was posted: look before posting again
    └── PermanentError            trying again will not help until somebody changes something
        ├── ConfigError           a setting, ladder, issue or feed list is wrong
        ├── SeedError             a seed or its manifest is wrong
        ├── ArticleFileError      an article in a JSON Lines file is wrong
        ├── BlockedAddressError   the guard refused an address
        ├── RobotsError           a site asks in its robots.txt not to fetch a page
        ├── BodyTooLargeError     a body passed its size limit
        ├── ParseError            bytes are not a feed
        ├── ModelError            the encoder or reader weights cannot be used
        ├── StoreError            the database refuses: read-only, wrong schema, broken row
        ├── ReviewError           a review lacks something, or is about something that is not there
        ├── LookupRefusedError    the channel does not let itself be searched
        └── DeliveryRefusedError  the channel said no to this alert for good
            ├── ChannelRefusedError   ... and would say no to any: token revoked, channel gone
            └── ThreadGoneError       the message that it answers or edits is no longer there

`TransientError` and `PermanentError` are the only question a retry asks. Each message names the thing, the value and the next step.
The original exception is always chained (`raise ... from exc`).
"""

from __future__ import annotations


class MonitorError(Exception):
    """Something that the project can explain to its user."""


class TransientError(MonitorError):
    """Trying again later may help."""


class PermanentError(MonitorError):
    """Trying again will not help until somebody changes something."""


class FetchError(TransientError):
    """A feed or page could not be had this time.

    `status` is the HTTP status where there was an answer; `retry_after_s` is what the server asked for, in seconds.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class DatabaseBusyError(TransientError):
    """The database is locked or out of reach for now."""


class DeliveryError(TransientError):
    """An alert could not be posted this time; `retry_after_s` is what the channel asked for, in seconds."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateLimitedError(DeliveryError):
    """The channel asked to wait, and has not posted."""


class UnknownOutcomeError(DeliveryError):
    """The post may have arrived: no answer came, or one that tells of a failure on the other side."""


class ConfigError(PermanentError):
    """A setting, ladder, issue or feed list is wrong."""


class SeedError(PermanentError):
    """A seed or its manifest is wrong."""


class ArticleFileError(PermanentError):
    """An article in a JSON Lines file is wrong."""


class BlockedAddressError(PermanentError):
    """The guard refused an address, a scheme or a redirect."""


class RobotsError(PermanentError):
    """A site asks in its robots.txt that a page is not fetched."""


class BodyTooLargeError(PermanentError):
    """A body passed its size limit, on the wire or inflated."""


class ParseError(PermanentError):
    """Bytes are not a feed."""


class ModelError(PermanentError):
    """The encoder or the reader's weights are missing, changed or of the wrong shape."""


class StoreError(PermanentError):
    """The database refuses: read-only, wrong schema, or a row that breaks a rule."""


class LookupRefusedError(PermanentError):
    """The channel does not let itself be searched: a scope is missing, or it is known by name only."""


class DeliveryRefusedError(PermanentError):
    """The channel said no to this alert for good."""


class ChannelRefusedError(DeliveryRefusedError):
    """The channel would say no to any alert until somebody mends it: unknown or archived channel, revoked token."""


class ThreadGoneError(DeliveryRefusedError):
    """The message that is to be answered or edited is no longer there."""


class ReviewError(PermanentError):
    """A review lacks something that its action needs, or is about something that is not there."""
