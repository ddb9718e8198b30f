"""The language of searches: its two forms, told apart by how a search begins."""

import re

from catalog_service.search.attributes import ItemKind
from catalog_service.search.json_form import parse_json
from catalog_service.search.limits import check_text_size
from catalog_service.search.text_form import parse_text
from catalog_service.search.tree import Clause

# Editors on Windows put U+FEFF before a text.
_BEFORE = re.compile(r"\ufeff?(?:\s|#[^\n]*)*+")


def parse_search(text: str, item: ItemKind = ItemKind.FILES) -> Clause:
    """Return the tree that a search in either form means, or raise InvalidRequestError."""
    check_text_size(text)
    before = _BEFORE.match(text)
    is_json = text.startswith("{", before.end() if before else 0)
    return parse_json(text, item) if is_json else parse_text(text, item)
