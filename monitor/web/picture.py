"""An issue's course as a picture: statuses over time, changes as marks, the volume of articles below, blind spells shaded.

Drawn as SVG with classes only, as the page's policy takes no style from within; colours are in static/page.css. A printed page and a saved
file get the same picture with its colours written in (`is_alone`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup, escape

from monitor.core.ladder import Ladder, Phase
from monitor.core.spells import Spell
from monitor.core.types import Change, ChangeKind
from monitor.core.visible import visible

WIDTH, LEFT, RIGHT = 960, 176, 20
LANE, TOP, VOLUME, AXIS = 30, 14, 56, 26
#: Days of volume that get one bar: at most so many bars are drawn, each at least two units wide.
MAX_BARS = 180
_ALONE = {
    "lane": 'stroke="#dcd8d0"',
    "held": 'stroke-width="6" stroke-linecap="round"',
    "step": 'stroke="#9aa1ab"',
    "bar": 'fill="#b9c3cf"',
    "blind": 'fill="#8a5a00" fill-opacity="0.16"',
    "tick": 'stroke="#dcd8d0"',
    "label": 'font-family="system-ui, sans-serif" font-size="12" fill="#3c434d"',
    "axis": 'font-family="system-ui, sans-serif" font-size="11" fill="#5a6270"',
}
_TONES = {"forward": "#0f6e6e", "sideways": "#8a5a00", "against": "#b4232c"}
_AGAINST = frozenset({Phase.DENIED, Phase.COLLAPSED, Phase.REVERSED})


@dataclass(frozen=True, slots=True)
class Course:
    """What is drawn."""

    ladder: Ladder
    #: Oldest first.
    changes: Sequence[Change]
    volume: Sequence[tuple[date, int]]
    spells: Sequence[Spell]
    now: datetime


def tone(phase: Phase | None) -> str:
    """Return the colour's name of a phase: forward, sideways or against; empty where there is none."""
    if phase is None:
        return ""
    if phase.is_forward:
        return "forward"
    return "against" if phase in _AGAINST else "sideways"


def draw(course: Course, *, is_alone: bool = False) -> Markup | None:
    """Return the picture; None where there is nothing to draw."""
    if not course.changes:
        return None
    return _Drawing(course, is_alone=is_alone).svg()


