"""Configuration is read one way, and says what is wrong with it."""

from pathlib import Path

import pytest
from pydantic import Field

from librarian.service.config import ConfigError, ListenConfig, load_config


class ExampleConfig(ListenConfig):
    """A service's own settings."""

    listen: str = Field("127.0.0.1:21106")
    prefixes: list[Path] = Field(default_factory=list)
    seconds: float = Field(5.0, gt=0)


@pytest.fixture
def write(tmp_path):
    """Write a configuration file and return its path."""

    def write(text):
        path = tmp_path / "site.toml"
        path.write_text(text)
        return path

    return write


def _load(path):
    return load_config(path, "example", ExampleConfig)


def test_what_is_not_said_has_its_default(write):
    config = _load(write("[other]\nkey = 1\n"))
    assert (config.listen, config.seconds, config.tls) == ("127.0.0.1:21106", 5.0, False)


def test_the_environment_lies_over_the_file(write, monkeypatch):
    monkeypatch.setenv("LIBRARIAN_EXAMPLE__SECONDS", "7.5")
    monkeypatch.setenv("LIBRARIAN_EXAMPLE__PREFIXES", '["/a", "/b"]')
    config = _load(write("[example]\nseconds = 1\nthreads = 8\n"))
    assert (config.seconds, config.threads) == (7.5, 8)
    assert config.prefixes == [Path("/a"), Path("/b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[example]\nsecond = 1\n", "'second'; did you mean 'seconds'"),
        ("[example]\nseconds = 0\n", "seconds: Input should be greater than 0"),
        ("[example]\nthreads = 'many'\n", "threads: "),
        ("example = 3\n", r"\[example\] in .* must be a table"),
        ("[example\n", "is not TOML"),
    ],
)
def test_a_fault_is_told_with_its_place(write, text, message):
    with pytest.raises(ConfigError, match=message):
        _load(write(text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        _load(tmp_path / "nowhere.toml")
