"""Logging, configured once for a process."""

import logging
import sys


class _PlainFormatter(logging.Formatter):
    """Puts a record on one line, whatever control characters a name in it holds."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        head, *rest = text.split("\n")
        # A traceback keeps its lines; nothing else may forge a line of its own.
        lines = [head, *rest] if record.exc_info else [text]
        return "\n".join(_escape(line) for line in lines)


def _escape(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in line)


def configure_logs(level: str = "INFO") -> None:
    """Send this process's logs to stderr, a line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
