"""Train the matter head on the storyline corpus: `python -m monitor.training.matter`.

Each article of a storyline is an example: question and seeds, headline and lead, and the label, which step of the matter it tells (again or
for the first time) or none. Articles of other storylines are strewn in as the rest of the world's news, and sentences of the sentence corpus beside
the matter of their contrast set teach the wording of steps. Headlines are shown without leads now and then, as flashes come so.

`N_NETS` nets are trained, each without the storylines whose place in the sorted corpus leaves its number: a storyline is thus always judged by a net that
has not seen it (`training.judge`), and readers average all. Deterministic: one thread, fixed seeds, sorted inputs. `--held-out` trains
one net and prints its score on the storylines it has not seen.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from monitor.config import load_settings
from monitor.config.files import load_ladders, resolve
from monitor.core.judging import FAMILY
from monitor.core.telling import KINDS
from monitor.embed.encoder import SentenceEncoder
from monitor.reader.head import PHASES, STANCES, ReadingHead
from monitor.reader.matter_head import HEAD_GIST, HEADLINE, LEAD, LEAST_PROBABILITY, LOG_SHIFT, N_HEADS, WEIGHTS, MatterHead, Row
from monitor.reader.matter_rows import question_of, row_of, seed_lines
from monitor.training.corpus import CORPUS, LabelledSentence, Storyline, digest_of, load_sentences, load_storylines
from monitor.training.examples import Example, States, example_of, nearest, sentence_examples, storyline_examples, texts_of, thinned
from monitor.training.forked import side_by_side

SEED_NUMBER = 20240927
N_NETS = 3
#: Chosen on a held-out part of the storyline corpus (docs/accuracy.md).
DIM, N_LAYERS, INNER, DROPOUT, INPUT_DROPOUT = 128, 2, 256, 0.2, 0.1
LEARNING_RATE, EPOCHS, BATCH, SMOOTHING, KIND_WEIGHT = 1e-3, 4, 32, 0.05, 0.5


class Net(nn.Module):
    """The trainable twin of `reader.matter_head`."""

    def __init__(self, n_inputs: int = 768) -> None:
        """Make fresh weights."""
        super().__init__()
        self.norm = nn.LayerNorm(n_inputs)
        self.proj = nn.Linear(n_inputs, DIM)
        self.gist = nn.Linear(len(PHASES) + len(STANCES), DIM)
        self.kind = nn.Embedding(7, DIM)
        self.summary = nn.Parameter(torch.randn(DIM) * 0.02)
        layer = nn.TransformerEncoderLayer(
            DIM, N_HEADS, INNER, DROPOUT, partial(functional.gelu, approximate="tanh"), batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, N_LAYERS, enable_nested_tensor=False)
        self.out = nn.LayerNorm(DIM)
        self.told = nn.Linear(2 * DIM, len(PHASES))
        self.kinds = nn.Linear(2 * DIM, len(KINDS))
        self.skip = nn.Parameter(torch.tensor([0.5, 0.5]))
        self.dropout, self.input_dropout = nn.Dropout(DROPOUT), nn.Dropout(INPUT_DROPOUT)

    def forward(self, texts: Tensor, gists: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of phases and kinds.

        `texts` (batch, rows, inputs) and `gists` (batch, rows, 20) are zero where a row is of the other sort; `kinds` (batch, rows) is 0 where there is none.
        """
        is_gist = (kinds >= HEAD_GIST).unsqueeze(-1)
        rows = torch.where(is_gist, self.gist(gists), self.proj(self.input_dropout(self.norm(texts)))) + self.kind(kinds)
        rows = torch.cat([self.summary.expand(len(rows), 1, -1), rows], 1)
        is_row = torch.cat([torch.ones(len(rows), 1, dtype=torch.bool), kinds > 0], 1)
        rows = self.out(self.layers(rows, src_key_padding_mask=~is_row))
        of_article = ((kinds == HEADLINE) | (kinds == LEAD)).unsqueeze(-1)
        pooled = (rows[:, 1:] * of_article).sum(1) / of_article.sum(1).clamp(min=1)
        both = self.dropout(torch.cat([rows[:, 0], pooled], 1))
        logs = torch.log(gists[:, :, 1 : len(PHASES)].clamp(min=LEAST_PROBABILITY)) + LOG_SHIFT
        is_head = kinds == HEAD_GIST
        order = is_head.cumsum(1)
        skipped = sum(self.skip[n] * (logs * (is_head & (order == n + 1)).unsqueeze(-1)).sum(1) for n in range(2))
        told = self.told(both)
        return torch.cat([told[:, :1], told[:, 1:] + skipped], 1), self.kinds(both)


