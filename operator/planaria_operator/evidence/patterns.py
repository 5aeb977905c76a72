"""What is blackened in every text before it leaves the process, as data.

Each pattern is linear on a bounded line: repeats are bounded and never nested over the same characters. Group 1, where
there is one, is kept; the rest becomes the placeholder. A pattern must not match what it leaves behind, or blackening
twice would not be the same as once.
"""

import re
from typing import Final, NamedTuple

_KEY: Final = (
    r"(?:pass(?:word|wd|phrase|code)|(?<=[_-])pass|pwd(?=[\\\"']{0,3}\s{0,4}[:=]\s{0,4}[^/\s])|secret|token"
    r"|password[_-]?hash|api[_-]?key|access[_-]?key(?:[_-]?id)?|secret[_-]?(?:access[_-]?)?key|private[_-]?key"
    r"|encryption[_-]?key|signing[_-]?key|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)|client[_-]?secret"
    r"|session[_-]?id|sessionid|credentials?(?=[\\\"']{0,3}=))\d{0,3}"
)
"""Names whose value is a secret. `tokens=`, `token_count=` and `password_file=/run/x` are not among them."""

_IS: Final = r"\\{0,2}+[\"']?\s{0,4}+(?>:=|=>|[:=])\s{0,4}+"
"""Possessive, so that no white space is given back to be taken for the value."""
_PLAIN: Final = r"(?!(?:null|none|nil|true|false|undefined|empty|missing|required|<)\b|<)"
_SAID: Final = (
    r"(?!(?<=:\s)(?:not|no|yes|is|was|are|has|must|should|could|cannot|unable|failed|error|invalid|expired|revoked|rejected|denied"
    r"|unauthorized|forbidden|unset|unknown|unexpected|connection|context|permission|authentication|lookup|signature|status"
    r"|dial|read|rpc|net|timeout)(?=[\s,.;:)]|$))"
)
"""What a program says of a secret behind a colon: `failed to fetch token: connection refused`, `(using password: NO)`."""

_OPENS: Final = r"(\b[a-z][a-z0-9+.-]{1,20}://)(?!\[)[^\s/@:<]{0,256}:"
"""An address up to where a password or a port begins; the digits of an IPv6 address are neither."""
_NO_PORT: Final = r"(?!\d{1,5}[…/?#\"',;)\]}])"
_HIDDEN: Final = r"(?:[^\s\"'<:]|:(?!//)|<(?!redacted>)){1,256}"
"""A password with any characters: neither the next address nor what is blackened already belongs to it."""


class Secret(NamedTuple):
    """A pattern, and the lower-case words without one of which it cannot match: most lines are never searched."""

    hints: tuple[str, ...]
    expression: re.Pattern[str]


def _secret(hints: str, *expression: str, flags: re.RegexFlag = re.IGNORECASE) -> Secret:
    return Secret(tuple(hints.split()), re.compile("".join(expression), flags))


_KEY_HINTS: Final = "pass pwd secret token key signature session credential"

