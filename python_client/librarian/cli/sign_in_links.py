"""The command that signs somebody in at the web pages."""

import click

from librarian.cli.arguments import UTF8_TEXT, connection_argument, json_option
from librarian.cli.output import format_time, print_json, print_line, say
from librarian.client.librarian import Librarian


@click.command()
@connection_argument
@click.option(
    "--account", metavar="USER", type=UTF8_TEXT, help="Whose; administrators only.  [default: you]"
)
@click.option("--web", metavar="URL", type=UTF8_TEXT, help="Where the web pages are.")
@json_option
def sign_in_link(connection: str, account: str | None, web: str | None, as_json: bool) -> None:
    """Print a link that signs you in at the site's web pages: once, and within ten minutes."""
    with Librarian.connect(connection) as site:
        url = web or site.ping().web_url
        link = site.create_sign_in_link(account)
    if as_json:
        document = {"url": link.url(url) if url else None, "code": link.code}
        print_json({**document, "expire_time": link.expire_time.isoformat()})
    elif url:
        print_line(link.url(url))
        say(f"It works once, until {format_time(link.expire_time)} UTC.")
    else:
        print_line(link.code)
        say(
            "The site does not know the address of its web pages: put it and /sign-in/link# before"
            " the code, or give it as --web."
        )
