"""The matter head: what its weights say, the same in numpy as in the library it was trained with, and weights that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from monitor.core.telling import NAMES
from monitor.core.text import split_sentences
from monitor.core.types import FloatArray, ReadingContext
from monitor.errors import ModelError
from monitor.reader.head import ReadingHead
from monitor.reader.head_reader import HeadReader
from monitor.reader.matter_head import BODY_GIST, HEAD_GIST, HEADLINE, LEAD, MAX_TOKENS, QUESTION, SEED, WEIGHTS, MatterHead, Row
from monitor.reader.matter_rows import TextStates, parts_of, row_of, seed_lines
from monitor.testing.fakes import HashEncoder
from monitor.training import matter
from tests.builders import make_article, make_issue

ARTICLE = make_article(
    title="THEY SIGNED THE TEXT", text="They signed the text on Monday. They sat down for talks. Rain fell. Boats came in."
)
SENTENCES = split_sentences(ARTICLE.title, ARTICLE.text)
ISSUE = make_issue(make_article("s-1", title="Talks open"), make_article("s-2", title="", text="They sat."))
CONTEXT = ReadingContext(ISSUE, ARTICLE)


def part(n_tokens: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(n_tokens, 768)).astype(np.float32)


def gist(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.dirichlet([1.0] * 14), rng.dirichlet([1.0] * 6)]).astype(np.float32)


ROWS = (
    Row(
        ((QUESTION, part(9, 1)), (SEED, part(5, 2)), (HEADLINE, part(7, 3)), (LEAD, part(20, 4))),
        ((HEAD_GIST, gist(1)), (HEAD_GIST, gist(2)), (BODY_GIST, gist(3))),
    ),
    Row(((QUESTION, part(4, 5)), (HEADLINE, part(6, 6))), ((HEAD_GIST, gist(4)),)),
    Row(((QUESTION, part(4, 7)), (LEAD, part(3, 8))), ((HEAD_GIST, gist(5)), (BODY_GIST, gist(6)))),
)


def as_example(row: Row) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    texts = np.concatenate([*(values for _, values in row.texts), *(np.zeros((1, 768), np.float32) for _ in row.gists)])
    gists = np.concatenate(
        [*(np.zeros((len(values), 20), np.float32) for _, values in row.texts), *(values[None] for _, values in row.gists)]
    )
    kinds = [kind for kind, values in row.texts for _ in range(len(values))] + [kind for kind, _ in row.gists]
    return torch.from_numpy(texts)[None], torch.from_numpy(gists)[None], torch.tensor(kinds)[None]


def test_numpy_and_the_net_it_was_trained_as_say_the_same(tmp_path: Path) -> None:
    torch.manual_seed(3)
    nets = [matter.Net().eval(), matter.Net().eval()]
    for net in nets:
        for values in net.parameters():
            # Weights are kept as halves: what differs must not be the rounding.
            values.data = values.data.half().float()
    head = matter.write(nets, "some-encoder", tmp_path / "matter.safetensors")
    assert (head.n_nets, head.encoder_id) == (2, "some-encoder")
    for row in ROWS:
        alone = []
        for number, net in enumerate(nets):
            with torch.inference_mode():
                phases, kinds = net(*as_example(row))
            alone.append(np.concatenate([phases[0].softmax(0).numpy(), kinds[0].softmax(0).numpy()]))
            assert head.alone(number).tell(row) == pytest.approx(alone[-1], abs=1e-5)
        assert head.tell(row) == pytest.approx(np.mean(alone, axis=0), abs=1e-5)


def test_padding_beside_a_longer_row_changes_nothing() -> None:
    net = matter.Net().eval()
    short, long = as_example(ROWS[1]), as_example(ROWS[0])
    padded = [torch.cat([one, torch.zeros(1, long[2].shape[1] - one.shape[1], *one.shape[2:], dtype=one.dtype)], 1) for one in short]
    with torch.inference_mode():
        alone = net(*short)
        beside = net(*(torch.cat([one, other]) for one, other in zip(padded, long, strict=True)))
    for first, second in zip(alone, beside, strict=True):
        assert first[0].numpy() == pytest.approx(second[0].numpy(), abs=1e-5)


def test_the_shipped_weights_give_probabilities_and_say_what_they_were_trained_on() -> None:
    head = MatterHead()
    assert head.n_nets == matter.N_NETS
    assert head.encoder_id == ReadingHead().encoder_id
    assert head.metadata["corpus"].startswith(head.version.removeprefix("matter-"))
    for row in ROWS:
        found = head.tell(row)
        assert found.shape == (len(NAMES),)
        assert (found >= 0).all()
        assert (found[:14].sum(), found[14:].sum()) == pytest.approx((1.0, 1.0), abs=1e-5)
    assert WEIGHTS.stat().st_size < 10_000_000


def test_an_article_is_told_from_the_states_that_reading_has_made() -> None:
    encoder = HashEncoder(384, 7)
    reader = HeadReader(encoder)
    reader.read(SENTENCES, CONTEXT)
    reader.tell(SENTENCES, CONTEXT)
    encoder.passed.clear()
    reader.read(SENTENCES, CONTEXT)
    n_read = len(encoder.passed)
    told = reader.tell(SENTENCES, CONTEXT)
    assert len(encoder.passed) == n_read
    assert len(told) == len(NAMES)
    # Told without having been read, it says the same: what is kept is a saving, not a memory.
    assert HeadReader(HashEncoder(384, 7)).tell(SENTENCES, CONTEXT) == pytest.approx(told)


def test_another_question_makes_another_matter() -> None:
    reader = HeadReader(HashEncoder(384, 7))
    other = replace(CONTEXT, issue=replace(ISSUE, title="Will the bridge be built?"))
    assert reader.tell(SENTENCES, CONTEXT) != pytest.approx(reader.tell(SENTENCES, other))


def test_an_article_without_sentences_tells_nothing() -> None:
    assert HeadReader(HashEncoder(384, 7)).tell((), CONTEXT) == ()


def test_the_row_holds_what_counts_cut_to_length() -> None:
    def states(text: str) -> TextStates:
        return TextStates(np.full((90, 4), len(text), np.float32), np.zeros(20, np.float32))

    parts = parts_of(SENTENCES)
    assert parts.headline == "They signed the text"
    assert parts.lead == "They signed the text on Monday."
    assert seed_lines(ISSUE) == ("Talks open", "They sat.")
    row = row_of("Will they?", seed_lines(ISSUE), parts, states)
    assert [(kind, len(values)) for kind, values in row.texts] == [
        (QUESTION, MAX_TOKENS[QUESTION]),
        (SEED, MAX_TOKENS[SEED]),
        (SEED, MAX_TOKENS[SEED]),
        (HEADLINE, MAX_TOKENS[HEADLINE]),
        (LEAD, MAX_TOKENS[LEAD]),
    ]
    assert [kind for kind, _ in row.gists] == [HEAD_GIST, HEAD_GIST, *[BODY_GIST] * len(parts.body)]


@pytest.mark.parametrize("content", [None, b"", b"not weights at all"])
def test_weights_that_cannot_be_read_are_named_with_the_next_step(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.safetensors: the matter head's weights cannot be read .*docs/reader\.md"):
        MatterHead(path)


@pytest.mark.parametrize(
    ("names", "missing"), [(("other.bias",), "hold no net"), (("0.norm.weight", "0.proj.weight"), "lack gist, out, told, kinds")]
)
def test_weights_that_lack_something_say_what(names: Sequence[str], missing: str, tmp_path: Path) -> None:
    path = tmp_path / "partial.safetensors"
    save_file({name: np.zeros(2, np.float32) for name in names}, path)
    with pytest.raises(ModelError, match=missing):
        MatterHead(path)
