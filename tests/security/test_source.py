"""What no file of GreenTrack may do: run text as code, start a shell, or put values into SQL."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    file
    for folder in ("greentrack", "integrations", "reports")
    for file in (ROOT / folder).rglob("*.py")
    if not any(part.is_symlink() for part in file.parents)
)
PACKED = {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "yaml"}
"""Modules that make code of data, or may."""

BUILTINS = {"eval", "exec", "compile", "__import__"}
METHODS = {"system", "popen", "getoutput", "getstatusoutput", "executescript", "unsafe_load", "create_function"}
MADE = {"format", "join", "replace"}
ASKING = {"execute", "executemany", "_query", "query"}
SQL = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "CREATE ", "ALTER ", "FROM ", "WHERE ", "DROP ")
REVIEWED = {
    ("connect.py", "shares_log"),  # chooses one of two words
    ("relocation.py", "table"),  # one of a constant list
    ("relocation.py", "quoted"),  # names of columns, quoted
    ("relocation.py", "placeholders"),  # their number
    ("read_queries.py", "asked"),  # conditions out of a constant table
    ("schema.py", "steps"),  # their number
    *(
        ("statements.py", name) for name in ("table", "columns", "names", "placeholders", "added", "changes", "found")
    ),  # as declared
    ("statements.py", "source"),  # a constant of the caller
}
"""Names that stand in SQL and are neither constants nor columns that a constant names."""


@cache
def nodes(file: Path) -> list[Any]:
    """Return all of a file's syntax tree."""
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def test_the_files_are_looked_at() -> None:
    """All three folders, each file once."""
    assert {file.relative_to(ROOT).parts[0] for file in FILES} == {"greentrack", "integrations", "reports"}
    assert len(FILES) > 100


def test_no_file_makes_code_of_data() -> None:
    """No pickle or its like, no eval, no shell, no script of SQL."""
    assert [place for file in FILES for place in code_of_data(file)] == []


def test_values_are_bound_and_never_written_into_sql() -> None:
    """What is put together as SQL are constants and columns; nothing is added to it or formatted into it."""
    assert [place for file in FILES for place in written_into_sql(file)] == []


def code_of_data(file: Path) -> list[str]:
    found = []
    for node in nodes(file):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if PACKED & {name.partition(".")[0] for name in names}:
                found.append(f"{file}:{node.lineno} {ast.unparse(node)}")
        elif isinstance(node, ast.Call):
            name = called(node)
            shell = next((given.value for given in node.keywords if given.arg == "shell"), None)
            if name in (BUILTINS if isinstance(node.func, ast.Name) else METHODS) or shell is not None:
                found.append(f"{file}:{node.lineno} {ast.unparse(node)}")
    return found


def written_into_sql(file: Path) -> list[str]:
    found = []
    for node in nodes(file):
        if isinstance(node, ast.Call) and called(node) in ASKING and node.args:
            asked = node.args[0]
            if isinstance(asked, ast.BinOp) or (isinstance(asked, ast.Call) and called(asked) in MADE):
                found.append(f"{file}:{node.lineno} {ast.unparse(asked)}")
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            strange = {name for name in free(node) if (file.name, name) not in REVIEWED}
            if any(word in text for word in SQL) and not all(n.isupper() or n in ("rows", "len") for n in strange):
                found.append(f"{file}:{node.lineno} {ast.unparse(node)}")
    return found


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def free(node: ast.AST) -> set[str]:
    """Return the names that *node* uses and does not bind itself."""
    names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    bound = {one.id for one in names if isinstance(one.ctx, ast.Store)}
    return {one.id for one in names} - bound


@pytest.mark.parametrize(
    ("code", "is_fine"),
    [
        ('db.execute("SELECT ? FROM runs", (x,))', True),
        ('db.execute(f"SELECT {x} FROM runs")', False),
        ('db.execute("SELECT " + x)', False),
        ('db.execute("SELECT {}".format(x))', False),
        ('db.execute("SELECT %s" % x)', False),
        ('Q = f"SELECT {COLUMNS} FROM runs"', True),
    ],
)
def test_the_rule_for_sql_tells_good_from_bad(code: str, is_fine: bool, tmp_path: Path) -> None:
    """Or it would find nothing for the wrong reason."""
    file = tmp_path / "code.py"
    file.write_text(code)
    assert (written_into_sql(file) == []) is is_fine


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from yaml import load", "eval(x)", "os.system(x)", "run(x, shell=True)", "db.executescript(x)"],
)
def test_the_rule_for_code_finds_what_it_is_to_find(code: str, tmp_path: Path) -> None:
    """Likewise."""
    file = tmp_path / "code.py"
    file.write_text(code)
    assert len(code_of_data(file)) == 1
