"""What store agents announce of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_service.clock import database_time
from catalog_service.store_usage import sample_usage
from catalog_service.stores import StoreSpace, record_space
from catalog_service.tables import Agent, Store


@dataclass(frozen=True)
class Announcement:
    """An agent, as it describes itself."""

    host: str
    address: str
    tls: bool
    staging_prefix: str
    # Encrypted with the site's own key.
    ticket_key: bytes
    version: str


def record_announcement(
    db: Session, name: str, announcement: Announcement, spaces: Mapping[str, StoreSpace]
) -> Sequence[Store]:
    """Write an agent's announcement down; return the stores that it shall serve, by name."""
    now = database_time(db)
    agent = find_agent(db, name)
    if agent is None:
        agent = Agent(name=name, **vars(announcement), report_time=now)
        db.add(agent)
    else:
        for field, value in vars(announcement).items():
            setattr(agent, field, value)
        agent.report_time = now
    db.flush()
    stores = db.scalars(select(Store).where(Store.agent_id == agent.id).order_by(Store.name)).all()
    for store in stores:
        if store.name in spaces:
            record_space(store, spaces[store.name], now)
    db.flush()
    sample_usage(db, [store for store in stores if store.name in spaces], now)
    return stores


def find_agent(db: Session, name: str) -> Agent | None:
    """Return an agent that has announced itself, or None."""
    return db.scalars(select(Agent).where(Agent.name == name)).one_or_none()


def list_agents(db: Session) -> Sequence[Agent]:
    """Return all agents by name."""
    return db.scalars(select(Agent).order_by(Agent.name)).all()
