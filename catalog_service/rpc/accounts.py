"""The Accounts service."""

from datetime import timedelta
from typing import Protocol

import grpc
from sqlalchemy.orm import Session

from catalog_service import accounts, tokens
from catalog_service.accounts import AGENT, PERSON, TRANSFER_SERVICE, WEB_FRONTEND
from catalog_service.database import Database
from catalog_service.passwords import Passwords
from catalog_service.retrying import run_transaction
from catalog_service.roles import Role
from catalog_service.rpc.account_messages import account_message, role_of, token_message
from catalog_service.sign_in import check_password, sign_in
from catalog_service.sign_in_links import create_code, sign_in_by_code
from catalog_service.tables import Account
from catalog_service.token_checks import TokenChecks
from librarian.errors import NotAllowedError, NotSignedInError
from librarian.service.calls import current_caller
from librarian.v1 import accounts_pb2 as pb
from librarian.v1 import accounts_pb2_grpc

_KINDS = {
    pb.Account.KIND_UNSPECIFIED: PERSON,
    pb.Account.PERSON: PERSON,
    pb.Account.AGENT: AGENT,
    pb.Account.TRANSFER_SERVICE: TRANSFER_SERVICE,
    pb.Account.WEB_FRONTEND: WEB_FRONTEND,
}


class AccountsParts(Protocol):
    """What of the catalogue the service needs."""

    @property
    def database(self) -> Database:
        """The catalogue's database."""
        ...

    @property
    def passwords(self) -> Passwords:
        """What hashes and checks passwords."""
        ...

    @property
    def token_checks(self) -> TokenChecks:
        """What tells whom a token stands for."""
        ...