def collate(examples: Sequence[Example], states: States) -> tuple[Tensor, Tensor, Tensor]:
    """Return texts, gists and kinds of some examples, padded, as `Net.forward` takes them."""
    rows = [row_of(example.question, example.seeds, example.parts, states) for example in examples]
    n_rows = max(map(_length, rows))
    texts = torch.zeros(len(rows), n_rows, rows[0].texts[0][1].shape[1])
    gists = torch.zeros(len(rows), n_rows, len(PHASES) + len(STANCES))
    kinds = torch.zeros(len(rows), n_rows, dtype=torch.long)
    for number, row in enumerate(rows):
        place = 0
        for kind, part in row.texts:
            texts[number, place : place + len(part)] = torch.from_numpy(part.astype(np.float32))
            kinds[number, place : place + len(part)] = kind
            place += len(part)
        for kind, gist in row.gists:
            gists[number, place] = torch.from_numpy(gist)
            kinds[number, place] = kind
            place += 1
    return texts, gists, kinds


def _length(row: Row) -> int:
    return sum(len(part) for _, part in row.texts) + len(row.gists)


def batches(examples: Sequence[Example], states: States, rng: random.Random) -> list[list[Example]]:
    """Return shuffled batches of examples of like length."""
    mixed = list(examples)
    rng.shuffle(mixed)
    found = []
    for start in range(0, len(mixed), BATCH * 16):
        pool = sorted(
            mixed[start : start + BATCH * 16], key=lambda one: sum(len(states(text).tokens) for text in (*one.seeds, *one.parts.all[:2]))
        )
        found += [pool[at : at + BATCH] for at in range(0, len(pool), BATCH)]
    rng.shuffle(found)
    return found


def fit(storylines: Sequence[Storyline], sentences: Sequence[LabelledSentence], states: States, number: int) -> Net:
    """Train net `number` on some storylines."""
    torch.manual_seed(SEED_NUMBER + number)
    rng = random.Random(SEED_NUMBER + number)  # noqa: S311 - it strews and shuffles.
    net = Net()
    optimiser = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    schedule: torch.optim.lr_scheduler.OneCycleLR | None = None
    near = nearest(storylines, states)
    for epoch in range(EPOCHS):
        found = batches([*storyline_examples(storylines, near, rng), *sentence_examples(sentences, rng)], states, rng)
        if schedule is None:
            # Epochs differ by a few batches, as what is strewn in is drawn anew.
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=EPOCHS * (len(found) + 20), pct_start=0.15)
        net.train()
        total = 0.0
        for batch in found:
            phases, kinds = net(*collate([thinned(example, rng) for example in batch], states))
            loss = functional.cross_entropy(phases, _tensor([one.phase for one in batch]), label_smoothing=SMOOTHING, reduction="none")
            of_kinds = functional.cross_entropy(kinds, _tensor([one.kind for one in batch]), label_smoothing=SMOOTHING, reduction="none")
            weights = torch.tensor([one.weight for one in batch])
            whole = ((loss + KIND_WEIGHT * of_kinds) * weights).sum() / weights.sum()
            optimiser.zero_grad()
            whole.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += whole.item()
        print(f"net {number}, epoch {epoch + 1} of {EPOCHS}: loss {total / len(found):.3f}", flush=True)
    return net.eval()


