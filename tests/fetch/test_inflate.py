from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import BodyTooLargeError, FetchError
from monitor.fetch.inflate import Inflater

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 100_000
BODY = b"<rss>" + b"The ministries met again. " * 100 + b"</rss>"


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def inflate(coding: str, data: bytes, *, n_chunk: int = 1 << 16, limit: int = LIMIT) -> bytes:
    inflater = Inflater(coding, limit, what="a.example/feed")
    for start in range(0, len(data), n_chunk):
        inflater.feed(data[start : start + n_chunk])
    return inflater.finish()


CODED = [
    ("", BODY),
    ("identity", BODY),
    ("gzip", gzip.compress(BODY)),
    (" GZIP ", gzip.compress(BODY)),
    ("x-gzip", gzip.compress(BODY)),
    ("gzip", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
    ("gzip", gzip.compress(BODY) + b"\0" * 512),
    ("gzip", gzip.compress(BODY) + b"\0"),
    ("deflate", zlib.compress(BODY)),
    ("deflate", raw_deflate(BODY)),
    ("deflate", zlib.compress(BODY) + b"\x1f\x8b trailing"),
    ("br", brotli.compress(BODY)),
    ("zstd", zstd.compress(BODY)),
    ("zstd", zstd.compress(BODY[:50]) + zstd.compress(BODY[50:])),
]


@pytest.mark.parametrize("n_chunk", [1, 7, 1 << 16])
@pytest.mark.parametrize(("coding", "data"), CODED, ids=[f"{number} {coding}" for number, (coding, _) in enumerate(CODED)])
def test_a_body_comes_out_whole_however_it_is_coded_and_cut(coding: str, data: bytes, n_chunk: int) -> None:
    assert inflate(coding, data, n_chunk=n_chunk) == BODY


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    # The best quality, which is the default, takes seconds.
    "br": partial(brotli.compress, quality=1),
    "zstd": zstd.compress,
}


@settings(deadline=None)
@given(st.sampled_from(list(COMPRESSORS)), st.binary(max_size=3000), st.integers(1, 50))
def test_any_body_survives_its_coding(coding: str, body: bytes, n_chunk: int) -> None:
    assert inflate(coding, COMPRESSORS[coding](body), n_chunk=n_chunk) == body


@settings(deadline=None)
@given(st.sampled_from(list(COMPRESSORS)), st.binary(max_size=300))
def test_any_bytes_give_a_body_or_a_named_error(coding: str, data: bytes) -> None:
    with suppress(FetchError, BodyTooLargeError):
        inflate(coding, data)


def test_an_empty_body_is_empty_in_every_coding() -> None:
    assert [inflate(coding, b"") for coding in ("", "gzip", "deflate", "br", "zstd")] == [b""] * 5
    assert inflate("br", brotli.compress(b"")) == b""


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_a_bomb_is_stopped_at_the_limit(coding: str) -> None:
    bomb = COMPRESSORS[coding](b"\0" * 50_000_000)
    inflater = Inflater(coding, LIMIT, what="a.example/feed")
    with pytest.raises(BodyTooLargeError, match=r"larger than 100,000 bytes inflated"):
        inflater.feed(bomb)
    # brotli stops at whole blocks of its own, which double.
    assert len(inflater._body) <= 3 * LIMIT


def test_a_zstd_body_that_wants_a_giant_window_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    engine = zstd.ZstdCompressor(options=options)
    frame = engine.compress(b"x" * 1000) + engine.flush()
    with pytest.raises(FetchError, match="damaged"):
        inflate("zstd", frame)


def test_a_body_of_exactly_the_limit_passes() -> None:
    assert len(inflate("gzip", gzip.compress(b"x" * LIMIT))) == LIMIT
    assert len(inflate("", b"x" * LIMIT)) == LIMIT


def test_too_many_bytes_on_the_wire_are_refused() -> None:
    with pytest.raises(BodyTooLargeError, match="on the wire"):
        inflate("", b"x" * (LIMIT + 1), n_chunk=1000)


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_a_body_that_was_cut_short_is_not_taken_for_whole(coding: str) -> None:
    data = COMPRESSORS[coding](BODY)
    for n_kept in (1, 20, len(data) - 1):
        with pytest.raises(FetchError, match="cut short"):
            inflate(coding, data[:n_kept])


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_damaged_body_is_a_failed_fetch(coding: str) -> None:
    with pytest.raises(FetchError, match=r"damaged|cut short"):
        inflate(coding, b"\xff\xff this is neither")


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "gzip, br", "rot13"])
def test_a_coding_that_was_not_asked_for_is_a_failed_fetch(coding: str) -> None:
    with pytest.raises(FetchError, match="was asked for"):
        inflate(coding, b"")


def test_thousands_of_tiny_members_are_refused() -> None:
    with pytest.raises(FetchError, match="pieces"):
        inflate("gzip", gzip.compress(b"") * 3000)
