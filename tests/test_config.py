from pathlib import Path

import pytest

from rag.config import Config, load, usable_cores
from rag.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "footnote.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_later_wins(tmp_path):
    file = write(tmp_path, "evidence = 3\nport = 1000\ncontext = 2048")
    config = load(file, {"FOOTNOTE_PORT": "2000", "FOOTNOTE_CONTEXT": "3000", "PATH": "/bin"}, {"context": 4000})
    assert (config.evidence, config.port, config.context, config.candidates) == (3, 2000, 4000, Config().candidates)


def test_paths_in_a_file_are_relative_to_it(tmp_path):
    assert load(write(tmp_path, 'index = "mine"'), {}).index == tmp_path / "mine"
    assert load(None, {"FOOTNOTE_INDEX": "mine"}).index == Path("mine")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("evidense = 3", "did you mean 'evidence'"),
        ("zzz = 3", "known are: .*answer_tokens"),
        ("evidence = 0", "between 1 and 64"),
        ("evidence = 2.5", "a whole number"),
        ("evidence = true", "a whole number"),
        ("dense_weight = 'much'", "a number"),
        ("embedder = 3", "a text"),
        ("evidence = ", "not valid TOML"),
        ("context = 512\nanswer_tokens = 400", "at most half of context"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text), {})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml", {})


def test_variables_and_options_are_named_in_errors():
    with pytest.raises(ConfigError, match="the variable FOOTNOTE_PORT must be a whole number, not 'x'"):
        load(None, {"FOOTNOTE_PORT": "x"})
    with pytest.raises(ConfigError, match="--port must be between 0 and 65535"):
        load(None, {}, {"port": 70000})


def test_a_switch_is_on_or_off(tmp_path):
    assert load(None, {}).read_ahead
    assert not load(write(tmp_path, "read_ahead = false"), {}).read_ahead
    assert [load(None, {"FOOTNOTE_READ_AHEAD": word}).read_ahead for word in ("Yes", "1", "off")] == [True, True, False]
    with pytest.raises(ConfigError, match="true or false, not 'maybe'"):
        load(None, {"FOOTNOTE_READ_AHEAD": "maybe"})


def test_there_is_a_core():
    assert usable_cores() >= 1


def test_lists_and_secrets(tmp_path):
    file = tmp_path / "footnote.toml"
    file.write_text('origins = ["https://a.example", "https://b.example"]\n')
    assert load(file, {}).origins == ("https://a.example", "https://b.example")
    assert load(None, {"FOOTNOTE_ORIGINS": "https://a.example, https://b.example"}).origins[1] == ("https://b.example")
    secret = "s" * 40
    assert secret not in repr(load(None, {"FOOTNOTE_ADMIN_TOKEN": secret, "FOOTNOTE_USER_SECRET": secret}))
    with pytest.raises(ConfigError, match="at least 16 characters") as error:
        load(None, {"FOOTNOTE_ADMIN_TOKEN": "short"})
    assert "short" not in str(error.value).replace("FOOTNOTE_ADMIN_TOKEN", "")
    file.write_text("origins = [1]\n")
    with pytest.raises(ConfigError, match="list of texts"):
        load(file, {})
