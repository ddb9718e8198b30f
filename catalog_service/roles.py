"""Roles, by their numbers in the database and in `librarian.v1.Role`: more may do more."""

from enum import IntEnum


class Role(IntEnum):
    """What an account may do; each role may do all that the ones before it may."""

    NONE = 1
    READONLY = 2
    CALLBACK = 3
    READAPPEND = 4
    READWRITE = 5
    ADMIN = 6
