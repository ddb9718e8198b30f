"""Accounts and tokens as messages."""

from catalog_service.roles import Role
from catalog_service.tables import Account, Token
from librarian.errors import InvalidRequestError
from librarian.v1 import accounts_pb2 as pb


def role_of(number: int) -> Role:
    """Return the role of a message; raise InvalidRequestError for a number that is none."""
    try:
        return Role(number)
    except ValueError:
        names = ", ".join(role.name for role in Role)
        raise InvalidRequestError(f"A role is one of {names}.") from None


def account_message(account: Account) -> pb.Account:
    """Return an account."""
    return pb.Account(
        name=account.name,
        role=pb.Role.Name(account.role),
        kind=account.kind,
        create_time=account.create_time,
        has_password=account.password_hash is not None,
    )


def token_message(token: Token, account_name: str) -> pb.Token:
    """Return a token, without its secret."""
    return pb.Token(
        id=token.id,
        account_name=account_name,
        name=token.name,
        role=pb.Role.Name(token.role),
        create_time=token.create_time,
        expire_time=token.expire_time,
        last_use_time=token.last_use_time,
    )
