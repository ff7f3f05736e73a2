"""Who may sign in: the accounts file, and the authenticator that reads it."""

from hub_config.accounts.store import NAME_PATTERN, Account, AccountStore, make_password

__all__ = ["NAME_PATTERN", "Account", "AccountStore", "make_password"]
