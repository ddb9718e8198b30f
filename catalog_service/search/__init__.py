"""Search: the language in which people say which files they want; README.md describes it."""

from catalog_service.search.compiler import Compiled, compile_search

__all__ = ["Compiled", "compile_search"]
