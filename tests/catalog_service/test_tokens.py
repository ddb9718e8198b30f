"""Tokens over a real channel: shown once, kept as hashes, ended on time."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from catalog_service.tables import Token
from librarian.errors import InvalidRequestError, NotAllowedError, NotFoundError, NotSignedInError
from librarian.v1 import accounts_pb2 as pb
from tests.catalog_service.catalog_site import CatalogSite
from tests.polling import wait_until


def tokens_of(catalog: CatalogSite, token: str | None, account: str = "") -> list[pb.Token]:
    request = pb.ListTokensRequest(account_name=account)
    return list(catalog.accounts(token).ListTokens(request).tokens)


def is_refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except NotSignedInError:
        return True
    return False


def revoke(catalog: CatalogSite, token: str | None, public: str) -> None:
    catalog.accounts(token).RevokeToken(pb.RevokeTokenRequest(id=public))


def test_a_token_is_kept_only_as_a_hash(catalog: CatalogSite) -> None:
    prefix, public, secret = catalog.add("ada").split("_", 2)
    with catalog.database.readings() as db:
        row = db.execute(select(Token).where(Token.id == public)).scalar_one()
    kept = {str(value) for value in vars(row).values()}
    assert prefix == "lib"
    assert len(row.secret_hash) == 64
    assert not any(secret in value for value in kept)


def test_tokens_are_listed_newest_first_and_without_secrets(catalog: CatalogSite) -> None:
    first = catalog.add("ada")
    second = catalog.token_of("ada", pb.NONE)
    listed = tokens_of(catalog, first)
    assert [token.id for token in listed] == [t.split("_")[1] for t in (second, first)]
    assert [token.role for token in listed] == [pb.NONE, pb.READONLY]


@pytest.mark.parametrize("lifetime_seconds", [-1, 2**62])
def test_a_lifetime_that_is_none_is_refused(catalog: CatalogSite, lifetime_seconds: int) -> None:
    with pytest.raises(InvalidRequestError, match="lasts at least a second"):
        catalog.token_of("admin", seconds=lifetime_seconds)


@pytest.mark.parametrize("name", ["", 65 * "x", "a\nb"])
def test_a_token_says_what_it_is_for(catalog: CatalogSite, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="what the token is for"):
        catalog.accounts().CreateToken(pb.CreateTokenRequest(name=name))


def test_a_token_ends_on_time_also_while_it_is_remembered(catalog: CatalogSite) -> None:
    catalog.add("ada")
    token = catalog.token_of("ada", seconds=2)
    assert catalog.ping(token).account_name == "ada"
    wait_until(
        lambda: is_refused(lambda: catalog.ping(token)), what="the token's end", timeout_seconds=60
    )


def test_a_revoked_token_ends_at_once(catalog: CatalogSite) -> None:
    token = catalog.add("ada")
    assert catalog.ping(token).account_name == "ada"
    revoke(catalog, None, token.split("_")[1])
    with pytest.raises(NotSignedInError):
        catalog.ping(token)


def test_one_revokes_ones_own_token_by_its_whole_text(catalog: CatalogSite) -> None:
    token, other = catalog.add("ada"), catalog.token_of("ada")
    revoke(catalog, token, other)
    with pytest.raises(NotSignedInError):
        catalog.ping(other)


def test_anothers_tokens_are_none_of_ones_business(catalog: CatalogSite) -> None:
    mine, yours = catalog.add("ada", pb.READWRITE), catalog.add("eve")
    with pytest.raises(NotAllowedError):
        revoke(catalog, mine, yours.split("_")[1])
    with pytest.raises(NotAllowedError):
        tokens_of(catalog, mine, "eve")
    with pytest.raises(NotAllowedError):
        catalog.accounts(mine).CreateToken(pb.CreateTokenRequest(account_name="eve", name="x"))
    assert catalog.ping(yours).account_name == "eve"


def test_a_token_that_is_not_there_is_not_found(catalog: CatalogSite) -> None:
    for public in ("0123456789abcdef", "", "x", "a\x00"):
        with pytest.raises(NotFoundError, match="no such token"):
            revoke(catalog, None, public)


def test_a_token_has_no_more_rights_than_its_account(catalog: CatalogSite) -> None:
    catalog.add("ada", pb.READONLY)
    with pytest.raises(NotAllowedError, match="no more rights than its account"):
        catalog.token_of("ada", pb.READWRITE)


def test_a_token_makes_none_of_more_rights_than_it_has(catalog: CatalogSite) -> None:
    catalog.add("ada", pb.READWRITE)
    weak = catalog.token_of("ada", pb.READONLY)
    request = pb.CreateTokenRequest(name="stronger", role=pb.READWRITE)
    with pytest.raises(NotAllowedError, match="cannot make one of more rights"):
        catalog.accounts(weak).CreateToken(request)
    usual = catalog.accounts(weak).CreateToken(pb.CreateTokenRequest(name="usual"))
    assert usual.token.role == pb.READONLY


def test_who_is_given_a_lower_role_takes_its_tokens_down(catalog: CatalogSite) -> None:
    token = catalog.add("ada", pb.READWRITE)
    assert catalog.ping(token).role == pb.READWRITE
    catalog.accounts().UpdateAccount(pb.UpdateAccountRequest(name="ada", role=pb.READONLY))
    assert catalog.ping(token).role == pb.READONLY


def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(catalog: CatalogSite) -> None:
    token = catalog.add("ada")
    public = token.split("_")[1]
    answers = set()
    for wrong in ("x", "lib_", f"lib_{public}_{43 * 'A'}", f"lib_{'0' * 16}_{43 * 'A'}", token[4:]):
        with pytest.raises(NotSignedInError) as refused:
            catalog.ping(wrong)
        answers.add(str(refused.value))
    assert len(answers) == 1


def test_a_call_without_a_token_says_that_one_is_needed(catalog: CatalogSite) -> None:
    with pytest.raises(NotSignedInError, match="needs a token"):
        catalog.ping(None)


def test_the_last_use_is_kept_to_the_minute(catalog: CatalogSite) -> None:
    token = catalog.add("ada")
    assert not tokens_of(catalog, None, "ada")[0].HasField("last_use_time")
    catalog.ping(token)

    def last_use() -> int:
        return int(tokens_of(catalog, None, "ada")[0].last_use_time.seconds)

    assert wait_until(last_use, what="the token's use on record") % 60 == 0


def test_checking_a_token_again_asks_the_database_nothing(catalog: CatalogSite) -> None:
    checks = catalog.app._catalog.token_checks
    token = catalog.add("ada")
    statements: list[str] = []
    readings = catalog.app._catalog.database.readings.kw["bind"]
    event.listen(
        readings, "before_cursor_execute", lambda *args: statements.append(args[2]), named=False
    )
    checks.holder_of(token)
    first = sum("token" in statement for statement in statements)
    for _ in range(100):
        checks.holder_of(token)
    assert first == 1
    assert sum("FROM token" in statement for statement in statements) == 1
