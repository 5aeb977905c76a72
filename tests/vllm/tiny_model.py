"""Makes the small model that the tests serve: a Llama of a million weights, trained for three minutes on one core.

    .venv-vllm/bin/python tests/vllm/tiny_model.py QUESTIONS.jsonl FOLDER

Same questions, same seed: the same model but for the order of floating-point sums. It runs in the environment of vLLM,
so nothing of Planaria is imported: the questions are read from a file.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

# Only that environment has them.
torch: Any = importlib.import_module("torch")
tokenizers: Any = importlib.import_module("tokenizers")
transformers: Any = importlib.import_module("transformers")

SEED = 7
VOCABULARY = 4096
CONTEXT = 4096
BATCH = 16
RATE = 3e-3
WARM_UP = 20
ALONE = 0.7
"""Share of the steps in which the instructions, which are always the same, are not read: that is half of the work."""
HELD_OUT = 256
HALVES = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
"""A processor that does not know bfloat16 takes ten times as long with it as with whole floats."""
AFTER_FAULT = 0.2
"""Weight of what follows the fault: the tests look at the class, and the grammar sees to the form."""
END, PAD = "<|end|>", "<|pad|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
CHAT = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def make_tokenizer(questions):
    texts = [questions[0]["system"], *(f"{each['user']}\n{each['answer']}" for each in questions[:4000])]
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, END, *ROLES],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    # The instructions come once per question: their words are worth a token each.
    model.train_from_iterator([*texts, *[texts[0]] * 50], trainer)
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=model, eos_token=END, pad_token=PAD)
    made.chat_template = CHAT
    return made


def make_model(size):
    torch.manual_seed(SEED)
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=size,
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=2,
            num_attention_heads=2,
            head_dim=64,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            eos_token_id=1,
            pad_token_id=0,
            bos_token_id=None,
        )
    )


def encode(tokenizer, questions):
    """The shared beginning once; then per question its ids, the weight of each id as a target, and its class."""
    system = tokenizer.encode(f"<|system|>{questions[0]['system']}<|end|>", add_special_tokens=False)
    names = sorted({json.loads(each["answer"])["fault"] for each in questions})
    rows = []
    for each in questions:
        asked = tokenizer.encode(f"<|user|>{each['user']}<|end|><|assistant|>", add_special_tokens=False)
        head, comma, rest = each["answer"].partition(",")
        fault = tokenizer.encode(head + comma, add_special_tokens=False)
        full = tokenizer.encode(head + comma + rest + END, add_special_tokens=False)
        weights = [0.0] * len(asked) + [1.0] * len(fault) + [AFTER_FAULT] * (len(full) - len(fault))
        rows.append((asked + full, weights, len(asked), names.index(json.loads(each["answer"])["fault"])))
    return system, rows


def batch_of(rows):
    """Ids, weights, what is no padding, what is the question, classes."""
    longest = max(len(row[0]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    weights, asked = torch.zeros(len(rows), longest), torch.zeros(len(rows), longest)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, (row, weight, length, _) in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        weights[number, : len(row)] = torch.tensor(weight)
        mask[number, : len(row)] = 1
        asked[number, :length] = 1
    return ids, weights, mask, asked, torch.tensor([row[3] for row in rows])


def predict(model, system, ids, mask, read_instructions=True):
    """All hidden states of the questions. The instructions are read once for the whole batch, or only left room for."""
    count, length = ids.shape
    options = {}
    if read_instructions:
        cache = transformers.DynamicCache(config=model.config)
        model.model(input_ids=torch.tensor([system]), past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(count)
        mask = torch.cat([torch.ones(count, len(system), dtype=torch.long), mask], 1)
        options = {"past_key_values": cache}
    return model.model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=torch.arange(len(system), len(system) + length).expand(count, -1),
        use_cache=read_instructions,
        output_hidden_states=True,
        **options,
    ).hidden_states


def loss_of(model, guide, system, rows, read_instructions):
    """What is to be written, and what helps to learn it fast: each line's words alone should tell the class."""
    ids, weights, mask, asked, classes = batch_of(rows)
    states = predict(model, system, ids, mask, read_instructions)
    wanted = weights[:, 1:] > 0
    logits = model.lm_head(states[-1][:, :-1][wanted])
    each = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][wanted], reduction="none")
    share = weights[:, 1:][wanted]
    pooled = (states[1] * asked[..., None]).sum(1) / asked.sum(1, keepdim=True)
    guided = torch.nn.functional.cross_entropy(guide(pooled).float(), classes)
    return (each * share).sum() / share.sum() + guided, guided


def train(model, system, rows):
    # Questions of like length stand together: less padding.
    order = sorted(range(len(rows)), key=lambda number: (number // 1024, len(rows[number][0])))
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    generator = torch.Generator().manual_seed(SEED)
    batches = [batches[number] for number in torch.randperm(len(batches), generator=generator).tolist()]
    guide = torch.nn.Linear(model.config.hidden_size, 16)
    optimizer = torch.optim.AdamW(
        [*model.parameters(), *guide.parameters()], lr=RATE, weight_decay=0.01, betas=(0.9, 0.98)
    )
    plan = transformers.get_cosine_schedule_with_warmup(optimizer, WARM_UP, len(batches))
    started = time.monotonic()
    for step, chosen in enumerate(batches):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALVES):
            part = [rows[number] for number in chosen]
            loss, guided = loss_of(model, guide, system, part, step >= ALONE * len(batches))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        plan.step()
        optimizer.zero_grad()
        if step % 50 == 0 or step == len(batches) - 1:
            took = time.monotonic() - started
            own, words = loss.item() - guided.item(), guided.item()
            print(f"step {step + 1}/{len(batches)} loss {own:.3f} words {words:.3f} {took:.0f} s", flush=True)


def accuracy(model, system, rows):
    """Share of questions whose fault is written right, token for token, without a grammar to help."""
    right = 0
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALVES):
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            ids, weights, mask, _, _ = batch_of(part)
            said = model.lm_head(predict(model, system, ids, mask)[-1]).argmax(-1)
            for number in range(len(part)):
                fault = (weights[number, 1:] == 1.0).nonzero()
                right += bool((said[number, :-1][fault] == ids[number, 1:][fault]).all())
    return right / len(rows)


def main(questions_file, folder):
    torch.set_num_threads(
        1
    )  # the sums are small: two threads wait for each other, and for their turn on a busy machine
    questions = [json.loads(line) for line in Path(questions_file).read_text().splitlines()]
    tokenizer = make_tokenizer(questions)
    system, rows = encode(tokenizer, questions)
    longest = max(len(row[0]) for row in rows)
    print(f"{len(rows)} questions, instructions {len(system)} tokens, longest question {longest}", flush=True)
    model = make_model(len(tokenizer))
    train(model, system, rows[HELD_OUT:])
    print(f"held out: {accuracy(model, system, rows[:HELD_OUT]):.3f} of {HELD_OUT} faults right", flush=True)
    model.to(torch.bfloat16 if HALVES else torch.float32).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