SECRETS: Final = (
    # PASSWORD="a b", "token": "x", and the same inside a JSON string, where quotes are escaped
    _secret(_KEY_HINTS, rf"({_KEY}{_IS}\\{{1,2}}\"){_PLAIN}[^\"\\]{{1,2048}}"),
    _secret(_KEY_HINTS, rf"({_KEY}{_IS}\"){_PLAIN}(?:[^\"\\]|\\.){{1,2048}}"),
    _secret(_KEY_HINTS, rf"({_KEY}{_IS}'){_PLAIN}[^']{{1,2048}}"),
    _secret(_KEY_HINTS, rf"({_KEY}{_IS}){_PLAIN}{_SAID}[^\s\"'\\,;&)}}\]]{{1,2048}}"),
    # command lines: --password hunter2
    _secret(_KEY_HINTS, rf"(--?{_KEY}\s{{1,4}})(?![-<])[^\s\"']{{1,2048}}"),
    # a cookie header is a list of secrets up to the end of the line
    _secret("cookie", r"(cookie\\{0,2}+[\"']?\s{0,4}+[:=]\s{0,4}+\\{0,2}+[\"']?+)(?!<)[^\"'\\\r\n]{1,2048}"),
    # Authorization headers with whatever scheme
    _secret(
        "authorization",
        r"((?:proxy-)?authorization\\{0,2}+[\"']?\s{0,4}+[:=]\s{0,4}+\\{0,2}+[\"']?+)(?!<)",
        r"(?:[a-z][a-z0-9-]{0,15}\s{1,4})?[^\s\"',;<]{1,4096}",
    ),
    _secret("bearer", r"\b(bearer\s{1,4})(?=[a-z._~+/=-]{0,64}\d)[a-z0-9._~+/=-]{16,4096}"),
    _secret("basic", r"\b(basic\s{1,4})(?=[a-z+/]{0,64}[0-9=])[a-z0-9+/]{12,4096}={0,2}"),
    # postgres://user:p/ss@w<rd@host, up to the last @ of the word; but not http://host:8080/users/@me
    _secret("@", rf"{_OPENS}{_NO_PORT}{_HIDDEN}(?=@[\w.%\[-])"),
    # https://user:password@host, redis://:password@host, whatever the host or the quotes in the password
    _secret("@", rf"{_OPENS}(?!\d{{1,5}}[\"'])[^\s/<]{{1,256}}(?=@)"),
    # the same where the text was cut before the @; only the last word of a text can have been
    _secret("…", rf"{_OPENS}{_NO_PORT}[^\s@<]{{1,256}}(?=…$)"),
    # what Go says of an address whose password holds a slash
    _secret("port", r"(invalid port \\{0,2}\":)(?!<)[^\"\\]{1,256}(?=\\{0,2}\" after host)"),
    # user:password@tcp(host:3306)/name, as Go's MySQL driver has it
    _secret(
        "@tcp @unix",
        r"((?<![\w.%:-])[\w.%-]{1,64}+:)(?!@)[^\s\"'<@]{0,128}+",
        r"(?:(?:@(?!(?:tcp6?|unix)\()|<(?!redacted>))[^\s\"'<@]{0,128}+){0,8}+(?=@(?:tcp6?|unix)\()",
    ),
    # JSON Web Tokens, such as service account tokens
    _secret("eyj", r"\beyJ[\w-]{5,4096}\.[\w-]{5,4096}(?:\.[\w-]{0,4096})?", flags=re.ASCII),
    # tokens that name their issuer
    _secret(
        "akia asia aroa aida ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox aiza _live_ _test_ sk- npm_ hf_ hvs.",
        r"\b(?:(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}",
        r"|glpat-[\w-]{20,64}|xox[abeoprs]-[A-Za-z0-9-]{10,255}|AIza[\w-]{35}|[srp]k_(?:live|test)_[0-9A-Za-z]{16,255}",
        r"|sk-[\w-]{20,255}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,64}|hvs\.[\w-]{20,255})(?![A-Za-z0-9])",
        flags=re.ASCII,
    ),
    _secret("hooks.slack", r"(\bhooks\.slack\.com/services/)[a-z0-9/]{10,255}"),
    # a PEM block in base64, as Secrets and kubeconfigs hold it
    _secret("ls0tls1crudjti", r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{1,4096}", flags=re.ASCII),
    # a whole PEM block on one line
    _secret(
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{1,64}-----.{0,8192}?(?:-----END [A-Z0-9 ]{1,64}-----|$)",
        flags=re.DOTALL,
    ),
)

EMAIL: Final = re.compile(r"\b[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}\b", re.IGNORECASE)
"""An image digest (repo@sha256:...) and a package version (lodash@4.17.21) are none."""

PEM_MARK: Final = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{1,64}-----")
PEM_BODY: Final = re.compile(r"(?:[A-Za-z0-9+/]{2,1000}={0,2}…?)?|(?:Proc-Type|DEK-Info): .{1,64}")
"""A whole line of it, the blank one after its head and one that was cut among them. Any single word looks like one, so only those right beside a mark are taken for it."""
LONGEST_KEY: Final = 128
"""Lines; an RSA key of 8192 bits has about 100."""
