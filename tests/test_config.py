import dataclasses
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from command import footnote

from rag import reference
from rag.config import Config, load, usable_cores
from rag.errors import ConfigError
from rag.settings import GROUPS, group_of


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "footnote.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_later_wins(tmp_path):
    file = write(tmp_path, "[answers]\nevidence = 3\n[server]\nport = 1000\n[models]\ncontext = 2048")
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[answers]\nevidense = 3", r"'evidense' in \[answers\] of .*; did you mean 'evidence'\?"),
        ("[server]\nevidence = 3", r"it belongs in \[answers\]"),
        ("[answer]\nevidence = 3", "did you mean 'answers'"),
        ("[answers]\nevidence = 0", r"'evidence' in \[answers\] of .*footnote.toml must be between 1 and 64, not 0"),
        ("[server]\nxyz = 1", "known are: .*user_secret"),
        ("[server]\nuser_secret = 5", "user_secret.* must be a text.$"),
        ("answers = 3", "it is the name of a table"),
    ],
)
def test_what_is_not_understood_in_a_group_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text), {})


def test_names_outside_of_a_group_are_read_with_a_warning_that_names_it(tmp_path, caplog):
    grouped = load(write(tmp_path, '[storage]\nmodels = "m"\n[models]\ncontext = 2048'), {})
    assert not caplog.records
    assert load(write(tmp_path, 'models = "m"\ncontext = 2048'), {}) == grouped
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "write 'models' in the table [storage].",
        "write 'context' in the table [models].",
    ]


def test_a_misspelt_variable_is_told_and_another_program_s_is_not(caplog):
    with caplog.at_level(logging.WARNING):
        load(None, {"FOOTNOTE_EVIDENSE": "3", "FOOTNOTE_SERVICE_HOST": "10.0.0.1", "FOOTNOTE_DEBUG": "1"})
    (record,) = caplog.records
    assert record.getMessage().endswith("did you mean FOOTNOTE_EVIDENCE?")


def test_each_setting_is_in_one_group_and_described():
    names = [setting.name for kind in GROUPS.values() for setting in dataclasses.fields(kind)]
    assert sorted(names) == sorted(setting.name for setting in dataclasses.fields(Config))
    assert len(names) == len(set(names))
    assert all(setting.metadata["about"].endswith(".") for setting in dataclasses.fields(Config))
    assert group_of("evidence") == "answers"


def test_the_defaults_are_within_their_own_ranges(tmp_path):
    assert load(write(tmp_path, reference.as_toml(Config())), {}) == dataclasses.replace(
        Config(), index=tmp_path / "index"
    )


def test_what_is_printed_is_read_again_without_secrets(tmp_path):
    secret, url = "s" * 40, 'https://a.example/"quoted"'
    config = Config(
        index=tmp_path, origins=("https://a", "https://ü"), public_url=url, deadline=7.5, admin_token=secret
    )
    text = reference.as_toml(config)
    assert secret not in text and "It is set, and not shown." in text
    assert load(write(tmp_path, text), {}) == dataclasses.replace(config, admin_token="")


def test_the_documented_settings_are_those_that_there_are():
    done = footnote("config", "--table")
    assert done.returncode == 0
    assert done.stdout == (Path(reference.__file__).parent / "SETTINGS.md").read_text(encoding="utf-8")


def test_the_record_is_there_without_the_library_that_checks_it():
    code = "import sys, rag.config; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r"can.t be read"):
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
