"""Replay the project's own labelled storylines and score what was said: `make eval`.

`--split dev` (default), `final` or `all`; `--errors` tells each miss and false alarm; `--pin` writes the floor that the tests hold, and
refuses to lower it unless `--allow-regression` says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.scoring import MOVES, Score, align, score, total
from monitor.app import App
from monitor.config import load_settings
from monitor.core.judging import FAMILY
from monitor.jobs import replay
from monitor.jobs.examine import Examiner
from monitor.training.corpus import Storyline, digest_of, load_storylines

STORYLINES = Path(__file__).parent / "storylines"
FLOOR = Path(__file__).parent / "floor.json"
#: Two runs of one version on different processors may round a cosine differently; a floor forgives that much and no more.
EPSILON = 0.005


def evaluate(app: App, storylines: tuple[Storyline, ...]) -> list[tuple[Storyline, replay.Replay, Score]]:
    """Replay and score each storyline."""
    examiner = Examiner(app.reader, app.settings.status.policy(), judge=app.judge, matter_reader=app.matter_reader)
    rows = []
    for storyline in storylines:
        result = replay.run(
            storyline.issue,
            [item.article for item in storyline.items],
            off_topic=app.off_topic_vectors,
            encoder=app.encoder,
            examiner=examiner,
            match_policy=app.settings.match.policy(),
        )
        rows.append((storyline, result, score(storyline, result)))
    return rows


def figures(found: Score) -> dict[str, float]:
    """Return the figures that are pinned."""
    return {
        "lenient_f1": round(found.lenient[2], 4),
        "strict_f1": round(found.strict[2], 4),
        "false_alarms": round(found.false_alarms, 4),
        "quiet_share": round(found.quiet_share, 4),
    }


def fell(now: dict[str, float], floor: dict[str, float]) -> list[str]:
    """Return what fell below a floor, in words."""
    worse = []
    for name, value in floor.items():
        step = now[name] - value if name != "false_alarms" else value - now[name]
        if step < -EPSILON:
            worse.append(f"{name} {now[name]} is worse than the floor {value}")
    return worse


def main() -> int:
    """Run the evaluation; exit status 1 where the floor fell."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--split", choices=("dev", "final", "all"), default="dev")
    ask.add_argument("--errors", action="store_true")
    ask.add_argument("--pin", action="store_true")
    ask.add_argument("--allow-regression", action="store_true")
    options = ask.parse_args()
    app = App(load_settings())
    chosen = tuple(story for story in load_storylines(STORYLINES, app.ladders) if options.split in (story.split, "all"))
    rows = evaluate(app, chosen)
    print(f"{'storyline':28} wanted said strict lenient leaks")
    for storyline, result, found in rows:
        print(f"{storyline.issue.key:28} {found.n_wanted:6} {found.n_said:4} {found.n_strict:6} {found.n_lenient:7} {found.n_leaks:5}")
        if options.errors:
            print_errors(storyline, result)
    whole = total(found for _, _, found in rows)
    for name, rates in (("lenient", whole.lenient), ("strict", whole.strict)):
        print(f"{name:8} precision {rates[0]:.3f}  recall {rates[1]:.3f}  F1 {rates[2]:.3f}")
    print(
        f"false alarms a storyline {whole.false_alarms:.2f}  leaks {whole.n_leaks}  quiet share {whole.quiet_share:.3f}  "
        f"median delay {whole.median_delay:g}  relevance recall {whole.relevance_recall:.3f}, leakage {whole.relevance_leakage:.3f}"
    )
    return hold_floor(figures(whole), options) if options.split == "dev" else 0


def hold_floor(now: dict[str, float], options: argparse.Namespace) -> int:
    """Compare with the pinned floor, or pin a new one."""
    digest = digest_of(STORYLINES)
    pinned: dict[str, Any] = json.loads(FLOOR.read_text()) if FLOOR.exists() else {"corpus": digest, "figures": {}}
    worse = fell(now, pinned["figures"])
    if options.pin:
        if worse and pinned["corpus"] == digest and not options.allow_regression:
            print("not pinned: " + "; ".join(worse) + "; --allow-regression lowers the floor, and the commit says why", file=sys.stderr)
            return 1
        FLOOR.write_text(json.dumps({"corpus": digest, "figures": now}, indent=2) + "\n")
        return 0
    if pinned["corpus"] != digest:
        print("the storylines changed since the floor was pinned; pin anew with --pin", file=sys.stderr)
        return 1
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def print_errors(storyline: Storyline, result: replay.Replay) -> None:
    """Print each labelled change with what was said there, and each false alarm."""
    items = [item for item in storyline.items if item.is_on_matter and item.mark != "S"]
    gold = [number for number, item in enumerate(items) if item.mark == "*"]
    said = [change for change in result.changes if change.kind in MOVES]
    place = {item.article.article_id: number for number, item in enumerate(items)}
    hits = align(items, gold, said, place, lambda first, second: FAMILY[first] == FAMILY[second])
    steps = {step.article.article_id: step for step in result.steps}
    for number, index in enumerate(gold):
        if number not in {hit[0] for hit in hits}:
            item = items[index]
            step = steps[item.article.article_id]
            print(
                f"  missed {item.phase}: {item.article.title} | {item.article.text[:90]!r} — {'read: ' if step.evidence else ''}{step.reason}"
            )
    for index, change in enumerate(said):
        if index not in {hit[1] for hit in hits}:
            mark = next(item.mark for item in storyline.items if item.article.article_id == change.article_id)
            print(f"  false  {change.to_phase} ({mark}): {steps[change.article_id].article.title} — {change.reason}")


if __name__ == "__main__":
    sys.exit(main())
