"""The pages beside results: of things, of what is under way, and of administration."""

from collections.abc import Callable, Iterator

from tests.benchmarks.search.catalogue import FIRST_NIGHT, night_count
from tests.benchmarks.web.asked import Around, Asked, Make, PageKind, at, in_path, part
from tests.benchmarks.web.site_rows import (
    FAILED_JOBS,
    FIRST_KEY,
    JOBS,
    NEIGHBOURS,
    ORDERS,
    PEOPLE,
    RUNNING_JOBS,
    order,
    person,
)
from web_frontend.forms.transfers import GROUP_TITLES
from web_frontend.plots.throughput import SPANS
from web_frontend.views.audit import ACTIONS


def other_pages() -> Iterator[PageKind]:
    """Yield the kinds of all other pages."""
    yield PageKind("home", _always("/"))
    yield PageKind("home: how all is, part", _part("/home/now"))
    yield PageKind("home: what arrived, part", _part("/home/lately"))
    yield PageKind("suspect copies", _always("/suspect-copies"))
    yield from _pages_of_files()
    yield from _pages_of_observations()
    yield from _pages_of_pictures()
    yield from _pages_of_stagings()
    yield from _pages_of_places()
    yield from _pages_of_transfers()
    yield from _pages_of_orders()
    yield from _pages_of_people()
    yield PageKind("sign-in, who is signed in", _always("/sign-in"), (200, 303))
    yield PageKind("health", _always("/healthz"))


def _always(path: str) -> Make:
    return lambda around: at(path)


def _part(path: str) -> Make:
    return lambda around: part(path)


def _pages_of_files() -> Iterator[PageKind]:
    yield PageKind("file", lambda a: at(f"/files/{in_path(a.name)}"))
    yield PageKind("file with 1,000 events and 20 copies", lambda a: at(_busy(a)))
    yield PageKind("file: explained, part", lambda a: part(f"/files/{in_path(a.name)}/explain"))
    yield PageKind("file with 1,000 events: explained, part", lambda a: part(f"{_busy(a)}/explain"))


def _busy(around: Around) -> str:
    return f"/files/{in_path(around.random.choice(around.busy_names))}"


def _pages_of_observations() -> Iterator[PageKind]:
    yield PageKind("observations", lambda a: at("/observations"))
    yield PageKind("observations of a night", lambda a: at("/observations", at=a.night))
    yield PageKind("observation", lambda a: at(f"/observations/{a.random.choice(a.known.obsids)}"))
    yield PageKind(
        "observing sessions", lambda a: at("/sessions", at=a.random.choice(("", a.night)))
    )
    yield PageKind("observing session", lambda a: at(f"/sessions/{_session(a)}"))
    yield PageKind("observing session: bar, part", lambda a: part(f"/sessions/{_session(a)}/bar"))
    yield PageKind("observing session of 100,000 files", lambda a: at(f"/sessions/{_large(a)}"))
    yield PageKind(
        "observing session of 100,000 files: bar, part",
        lambda a: part(f"/sessions/{_large(a)}/bar"),
    )


def _session(around: Around) -> int:
    while (id := around.random.choice(around.known.observing_sessions)) in around.large_sessions:
        pass
    return id


def _large(around: Around) -> int:
    return around.random.choice(around.large_sessions)


def _pages_of_pictures() -> Iterator[PageKind]:
    yield PageKind("coverage, all nights", lambda a: at("/coverage", by=_measure(a)))
    yield PageKind("coverage, 2 to 400 nights", _zoomed)
    yield PageKind("growth of the archive", _always("/coverage/growth"))


def _measure(around: Around) -> str:
    return around.random.choice(("bytes", "files", "observations"))


def _zoomed(around: Around) -> Asked:
    count = around.random.choice((2, 10, 50, 200, 400))
    last = FIRST_NIGHT + night_count(around.known.size) - 1
    first = min(around.night, last - count)
    return Asked(f"/coverage?by={_measure(around)}&from={first}&to={first + count}")


def _pages_of_stagings() -> Iterator[PageKind]:
    yield PageKind("stagings, all people's", _always("/staging"))
    yield PageKind("stagings, own", lambda a: at("/staging", whose="mine"))
    yield PageKind("stagings: rows, part", _part("/staging/-/rows"))
    yield PageKind("staging", lambda a: at(f"/staging/{_job(a)}"))
    yield PageKind("staging that failed: its parts", lambda a: part(f"/staging/{_failed(a)}/parts"))
    yield PageKind("staging that failed: all errors", lambda a: at(f"/staging/{_failed(a)}/errors"))
    yield PageKind("staging, new", _new_staging)


def _job(around: Around) -> int:
    return FIRST_KEY + around.random.randrange(500, JOBS + 1)


def _failed(around: Around) -> int:
    return FIRST_KEY + JOBS - RUNNING_JOBS - around.random.randrange(FAILED_JOBS)


