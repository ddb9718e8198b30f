"""Commands about the program itself."""

import importlib.metadata
import platform

import click

from librarian.cli.arguments import json_option
from librarian.cli.output import print_json, print_line


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Say which version this is."""
    versions = {
        "librarian": importlib.metadata.version("librarian"),
        "python": platform.python_version(),
    }
    if as_json:
        print_json(versions)
    else:
        print_line(" ".join(f"{name} {number}" for name, number in versions.items()))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
def completion(shell: str, as_json: bool) -> None:
    """Print the script that completes this command in a shell.

    \b
    bash: echo 'eval "$(librarian completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(librarian completion zsh)"' >> ~/.zshrc
    fish: librarian completion fish > ~/.config/fish/completions/librarian.fish
    """  # noqa: D301 - click reads the character
    from click.shell_completion import get_completion_class

    from librarian.cli.program import program

    complete_class = get_completion_class(shell)
    assert complete_class is not None  # noqa: S101 - click knows all three
    script = complete_class(program, {}, "librarian", "_LIBRARIAN_COMPLETE").source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        print_line(script)
