"""The pages: what they show, what they say where there is nothing, and what acting on them does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from monitor.config.channels import ChannelSettings
from monitor.core.types import ChangeKind
from tests.examples import ISSUE
from tests.web.desk import DeskApp, client_of, form_token, open_app, pages

CHANGE = "c_0000000000000002"


def shown(page: str) -> str:
    """Return the words of a page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("address", pages())
def test_every_page_is_shown(reader: TestClient, address: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 200
    assert reader.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    head = reader.head(address)
    assert (head.status_code, head.content) == (200, b"")


def test_an_empty_store_has_pages_that_say_what_to_do(tmp_path: Path, sqlite_template: Path) -> None:
    with client_of(open_app(tmp_path, sqlite_template)) as client:
        for address in ("/", "/changes", "/articles", "/feeds", "/outbox", "/reviews", "/articles?q=none"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert 'class="empty"' in answer.text, address


@pytest.mark.parametrize("address", ["/issues/none", "/changes/none", "/articles/none", "/articles/none/like", "/none", "/changes.pdf"])
def test_what_is_not_there_is_told(reader: TestClient, address: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize(
    "query", ["cursor=x", "since=never", "limit=0", "cursor=WyJ4Il0", "until=9999-12-31", "kind=none", "cursor=WzEsMl0"]
)
def test_a_parameter_that_cannot_be_read_is_told(reader: TestClient, query: str) -> None:
    answer = reader.get(f"/changes?{query}")
    assert answer.status_code in {400, 422}
    assert "<h1>" in answer.text


def test_the_words_that_decided_are_marked_in_their_sentence_and_named_below(reader: TestClient) -> None:
    page = reader.get(f"/changes/{CHANGE}").text
    assert '<mark class="sentence">Tunisia and Brussels have <mark class="word step">agreed</mark>.' in page
    assert "Step: agreed" in shown(page).replace(" , ", ", ")
    # The sentence before told of talks, of which it has no word: no mark rather than a wrong one.
    assert page.split("<h2>Before</h2>")[1].split("</figure>")[0].count("<mark") == 1


def test_what_was_made_a_seed_says_so_and_can_be_made_one_again_after_it_was_taken_back(client: TestClient) -> None:
    def promote() -> str:
        page = client.get("/articles/a-1").text
        form = page.split("Make it a seed of this issue")[0].rsplit("<form", 1)[1]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        assert client.post("/reviews", data=fields | {"action": "promote"}).status_code == 303
        return client.get("/articles/a-1").text

    page = promote()
    assert "Made a seed by" in shown(page)
    assert "Make it a seed" not in page
    issue = client.get("/issues/olive-duties").text
    undone = re.findall(r'name="undoes" value="([^"]*)"', issue)[0]
    answer = client.post(
        "/reviews", data={"form_token": form_token(issue), "issue": ISSUE, "action": "undo", "undoes": undone, "nonce": "u"}
    )
    assert answer.status_code == 303
    assert "Made a seed by" not in shown(client.get("/articles/a-1").text)
    assert "Made a seed by" in shown(promote())


def test_the_board_shows_where_each_issue_stands_and_what_waits(reader: TestClient) -> None:
    page = shown(reader.get("/").text)
    assert "Will the duties on olives end? muted denied since 2026-03-01" in page
    assert "Blind on 1 feed" in page
    assert page.count("Not a change") == 3


def test_a_change_shows_its_proof_in_its_paragraph_and_its_scores(reader: TestClient) -> None:
    page = reader.get(f"/changes/{CHANGE}").text
    assert '<mark class="sentence">Tunisia and Brussels have <mark class="word step">agreed</mark>.</mark>' in page
    assert "Relevance of the article: 0.70, threshold 0.50" in page
    assert "told: Duties on olives to end" in page
    assert "asked the desk" in page
    assert ">slack<" in page


def test_an_article_shows_what_an_edit_changed(reader: TestClient) -> None:
    assert "<ins>They signed.</ins>" in reader.get("/articles/a-1").text


def test_articles_like_one_are_found(reader: TestClient) -> None:
    page = reader.get("/articles/a-1/like").text
    assert '<a class="headline" href="/articles/a-2">' in page
    assert "no vector yet" in reader.get("/articles/s-1/like").text


def act(client: TestClient, address: str, **fields: str) -> int:
    token = form_token(client.get(address).text)
    data = {"form_token": token, "issue": ISSUE, "back": address, **fields}
    return client.post("/reviews", data=data).status_code


def test_accepting_takes_a_change_off_the_board_and_taking_back_returns_it(client: TestClient) -> None:
    assert client.get("/").text.count('value="accept"') == 3
    assert act(client, "/", action="accept", change=CHANGE) == 303
    page = client.get("/").text
    assert page.count('value="accept"') == 2
    undoes = client.get("/api/v1/reviews").json()[0]["review_id"]
    assert act(client, "/reviews", action="undo", undoes=undoes) == 303
    assert client.get("/").text.count('value="accept"') == 3


def test_a_double_click_acts_once(client: TestClient) -> None:
    before = len(client.get("/api/v1/reviews").json())
    for _ in range(2):
        assert act(client, "/", action="accept", change=CHANGE, nonce="same") == 303
    assert len(client.get("/api/v1/reviews").json()) == before + 1


def test_a_status_set_by_hand_is_in_the_log(app: DeskApp, client: TestClient) -> None:
    assert act(client, "/issues/olive-duties", action="set_status", status="signed", note="it is in the gazette") == 303
    page = shown(client.get("/issues/olive-duties").text)
    assert "set by hand by analyst: it is in the gazette" in page
    with app.uow.reading() as tx:
        assert tx.issues.changes()[-1].kind is ChangeKind.MANUAL


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"action": "set_status", "status": "nonsense", "note": "x"}, "has no status &#39;nonsense&#39;"),
        ({"action": "note", "note": " "}, "there are no words"),
        ({"action": "accept"}, "no change is named"),
        ({"action": "undo", "undoes": ""}, "no review is named"),
        ({"action": "promote", "article": "a-9"}, "there is no article"),
    ],
)
def test_an_act_that_cannot_be_done_says_why(client: TestClient, fields: dict[str, str], told: str) -> None:
    token = form_token(client.get("/").text)
    answer = client.post("/reviews", data={"form_token": token, "issue": ISSUE, **fields})
    assert answer.status_code == 400
    assert told in answer.text


def test_a_form_leads_back_to_pages_of_ours_only(client: TestClient) -> None:
    token = form_token(client.get("/").text)
    for back in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/reviews", data={"form_token": token, "issue": ISSUE, "action": "note", "note": "x", "back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_settings_are_shown_without_secrets(tmp_path: Path, sqlite_template: Path) -> None:
    app = open_app(tmp_path, sqlite_template, password_hash="scrypt$secret")
    hook = ChannelSettings(kind="webhook", url=SecretStr("https://hook.example/a-secret-path"), secret=SecretStr("whsec_x"))
    app = DeskApp(app.settings.model_copy(update={"channels": {"desk": hook}}), app.clock)
    with client_of(app) as client:
        page = client.get("/settings").text
    assert "channels.desk.url" in page
    assert "NAME" not in page
    assert "a-secret-path" not in page
    assert "whsec_x" not in page
    assert "scrypt$secret" not in page
    assert "web.password_hash" in page
    assert "set, not shown" in page
    assert str(tmp_path) not in page
