"""match: who is judged, who is read, who is fetched, and that nothing is done twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from monitor.core.lineage import share_origin
from monitor.core.marks import article_fingerprints
from monitor.core.policy import StatusPolicy
from monitor.core.types import Article, ArticleId, DateBasis, Edit, Entry, FeedKey, Page
from monitor.errors import FetchError
from monitor.jobs.examine import Examiner
from monitor.jobs.match import Matched
from monitor.testing.fakes import FrozenClock, HashEncoder
from monitor.testing.memory_store import MemoryUnitOfWork
from tests.story import AGREED, CAKES, ISSUE_KEY, STATEMENT, article, judge, learn, reader, store_articles

PAGE = f"{AGREED.text} The ministers of both countries have broadly agreed on tolls, pilots and dredging as well."


@dataclass
class FakePages:
    """Texts of pages by address, or whole pages; one that is missing raises."""

    pages: dict[str, str | Page | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, url: str) -> Page | None:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError(f"{url} timed out")
        page = self.pages[url]
        return Page(url, page) if isinstance(page, str) else page


@pytest.fixture
def learned(uow: MemoryUnitOfWork, clock: FrozenClock) -> MemoryUnitOfWork:
    learn(uow, clock)
    return uow


def _versions(uow: MemoryUnitOfWork, name: str) -> list[Article]:
    with uow.reading() as tx:
        return tx.articles.versions(ArticleId(name))


def test_only_what_matches_is_read(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED), article(CAKES))
    status_reader = reader()
    assert judge(learned, by=Examiner(status_reader, StatusPolicy())) == Matched(n_judged=2, n_matches=1)
    assert [sentences[0] for sentences in status_reader.calls] == [AGREED.title]
    [assessment] = learned.committed().evidence.values()
    assert (assessment.evidence.article_id, assessment.seen_at) == ("story-2", None)
    assert {claim.status_key for claim in assessment.evidence.claims} == {"broadly_agreed"}


def test_every_article_has_a_verdict_with_its_reason(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED), article(CAKES))
    judge(learned)
    matches = {match.article_id: match for match in learned.committed().matches.values()}
    assert matches[ArticleId("story-2")].is_match
    assert not matches[ArticleId("story-5")].is_match
    assert "not alike enough" in matches[ArticleId("story-5")].reason


def test_nothing_is_judged_twice(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED), article(CAKES))
    judge(learned)
    status_reader = reader()
    assert judge(learned, by=Examiner(status_reader, StatusPolicy())) == Matched()
    assert status_reader.calls == []


def test_vectors_are_made_once_and_used_again(learned: MemoryUnitOfWork) -> None:
    encoder = HashEncoder()
    store_articles(learned, article(AGREED))
    judge(learned, encoder=encoder)
    n_texts = len(encoder.texts)
    # The same words under another address: the vector is there.
    store_articles(learned, replace(article(AGREED), article_id=ArticleId("copy"), url="https://herald.example/copy"))
    assert judge(learned, encoder=encoder).n_matches == 1
    assert len(encoder.texts) == n_texts


def test_a_new_version_is_judged_anew(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED))
    judge(learned)
    store_articles(learned, replace(article(AGREED), version=2, text=STATEMENT.text))
    assert judge(learned) == Matched(n_judged=1, n_matches=1)


def test_more_articles_than_one_batch_are_all_judged(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, *(replace(article(CAKES), article_id=ArticleId(f"cake-{number}")) for number in range(70)))
    assert judge(learned).n_judged == 70


def test_an_issue_without_a_baseline_is_passed_over_with_a_warning(uow: MemoryUnitOfWork) -> None:
    store_articles(uow, article(AGREED))
    with capture_logs() as lines:
        assert judge(uow) == Matched()
    assert [(line["event"], line["issue"]) for line in lines] == [("issue_without_baseline", ISSUE_KEY)]


def _examiner(pages: FakePages, below: int = 200) -> Examiner:
    return Examiner(reader(), StatusPolicy(), pages, full_text_below_chars=below)


def test_a_page_is_fetched_for_short_matches_only(learned: MemoryUnitOfWork) -> None:
    long = replace(article(STATEMENT), text=f"{STATEMENT.text} {'Norland and Sudmark spoke of the harbour treaty. ' * 4}")
    store_articles(learned, article(AGREED), long, article(CAKES))
    pages = FakePages({"https://gazette.example/2": PAGE})
    assert judge(learned, by=_examiner(pages)).n_matches == 2
    assert pages.asked == ["https://gazette.example/2"]


def test_a_page_s_text_is_a_version_of_its_own_and_is_not_judged_again(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED))
    pages = FakePages({"https://gazette.example/2": PAGE})
    judge(learned, by=_examiner(pages))
    assert [(version.version, version.text) for version in _versions(learned, "story-2")] == [(1, AGREED.text), (2, PAGE)]
    [assessment] = learned.committed().evidence.values()
    assert assessment.evidence.version == 2
    for claim in assessment.evidence.claims:
        whole = AGREED.title if claim.place == "headline" else PAGE
        assert whole[claim.start : claim.end] == claim.quote
    assert judge(learned, by=_examiner(pages)) == Matched()
    assert len(pages.asked) == 1


@pytest.mark.parametrize("pages", [{}, {"https://gazette.example/2": None}, {"https://gazette.example/2": "Log in."}])
def test_a_page_that_fails_or_tells_less_falls_back_to_the_feed_s_text(
    learned: MemoryUnitOfWork, pages: dict[str, str | Page | None]
) -> None:
    store_articles(learned, article(AGREED))
    assert judge(learned, by=_examiner(FakePages(pages))).n_matches == 1
    assert [version.text for version in _versions(learned, "story-2")] == [AGREED.text]
    [assessment] = learned.committed().evidence.values()
    assert assessment.evidence.version == 1


def test_an_article_without_a_web_address_has_no_page(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, replace(article(AGREED), url="urn:uuid:1"))
    pages = FakePages()
    assert judge(learned, by=_examiner(pages)).n_matches == 1
    assert pages.asked == []


def test_an_edit_that_comes_while_the_page_is_fetched_is_judged_and_not_lost(learned: MemoryUnitOfWork) -> None:
    edit = replace(article(AGREED), version=2, title=STATEMENT.title, text=STATEMENT.text)

    class SlowPages(FakePages):
        def read(self, url: str) -> Page | None:
            if not self.asked:
                store_articles(learned, edit)
            self.asked.append(url)
            return Page(url, PAGE) if len(self.asked) == 1 else None

    store_articles(learned, article(AGREED))
    judge(learned, by=_examiner(SlowPages()))
    assert [version.text for version in _versions(learned, "story-2")] == [AGREED.text, STATEMENT.text]
    [assessment] = learned.committed().evidence.values()
    assert (assessment.evidence.version, assessment.evidence.headline) == (2, STATEMENT.title)


def test_an_undated_article_takes_the_date_of_its_page_and_no_other(learned: MemoryUnitOfWork) -> None:
    seen = replace(article(AGREED), dated_by=DateBasis.SEEN)
    earlier, later = seen.published_at - timedelta(days=2), seen.published_at + timedelta(days=2)
    for name, basis, page_date in (("a", DateBasis.SEEN, earlier), ("b", DateBasis.SEEN, later), ("c", DateBasis.FEED, earlier)):
        url = f"https://gazette.example/{name}"
        store_articles(learned, replace(seen, article_id=ArticleId(name), url=url, dated_by=basis))
        judge(learned, by=_examiner(FakePages({url: Page(url, PAGE, published_at=page_date)})))
    dated = {name: (found[-1].published_at, found[-1].dated_by) for name in "abc" for found in [_versions(learned, name)]}
    assert dated == {
        "a": (earlier, DateBasis.PAGE),
        "b": (seen.published_at, DateBasis.SEEN),
        "c": (seen.published_at, DateBasis.FEED),
    }


def test_the_address_that_a_page_calls_its_own_finds_the_article_again(learned: MemoryUnitOfWork) -> None:
    store_articles(learned, article(AGREED))
    url = "https://gazette.example/2"
    judge(learned, by=_examiner(FakePages({url: Page(url, PAGE, canonical_url="https://www.gazette.example/world/treaty-agreed")})))
    twin = Entry(FeedKey("gazette"), None, "https://gazette.example/world/treaty-agreed", "x", "y", None)
    with learned.reading() as tx:
        assert set(tx.articles.by_fingerprint(article_fingerprints(twin)).values()) == {ArticleId("story-2")}


def test_a_page_of_an_edited_article_tells_what_changed_since_its_last_page(learned: MemoryUnitOfWork) -> None:
    url = "https://gazette.example/2"
    store_articles(learned, article(AGREED))
    judge(learned, by=_examiner(FakePages({url: PAGE})))
    store_articles(learned, replace(article(AGREED), version=3, title=f"{AGREED.title}, again"))
    judge(learned, by=_examiner(FakePages({url: PAGE.replace("broadly agreed on tolls", "signed a paper on tolls")})))
    last = _versions(learned, "story-2")[-1]
    assert last.version == 4
    changed = [edit for edit in last.edits if "tolls" in edit.after]
    assert [("broadly agreed on tolls" in edit.before, "signed a paper" in edit.after) for edit in changed] == [(True, True)]
    assert all(isinstance(edit, Edit) for edit in last.edits)


def test_a_copy_has_the_origin_of_what_was_read_before_it(learned: MemoryUnitOfWork) -> None:
    text = (
        "The ministers of Norland and Sudmark have broadly agreed on the harbour treaty and its many annexes.\n"
        "It would open the northern channel to freight from next spring, two officials in the capital said.\n"
        "Both cabinets still have to approve the text, and neither of them has set a date for it."
    )
    rewritten = "\n".join(f"Our reporters hear: {line[0].lower()}{line[1:]}" for line in text.splitlines())
    first = replace(article(AGREED), article_id=ArticleId("first"), source="Gazette", text=text, url="urn:1")
    store_articles(learned, first)
    judge(learned)
    copy = replace(
        first, article_id=ArticleId("copy"), source="Herald", title=f"{AGREED.title}, reporters hear", text=rewritten, url="urn:2"
    )
    store_articles(learned, copy)
    judge(learned)
    keys = {key[1]: assessment.evidence.origin_keys for key, assessment in learned.committed().evidence.items()}
    assert "origin:first" in keys[ArticleId("copy")]
    assert share_origin(keys[ArticleId("first")], keys[ArticleId("copy")])
