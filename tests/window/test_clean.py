import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_semantics.window.clean import GAP, HEAD, TAIL, canonical, line

FORMATS = {"Cc", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m alert", "red alert"),
        ("\x1b]0;title\x07shell", "shell"),
        ("one\ntwo\r\nthree\u2028four", "one\\ntwo\\nthree\\nfour"),
        ("fa\u200bil\u2060ed\ufeff", "failed"),
        ("\u202edesrever\u202c", "desrever"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("bell\x07 null\x00", "bell  null "),
        ("  indented", "  indented"),
        ("trailing   ", "trailing"),
        ("ошибка диска", "ошибка диска"),
        ("磁盘已满", "磁盘已满"),
        ("\ud800lone", " lone"),
    ],
)
def test_a_line_becomes_printable_and_its_letters_stay(raw, cleaned):
    assert line(raw).rstrip() == cleaned.rstrip()


def test_a_huge_line_keeps_its_beginning_and_its_end():
    cleaned = line("begin " + "x" * 1_000_000 + " end")
    assert len(cleaned) == HEAD + TAIL + len(GAP)
    assert cleaned.startswith("begin")
    assert cleaned.endswith("end")


@pytest.mark.parametrize(
    "disguised",
    [
        "nо sрасе lеft оn dеviсе",  # noqa: RUF001  Cyrillic
        "no spacе left οn device",  # noqa: RUF001  Cyrillic and Greek
        "ｎｏ ｓｐａｃｅ ｌｅｆｔ ｏｎ ｄｅｖｉｃｅ",  # noqa: RUF001  full width
        "𝐧𝐨 𝐬𝐩𝐚𝐜𝐞 𝐥𝐞𝐟𝐭 𝐨𝐧 𝐝𝐞𝐯𝐢𝐜𝐞",  # noqa: RUF001  mathematical
        "n\u0336o\u0336 s\u0336pace left on device",
        "no\u00a0space\u2009left on device",
        "nó spàce léft ön devicê",
        "no sp\u200bace left on de\u00advice",
    ],
)
def test_what_looks_the_same_reads_the_same(disguised):
    assert canonical(line(disguised)) == "no space left on device"


@pytest.mark.parametrize("text", ["ошибка: диск переполнен", "磁盘已满 98 %", "система остановлена"])
def test_other_scripts_stay_what_they_are(text):
    assert canonical(text) == text


@given(st.text(max_size=400))
def test_nothing_unprintable_comes_out(text):
    cleaned = line(text)
    assert not [one for one in cleaned if unicodedata.category(one) in FORMATS]
    assert line(cleaned) == cleaned


@given(st.text(max_size=200))
def test_folding_is_bounded_and_folds_once(text):
    folded = canonical(text)
    assert len(folded) <= 4 * HEAD
    assert canonical(folded) == folded


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_ascii_is_canonical_already(text):
    assert canonical(text) == text
