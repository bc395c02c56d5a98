"""Redacts secrets: removes passwords, tokens and keys from the parameters, command and texts of a run.

A value is a secret by its name (``api_key``, ``--password``) or by its form (``hf_…``, ``https://me:…@host``).
Most runs have no secret, so plain searches decide first whether the regular expressions are compiled at all.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

REDACTED = "[redacted]"
"""Replaces a secret."""

MAX_LEVELS = 20
"""Values nested deeper are replaced by the name of their type."""

MAX_DIGITS = 9
"""A number with more digits may be a token."""

_WORDS = frozenset({"pwd", "passphrase", "passwords", "secrets", "apikeys", "credential", "credentials"})
_ENDS = ("password", "passwd", "secret", "apikey", "accesskey")
_PAIRS = frozenset({("api", "key"), ("api", "keys"), ("access", "key"), ("access", "keys")})
_TEXT_WORDS = frozenset(
    {"token", "auth", "oauth", "authorization", "private", "authtoken", "accesstoken", "apitoken", "hftoken"}
)
"""Under such a name a number or a boolean is an option (``private=True``), a text is a secret."""

_VOCABULARY = frozenset(
    {"pad", "eos", "bos", "unk", "mask", "cls", "sep", "class", "special", "start", "end", "stop"}
    | {"image", "video", "audio", "text", "patch", "next", "per"}
)
"""Before ``token`` these words mean a token of a model's vocabulary."""

_QUOTES = "\"'\\"
_NOT_IN_NAMES = frozenset(" \t\n?&\"'(){}[],;")
_NAME_HINTS = ("token", "auth", "private", "pass", "pwd", "secret", "key", "credential")
_TEXT_HINTS = (
    *_NAME_HINTS,
    *("://", "hf_", "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("akia", "asia", "aiza", "eyj", "bearer"),
)


def redact(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return *params* with every secret, at any depth, replaced by "[redacted]".

    >>> redact({"lr": 0.1, "hub": {"token": "abc", "url": "https://me:pw@example.org"}, "max_tokens": 512})
    {'lr': 0.1, 'hub': {'token': '[redacted]', 'url': 'https://me:[redacted]@example.org'}, 'max_tokens': 512}
    """
    return {name: _value(name, value, ()) for name, value in params.items()}


def redact_command(command: Sequence[str]) -> list[str]:
    """Return *command* with the secrets among the values of its options and variables replaced by "[redacted]".

    >>> redact_command(["python", "train.py", "--token", "abc", "--api-key=def", "--max-tokens", "512"])
    ['python', 'train.py', '--token', '[redacted]', '--api-key=[redacted]', '--max-tokens', '512']
    """
    words: list[str] = []
    option = ""  # the word before, if it is an option whose value may follow
    for word in command:
        flag = len(word) > 1 and word[0] == "-" and (word[1] == "-" or word[1].isalpha())
        name, sign, value = word.partition("=")
        if option and not flag and is_secret(option, word):
            words.append(REDACTED)
        elif sign and not _NOT_IN_NAMES.intersection(name) and is_secret(name, value):
            words.append(f"{name}={REDACTED}")
        else:
            words.append(redact_text(word))
        option = word if flag and not sign else ""
    return words


def redact_text(text: str) -> str:
    """Return *text* with everything that has the form of a secret replaced by "[redacted]".

    >>> redact_text("curl -H 'Authorization: Bearer 0123456789abcdef0123' https://me:pw@example.org/?token=abc")
    "curl -H 'Authorization: [redacted]' https://me:[redacted]@example.org/?token=[redacted]"
    """
    low = text.lower()
    if not any(hint in low for hint in _TEXT_HINTS):
        return text
    forms, address, named, value = _expressions()
    text = forms.sub(REDACTED, text)
    text = address.sub(rf"\1{REDACTED}@", text)
    pieces, at = [], 0
    for found in named.finditer(text):
        if found.start() < at:  # inside a value that was replaced
            continue
        if (given := value.match(text, found.end())) and is_secret(found[1], given[0].strip(_QUOTES)):
            quote = given[0][: len(given[0]) - len(given[0].lstrip(_QUOTES))]
            pieces += [text[at : found.end()], quote, REDACTED, quote]
            at = given.end()
    return "".join([*pieces, text[at:]])


def is_secret(name: str, value: Any = "?") -> bool:
    """True if a value called *name* is a secret, by the words in the name; *value* can show that it is not.

    >>> [is_secret(name) for name in ("HF_TOKEN", "wandbApiKey", "max_tokens", "tokenizer", "author")]
    [True, True, False, False, False]
    """
    low = name.lower()
    if not any(hint in low for hint in _NAME_HINTS):
        return False
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
        return False
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if any(word in _WORDS or word.endswith(_ENDS) for word in words) or not _PAIRS.isdisjoint(pairwise(words)):
        return True
    if _is_option(value):
        return False
    return any(
        word in _TEXT_WORDS and not (word == "token" and index and words[index - 1] in _VOCABULARY)
        for index, word in enumerate(words)
    )


@functools.cache
def _expressions() -> tuple[re.Pattern[str], ...]:
    """Return patterns of a secret's form, an address with a password, a name and its sign, and a value after them."""
    forms = re.compile(
        r"(?<![A-Za-z0-9])(?:"
        r"hf_[A-Za-z0-9]{16,}|sk-(?=[A-Za-z_-]*[0-9])[\w-]{20,}|gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"
        r"|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{35}"
        r"|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|[Bb]earer\s+[\w.~+/=-]{16,}"
        r")|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        re.ASCII | re.DOTALL,
    )
    address = re.compile(r"(://[^\s/:@]*:)[^\s/]+@")
    named = re.compile(r"""([A-Za-z][\w.-]*)\\?["']?\s*[=:]\s*""", re.ASCII)
    quoted = r"""\\"[^"]*"|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'"""
    plain = r"""(?:(?:basic|bearer|token)\s+)?["']?[^\s"'&,;)}\]]+"""
    value = re.compile(rf"\[redacted\]|{quoted}|{plain}", re.IGNORECASE)
    return forms, address, named, value


def _value(name: object, value: Any, parents: tuple[int, ...]) -> Any:
    if isinstance(name, str) and is_secret(name, value):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple):
        if id(value) in parents or len(parents) == MAX_LEVELS:
            return f"<{type(value).__name__}>"
        inside = (*parents, id(value))
        if isinstance(value, Mapping):
            return {inner: _value(inner, one, inside) for inner, one in value.items()}
        items = [_value(None, one, inside) for one in value]
        return tuple(items) if isinstance(value, tuple) else items
    return _without_secrets(value)


def _without_secrets(value: Any) -> Any:
    """Return the text of *value* without secrets; *value* itself if it has none."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001  # anybody's __str__: without a text, no secret is stored
        return value
    cleaned = redact_text(text)
    return value if cleaned == text else cleaned


def _is_option(value: Any) -> bool:
    """True if *value* is a number or a boolean, but for long numbers, which may be tokens."""
    if isinstance(value, str):
        return len(value) <= MAX_DIGITS and value.replace(".", "", 1).isdecimal()
    return isinstance(value, int | float)
