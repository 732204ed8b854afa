"""Make the reading head's weights from the sentence corpus: `python -m monitor.training.train`.

Deterministic: one thread, fixed seeds, sorted inputs; the same corpus, encoder and library versions give the same tensors, bit for bit. `--held-out`
trains on nine tenths of the fields and prints the score on the tenth instead of writing weights.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from monitor.core.text import sentence_case
from monitor.core.types import FloatArray
from monitor.embed.encoder import SentenceEncoder
from monitor.reader.head import PHASES, STANCES, WEIGHTS
from monitor.training.corpus import CORPUS, LabelledSentence, digest_of, load_sentences

SEED = 20240927
#: Learning rate, passes, batch, width and number of queries: chosen by the held-out tenth (docs/accuracy.md).
LEARNING_RATE, EPOCHS, BATCH, HIDDEN, QUERIES, DROPOUT = 2e-3, 12, 64, 256, 4, 0.3


class Head(nn.Module):
    """The trainable twin of `reader.head.ReadingHead`."""

    def __init__(self, n_layers: int, dim: int) -> None:
        """Make fresh weights."""
        super().__init__()
        self.mix = nn.Parameter(torch.zeros(n_layers))
        self.queries = nn.Parameter(torch.randn(QUERIES, dim) * 0.05)
        self.norm = nn.LayerNorm(dim)
        self.hidden = nn.Linear(QUERIES * dim, HIDDEN)
        self.phase = nn.Linear(HIDDEN, len(PHASES))
        self.stance = nn.Linear(HIDDEN, len(STANCES))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return phase and stance logits of states (batch, layers, tokens, dim) with a mask (batch, tokens) of real tokens."""
        tokens = self.norm((states * torch.softmax(self.mix, 0)[None, :, None, None]).sum(1))
        attention = torch.einsum("btd,qd->bqt", tokens, self.queries).masked_fill(~mask[:, None], -1e4).softmax(-1)
        pooled = torch.einsum("bqt,btd->bqd", attention, tokens).flatten(1)
        hidden = self.dropout(functional.gelu(self.hidden(self.dropout(pooled)), approximate="tanh"))
        return self.phase(hidden), self.stance(hidden)


def collate(states: Sequence[FloatArray], numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the states of some sentences padded to (batch, layers, tokens, dim), and the mask (batch, tokens)."""
    n_tokens = max(states[number].shape[1] for number in numbers)
    n_layers, _, dim = states[numbers[0]].shape
    padded = torch.zeros(len(numbers), n_layers, n_tokens, dim)
    mask = torch.zeros(len(numbers), n_tokens, dtype=torch.bool)
    for row, number in enumerate(numbers):
        length = states[number].shape[1]
        padded[row, :, :length] = torch.from_numpy(states[number].astype(np.float32))
        mask[row, :length] = True
    return padded, mask


def batches(states: Sequence[FloatArray], numbers: Sequence[int], rng: random.Random) -> Iterator[list[int]]:
    """Yield shuffled batches of sentences of like length."""
    mixed = list(numbers)
    rng.shuffle(mixed)
    pools = [sorted(mixed[start : start + BATCH * 16], key=lambda n: states[n].shape[1]) for start in range(0, len(mixed), BATCH * 16)]
    found = [pool[start : start + BATCH] for pool in pools for start in range(0, len(pool), BATCH)]
    rng.shuffle(found)
    yield from found


def fit(states: Sequence[FloatArray], phases: Tensor, stances: Tensor, numbers: Sequence[int]) -> Head:
    """Train a head on the sentences of these numbers."""
    torch.manual_seed(SEED)
    rng = random.Random(SEED)  # noqa: S311 - it shuffles batches.
    n_layers, _, dim = states[0].shape
    head = Head(n_layers, dim)
    optimiser = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    n_steps = EPOCHS * (len(numbers) // BATCH + 2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=n_steps, pct_start=0.15)
    for _ in range(EPOCHS):
        head.train()
        for batch in batches(states, numbers, rng):
            phase, stance = head(*collate(states, batch))
            loss = functional.cross_entropy(phase, phases[batch], label_smoothing=0.05)
            loss = loss + 0.5 * functional.cross_entropy(stance, stances[batch], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return head.eval()


def predict(head: Head, states: Sequence[FloatArray], numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return the likeliest phase and stance of each sentence."""
    found_phases, found_stances = [], []
    with torch.inference_mode():
        for start in range(0, len(numbers), BATCH):
            phase, stance = head(*collate(states, numbers[start : start + BATCH]))
            found_phases.append(phase.argmax(1))
            found_stances.append(stance.argmax(1))
    return torch.cat(found_phases), torch.cat(found_stances)


def held_out_fields(sentences: Sequence[LabelledSentence]) -> set[str]:
    """Return the tenth of the fields that the inner score is measured on: every tenth in the order of their names."""
    return set(sorted({sentence.field for sentence in sentences})[::10])


def encode(sentences: Sequence[LabelledSentence], encoder: SentenceEncoder) -> list[FloatArray]:
    """Return the token states of the sentences, halved in precision to fit into memory."""
    found = []
    for start in range(0, len(sentences), 512):
        texts = [sentence_case(sentence.text) for sentence in sentences[start : start + 512]]
        found += [state.astype(np.float16) for state in encoder.token_states(texts)]
    return found  # type: ignore[return-value] # The halves become float32 again in `collate`.


def main() -> None:
    """Train, and write the weights or print the held-out score."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--held-out", action="store_true")
    ask.add_argument("--out", type=Path, default=WEIGHTS)
    options = ask.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    sentences = load_sentences()
    encoder = SentenceEncoder()
    states = encode(sentences, encoder)
    phases = torch.tensor([PHASES.index(sentence.phase) for sentence in sentences])
    stances = torch.tensor([STANCES.index(sentence.stance) for sentence in sentences])
    held = held_out_fields(sentences)
    inside = [number for number, sentence in enumerate(sentences) if sentence.field not in held]
    outside = [number for number, sentence in enumerate(sentences) if sentence.field in held]
    if options.held_out:
        found, stance = predict(fit(states, phases, stances, inside), states, outside)
        print(f"{len(inside)} sentences trained on, {len(outside)} of {len(held)} unseen fields: {', '.join(sorted(held))}")
        print(
            f"phase right {(found == phases[outside]).float().mean():.3f}, stance right {(stance == stances[outside]).float().mean():.3f}"
        )
        return
    head = fit(states, phases, stances, range(len(sentences)))
    weights = {name: value.detach().numpy().astype(np.float16) for name, value in head.state_dict().items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    digest = digest_of(CORPUS / "sentences")
    save_file(weights, options.out, metadata={"encoder": encoder.model_id, "version": f"head-{digest[:8]}", "corpus": digest})
    print(f"{options.out.name}: {len(sentences)} sentences, corpus {digest}")


if __name__ == "__main__":
    main()
