"""A name in a log line cannot forge a line of its own, or colour the terminal."""

import logging
import sys

from librarian.service.logs import configure_logs


def _logged(capsys, act):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("INFO")
    try:
        act(logging.getLogger("librarian.test"))
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    return capsys.readouterr().err


def test_control_characters_of_a_name_are_escaped(capsys):
    text = _logged(capsys, lambda log: log.info("file %s", "zen\n2026 ERROR forged\x1b[31m\r"))
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert r"zen\n2026 ERROR forged\x1b[31m\r" in text


def test_a_traceback_keeps_its_lines(capsys):
    def fail(log):
        try:
            raise ValueError("broken")
        except ValueError:
            log.error("failed", exc_info=sys.exc_info())

    assert _logged(capsys, fail).count("\n") > 3
