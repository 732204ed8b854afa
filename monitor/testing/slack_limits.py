"""What Slack takes in a message: the limits of Block Kit, field by field, for the stand-in and for tests.

Source: docs.slack.dev, reference of blocks, block elements, composition objects and chat.postMessage. Lengths are in characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MAX_BLOCKS = 50
MAX_BLOCK_ID = 255
MAX_HEADER = 150
MAX_SECTION = 3000
MAX_FIELDS = 10
MAX_FIELD = 2000
MAX_CONTEXT = 10
MAX_ACTIONS = 25
MAX_ACTION_ID = 255
MAX_BUTTON = 75
MAX_VALUE = 2000
MAX_PLACEHOLDER = 150
MAX_OPTIONS = 100
MAX_OPTION = 75
MAX_OPTION_VALUE = 150
#: Slack asks for less than 4,000 and cuts past 40,000.
MAX_TEXT = 4000
#: All texts of all blocks together. Slack documents no number; people have seen 9,597 accepted and 11,341 refused (slackapi/bolt-js#2867).
MAX_ALL_TEXTS = 9597
#: Of a message's metadata, as JSON.
MAX_METADATA = 8000

Block = Mapping[str, Any]


def problems(message: Mapping[str, Any]) -> list[str]:
    """Return what Slack would refuse, in words, each with its place; empty where it would take the message."""
    found = list(_of_text(message.get("text")))
    blocks = message.get("blocks") or []
    if len(blocks) > MAX_BLOCKS:
        found.append(f"blocks: {len(blocks)} > {MAX_BLOCKS}")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        found.append("blocks: two have the same block_id")
    for number, block in enumerate(blocks):
        found += [f"blocks/{number}/{problem}" for problem in _of_block(block)]
    length = sum(len(text) for block in blocks for text in texts(block))
    if length > MAX_ALL_TEXTS:
        found.append(f"blocks: {length} characters of text > {MAX_ALL_TEXTS}")
    return found + list(_of_metadata(message.get("metadata")))


def texts(part: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text of a block, however deep."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def _of_text(text: object) -> Iterator[str]:
    if not isinstance(text, str) or not text.strip():
        yield "text: there is none, so that notifications would be empty"
    elif len(text) > MAX_TEXT:
        yield f"text: {len(text)} > {MAX_TEXT}"


def _of_metadata(metadata: object) -> Iterator[str]:
    if metadata is None:
        return
    if not isinstance(metadata, Mapping) or set(metadata) != {"event_type", "event_payload"}:
        yield "metadata: must be an object of event_type and event_payload"
        return
    if len(json.dumps(metadata)) > MAX_METADATA:
        yield f"metadata: more than {MAX_METADATA} characters"
    for key, value in metadata["event_payload"].items():
        if isinstance(value, Mapping | list) or value is None:
            yield f"metadata/{key}: must be a string, a number or true or false"


def _of_block(block: Block) -> Iterator[str]:
    kind = block.get("type")
    if len(block.get("block_id", "")) > MAX_BLOCK_ID:
        yield f"block_id: {len(block['block_id'])} > {MAX_BLOCK_ID}"
    check = _BLOCKS.get(str(kind))
    if check is None:
        yield f"type: {kind!r} is none that this project posts"
        return
    for problem in check(block):
        yield f"{kind}: {problem}"


def _of_header(block: Block) -> Iterator[str]:
    yield from _of_text_object(block.get("text"), MAX_HEADER, kinds=("plain_text",))


def _of_section(block: Block) -> Iterator[str]:
    fields = block.get("fields")
    if "text" not in block and not fields:
        yield "needs a text or fields"
    if "text" in block:
        yield from _of_text_object(block["text"], MAX_SECTION)
    if fields is not None:
        if not 0 < len(fields) <= MAX_FIELDS:
            yield f"{len(fields)} fields, must be 1 to {MAX_FIELDS}"
        for field in fields:
            yield from _of_text_object(field, MAX_FIELD)
    if "accessory" in block:
        yield from _of_element(block["accessory"])


def _of_context(block: Block) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= MAX_CONTEXT:
        yield f"{len(elements)} elements, must be 1 to {MAX_CONTEXT}"
    for element in elements:
        yield from _of_text_object(element, MAX_SECTION)


def _of_actions(block: Block) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 0 < len(elements) <= MAX_ACTIONS:
        yield f"{len(elements)} elements, must be 1 to {MAX_ACTIONS}"
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) < len(ids):
        yield "two elements have the same action_id"
    for element in elements:
        yield from _of_element(element)


def _of_element(element: Block) -> Iterator[str]:
    action_id = element.get("action_id")
    if not isinstance(action_id, str) or not 0 < len(action_id) <= MAX_ACTION_ID:
        yield f"action_id {action_id!r}: must be 1 to {MAX_ACTION_ID} characters"
    match element.get("type"):
        case "button":
            yield from _of_text_object(element.get("text"), MAX_BUTTON, kinds=("plain_text",))
            if len(element.get("value", "")) > MAX_VALUE:
                yield f"value of {action_id}: {len(element['value'])} > {MAX_VALUE}"
            if element.get("style") not in {None, "primary", "danger"}:
                yield f"style of {action_id}: {element['style']!r}"
        case "static_select":
            yield from _of_text_object(element.get("placeholder"), MAX_PLACEHOLDER, kinds=("plain_text",))
            yield from _of_options(element.get("options") or [])
        case kind:
            yield f"element {kind!r} is none that this project posts"
    confirm = element.get("confirm")
    if confirm is not None:
        for name, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _of_text_object(confirm.get(name), limit)


def _of_options(options: list[Block]) -> Iterator[str]:
    if not 0 < len(options) <= MAX_OPTIONS:
        yield f"{len(options)} options, must be 1 to {MAX_OPTIONS}"
    for option in options:
        yield from _of_text_object(option.get("text"), MAX_OPTION)
        if not 0 < len(option.get("value", "")) <= MAX_OPTION_VALUE:
            yield f"value of an option: {option.get('value')!r}, must be 1 to {MAX_OPTION_VALUE} characters"


def _of_text_object(found: object, limit: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"text object {found!r}: must be an object"
        return
    if found.get("type") not in kinds:
        yield f"text object of type {found.get('type')!r}: must be {' or '.join(kinds)}"
    text = found.get("text")
    if not isinstance(text, str) or not text.strip():
        yield "a text is empty"
    elif len(text) > limit:
        yield f"a text of {len(text)} characters > {limit}: {text[:40]!r}"


def _of_divider(_: Block) -> Iterator[str]:
    return iter(())


_BLOCKS: Mapping[str, Callable[[Block], Iterator[str]]] = {
    "header": _of_header,
    "section": _of_section,
    "context": _of_context,
    "actions": _of_actions,
    "divider": _of_divider,
}
