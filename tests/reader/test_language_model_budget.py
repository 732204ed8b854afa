"""What a day may take, and the answers that are kept so that none is paid for twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.core.chat import Completion
from monitor.errors import ConfigError, FetchError, TransientError
from monitor.reader.answers import AnswerCache, CachedModel, RecordedModel, load_answers
from monitor.reader.budget import Budget, BudgetedModel, Limits, Usage
from monitor.testing.fakes import FrozenClock
from tests.reader.questions import ScriptedModel, context, template

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROMPT = template().fill(context())
ANSWER = Completion("{}", 1_000, 50)


def usage(n_prompt: int, n_completion: int = 0, *, at: datetime = NOON) -> Usage:
    return Usage(at, n_prompt, n_completion)


def budgeted(model: ScriptedModel, clock: FrozenClock, tokens_per_day: int) -> BudgetedModel:
    return BudgetedModel(model, Budget(Limits(tokens_per_day)), clock, max_tokens=100)


def test_a_day_takes_its_tokens_and_not_one_more() -> None:
    budget = Budget(Limits(tokens_per_day=1_000))
    budget.count(usage(600, 300))
    assert budget.has_room(usage(60, 40))
    assert not budget.has_room(usage(60, 41))


def test_money_is_counted_at_the_price_of_question_and_answer() -> None:
    budget = Budget(Limits(cost_per_day=1.0, prompt_price=2.0, completion_price=10.0))
    budget.count(usage(250_000, 40_000))
    assert budget.has_room(usage(0, 10_000))
    assert not budget.has_room(usage(1_000, 10_000))


def test_without_limits_there_is_always_room() -> None:
    assert Budget(Limits()).has_room(usage(10**9, 10**9))


def test_a_new_utc_day_begins_at_nothing() -> None:
    budget = Budget(Limits(tokens_per_day=100), [usage(100)])
    assert not budget.has_room(usage(1, at=NOON + timedelta(hours=11)))
    assert budget.has_room(usage(100, at=NOON + timedelta(hours=12)))
    east = timezone(timedelta(hours=10))
    assert not budget.has_room(usage(1, at=datetime(2026, 3, 2, 9, tzinfo=east)))


def test_what_a_wrong_clock_put_into_another_day_opens_no_gate() -> None:
    budget = Budget(Limits(tokens_per_day=100), [usage(90, at=NOON + timedelta(days=400)), usage(90)])
    assert not budget.has_room(usage(11))


def test_beyond_the_budget_the_model_is_not_asked_and_it_is_told_once_a_day() -> None:
    clock, model = FrozenClock(NOON), ScriptedModel(ANSWER)
    gate = budgeted(model, clock, PROMPT.n_tokens + 100)
    with capture_logs() as logs:
        assert [gate.complete(PROMPT), gate.complete(PROMPT), gate.complete(PROMPT)] == [ANSWER, None, None]
        clock.advance(86_400)
        assert [gate.complete(PROMPT), gate.complete(PROMPT)] == [ANSWER, None]
    assert [line["event"] for line in logs] == ["language_model_over_budget"] * 2
    assert len(model.prompts) == 2


def test_a_server_that_does_not_count_is_counted_for() -> None:
    budget = Budget(Limits(tokens_per_day=PROMPT.n_tokens + 200))
    gate = BudgetedModel(ScriptedModel(Completion("x" * 300)), budget, FrozenClock(NOON), max_tokens=100)
    gate.complete(PROMPT)
    assert budget.has_room(usage(99))
    assert not budget.has_room(usage(100))


@pytest.mark.parametrize(
    ("error", "is_counted"),
    [(FetchError("no answer in time"), True), (FetchError("busy", status=503), False), (TransientError("not reached"), False)],
)
def test_a_question_that_was_sent_and_not_answered_is_counted_at_its_most(error: TransientError, is_counted: bool) -> None:
    budget = Budget(Limits(tokens_per_day=PROMPT.n_tokens + 100))
    gate = BudgetedModel(ScriptedModel(error), budget, FrozenClock(NOON), max_tokens=100)
    with pytest.raises(TransientError):
        gate.complete(PROMPT)
    assert budget.has_room(usage(1)) is not is_counted


def test_an_answer_is_kept_through_a_restart_and_asked_for_once(tmp_path: Path) -> None:
    file, model = tmp_path / "var" / "answers.jsonl", ScriptedModel(ANSWER)
    answers = [CachedModel(model, AnswerCache(file), FrozenClock(NOON)).complete(PROMPT) for _ in range(3)]
    assert [answer.content if answer else None for answer in answers] == ["{}"] * 3
    assert len(model.prompts) == 1


def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    CachedModel(ScriptedModel(ANSWER), AnswerCache(file), FrozenClock(NOON)).complete(PROMPT)
    budget = Budget(Limits(tokens_per_day=1_100), AnswerCache(file).usages)
    assert budget.has_room(usage(50))
    assert not budget.has_room(usage(51))


def test_an_answer_that_was_cut_off_is_counted_but_not_kept(tmp_path: Path) -> None:
    file, model = tmp_path / "answers.jsonl", ScriptedModel(Completion("{", 10, 5, is_whole=False))
    for _ in range(2):
        CachedModel(model, AnswerCache(file), FrozenClock(NOON)).complete(PROMPT)
    assert len(model.prompts) == len(AnswerCache(file).usages) == 2


def test_no_answer_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    assert CachedModel(ScriptedModel(None), AnswerCache(file), FrozenClock(NOON)).complete(PROMPT) is None
    assert not file.exists()


def test_a_torn_last_line_costs_that_line_only(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    cache = AnswerCache(file)
    cache.add("a", ANSWER, usage(1))
    cache.add("b", ANSWER, usage(1))
    file.write_bytes(file.read_bytes()[:-20])
    healed = AnswerCache(file)
    assert (healed.get("a"), healed.get("b")) == ("{}", None)
    healed.add("c", ANSWER, usage(1))
    healed.add("d", ANSWER, usage(1))
    assert [AnswerCache(file).get(key) for key in "abcd"] == ["{}", None, "{}", "{}"]


def test_lines_that_are_no_answers_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    AnswerCache(file).add("a", ANSWER, usage(1))
    row = json.loads(file.read_text())
    wrong = [row | {"id": 7}, row | {"at": "2026-03-01T12:00:00"}, row | {"at": 3}, row | {"n_prompt_tokens": None}, {}, [], 7, None]
    file.write_bytes("".join(json.dumps(line) + "\n" for line in wrong).encode() + b"\xff\xfe\n" + b"[" * 9_000 + b"\n" + file.read_bytes())
    cache = AnswerCache(file)
    assert cache.get("a") == "{}"
    assert len(cache.usages) == 1


def test_of_a_large_cache_the_latest_answers_are_read(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    for number in range(20):
        AnswerCache(file).add(f"key-{number}", ANSWER, usage(1))
    cache = AnswerCache(file, max_bytes=500)
    assert cache.get("key-0") is None
    assert cache.get("key-19") == "{}"


def test_a_cache_that_cannot_be_written_or_read_is_told_and_borne(tmp_path: Path) -> None:
    with capture_logs() as logs:
        cache = AnswerCache(tmp_path)
        cache.add("a", ANSWER, usage(1))
    assert cache.get("a") == "{}"
    assert [line["event"] for line in logs] == ["language_model_cache_failed"] * 2


def test_a_recorded_model_answers_what_it_knows_and_remembers_the_rest_once() -> None:
    key = PROMPT.key("m")
    knowing, blank = RecordedModel("m", {key: "yes"}), RecordedModel("m", {})
    assert knowing.complete(PROMPT) == Completion("yes")
    assert knowing.missing == {}
    assert blank.complete(PROMPT) is blank.complete(PROMPT) is None
    [line] = blank.prompt_lines()
    assert json.loads(line) == {"id": key, "messages": PROMPT.message_objects, "schema": PROMPT.schema}


def test_the_last_answer_to_a_prompt_counts_and_an_object_is_as_good_as_its_text(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"id": "a", "content": "old"}\n\n{"id": "a", "content": "new", "by": "x"}\n{"id": "b", "content": {"phase": "none"}}')
    assert load_answers(file) == {"a": "new", "b": '{"phase": "none"}'}


def test_before_the_first_answer_there_is_no_file(tmp_path: Path) -> None:
    assert load_answers(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: is no JSON"),
        ("7", "must be an object"),
        ('{"id": 1, "content": ""}', "`id` and `content`"),
        ('{"id": "a"}', "`content`"),
    ],
)
def test_a_wrong_answer_is_named_by_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(f'{{"id": "a", "content": "x"}}\n{line}\n')
    with pytest.raises(ConfigError, match=words):
        load_answers(file)


def test_answers_in_another_encoding_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"\xff\xfe{")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_answers(file)
