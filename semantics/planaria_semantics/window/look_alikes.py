# ruff: noqa: RUF001 -- the look-alikes are the point
"""Letters and signs that pass for those of ASCII, as data: each pair of strings is read letter by letter."""

from typing import Final

_LETTERS: Final = (
    # Cyrillic
    ("абвгԁеһіјкӏмнопрԛсѕтуѵԝхьёїԍ", "abbrdehijklmhonpqcstuvwxbeig"),
    ("АВСԌЕНІЈКӀМОРԚЅТУѴԜХЁЇ", "ABCGEHIJKIMOPQSTYVWXEI"),
    # Greek
    ("αβγεηικνορτυχωϲϳ", "abyenikvoptuxwcj"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "ABEZHIKMNOPTYXC"),
    # Latin of other shapes, Armenian
    ("ıɑɡɩʟօսհոցԼՕՏ", "iagilouhngLOS"),
    ("ᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "acdejkmoptuvwz"),
)
_SIGNS: Final = (
    ("‐‑‒–—―−﹣", "--------"),
    ("‘’‚‛′ʼ", "''''''"),
    ("“”„‟″«»", '"""""""'),
    ("∕⁄∶։ː․‹›", "//:::.<>"),
)

LETTERS: Final = {
    ord(one): other for alike, plain in _LETTERS for one, other in zip(alike, plain, strict=True)
}
SIGNS: Final = {ord(one): other for alike, plain in _SIGNS for one, other in zip(alike, plain, strict=True)}
