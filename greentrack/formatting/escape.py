"""Escapes any text, such as a run's name, for a terminal, a spreadsheet, Markdown, LaTeX, YAML and JSON."""

import re
from collections.abc import Iterable

MAX_NAME = 120
"""Maximum length of a name in a paper, a card or a table; CSV and JSON have all of it."""

MAX_TEXT = 200
"""Maximum number of characters that are shown of a name, a tag or a value."""

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""The characters with which a formula begins in a spreadsheet."""

_MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]#"}
    # as entities, since not every Markdown takes a backslash before these
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;", "~": "&#126;", "$": "&#36;"}
)
_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "{}$&#_%"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': r"\symbol{34}"}
)
_SIGNS = str.maketrans({"–": "--", "—": "---", "×": r"$\times$", "³": r"\textsuperscript{3}", "…": r"\ldots{}"})


def printable(text: str) -> str:
    """Return *text* on one line, with a space for each escape, control and direction mark.

    >>> printable("a\\nb\\x1b[31mred")
    'a b [31mred'
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def printable_lines(text: str) -> str:
    """Return *text* printable, line by line."""
    return "\n".join(map(printable, text.split("\n")))


def shown(text: object) -> str:
    """Return *text* on one line, printable, and cut after MAX_TEXT characters.

    >>> shown("a\\x1b[31m\\u202eb"), len(shown("x" * 10_240)) < 250
    ('a [31m b', True)
    """
    plain = printable(str(text))
    return plain if len(plain) <= MAX_TEXT else f"{plain[:MAX_TEXT]}… ({len(plain):,} characters)"


def name(text: str, most: int = MAX_NAME) -> str:
    """Return a name on one line, printable, without its middle where it is longer than *most*.

    >>> name("resnet18-cifar10-seed7", 12)
    'resnet…seed7'
    """
    text = printable(text)
    end = most // 2
    return text if len(text) <= most else f"{text[: most - end]}…{text[1 - end :]}"


def spreadsheet(text: str) -> str:
    """Return *text* printable, and so that a spreadsheet shows it and evaluates nothing.

    >>> spreadsheet("=1+1"), spreadsheet("digits")
    ("'=1+1", 'digits')
    """
    text = printable(text)
    return f"'{text}" if text.lstrip().startswith(FORMULAS) else text


def csv_lines(*rows: Iterable[object]) -> str:
    """Return *rows* as the lines of a CSV file.

    >>> csv_lines(("name", "g"), ("a, b", 1.5))
    'name,g\\n"a, b",1.5'
    """
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().removesuffix("\n")


def markdown(text: str) -> str:
    """Return *text* on one line, escaped so that Markdown shows it as it is.

    >>> print(markdown("a_b|<script>"), markdown("- a"), markdown("1. a"))
    a\\_b&#124;&lt;script&gt; \\- a 1\\. a
    """
    return re.sub(r"^(\d*)([-+.)=])(?=[\s=-]|$)", r"\1\\\2", printable(text).strip().translate(_MARKDOWN))


def latex(text: str) -> str:
    """Return *text* on one line, escaped so that LaTeX sets it as it is.

    >>> print(latex("50%_a--b"), latex("2 g CO2e (1–2)"))
    50\\%\\_a-{}-b 2 g CO\\textsubscript{2}e (1--2)
    """
    text = re.sub("-(?=-)", "-{}", printable(text).translate(_LATEX))
    return text.replace("CO2e", r"CO\textsubscript{2}e").translate(_SIGNS)


def yaml(text: str) -> str:
    """Return *text* as a double-quoted YAML scalar.

    >>> yaml('a: "b"')
    '"a: \\\\"b\\\\""'
    """
    import json  # not loaded by every command

    return json.dumps(printable(text), ensure_ascii=False)


def json_text(text: str) -> str:
    """Return a JSON text with everything escaped that controls a terminal; its value is the same.

    >>> json_text('{"name": "a\\u202eb"}')
    '{"name": "a\\\\u202eb"}'
    """
    if all(line.isprintable() for line in text.split("\n")):
        return text
    import json

    return "".join(each if each == "\n" or each.isprintable() else json.dumps(each)[1:-1] for each in text)


def indented_json(value: object) -> str:
    """Return *value* as strict, indented JSON with everything escaped that controls a terminal."""
    import json

    return json_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
