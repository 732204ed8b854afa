"""deliver: lease due outbox rows, post, settle each as sent, due again, or dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from monitor.core.alerts import settle_failed, settle_sent
from monitor.core.policy import AlertPolicy
from monitor.core.types import Delivery, DeliveryState
from monitor.errors import DeliveryError, DeliveryRefusedError
from monitor.ports import Clock, Notifier, UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one tick did."""

    n_sent: int = 0
    n_retried: int = 0
    n_dead: int = 0


def run(*, uow: UnitOfWork, notifiers: Mapping[str, Notifier], clock: Clock, policy: AlertPolicy, batch: int = 10) -> Delivered:
    """Post what is due. The lease is written before the post and the outcome after it: a crash between the two is seen and tried again."""
    total = Delivered()
    while True:
        with uow.transaction() as store:
            leased = store.outbox.lease(now=clock.now(), lease_s=policy.lease_s, limit=batch)
        if not leased:
            break
        for delivery in leased:
            settled = _post(delivery, notifiers, clock, policy)
            with uow.transaction() as store:
                store.outbox.settle(settled)
            total = replace(
                total,
                n_sent=total.n_sent + (settled.state is DeliveryState.SENT),
                n_retried=total.n_retried + (settled.state is DeliveryState.DUE),
                n_dead=total.n_dead + (settled.state is DeliveryState.DEAD),
            )
    if total != Delivered():
        log.info("delivered", n_sent=total.n_sent, n_retried=total.n_retried, n_dead=total.n_dead)
    return total


def _post(delivery: Delivery, notifiers: Mapping[str, Notifier], clock: Clock, policy: AlertPolicy) -> Delivery:
    notifier = notifiers.get(delivery.channel)
    if notifier is None:
        error = f"channel {delivery.channel!r} is not configured; set it up, then `monitor outbox retry {delivery.delivery_id}`"
        log.error("delivery_dead", delivery=delivery.delivery_id, error=error)
        return settle_failed(delivery, error, is_permanent=True, retry_after_s=None, now=clock.now(), policy=policy)
    try:
        receipt = notifier.send(delivery.alert)
    except DeliveryRefusedError as exc:
        log.error("delivery_dead", delivery=delivery.delivery_id, error=str(exc))
        return settle_failed(delivery, str(exc), is_permanent=True, retry_after_s=None, now=clock.now(), policy=policy)
    except DeliveryError as exc:
        settled = settle_failed(delivery, str(exc), is_permanent=False, retry_after_s=exc.retry_after_s, now=clock.now(), policy=policy)
        log.warning(
            "delivery_failed", delivery=delivery.delivery_id, error=str(exc), state=settled.state.value, next_at=settled.due_at.isoformat()
        )
        return settled
    log.info("delivery_sent", delivery=delivery.delivery_id, channel=delivery.channel)
    return settle_sent(delivery, receipt, clock.now())