def _new_staging(around: Around) -> Asked:
    return at("/staging/new", search=f"name:zen.{around.night}.*")


def _pages_of_places() -> Iterator[PageKind]:
    yield PageKind("stores", _always("/stores"))
    yield PageKind("stores: rows, part", _part("/stores/-/rows"))
    yield PageKind(
        "store, with its year", lambda a: at(f"/stores/{a.random.choice(a.store_names)}")
    )
    yield PageKind(
        "store: state, part", lambda a: part(f"/stores/{a.random.choice(a.store_names)}/state")
    )
    yield PageKind("librarians", _always("/librarians"))
    yield PageKind("librarians: rows, part", _part("/librarians/-/rows"))
    yield PageKind("librarian, with its chart", _librarian)
    yield PageKind("librarian: link, part", lambda a: part(f"/librarians/{_neighbour(a)}/state"))
    yield PageKind("librarian: counts, part", lambda a: part(f"/librarians/{_neighbour(a)}/counts"))
    yield PageKind("librarian: form", lambda a: at(f"/librarians/{_neighbour(a)}/edit"))
    yield PageKind("reconciliation", lambda a: at(f"/reconciliations/{_reconciliation(a)}"))


def _librarian(around: Around) -> Asked:
    return at(f"/librarians/{_neighbour(around)}", span=around.random.choice(list(SPANS)))


def _neighbour(around: Around) -> str:
    return around.random.choice(NEIGHBOURS)


def _reconciliation(around: Around) -> int:
    return FIRST_KEY + 5 * around.random.randrange(1, 100)


def _pages_of_transfers() -> Iterator[PageKind]:
    for state, title in GROUP_TITLES.items():
        yield PageKind(f"transfers: {title.lower()}", _in_state(state))
        yield PageKind(f"transfers: {title.lower()}, of a neighbour", _in_state(state, "to"))
        yield PageKind(f"transfers: {title.lower()}, of an order", _in_state(state, "order"))
    yield PageKind("transfers: of a file", lambda a: at("/transfers", file=a.name))
    yield PageKind("transfers: far on", _far_on)
    yield PageKind("transfers: queue, part", _part("/transfers/-/queue"))
    yield PageKind("transfer", lambda a: at(f"/transfers/{a.random.choice(a.transfer_ids)}"))
    yield PageKind(
        "transfer: state, part",
        lambda a: part(f"/transfers/{a.random.choice(a.transfer_ids)}/state"),
    )


def _in_state(state: str, by: str = "") -> Make:
    def make(around: Around) -> Asked:
        values = {"to": _neighbour(around), "order": _order(around)}
        return at("/transfers", state=state, **({by: values[by]} if by else {}))

    return make


def _far_on(around: Around) -> Asked:
    state = around.random.choice(list(GROUP_TITLES))
    return at("/transfers", state=state, page=around.random.choice(around.transfer_ids))


def _order(around: Around) -> str:
    return order(around.random.randrange(1, ORDERS + 1))


def _pages_of_orders() -> Iterator[PageKind]:
    yield PageKind("standing orders", _always("/orders"))
    yield PageKind("standing orders: rows, part", _part("/orders/-/rows"))
    yield PageKind("standing order", lambda a: at(f"/orders/{_order(a)}"))
    yield PageKind("standing order: state, part", lambda a: part(f"/orders/{_order(a)}/state"))
    yield PageKind("standing order: form", lambda a: at(f"/orders/{_order(a)}/edit"))
    yield PageKind("standing order: search checked", _checked_search)


def _checked_search(around: Around) -> Asked:
    return part("/orders/-/check", search=f"name:zen.{around.night}.*")


def _pages_of_people() -> Iterator[PageKind]:
    yield PageKind("saved searches", _always("/search/saved"))
    yield PageKind("own tokens", _always("/account/tokens"))
    yield PageKind("own password", _always("/account/password"))
    yield PageKind("accounts", _always("/accounts"))
    yield PageKind("account", lambda a: at(f"/accounts/{_person(a)}"))
    filters: dict[str, Callable[[Around], str]] = {
        "account": _person,
        "action": lambda a: a.random.choice([action for action, _ in ACTIONS if action]),
        "subject": lambda a: f"zen.{a.night}.20000.xx.HH.uvh5",
    }
    yield PageKind("audit log", _always("/audit"))
    for name, choose in filters.items():
        yield PageKind(f"audit log, of one {name}", _audit(name, choose))
    yield PageKind("audit log, of an account and an action", _audit_of_both)


def _person(around: Around) -> str:
    return person(around.random.randrange(PEOPLE))


def _audit(name: str, choose: Callable[[Around], str]) -> Make:
    return lambda around: at("/audit", **{name: choose(around)})


def _audit_of_both(around: Around) -> Asked:
    action = around.random.choice([action for action, _ in ACTIONS if action])
    return at("/audit", account=_person(around), action=action)
