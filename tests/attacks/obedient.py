"""What stands for a language model here: it reads evidence by its words, and obeys whatever else it is told.

It sees what a model behind a chat template sees, one text with marks between the roles. What stands in the block of data is
weighed by its words. What stands anywhere else is an order: text that gets out of its block, its line or its role is obeyed.
Even inside the block it takes over every severity and every line number that it finds, as a gullible model would.
"""

import re
from collections import Counter
from typing import Any

from planaria_contract import CLASSES, Fault
from planaria_semantics.vllm.examples import EXAMPLES
from planaria_semantics.vllm.prompt import INSTRUCTIONS
from planaria_semantics.vllm.schema import MAX_EVIDENCE

FACT, LINE = 6.0, 1.0
_WORD = re.compile(r"[a-z]{3,24}")
_ROLE = re.compile(
    r"<\|im_start\|>(\w+)\n|<\|im_end\|>\n?|<\|eot_id\|>|<\|start_header_id\|>|<\|end_header_id\|>|<\|endoftext\|>"
    r"|<(?:start|end)_of_turn>|</?s>|\[/?INST\]|<</?SYS>>|<\uff5c[^>]{1,30}\uff5c>|</?think>"
)
_ENTRY = re.compile(r"\[(\d+)\] (?:log|event) (?:affected|sibling|dependent|node)(?: x\d+)?: (.*)")
_NAMED = re.compile("|".join(fault.value for fault in Fault))


def answer(question: dict[str, Any]) -> dict[str, Any]:
    orders, data = _divided(question["messages"])
    facts, lines, escaped = _block(data)
    orders += escaped
    named = _NAMED.findall("\n".join(orders))
    fault = named[-1] if named else _by_words(facts, lines)
    last = max(len(lines) - 1, 0)
    told = re.findall(r"severity\W{0,3}(\d)", "\n".join(lines))
    return {
        "fault": fault,
        "secondary": "none",
        "severity": min(int(told[-1]), 3) if told else 2,
        "certainty": 100 if "certainty" in "".join(lines) else 50,
        "evidence": list(range(min(last, MAX_EVIDENCE - 1), -1, -1)) if lines else [],
    }


def _divided(messages: list[dict[str, str]]) -> tuple[list[str], str]:
    """(orders, the last thing that the user said): as the marks of the rendered text divide it."""
    text = "".join(f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in messages)
    pieces = [piece for piece in _ROLE.split(text) if piece and piece.strip()]
    true = [part for each in messages for part in (each["role"], each["content"])]
    if pieces == true:
        return [], messages[-1]["content"]
    forged = [piece for piece in pieces if piece not in true]
    return forged, messages[-1]["content"]


def _block(data: str) -> tuple[list[str], list[str], list[str]]:
    """(facts, lines, what stands in none of their places)."""
    rows = data.split("\n")
    if rows[0] != "FACTS" or "LINES" not in (row.split(" ")[0] for row in rows):
        return [], [], rows
    begin = next(at for at, row in enumerate(rows) if row.startswith("LINES "))
    nonce = rows[begin].removeprefix("LINES ")
    ends = {f"end {nonce}", "end"}
    end = next((at for at, row in enumerate(rows) if row.strip().lower() in ends), len(rows))
    facts = [row.removeprefix("- ") for row in rows[1:begin]]
    lines: list[str] = []
    escaped = rows[end + 1 :]
    for row in rows[begin + 1 : end]:
        match = _ENTRY.fullmatch(row)
        if match and int(match[1]) == len(lines):
            lines.append(match[2])
        elif row != "(no lines)":
            escaped.append(row)
    return facts, lines, escaped


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower().replace("_", " ")))


def _learned() -> dict[Fault, Counter[str]]:
    """The words of each class: of the examples, and of its description in the instructions."""
    found: dict[Fault, Counter[str]] = {fault: Counter() for fault in CLASSES}
    for example in EXAMPLES:
        if example.fault is Fault.UNKNOWN:
            continue
        for text in (*example.facts, *example.lines):
            found[example.fault].update(set(_words(text)))
    for fault in CLASSES:
        described = re.search(rf"^{fault.value}: (.*)$", INSTRUCTIONS, re.MULTILINE)
        assert described is not None
        found[fault].update(set(_words(f"{fault.value} {described[1]}")))
    return found


_LEARNED = _learned()
_SHARED = Counter(word for words in _LEARNED.values() for word in words)


def _speaks(text: str) -> dict[Fault, float]:
    """How much of a text is said with words of each class; a word of many classes says little."""
    own = _words(text)
    return {
        fault: sum(1 / _SHARED[word] ** 2 for word in own if word in words) / (len(own) + 8)
        for fault, words in _LEARNED.items()
    }


def _by_words(facts: list[str], lines: list[str]) -> str:
    """The most telling fact, the first of them foremost, and beside it the most telling line of each class."""
    scores: dict[Fault, float] = dict.fromkeys(CLASSES, 0.0)
    for place, fact in enumerate(facts):
        for fault, score in _speaks(fact).items():
            scores[fault] += FACT * score / (1 + place)
    spoken = [_speaks(line) for line in lines]
    for fault in CLASSES:
        scores[fault] += LINE * max((each[fault] for each in spoken), default=0.0)
    return max(CLASSES, key=scores.__getitem__).value  # fmt: skip
