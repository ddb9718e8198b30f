"""deploy/librarian.example.toml is loaded, and says the truth about every key."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from catalog_service.config import CatalogConfig, SiteConfig
from librarian.service.config import load_config
from store_agent.config import StoreAgentConfig
from tests.source_tree import ROOT
from transfer_service.config import TransferServiceConfig
from web_frontend.config import WebFrontendConfig

EXAMPLE = ROOT / "deploy" / "librarian.example.toml"
TABLES: dict[str, type[BaseModel]] = {
    "site": SiteConfig,
    "catalog_service": CatalogConfig,
    "store_agent": StoreAgentConfig,
    "transfer_service": TransferServiceConfig,
    "web_frontend": WebFrontendConfig,
}


def everything() -> str:
    """Return the example with the keys that it leaves out put in."""
    return re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("table", TABLES)
def test_the_example_can_be_used_as_it_is(table: str) -> None:
    load_config(EXAMPLE, table, TABLES[table])


@pytest.mark.parametrize("table", TABLES)
def test_the_example_has_every_key_and_no_other(table: str, tmp_path: Path) -> None:
    path = tmp_path / "all.toml"
    path.write_text(everything())
    load_config(path, table, TABLES[table])
    assert set(tomllib.loads(everything())[table]) == set(TABLES[table].model_fields)


@pytest.mark.parametrize("table", TABLES)
def test_a_key_of_the_example_has_its_default(table: str) -> None:
    written = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))[table]
    defaults = {name: _default(TABLES[table], name) for name in TABLES[table].model_fields}
    said = {name: written[name] for name in written if defaults[name] is not PydanticUndefined}
    assert said == {name: defaults[name] for name in said}
    # What has a plain default is never left out.
    plain = {n for n, value in defaults.items() if value not in (None, PydanticUndefined)}
    assert plain <= set(written)


def _default(config: type[BaseModel], name: str) -> Any:
    return config.model_fields[name].default
