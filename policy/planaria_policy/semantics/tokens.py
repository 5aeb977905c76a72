"""The tokenizer of the pretrained encoder, without the tokens that log text cannot contain."""

from typing import Final

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from planaria_policy.semantics.network import PRETRAINED

SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def vocabulary() -> tuple[list[str], list[int]]:
    """Kept tokens, and the row that each has in the pretrained table: plain ASCII, and no [unusedN]."""
    pretrained = Tokenizer.from_file(str(PRETRAINED / "tokenizer.json")).get_vocab()
    rest = sorted((token for token in pretrained if _kept(token)), key=pretrained.__getitem__)
    kept = [*SPECIAL, *rest]
    return kept, [pretrained[token] for token in kept]


def tokenizer(kept: list[str]) -> Tokenizer:
    made = Tokenizer(WordPiece({token: at for at, token in enumerate(kept)}, unk_token="[UNK]"))  # noqa: S106
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def _kept(token: str) -> bool:
    return token.isascii() and not (token.startswith("[") and len(token) > 1)
