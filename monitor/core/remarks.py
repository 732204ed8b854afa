"""What there is to say of a feed beside its health: where it moved, what it may have missed, what went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.core.types import FeedState, Health


def remarks(state: FeedState) -> Iterator[str]:
    """Yield what a user should know of a feed, each with the next step where there is one."""
    if state.health is Health.GONE:
        yield "gone: the server answered 410, so that it is not asked again; give it a new address, or take it out of the list"
    if state.adopted_url is not None:
        yield f"moved: asked at {state.adopted_url}, where its server has sent us for good; write that address into the list"
    elif state.n_redirects:
        yield f"moving: sent to {state.redirect_url} by {state.n_redirects} polls in a row"
    if state.last_gap_at is not None:
        yield f"gap: at {state.last_gap_at:%Y-%m-%d %H:%M} none of its entries was known, so that items may have been missed before"
    if state.is_304_doubted:
        yield "doubt: its server said “not modified” although it had changed, so that it is asked without validators now and then"
    if state.failing_since is not None:
        yield f"failing since {state.failing_since:%Y-%m-%d %H:%M}, failures weigh {state.failure_weight:g}"
    if state.last_error is not None:
        yield f"error: {state.last_error}"
