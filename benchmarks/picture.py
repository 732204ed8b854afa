"""The picture of an alert in the documentation, made from what is posted today.

python -m benchmarks.picture
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.config.files import load_ladder
from monitor.core.delivery import root_post
from monitor.core.sample import sample_alert
from monitor.core.types import Post, PostForm
from monitor.notify.blocks import message
from monitor.notify.picture import page

ROOT = Path(__file__).parents[1]
DOCS = Path("docs/alert.html")


def picture() -> str:
    """Return the page: the root of a thread and a reply."""
    alert = sample_alert(load_ladder(ROOT / "config" / "ladders" / "agreement.yaml"), datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    reply = {**message(Post(alert.alert_id, PostForm.CHANGE, alert, thread="")), "thread_ts": "", "reply_broadcast": True}
    return page([message(root_post(alert)), reply], title="An alert of Statuswatch in Slack")


if __name__ == "__main__":
    (ROOT / DOCS).write_text(picture(), encoding="utf-8")
