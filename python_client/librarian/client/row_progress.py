"""Progress of rows: how many of those that a search finds have come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from librarian.client.progress import ProgressOption
from librarian.client.records import Record
from librarian.errors import LibrarianError


@dataclass(frozen=True, slots=True)
class RowProgress(Record):
    """How far an export is; the total is None where it could not be counted."""

    rows_total: int | None
    rows_done: int


@contextmanager
def follow_rows(
    option: ProgressOption, title: str, count: Callable[[], int]
) -> Iterator[Callable[[int], object]]:
    """Give the function to tell the number of rows done to.

    `count` is called only when somebody watches: it may take long.
    """
    if callable(option):
        total, report = _total(count), option
        yield lambda done: report(RowProgress(total, done))
    elif option:
        with _bar(title, count) as show:
            yield show
    else:
        yield lambda _: None


def _total(count: Callable[[], int]) -> int | None:
    try:
        return count()
    except LibrarianError:
        # What is wrong with a search is told by the search itself.
        return None


@contextmanager
def _bar(title: str, count: Callable[[], int]) -> Iterator[Callable[[int], object]]:
    # Imported late: programs that show no bar need not load it.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield lambda _: None
        return
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeLeft())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(title, total=_total(count))
        yield lambda done: bars.update(task, completed=done)
