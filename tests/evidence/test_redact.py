"""A corpus of both kinds: what must never leave the process, and what a diagnosis cannot do without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.api.evidence_settings import BUILT_IN, EvidenceSettings
from planaria_operator.evidence.patterns import LONGEST_KEY
from planaria_operator.evidence.redact import LONGEST, REDACTED, WITHHELD, Redactor, redactor_of
from tests.evidence.redaction_corpus import STAYS, VANISHES

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
SECRETS = [
    ("DB_PASSWORD=hunter2 host=db", "hunter2"),
    ("config: password: hunter2, user: bob", "hunter2"),
    ('{"password":"hun ter2","user":"bob"}', "hun ter2"),
    ('{"msg":"{\\"password\\":\\"hunter2\\"}"}', "hunter2"),
    ('{"password":"hun\\"ter2"}', "ter2"),
    ("passwd='hunter2'", "hunter2"),
    ("redis_pass=hunter2", "hunter2"),
    ("pwd=hunter2;", "hunter2"),
    ("client_secret => hunter2", "hunter2"),
    ("API-KEY: 0123456789abcdef", "0123456789abcdef"),
    ("apiKey=0123456789abcdef", "0123456789abcdef"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"),
    ("AccountKey=abcdefg==;EndpointSuffix=x", "abcdefg"),
    ("starting with --password hunter2 --port 80", "hunter2"),
    ("--token=hunter2", "hunter2"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"),
    ('"authorization":"Token abc123def"', "abc123def"),
    ("curl -H 'Authorization: Bearer abc123' http://x", "abc123"),
    ("sent bearer abcdefghijklmnop1234", "abcdefghijklmnop1234"),
    ("Cookie: session=abc; csrf=def", "def"),
    ("Set-Cookie: sid=abc123; Path=/", "abc123"),
    ("dial postgres://bob:hunter2@db:5432/shop failed", "hunter2"),
    ("redis://:hunter2@cache:6379", "hunter2"),
    ("https://bob:p@ss@host/path", "p@ss"),
    (f"token is {JWT}", "eyJ"),
    ("key AKIAIOSFODNN7EXAMPLE used", "AKIA"),
    ("push with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_"),
    ("xoxb-123456789012-abcdefABCDEF", "xoxb"),
    ("https://hooks.slack.com/services/T000/B000/XXXXXXXX", "XXXXXXXX"),
    ("sk_live_abcdefghijklmnop1234", "sk_live"),
    ("user alice@example.com logged in", "alice"),
    ("card 4111 1111 1111 1111 declined", "4111"),
    ("card 4111111111111111 declined", "4111"),
    ("key -----BEGIN RSA PRIVATE KEY-----MIIEow-----END RSA PRIVATE KEY----- read", "MIIEow"),
    ("key -----BEGIN PRIVATE KEY-----\nMIIEow", "MIIEow"),
]
HARMLESS = [
    "panic: runtime error: index out of range [3] with length 3",
    "dial tcp 10.96.14.2:8080: connect: connection refused",
    "Failed to pull image registry.example.com/shop/front@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "lookup backend.shop.svc.cluster.local on 10.96.0.10:53: no such host",
    '  File "/app/main.py", line 42, in handle',
    "\tat com.example.Front.main(Front.java:17)",
    "goroutine 1 [running]: main.main() /src/main.go:12 +0x1d",
    "FATAL: password authentication failed for user bob",
    'MountVolume.SetUp failed for volume "certs" : secret "front-tls" not found',
    "x509: certificate has expired or is not yet valid",
    "SyntaxError: Unexpected token } in JSON at position 42",
    "used max_tokens=4096 tokens: 512 token_count=7",
    "password_file=/run/secrets/db PWD=/app",
    "config error: password: missing",
    "npm ERR! lodash@4.17.21 not found",
    "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "request 550e8400-e29b-41d4-a716-446655440000 took 1732383829123 ns",
    "memory watermark 241172480 of 268435456 bytes",
    "basic authentication required",
    "bearer authentication_required_by_server",
    "http://backend:8080/healthz returned 503",
    "2026-11-23T18:30:29.123456789Z request queue full, shedding load",
    "order 4111111111111112 has no valid check digit",
    "key=value level=error caller=main.go:17",
]


@pytest.mark.parametrize(("line", "secret"), SECRETS)
def test_secrets_never_survive(line, secret):
    cleaned = Redactor().text(line)
    assert secret not in cleaned
    assert REDACTED in cleaned


@pytest.mark.parametrize("line", HARMLESS)
def test_what_a_diagnosis_needs_survives_untouched(line):
    assert Redactor().text(line) == line


@pytest.mark.parametrize("line", [*(line for line, _ in SECRETS), *HARMLESS])
def test_blackening_twice_is_blackening_once(line):
    once = Redactor().text(line)
    assert Redactor().text(once) == once


@pytest.mark.parametrize(("line", "secret"), VANISHES)
def test_nothing_of_the_corpus_survives(line, secret):
    cleaned = Redactor().text(line)
    assert secret not in cleaned
    assert Redactor().text(cleaned) == cleaned


@pytest.mark.parametrize("line", STAYS)
def test_what_only_looks_like_it_stays(line):
    assert Redactor().text(line) == line


def test_the_corpus_is_as_large_as_it_is_meant_to_be():
    assert len({line for line, _ in VANISHES} | set(STAYS)) >= 150
    assert len(set(STAYS)) >= 80


@pytest.mark.parametrize(
    ("group", "line"),
    [
        ("email", "user alice@example.com logged in"),
        ("cards", "card 4111111111111111 declined"),
        ("addresses", "client 8.8.8.8 and 3c:22:fb:1a:9e:07"),
        ("phones", "sms to +49 30 901820 failed"),
    ],
)
def test_a_policy_may_leave_a_group_readable_and_no_other(group, line):
    without = EvidenceSettings(redact_built_in=tuple(each for each in BUILT_IN if each != group))
    assert redactor_of(without).text(line) == line
    assert REDACTED in redactor_of(EvidenceSettings()).text(line)
    assert REDACTED in redactor_of(EvidenceSettings(redact_built_in=(group,))).text(line)


def test_secrets_are_blackened_whatever_the_policy_leaves_readable():
    settings = EvidenceSettings(redact_built_in=())
    assert "hunter2" not in redactor_of(settings).text("password=hunter2")


fragments = st.sampled_from(
    [
        "password",
        "token",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        "Bearer ",
        "authorization",
        "://",
        "@",
        "@tcp(",
        "redis://a:",
        "/",
        "cookie",
        "8.8.8.8",
        "2606:4700::1111",
        "3c:22:fb:1a:9e:07",
        "+49 30 901820",
        "tel: ",
        "4111 1111 1111 1111",
        REDACTED,
        "--",
        " ",
    ]
)


@given(st.lists(st.one_of(fragments, st.text(max_size=12)), max_size=12).map("".join))
def test_blackening_is_idempotent_on_any_text(text):
    once = Redactor().text(text)
    again = Redactor().text(once)
    assert len(once) > LONGEST or again == once


def test_a_key_block_over_several_lines_is_blackened_as_a_whole():
    block = [
        "before",
        "-----BEGIN EC PRIVATE KEY-----",
        "MHcCAQ",
        "AwEHoU",
        "-----END EC PRIVATE KEY-----",
        "after",
    ]
    assert Redactor().lines(block) == ["before", REDACTED, REDACTED, REDACTED, REDACTED, "after"]


def test_of_a_key_block_that_began_before_the_first_line_nothing_stays_and_of_what_was_said_before_it_everything():
    tail = ["it failed, see below", "MHcCAQEEIIAx+/", "AwEHoU==", "-----END EC PRIVATE KEY-----", "after"]
    assert Redactor().lines(tail) == [tail[0], REDACTED, REDACTED, tail[3], "after"]


BEGIN, END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"


@pytest.mark.parametrize("mark", [f"GET /?q={BEGIN}", f"GET /?q={BEGIN} HTTP/1.1"])
def test_the_forged_beginning_of_a_key_hides_none_of_the_lines_after_it(mark):
    after = ["ERROR no space left on device", f"x {BEGIN}MII{END}", "ERROR disk full"]
    blackened = Redactor().lines([mark, *after])
    assert [blackened[1], blackened[3]] == [after[0], after[2]]


def test_forged_marks_far_from_each_other_hide_nothing_between_them():
    between = [f"ERROR disk {n} is full" for n in range(LONGEST_KEY)]
    assert Redactor().lines([BEGIN, *between, END])[1:-1] == between


@pytest.mark.parametrize(
    "body",
    [
        ["MHcCAQEEIIAx+/", "AwEHoU=="],
        ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0F1E", "", "AwEHoU"],
        ["MHcCAQEEIIAx+/" * 40],
        [f"{'MHcCAQEEIIAx+/' * 71}…"],
    ],
)
def test_of_a_key_block_that_ends_after_the_last_line_nothing_stays(body):
    assert Redactor().lines([BEGIN, *body]) == [REDACTED] * (len(body) + 1)


def test_a_key_of_more_lines_than_marks_may_be_apart_is_known_by_its_lines():
    body = ["MHcCAQEEIIAx+/"] * (LONGEST_KEY + 2)
    assert Redactor().lines([BEGIN, *body, END, "after"]) == [*[REDACTED] * (len(body) + 1), END, "after"]


def test_a_key_of_which_every_line_is_a_record_of_its_own_is_blackened_as_a_whole():
    records = [f'{{"level":"info","msg":"{each}"}}' for each in (BEGIN, "MHcCAQ", "AwEHoU", END)]
    assert "".join(Redactor().lines([*records, "after"])[1:]) == f"{REDACTED * 3}after"


def test_a_last_line_of_two_letters_does_not_show_the_key_before_it():
    assert Redactor().lines(["MHcCAQEEIIAx+/", "Aw==", END]) == [REDACTED, REDACTED, END]


@pytest.mark.parametrize("left", ["hunter2-very-sec", "h", "p%40ss:wo", "Zx9/kQ7w-very"])
def test_half_of_a_password_that_a_cut_left_is_blackened(left):
    assert Redactor().text(f"dial postgres://app:{left}…") == f"dial postgres://{REDACTED}…"


def test_a_text_that_is_cut_here_is_blackened_to_its_end():
    words = "x " * (LONGEST // 2 - 20)
    assert "hunter2" not in Redactor().text(f"{words}dial postgres://app:hunter2{'y' * 99}@db:5432/app")


@pytest.mark.parametrize(
    "end",
    [
        "http://cache:6379…",
        "http://cache:637…",
        "http://cache:6379/a/b…",
        "http://[fd00::7]:6379/a/b…",
        "http://front/a:b…",
        "see http://front…",
        '{"to":"tcp://db:5432","path":"/a/b…',
    ],
)
def test_an_address_that_a_cut_left_stays(end):
    assert Redactor().text(end) == end


def test_a_policys_own_patterns_come_on_top():
    redactor = Redactor([r"customer-\d+"])
    assert redactor.text("customer-17 paid, password=x") == f"{REDACTED} paid, password={REDACTED}"
    assert redactor.problem == ""


def test_an_unreadable_pattern_withholds_everything_and_says_so():
    redactor = Redactor(["("])
    assert redactor.text("anything") == WITHHELD
    assert "no regular expression" in redactor.problem


def test_a_pattern_that_runs_away_withholds_the_text_and_gives_up_for_good():
    redactor = Redactor([r"(x+x+)+y"])
    hostile = "x" * LONGEST
    assert [redactor.text(hostile) for _ in range(4)] == [WITHHELD] * 4
    assert "too long" in redactor.problem
    assert redactor.text("harmless") == WITHHELD


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "password",
        "=",
        "@",
        "eyJ",
        "4",
        "://",
        "-",
        "\\",
        '"',
        "a.",
        "a@",
        ": ",
        "-----BEGIN A",
        "1.",
        "8.8.8.8 ",
        "2a:",
        "+1 2",
        "tel=1",
        "(2",
        "- ",
        "a://b:",
        "a:@tcp(",
    ],
)
def test_no_line_makes_the_built_in_patterns_slow(unit):
    """Counted in steps, not in time: a line of twice the bound is cut to the bound before any pattern sees it."""
    assert len(Redactor().text(unit * LONGEST)) <= LONGEST * 2
