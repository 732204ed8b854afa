"""The endpoint over HTTP: what is sent, what falls back, and that nothing secret is told. The settings that lead to it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.app import App
from monitor.config import Settings, load_settings
from monitor.core.chat import Completion
from monitor.errors import ConfigError, FetchError, MonitorError, PermanentError, TransientError
from monitor.fetch.api import ChatEndpoint
from monitor.reader.language_model import LanguageModelReader
from monitor.testing.language_model_server import Reply, StandInModel
from tests.reader.questions import KEY, LocalStoryApp, context, sentences, template, verdict
from tests.story_app import write_files

PROMPT = template().fill(context())


@pytest.fixture
def server() -> Iterator[StandInModel]:
    with StandInModel() as server:
        yield server


def test_the_question_is_sent_as_the_interface_wants_it(server: StandInModel) -> None:
    server.script(Reply("yes", usage={"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}))
    endpoint = ChatEndpoint(f"{server.base_url}/", "oracle-7", api_key=KEY, user_agent="Statuswatch/1", max_tokens=77, temperature=0.0)
    assert endpoint.complete(PROMPT) == Completion("yes", 11, 3)
    [question] = server.questions
    assert question.path == "/v1/chat/completions"
    assert question.headers["authorization"] == f"Bearer {KEY}"
    assert question.headers["user-agent"] == "Statuswatch/1"
    assert not {"cookie", "referer"} & question.headers.keys()
    assert question.body == {
        "model": "oracle-7",
        "temperature": 0.0,
        "max_tokens": 77,
        "stream": False,
        "messages": PROMPT.message_objects,
        "response_format": {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": PROMPT.schema}},
    }


def test_without_a_key_none_is_sent(server: StandInModel) -> None:
    ChatEndpoint(server.base_url, "m").complete(PROMPT)
    assert "authorization" not in server.questions[0].headers


def test_a_server_that_knows_no_schemas_is_asked_without_and_that_is_remembered() -> None:
    with StandInModel(knows_schemas=False) as server:
        server.script(Reply("yes"))
        endpoint = ChatEndpoint(server.base_url, "m")
        assert [endpoint.complete(PROMPT).content for _ in range(2)] == ["yes", "yes"]
    assert ["response_format" in question.body for question in server.questions] == [True, False, False]


def test_an_error_that_has_nothing_to_do_with_schemas_is_not_held_against_them(server: StandInModel) -> None:
    server.script(Reply(status=400, body=b"{}"), Reply(status=400, body=b"{}"), Reply("yes"))
    endpoint = ChatEndpoint(server.base_url, "m")
    with pytest.raises(PermanentError, match="answered 400"):
        endpoint.complete(PROMPT)
    assert endpoint.complete(PROMPT).content == "yes"
    assert "response_format" in server.questions[-1].body


def test_an_answer_in_parts_or_packed_is_put_together(server: StandInModel) -> None:
    parts = [{"type": "text", "text": "ye"}, {"type": "image"}, 7, {"type": "text", "text": "s"}]
    body = json.dumps({"choices": [{"message": {"content": parts}}], "usage": {"prompt_tokens": -1, "completion_tokens": True}}).encode()
    server.script(Reply(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}))
    assert ChatEndpoint(server.base_url, "m").complete(PROMPT) == Completion("yes", None, None)


def test_a_bomb_is_stopped(server: StandInModel) -> None:
    server.script(Reply(body=gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(PermanentError, match="sent more than"):
        ChatEndpoint(server.base_url, "m").complete(PROMPT)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=500, body=KEY.encode()), FetchError),
        (Reply(status=403, body=KEY.encode()), PermanentError),
        (Reply(body=KEY.encode()), PermanentError),
        (Reply(body=b"x", headers={"Content-Encoding": KEY}), FetchError),
        (Reply(is_hung_up=True), FetchError),
    ],
)
def test_no_error_tells_the_key_or_what_the_server_said(server: StandInModel, reply: Reply, kind: type[MonitorError]) -> None:
    server.script(reply)
    with pytest.raises(kind) as caught:
        ChatEndpoint(server.base_url, "m", api_key=KEY).complete(PROMPT)
    assert KEY not in str(caught.value)


def test_a_name_that_leads_nowhere_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(host: str, port: int, timeout_s: float) -> list[str]:
        raise FetchError("unknown")

    monkeypatch.setattr("monitor.fetch.api.resolve_host", nowhere)
    with pytest.raises(TransientError, match=r"is not found.*base_url") as caught:
        ChatEndpoint("http://oracle.example/v1", "m").complete(PROMPT)
    assert type(caught.value) is TransientError


@pytest.mark.parametrize(
    "base_url", ["oracle", "ftp://oracle/v1", f"https://me:{KEY}@oracle/v1", f"https://oracle/v1?key={KEY}", "http://"]
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_being_shown(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"^language_model\.base_url") as caught:
        ChatEndpoint(base_url, "m")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError, match=r"language_model\.api_key") as caught:
        ChatEndpoint("http://127.0.0.1/v1", "m", api_key=key)
    assert key not in str(caught.value)


# --- settings --------------------------------------------------------------------------------------------------------

Make = Callable[..., App]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def app(**section: object) -> App:
        section = {"cache_file": str(tmp_path / "answers.jsonl")} | section
        return LocalStoryApp(load_settings(write_files(tmp_path, {}, language_model=section)))

    return app


def test_by_default_no_language_model_is_used(make: Make) -> None:
    assert make().language_model is None
    assert make().reader.reader_id == "scripted/1"
    assert Settings().language_model.use == "off"


def test_a_bare_off_in_yaml_is_off(tmp_path: Path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("language_model: {use: off}\n")
    assert load_settings(file).language_model.use == "off"
    file.write_text("language_model: {use: on}\n")
    with pytest.raises(ConfigError, match=r"language_model\.use"):
        load_settings(file)


def test_the_settings_lead_to_a_reader_with_cache_and_budget(make: Make, server: StandInModel, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    server.script(Reply(verdict(), usage={"prompt_tokens": 5_000, "completion_tokens": 100}))
    app = make(use="always", base_url=server.base_url, model="oracle-7", api_key_file=str(tmp_path / "key"), tokens_per_day=6_000)
    app.check_files()
    assert isinstance(app.reader, LanguageModelReader)
    assert app.reader.reader_id == "oracle-7@prompt-1 (fallback scripted/1)"
    with capture_logs() as logs:
        reasons = [
            app.reader.read(sentences(), context(status_key=key))[0].reason.split(":")[0]
            for key in ("talks_under_way", "talks_under_way", "signed")
        ]
    assert reasons == ["oracle-7@prompt-1", "oracle-7@prompt-1", "scripted/1"]
    assert len(server.questions) == 1
    assert server.questions[0].headers["authorization"] == f"Bearer {KEY}"
    assert [line["event"] for line in logs] == ["language_model_read", "language_model_read", "language_model_over_budget"]
    assert KEY not in (tmp_path / "answers.jsonl").read_text()


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"model": "m"}, "base_url is empty"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "model is empty"),
        ({"base_url": "http://127.0.0.1:9/v1", "model": "m", "cost_per_day": 1}, "no price"),
        ({"base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key_file": "/nowhere/key"}, r"language_model\.api_key_file"),
        ({"base_url": "http://127.0.0.1:9/v1", "model": "m", "unsure_from": 0.9}, "unsure_from"),
        ({"base_url": "http://127.0.0.1:9/v1", "model": "m", "prompts": "/nowhere/p.yaml"}, "p.yaml: cannot be read"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(make: Make, section: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make(use="unsure", **section).check_files()


def test_the_key_is_hidden_when_settings_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_LANGUAGE_MODEL__API_KEY", KEY)
    settings = load_settings(write_files(tmp_path, {}))
    assert settings.language_model_key() == KEY
    assert KEY not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"