class AccountsServicer(accounts_pb2_grpc.AccountsServicer):
    """Serves librarian.v1.Accounts."""

    def __init__(self, catalog: AccountsParts) -> None:
        self._database = catalog.database
        self._transactions = catalog.database.transactions
        self._passwords = catalog.passwords
        self._checks = catalog.token_checks

    def SignIn(
        self, request: pb.SignInRequest, context: grpc.ServicerContext
    ) -> pb.CreateTokenResponse:
        """Trade a name and a password, or the code of a link, for a token."""
        address = current_caller().address
        if request.code:
            signed_in = sign_in_by_code(self._database, request.code, address)
        else:
            name, password = request.account_name, request.password
            signed_in = sign_in(self._database, self._passwords, name, password, address)
        token = token_message(signed_in.token, signed_in.account_name)
        return pb.CreateTokenResponse(token=token, secret=signed_in.secret)

    def CreateAccount(
        self, request: pb.CreateAccountRequest, context: grpc.ServicerContext
    ) -> pb.Account:
        """Create an account."""
        role, kind = role_of(request.role), _KINDS.get(request.kind, PERSON)
        hashed = self._passwords.hash(request.password) if request.password else None
        return run_transaction(
            self._transactions,
            lambda db: account_message(
                accounts.create_account(db, request.name, role, kind=kind, password_hash=hashed)
            ),
        )

    def ListAccounts(
        self, request: pb.ListAccountsRequest, context: grpc.ServicerContext
    ) -> pb.ListAccountsResponse:
        """List all accounts."""
        return run_transaction(
            self._database.readings,
            lambda db: pb.ListAccountsResponse(
                accounts=map(account_message, accounts.list_accounts(db))
            ),
        )

    def UpdateAccount(
        self, request: pb.UpdateAccountRequest, context: grpc.ServicerContext
    ) -> pb.Account:
        """Change an account's role."""
        role = role_of(request.role)
        message = run_transaction(
            self._transactions,
            lambda db: account_message(accounts.update_role(db, request.name, role)),
        )
        self._checks.forget()
        return message

    def DeleteAccount(
        self, request: pb.DeleteAccountRequest, context: grpc.ServicerContext
    ) -> pb.DeleteAccountResponse:
        """Delete an account and its tokens."""
        run_transaction(self._transactions, lambda db: accounts.delete_account(db, request.name))
        self._checks.forget()
        return pb.DeleteAccountResponse()

    def SetPassword(
        self, request: pb.SetPasswordRequest, context: grpc.ServicerContext
    ) -> pb.SetPasswordResponse:
        """Set one's own password, or as an administrator anyone's."""
        name = _own_or_any(request.account_name)
        if name == current_caller().name:
            self._check_own(name, request.old_password)
        hashed = self._passwords.hash(request.new_password)
        run_transaction(self._transactions, lambda db: accounts.set_password_hash(db, name, hashed))
        self._checks.forget()
        return pb.SetPasswordResponse()

    def CreateToken(
        self, request: pb.CreateTokenRequest, context: grpc.ServicerContext
    ) -> pb.CreateTokenResponse:
        """Create a token for oneself, or as an administrator for anyone."""
        name = _own_or_any(request.account_name)
        role = role_of(request.role) if request.role else _least(name)
        seconds = request.lifetime_seconds
        lifetime = timedelta(seconds=min(seconds, 2**40)) if seconds else None

        def create(db: Session) -> pb.CreateTokenResponse:
            account = accounts.get_account(db, name)
            token, secret = tokens.create_token(
                db, account, request.name, role=_cap(role, account), lifetime=lifetime
            )
            return pb.CreateTokenResponse(token=token_message(token, name), secret=secret)

        return run_transaction(self._transactions, create)

    def CreateSignInLink(
        self, request: pb.CreateSignInLinkRequest, context: grpc.ServicerContext
    ) -> pb.CreateSignInLinkResponse:
        """Create the code of a link for oneself, or as an administrator for anyone."""
        name = _own_or_any(request.account_name)
        role = _least(name)

        def create(db: Session) -> pb.CreateSignInLinkResponse:
            code, expire_time = create_code(db, accounts.get_account(db, name), role)
            return pb.CreateSignInLinkResponse(code=code, expire_time=expire_time)

        return run_transaction(self._transactions, create)

    def ListTokens(
        self, request: pb.ListTokensRequest, context: grpc.ServicerContext
    ) -> pb.ListTokensResponse:
        """List one's own tokens, or as an administrator anyone's."""
        name = _own_or_any(request.account_name)

        def read(db: Session) -> pb.ListTokensResponse:
            found = tokens.list_tokens(db, accounts.get_account(db, name))
            return pb.ListTokensResponse(tokens=[token_message(token, name) for token in found])

        return run_transaction(self._database.readings, read)

    def RevokeToken(
        self, request: pb.RevokeTokenRequest, context: grpc.ServicerContext
    ) -> pb.RevokeTokenResponse:
        """End one's own token, or as an administrator anyone's."""

        def revoke(db: Session) -> None:
            public, owner = tokens.get_owner(db, request.id)
            _own_or_any(owner)
            tokens.revoke_token(db, public)

        run_transaction(self._transactions, revoke)
        self._checks.forget()
        return pb.RevokeTokenResponse()

    def _check_own(self, name: str, old_password: str) -> None:
        """Raise NotAllowedError unless the caller may set the password of its own account.

        A token of fewer rights than its account must not become a password, and so all of them.
        """
        account = run_transaction(
            self._database.readings, lambda db: accounts.get_account(db, name)
        )
        if account.password_hash is None:
            if current_caller().role < account.role:
                raise NotAllowedError(
                    "This token has fewer rights than its account, so it cannot set a password."
                )
            return
        try:
            address = current_caller().address
            check_password(self._database, self._passwords, name, old_password, address)
        except NotSignedInError:
            raise NotAllowedError(
                "The old password is wrong, so it stays as it is. After several failures, wait"
                " before the next try: up to five minutes."
            ) from None


def _own_or_any(name: str) -> str:
    """Return the account that is meant; raise NotAllowedError when it is another's business."""
    caller = current_caller()
    if name and name != caller.name and caller.role < Role.ADMIN:
        raise NotAllowedError("Only an administrator may do this for another account.")
    return name or caller.name


def _least(name: str) -> Role | None:
    """Return the role of a token that one makes for oneself: no higher than that of the caller."""
    caller = current_caller()
    return Role(caller.role) if name == caller.name else None


def _cap(role: Role | None, account: Account) -> Role | None:
    """Refuse to make a token of more rights than the one that this call was signed in with."""
    caller = current_caller()
    if role is not None and account.name == caller.name and role > caller.role:
        raise NotAllowedError(
            f"A token of the role {Role(caller.role).name} cannot make one of more rights."
        )
    return role
