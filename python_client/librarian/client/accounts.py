"""Calls about the site, accounts and tokens."""

from datetime import timedelta

from librarian.client.account_records import Account, NewToken, SignInLink, SiteInfo, Token
from librarian.client.messages import (
    read_account,
    read_new_token,
    read_site,
    read_time,
    read_token,
)
from librarian.client.sites import SiteCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import accounts_pb2, accounts_pb2_grpc

_OWN_ROLE = "ROLE_UNSPECIFIED"


class AccountCalls(SiteCalls):
    """What one can ask and change about accounts and tokens.

    A role is one of NONE, READONLY, CALLBACK, READAPPEND, READWRITE and ADMIN.
    """

    def ping(self) -> SiteInfo:
        """Return what the site says of itself, and of the caller."""
        stub = self._link.catalog(accounts_pb2_grpc.SiteStub)
        return read_site(stub.Ping(accounts_pb2.PingRequest()))

    def create_user(
        self,
        name: str,
        role: str,
        password: str | None = None,
        *,
        is_agent: bool = False,
        is_transfer_service: bool = False,
        is_web_frontend: bool = False,
    ) -> Account:
        """Create an account; raises ConflictError when the name is taken.

        Without a password it can only have tokens. An agent's account may announce that agent, a
        transfer service's may push files, and a web front end is believed from where people call.
        """
        kind = accounts_pb2.Account.AGENT if is_agent else accounts_pb2.Account.PERSON
        kind = accounts_pb2.Account.TRANSFER_SERVICE if is_transfer_service else kind
        kind = accounts_pb2.Account.WEB_FRONTEND if is_web_frontend else kind
        request = accounts_pb2.CreateAccountRequest(
            name=name, role=check_role(role), password=password or "", kind=kind
        )
        return read_account(self._accounts().CreateAccount(request))

    def list_users(self) -> list[Account]:
        """Return all accounts by name."""
        answer = self._accounts().ListAccounts(accounts_pb2.ListAccountsRequest())
        return [read_account(message) for message in answer.accounts]

    def delete_user(self, name: str) -> None:
        """Delete an account and all its tokens; raises UnknownAccountError."""
        self._accounts().DeleteAccount(accounts_pb2.DeleteAccountRequest(name=name))

    def set_role(self, name: str, role: str) -> Account:
        """Change an account's role; raises UnknownAccountError."""
        request = accounts_pb2.UpdateAccountRequest(name=name, role=check_role(role))
        return read_account(self._accounts().UpdateAccount(request))

    def set_password(self, new: str, old: str | None = None, user: str | None = None) -> None:
        """Set one's own password, which takes the old one, or as an administrator anyone's."""
        request = accounts_pb2.SetPasswordRequest(
            account_name=user or "", old_password=old or "", new_password=new
        )
        self._accounts().SetPassword(request)

    def create_token(
        self,
        name: str,
        user: str | None = None,
        role: str | None = None,
        lifetime: timedelta | None = None,
    ) -> NewToken:
        """Create a token called `name`, for oneself or as an administrator for a user.

        Without a role it has its account's; without a lifetime it does not end.
        """
        seconds = 0 if lifetime is None else int(lifetime.total_seconds())
        if lifetime is not None and seconds < 1:
            raise InvalidRequestError("A token must live for a second at least.")
        request = accounts_pb2.CreateTokenRequest(
            account_name=user or "",
            name=name,
            role=check_role(role) if role else _OWN_ROLE,
            lifetime_seconds=seconds,
        )
        return read_new_token(self._accounts().CreateToken(request))

    def create_sign_in_link(self, account: str | None = None) -> SignInLink:
        """Create a link that signs one in at the web pages, once and within ten minutes.

        As an administrator for any person: raises UnknownAccountError.
        """
        request = accounts_pb2.CreateSignInLinkRequest(account_name=account or "")
        answer = self._accounts().CreateSignInLink(request)
        return SignInLink(answer.code, read_time(answer.expire_time))

    def list_tokens(self, user: str | None = None) -> list[Token]:
        """Return one's own tokens, or as an administrator a user's, newest first."""
        request = accounts_pb2.ListTokensRequest(account_name=user or "")
        return [read_token(message) for message in self._accounts().ListTokens(request).tokens]

    def revoke_token(self, id: str) -> None:
        """End a token at once; raises NotFoundError."""
        self._accounts().RevokeToken(accounts_pb2.RevokeTokenRequest(id=id))

    def _accounts(self) -> accounts_pb2_grpc.AccountsStub:
        stub: accounts_pb2_grpc.AccountsStub = self._link.catalog(accounts_pb2_grpc.AccountsStub)
        return stub


def check_role(role: str) -> str:
    """Return a role as the wire spells it, or raise InvalidRequestError naming the roles."""
    known = [name for name in accounts_pb2.Role.keys() if name != _OWN_ROLE]  # noqa: SIM118
    if role.upper() in known:
        return role.upper()
    raise InvalidRequestError(f"There is no role {role!r}: use one of {', '.join(known)}.")
