"""Real workers, killed at random under a Slack that fails in every way: the sweep of `benchmarks/fault_sweep.py`, scaled down."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from benchmarks.fault_sweep import Patience, Report, campaign
from benchmarks.fault_worker import POLICY

GOOD = Report(
    n_deliveries=10,
    n_killed=3,
    n_lost=0,
    n_doubled=0,
    n_doubled_unseen=1,
    n_blind=1,
    n_out_of_order=0,
    n_stale_roots=0,
    n_faults=2,
    took_s=1.0,
)


def test_nothing_is_lost_or_doubled_where_the_channel_can_be_looked_through(tmp_path: Path, sqlite_template: Path) -> None:
    database = shutil.copy(sqlite_template, tmp_path / "killed.db")
    # However busy the machine is: a lease runs out when its worker is dead and its last call has taken effect, never under the living,
    # and a call takes too long only where the stand-in holds it up.
    policy, patience = replace(POLICY, lease_s=3600), Patience(timeout_s=10, sure_kills=frozenset({5, 17}))
    report = campaign(f"sqlite:///{database}", n_deliveries=24, n_workers=2, seed=11, policy=policy, say=lambda _: None, patience=patience)
    assert report.n_deliveries == 24
    assert report.is_good, report
    assert report.n_faults > 0
    assert report.n_killed > 0


def test_a_report_is_good_only_where_nothing_went_wrong() -> None:
    assert GOOD.is_good
    for spoilt in ({"n_lost": 1}, {"n_doubled": 1}, {"n_out_of_order": 1}, {"n_stale_roots": 1}, {"n_blind": 0}):
        assert not replace(GOOD, **spoilt).is_good
