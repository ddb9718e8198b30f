"""The text form of a search, as people type it: text to tree, with errors that say where."""

from collections.abc import Callable

from catalog_service.search.attributes import ItemKind, clause_names, find_form
from catalog_service.search.limits import (
    MAX_CLAUSES,
    MAX_DEPTH,
    check_bare_size,
    check_text_size,
    check_tree,
    size_bytes,
    too_deep,
)
from catalog_service.search.mistakes import located, nearest, shown
from catalog_service.search.patterns import check_pattern
from catalog_service.search.text_clauses import read_clause
from catalog_service.search.text_keys import find_key, key_names
from catalog_service.search.text_tokens import Piece, Token, TokenReader, Writing
from catalog_service.search.text_values import read_comparison, read_list
from catalog_service.search.text_words import Word
from catalog_service.search.tree import (
    Clause,
    Comparison,
    Constant,
    ObservationMatches,
    Saved,
    all_of,
    any_of,
    none_of,
)

# Each level of a tree has a bracket and a 'not' at most; more of them say nothing.
_MAX_NESTED = 2 * (MAX_DEPTH + 1)
_CONSTANTS = {"always-true": True, "always-false": False}


def parse_text(text: str, item: ItemKind = ItemKind.FILES) -> Clause:
    """Return the tree that a search in the text form means, or raise InvalidRequestError."""
    check_text_size(text)
    parser = _Parser(text, item)
    tree = parser.parse()
    check_tree(tree)
    return tree


class _Parser:
    """Reads a text by one method for each way to join clauses."""

    def __init__(self, text: str, item: ItemKind) -> None:
        self._text = text
        self._reader = TokenReader(text)
        self._item = item
        self._nested = 0
        self._clauses = 0

    def parse(self) -> Clause:
        """Return what the whole text means."""
        tree = self._alternatives()
        left = self._reader.token
        if left.sign:
            raise self._reader.mistake("This bracket closes nothing.", left.offset)
        check_bare_size(size_bytes(self._text) - self._reader.listed_bytes)
        return tree

    def _alternatives(self) -> Clause:
        clauses = [self._conjunction()]
        while self._reader.token.word == "or":
            self._reader.take()
            clauses.append(self._conjunction())
        return any_of(clauses)

    def _conjunction(self) -> Clause:
        clauses = [self._term()]
        while self._goes_on():
            clauses.append(self._term())
        return all_of(clauses)

    def _goes_on(self) -> bool:
        if self._reader.token.word == "and":
            self._reader.take()
            return True
        token = self._reader.token
        return token.word != "or" and (bool(token.pieces) or token.sign in ("(", "-"))

    def _term(self) -> Clause:
        token = self._reader.token
        if token.sign == "-" or token.word == "not":
            self._reader.take()
            if token.sign and self._reader.token.offset != token.end:
                raise self._reader.mistake(
                    "A minus stands right before what it excludes.", token.offset
                )
            return self._deeper(lambda: none_of([self._term()]), token)
        if token.sign == "(":
            return self._group(self._alternatives)
        if not token.pieces or token.word in ("and", "or"):
            raise self._reader.mistake(
                "Expected something to look for here, such as name:zen.* or a part of the name.",
                token.offset,
            )
        return self._clause(self._reader.take())

    def _group(self, read: Callable[[], Clause]) -> Clause:
        opening = self._reader.take()
        clause = self._deeper(read, opening)
        if self._reader.token.sign != ")":
            raise self._reader.mistake("The bracket that opens here is not closed.", opening.offset)
        self._reader.take()
        return clause

    def _deeper(self, read: Callable[[], Clause], token: Token) -> Clause:
        self._nested += 1
        if self._nested > _MAX_NESTED:
            raise too_deep(self._reader.place(token.offset))
        clause = read()
        self._nested -= 1
        return clause

    def _clause(self, token: Token) -> Clause:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise self._reader.mistake(
                f"A search has at most {MAX_CLAUSES} clauses: split this one.", token.offset
            )
        first = token.pieces[0]
        key, colon, _ = first.text.partition(":") if first.writing is Writing.PLAIN else ("",) * 3
        if colon:
            return self._keyed(key, token, self._word(token, len(key) + 1))
        self._check_alone(token)
        if key.startswith("@"):
            return self._saved(self._word(token, 1))
        if token.word in _CONSTANTS:
            return Constant(_CONSTANTS[token.word])
        return self._bare(self._word(token, 0))

    def _word(self, token: Token, start: int) -> Word:
        """Return the rest of a word; what stands in it before is plain."""
        first, *others = token.pieces
        rest = Piece(first.text[start:], first.writing, first.offset + start)
        kept = tuple(p for p in (rest, *others) if p.text or p.writing is Writing.QUOTED)
        return Word(kept, self._reader.place(token.offset + start))

    def _check_alone(self, token: Token) -> None:
        if self._reader.token.sign == "(" and self._reader.is_list(token):
            raise self._reader.mistake(
                "A bracket right after a word: put a blank before it, or quotes around the text "
                "that it belongs to.",
                token.end,
            )

    def _keyed(self, name: str, token: Token, word: Word) -> Clause:
        listed = self._reader.is_list(token)
        if name == "obs" and self._item is ItemKind.FILES:
            if word.pieces or not listed:
                raise located(
                    "A search of observations stands here in brackets: obs:(duration:>10m).",
                    word.place,
                )
            return ObservationMatches(self._group(self._of_observations))
        key = find_key(self._item, name)
        if key and listed and token.pieces[-1].text == f"{name}:in" and len(token.pieces) == 1:
            return read_list(key, self._reader.take_list(), word.place)
        self._check_alone(token)
        form = None if key else find_form(self._item, name)
        if not (key or form):
            raise self._unknown(name, token)
        if not word.pieces:
            raise self._reader.mistake(
                f"A value is missing after '{name}:'; write \"\" for the empty text.", token.end
            )
        if key:
            return read_comparison(self._item, key, word)
        return read_clause(form, word) if form else Constant(False)

    def _of_observations(self) -> Clause:
        self._item = ItemKind.OBSERVATIONS
        clause = self._alternatives()
        self._item = ItemKind.FILES
        return clause

    def _unknown(self, name: str, token: Token) -> Exception:
        known = [*key_names(self._item), *clause_names(self._item)]
        hint = nearest(name, known if len(name) > 12 or "-" in name else key_names(self._item))
        return self._reader.mistake(
            f"There is no key {shown(name)} in a search of {self._item.value}, put quotes around "
            f"a text with a colon; {hint}",
            token.offset,
        )

    def _saved(self, word: Word) -> Clause:
        if not word.literal:
            raise located("The name of a saved search is missing after '@'.", word.place)
        return Saved(word.literal, word.place)

    def _bare(self, word: Word) -> Clause:
        key = find_key(self._item, "name")
        if key is None:
            raise self._reader.mistake(
                f"A bare word is a part of a file's name: in a search of {self._item.value} "
                f"write a key before it; {nearest('', key_names(self._item))}",
                word.pieces[0].offset,
            )
        if word.cut_operator()[0]:
            return read_comparison(self._item, key, word)
        pattern = check_pattern(f"%{word.pattern}%", word.place)
        return Comparison(key.attribute, "matches", pattern, word.place)
