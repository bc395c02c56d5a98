"""Secrets are not kept, and what is none stays as it is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.secrets import REDACTED, redact, redact_command, redact_text

ALNUM = string.ascii_letters + string.digits
LOOKS = {
    "Hugging Face": "hf_" + "aB3" * 11,
    "OpenAI": "sk-proj-" + "aB3_" * 8,
    "GitHub": "ghp_" + "aB3" * 12,
    "AWS": "AKIA" + "ABCD2345" * 2,
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "Slack": "xoxb-1234567890-abcdef",
    "Google": "AIza" + "aB3_-" * 7,
}
"""Made-up secrets in the forms that their issuers use."""

INNOCENT = (
    "tokenizer", "max_tokens", "num_tokens", "tokensPerBatch", "keyboard", "author", "authors", "monkey", "key_dim",
    "keys", "query_key_value", "secretary", "compass", "passes", "bypass", "pad_token", "eos_token", "use_cls_token",
    "lr", "monitor", "privateer", "authentic", "accessKeyboard", "apiKeyboard", "detokenize",
)  # fmt: skip
SECRET = (
    "token", "hf_token", "HF_TOKEN", "hubToken", "authToken", "access-token", "TOKEN2", "secret", "client_secret",
    "clientSecret", "password", "PGPASSWORD", "db.password", "passwd", "pwd", "apikey", "api_key", "apiKey", "API-KEY",
    "WANDB_API_KEY", "openaiApiKey", "aws_access_key_id", "AWSAccessKey", "credential", "google_credentials", "auth",
    "basic_auth", "private", "private_key", "ssh.private.key", "Authorization",
)  # fmt: skip
planted = st.text(ALNUM + "-_.~!*+/$%^#?|<>é", min_size=12, max_size=40).filter(
    lambda text: text[0].isalnum() and not text.isdecimal()
)
innocent = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(string.ascii_lowercase)


@pytest.mark.parametrize("name", SECRET)
def test_a_value_is_taken_out_for_its_name(name: str) -> None:
    """In snake, camel and kebab case; only that there was one is kept."""
    assert redact({name: "hunter2"}) == {name: REDACTED}


@pytest.mark.parametrize("name", INNOCENT)
def test_an_innocent_name_keeps_its_value(name: str) -> None:
    """A tokenizer is no token, a keyboard no key, an author no authorization."""
    assert redact({name: "hunter2"}) == {name: "hunter2"}
    assert redact_command(["train.py", f"--{name}", "hunter2", f"--{name}=hunter2"])[1:] == [
        f"--{name}",
        "hunter2",
        f"--{name}=hunter2",
    ]


@pytest.mark.parametrize("value", LOOKS.values(), ids=LOOKS.keys())
def test_a_value_is_taken_out_for_its_looks(value: str) -> None:
    """Whatever it is called, and within a longer text."""
    assert redact({"note": value, "list": ["a", f"use {value} here"]}) == {
        "note": REDACTED,
        "list": ["a", f"use {REDACTED} here"],
    }


def test_of_an_address_only_the_password_is_taken_out() -> None:
    """Who and where stay."""
    assert redact_text("postgres://me:p@ss@db.example.org:5432/runs") == (
        f"postgres://me:{REDACTED}@db.example.org:5432/runs"
    )
    assert redact_text("http://example.org:8080/a@b") == "http://example.org:8080/a@b"


def test_numbers_and_choices_under_a_weak_name_stay() -> None:
    """``private=True`` and ``token=64`` choose something; a numeric password is a password."""
    params = {"private": True, "auth": None, "token": 64, "password": 1234, "secret": ""}
    assert redact(params) == {**params, "password": REDACTED}


def test_a_command_loses_its_secrets_in_every_form() -> None:
    """As the next word, after =, as a variable, in a header and in a script."""
    command = ["env", "API_KEY=xyz", "python", "-c", "login(token='a b')", "--token", "X", "--password=my pass phrase"]
    assert redact_command(command) == [
        *("env", f"API_KEY={REDACTED}", "python", "-c", f"login(token='{REDACTED}')", "--token", REDACTED),
        f"--password={REDACTED}",
    ]
    assert redact_command(["--use-auth-token", "--lr", "0.1", "-p", "8080"]) == (
        ["--use-auth-token", "--lr", "0.1", "-p", "8080"]
    )
    assert redact_command(["-H", "Authorization: Basic dXNlcjpwYXNz", "hub.token=abc", "+hub.token=abc"]) == (
        ["-H", f"Authorization: {REDACTED}", f"hub.token={REDACTED}", f"+hub.token={REDACTED}"]
    )


def test_text_in_json_and_in_quotes_is_read_too() -> None:
    """A name may be quoted, its quotes escaped, and one sign may follow another."""
    assert redact_text('{"lr": 1, "token": "a, b"}') == f'{{"lr": 1, "token": "{REDACTED}"}}'
    assert redact_text(r"{\"token\": \"a, b\"}") == rf"{{\"token\": \"{REDACTED}\"}}"
    assert redact_text("data=token=abc&lr=1") == f"data=token={REDACTED}&lr=1"


def test_objects_are_judged_by_the_text_they_are_kept_as() -> None:
    """One without secrets stays the object it is; one that has no text is left alone."""

    class Settings:
        def __str__(self) -> str:
            return "Settings(token='abc')"

    class Mute:
        def __str__(self) -> str:
            raise ValueError

    plain, mute = object(), Mute()
    assert redact({"settings": Settings(), "plain": plain, "mute": mute}) == {
        "settings": f"Settings(token='{REDACTED}')",
        "plain": plain,
        "mute": mute,
    }


def test_params_that_contain_themselves_are_read_once() -> None:
    """A circle ends in the name of its type."""
    params: dict[str, object] = {"lr": 0.1}
    params["all"] = params
    assert redact(params) == {"lr": 0.1, "all": {"lr": 0.1, "all": "<dict>"}}


@given(st.sampled_from(SECRET), planted, st.lists(st.sampled_from(["list", "dict"]), max_size=4))
def test_a_planted_secret_never_comes_out(name: str, secret: str, nesting: list[str]) -> None:
    """However deep in params, and in every form of a command."""
    params: object = {name: secret, "list": [f"{name}={secret}"]}
    for kind in nesting:
        params = [params] if kind == "list" else {"inner": params}
    assert secret not in str(redact({"params": params}))
    command = [f"--{name}", secret, f"--{name}={secret}", f"{name}={secret}", f"{name}={secret} python train.py"]
    assert secret not in " ".join(redact_command(command))


@given(st.dictionaries(st.sampled_from(INNOCENT), innocent | st.lists(innocent) | st.tuples(innocent), max_size=8))
def test_innocent_params_never_change(params: dict[str, object]) -> None:
    """Not one value, nor the type of one."""
    assert redact(params) == params


@given(st.text(max_size=200))
def test_taking_out_twice_is_taking_out_once(text: str) -> None:
    """What was taken out is not taken for a secret again."""
    once = redact_text(text)
    assert redact_text(once) == once
