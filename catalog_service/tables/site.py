"""The site itself."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog_service.tables.base import Base, name_type


class Site(Base):
    """The one row that says which site's catalogue this is."""

    __tablename__ = "site"

    # Always 1.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Identity for other sites and for marker files, a UUID.
    site_id: Mapped[str] = mapped_column(name_type(36))
    # Name for people.
    name: Mapped[str] = mapped_column(Text)