class _Drawing:
    def __init__(self, course: Course, *, is_alone: bool) -> None:
        self._course = course
        self._is_alone = is_alone
        first = min([course.changes[0].at, *(_start(day) for day, _ in course.volume[:1])])
        margin = max((course.now - first) / 40, timedelta(hours=6))
        self._from, self._to = first - margin, max(course.now, course.changes[-1].at) + margin / 2
        held = {change.to_status for change in course.changes} | {change.from_status for change in course.changes if change.from_status}
        order = [status.key for status in course.ladder.statuses]
        known = [key for key in order if key in held]
        # The ladder is read upwards: its last step is the uppermost lane. Statuses of an older ladder come last.
        self._lanes = [*reversed(known), *sorted(held - set(known))]
        self._bottom = TOP + LANE * len(self._lanes)
        self._height = self._bottom + VOLUME + AXIS

    def svg(self) -> Markup:
        parts = [*self._spells(), *self._axis(), *self._grid(), *self._bars(), *self._steps(), *self._marks()]
        title = f"Course of the issue from {self._course.changes[0].at:%Y-%m-%d} to {self._course.now:%Y-%m-%d}"
        opening = Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="group" aria-label="{2}">'
        )
        ground = Markup('<rect width="100%" height="100%" fill="#ffffff"/>') if self._is_alone else Markup("")
        return opening.format(WIDTH, self._height, title) + ground + Markup("").join(parts) + Markup("</svg>")

    def _x(self, at: datetime) -> float:
        share = (at - self._from) / (self._to - self._from)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def _y(self, key: str) -> float:
        return TOP + LANE * (self._lanes.index(key) + 0.5)

    def _look(self, name: str, phase: Phase | None = None) -> Markup:
        if not self._is_alone:
            return Markup('class="{}"').format(f"{name} {tone(phase)}".strip())
        colour = _TONES.get(tone(phase), "#3c434d")
        own = {"held": f' stroke="{colour}"', "mark": f'fill="{colour}" stroke="#ffffff" stroke-width="1.5"'}.get(name, "")
        return Markup(_ALONE.get(name, "") + own)  # noqa: S704 - made of the constants above

    def _grid(self) -> list[Markup]:
        labels = {status.key: status.label for status in self._course.ladder.statuses}
        found = []
        for key in self._lanes:
            line = Markup('<line {0} x1="{1}" x2="{2}" y1="{3}" y2="{3}"/>').format(self._look("lane"), LEFT, WIDTH - RIGHT, self._y(key))
            text = Markup('<text {0} x="{1}" y="{2}" text-anchor="end">{3}</text>').format(
                self._look("label"), LEFT - 14, self._y(key) + 4, _cut(visible(labels.get(key, key)))
            )
            found += [line, text]
        return found

    def _spells(self) -> list[Markup]:
        found = []
        for spell in self._course.spells:
            end = spell.ended_at or self._course.now
            if end < self._from:
                continue
            start = self._x(spell.began_at)
            told = (
                f"blind on {spell.feed_key}: {spell.began_at:%Y-%m-%d %H:%M} to {f'{end:%Y-%m-%d %H:%M}' if spell.ended_at else 'now'} UTC"
            )
            found.append(
                Markup('<rect {0} x="{1}" y="{2}" width="{3}" height="{4}"><title>{5}</title></rect>').format(
                    self._look("blind"), start, TOP, max(2.0, round(self._x(end) - start, 1)), self._bottom + VOLUME - TOP, visible(told)
                )
            )
        return found

    def _steps(self) -> list[Markup]:
        """Draw the line of the status: along its lane while it is held, up or down where it changes."""
        moves = [change for change in self._course.changes if change.kind is not ChangeKind.CONFIRMATION]
        found = []
        for number, change in enumerate(moves):
            start, y = self._x(change.at), self._y(change.to_status)
            end = self._x(moves[number + 1].at if number + 1 < len(moves) else self._course.now)
            if number:
                before = self._y(moves[number - 1].to_status)
                found.append(Markup(f'<line {self._look("step")} x1="{start}" x2="{start}" y1="{before}" y2="{y}"/>'))  # noqa: S704 - numbers
            held = self._look("held", change.to_phase)
            found.append(Markup(f'<line {held} x1="{start}" x2="{end}" y1="{y}" y2="{y}"/>'))  # noqa: S704 - numbers
        return found

    def _marks(self) -> list[Markup]:
        labels = {status.key: status.label for status in self._course.ladder.statuses}
        found = []
        for change in self._course.changes:
            x, y = self._x(change.at), self._y(change.to_status)
            told = f"{change.at:%Y-%m-%d %H:%M} UTC, {change.kind.value}: {visible(labels.get(change.to_status, change.to_status))}"
            look = self._look("mark", change.to_phase)
            match change.kind:
                case ChangeKind.DENIAL:
                    shape = Markup('<path {0} d="M{1} {2}l7 7l-7 7l-7 -7z"/>').format(look, x, y - 7)
                case ChangeKind.MANUAL:
                    shape = Markup('<rect {0} x="{1}" y="{2}" width="12" height="12"/>').format(look, round(x - 6, 1), y - 6)
                case ChangeKind.CONFIRMATION | ChangeKind.DETAIL:
                    shape = Markup('<circle {0} cx="{1}" cy="{2}" r="4"/>').format(look, x, y)
                case _:
                    shape = Markup('<circle {0} cx="{1}" cy="{2}" r="7"/>').format(look, x, y)
            if self._is_alone:
                found.append(Markup("<g>{0}<title>{1}</title></g>").format(shape, told))
            else:
                found.append(
                    Markup('<a href="/changes/{0}" aria-label="{1}">{2}<title>{1}</title></a>').format(change.change_id, told, shape)
                )
        return found

    def _bars(self) -> list[Markup]:
        if not self._course.volume:
            return []
        n_days = max(1, -(-(self._to - self._from).days // MAX_BARS))
        sums: dict[int, int] = {}
        first = self._from.date()
        for day, n in self._course.volume:
            place = (day - first).days // n_days
            sums[place] = sums.get(place, 0) + n
        most, floor = max(sums.values()), self._bottom + VOLUME
        width = max(2.0, (WIDTH - LEFT - RIGHT) / max(1.0, (self._to - self._from) / timedelta(days=n_days)) - 1)
        found = [
            Markup('<text {0} x="{1}" y="{2}" text-anchor="end">articles read</text>').format(self._look("axis"), LEFT - 14, floor - 4),
            Markup('<text {0} x="{1}" y="{2}" text-anchor="end">most {3}</text>').format(
                self._look("axis"), LEFT - 14, floor - VOLUME + 22, f"{most} in {n_days} d" if n_days > 1 else f"{most} a day"
            ),
        ]
        look, breadth = self._look("bar"), round(min(width, 14.0), 1)
        for place, n in sorted(sums.items()):
            day = first + timedelta(days=place * n_days)
            height = round(max(2.0, (VOLUME - 12) * n / most), 1)
            found.append(
                # Written at once, as there may be hundreds: numbers, a day, and a class of ours.
                Markup(  # noqa: S704
                    f'<rect {look} x="{self._x(_start(day))}" y="{round(floor - height, 1)}" width="{breadth}" height="{height}">'
                    f"<title>{day}: {n} articles</title></rect>"
                )
            )
        return found

    def _axis(self) -> list[Markup]:
        floor = self._bottom + VOLUME
        found = [Markup('<line {0} x1="{1}" x2="{2}" y1="{3}" y2="{3}"/>').format(self._look("tick"), LEFT, WIDTH - RIGHT, floor)]
        for at, label in _ticks(self._from, self._to):
            x = self._x(at)
            found.append(Markup('<line {0} x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>').format(self._look("tick"), x, TOP, floor + 4))
            found.append(
                Markup('<text {0} x="{1}" y="{2}" text-anchor="middle">{3}</text>').format(self._look("axis"), x, floor + 18, escape(label))
            )
        return found


def _ticks(start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """Return at most nine instants with their labels: days, months or years, whichever fit."""
    days = (end - start).days
    if days <= 45:
        every = max(1, -(-days // 8))
        first = _start(start.date() + timedelta(days=1))
        count = days // every + 1
        return [(at, f"{at:%d %b}") for n in range(count) if (at := first + timedelta(days=n * every)) < end]
    months = days // 30
    every = next((n for n in (1, 2, 3, 6) if months / n <= 9), 12 * max(1, -(-months // 108)))
    found = []
    year, month = start.year, start.month
    while (at := datetime(year, month, 1, tzinfo=UTC)) < end:
        if at > start and (month - 1) % min(every, 12) == 0 and (every < 12 or year % (every // 12) == 0):
            found.append((at, f"{at:%Y}" if every >= 12 else f"{at:%b %Y}"))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _cut(label: str) -> str:
    # What fits beside the lanes at 12 units a letter's height.
    return label if len(label) <= 26 else f"{label[:25]}…"
