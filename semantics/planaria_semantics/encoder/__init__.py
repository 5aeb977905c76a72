"""The embedded encoder: reads a window on one CPU core, without any service (`model/` holds the shipped file).

text.py -> ngrams.py (ranks every entry) -> session.py (reads the best of them) -> pool.py -> reader.py
"""

from planaria_semantics.encoder.reader import EncoderReader

__all__ = ["EncoderReader"]