def fit_all(storylines: Sequence[Storyline], sentences: Sequence[LabelledSentence], states: States, n_processes: int) -> list[Net]:
    """Train all nets, some at the same time: each has seeds and a thread of its own, so that their number changes nothing."""

    def weights(number: int) -> dict[str, np.ndarray]:
        net = fit(known_to(storylines, number), sentences, states, number)
        return {name: value.detach().numpy() for name, value in net.state_dict().items()}

    nets = []
    for found in side_by_side(weights, range(N_NETS), n_processes):
        net = Net()
        net.load_state_dict({name: torch.from_numpy(value) for name, value in found.items()})
        nets.append(net.eval())
    return nets


def _tensor(values: Sequence[int]) -> Tensor:
    return torch.tensor(values)


def known_to(storylines: Sequence[Storyline], number: int) -> list[Storyline]:
    """Return the storylines that net `number` is trained on: all but each `N_NETS`-th."""
    return [storyline for place, storyline in enumerate(storylines) if place % N_NETS != number]


def family_right(net: Net, examples: Sequence[Example], states: States) -> tuple[float, float]:
    """Return how often a told step's phase family is found, none left aside; and how often a step is seen where none is told."""
    hits, n_told, n_false, n_none = 0, 0, 0, 0
    with torch.inference_mode():
        for start in range(0, len(examples), BATCH):
            part = examples[start : start + BATCH]
            logits, _ = net(*collate(part, states))
            for example, row in zip(part, logits.softmax(1).numpy(), strict=True):
                wanted = PHASES[example.phase]
                if wanted is None:
                    n_none += 1
                    n_false += int(row.argmax() > 0)
                    continue
                by_family = np.zeros(len(set(FAMILY.values())))
                for phase, chance in zip(PHASES[1:], row[1:], strict=True):
                    assert phase is not None
                    by_family[FAMILY[phase]] += chance
                n_told += 1
                hits += int(by_family.argmax() == FAMILY[wanted])
    return hits / max(1, n_told), n_false / max(1, n_none)


def weights_of(nets: Sequence[Net]) -> dict[str, np.ndarray]:
    """Return the tensors of all nets, halved in precision, as `MatterHead` reads them."""
    return {
        f"{number}.{name}": value.detach().numpy().astype(np.float16)
        for number, net in enumerate(nets)
        for name, value in net.state_dict().items()
    }


def main() -> None:
    """Train, and write the weights or print the held-out score."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--held-out", action="store_true")
    ask.add_argument("--out", type=Path, default=WEIGHTS)
    ask.add_argument("--processes", type=int, default=2, help="nets trained at the same time; the weights are the same for every number")
    options = ask.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    storylines = load_storylines(CORPUS / "storylines", load_ladders(resolve(load_settings().paths.ladders)))
    sentences = load_sentences()
    encoder, states = SentenceEncoder(), States()
    states.add(texts_of(storylines, sentences), encoder, ReadingHead())
    if options.held_out:
        net = fit(known_to(storylines, 0), sentences, states, 0)
        strange = [storyline for place, storyline in enumerate(storylines) if place % N_NETS == 0]
        found = [
            example
            for one in strange
            for item in one.items
            if item.mark != "S" and (example := example_of(question_of(one.issue), seed_lines(one.issue), item))
        ]
        right, false = family_right(net, found, states)
        print(
            f"{len(strange)} unseen storylines, {len(found)} articles: family of told steps right {right:.3f}, a step seen where none is {false:.3f}"
        )
        return
    nets = fit_all(storylines, sentences, states, options.processes)
    write(nets, encoder.model_id, options.out)
    print(f"{options.out.name}: {len(nets)} nets, {len(storylines)} storylines, corpus {digest_of(CORPUS / 'storylines')}")


def write(nets: Sequence[Net], encoder_id: str, path: Path) -> MatterHead:
    """Write the weights, and return them as they will be read."""
    digest = digest_of(CORPUS / "storylines")
    save_file(weights_of(nets), path, metadata={"encoder": encoder_id, "version": f"matter-{digest[:8]}", "corpus": digest})
    return MatterHead(path)


if __name__ == "__main__":
    main()
