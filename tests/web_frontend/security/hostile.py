"""Hostile text, each kind with a mark by which it is seen whether it did something."""

from selectolax.lexbor import LexborHTMLParser

MARK = "x-hostile"
_PRODUCT = "{{191*7919}}"

TEXTS: dict[str, str | bytes] = {
    "script": f"</script></title></textarea><{MARK}><script>alert(1)</script>",
    "attribute": f'"\' {MARK}=1 onfocus="alert(1)" autofocus \'><{MARK} ',
    "sql": f"x'; DROP TABLE file; --\" OR 1=1 {MARK}",
    "template": _PRODUCT + "{% raise %}${7*7}#{7*7}" + MARK,
    "format": "%s%n%(x)d{0.__class__.__mro__}{}" + MARK,
    "path": f"../../../../etc/passwd#{MARK}",
    "control": f"a\x00b\x1b[31m\x07\r\nSet-Cookie: {MARK}=1\r\nX-Hostile: 1\r\n\r\n<{MARK}>",
    "rtl": f"\u202egnp.{MARK}\u2066\u200b\ufeff\u0130",
    "long": f"<{MARK}>" * 5000,
    "bytes": b"\xff\xfe\xed\xa0\x80\xc0\xaf" + MARK.encode(),
    "number": "9" * 5000,
    "surrogate": '{"name-matches": "\\ud800' + MARK + '"}',
}
MORE_THAN_A_FORM = f"<{MARK}>" * 100_000

_SIGNS_OF_HARM = (
    # What the template would come to.
    "1512529",
    "Traceback (most recent",
    "&lt;class &#39;",
    "<class '",
    "root:x:0",
    "sqlalchemy",
    "sqlite3",
    "werkzeug",
    "grpc_status",
)


def harm_in(text: str, html: LexborHTMLParser | None = None) -> str:
    """Return what a page shows or does that it must not; empty for nothing."""
    parsed = html or LexborHTMLParser(text)
    for found in parsed.css(f"{MARK}, [{MARK}], [onfocus], [autofocus='>'], script:not([src])"):
        return str(found.html)[:200]
    return next((sign for sign in _SIGNS_OF_HARM if sign in text), "")
