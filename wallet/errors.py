"""Everything the wallet refuses. The message of an error is its docstring; it names a field and a remedy.

    WalletError
    |- FileTaken, UnreadableFile
    |- KeyfileError
    |  |- NotAKeyfile, DamagedKeyfile, WrongPassword, OpenPermissions (a warning), BadLabel
    |  `- NoPassword, WeakPassword
    |- SigningError
    |  `- WrongChain, Expired, BadSignature, WrongSigner
    `- OfferError
       `- NotTheDocument, OtherOffer

A single value that does not fit is contracts.abi.BadValue, which names its field and says what would fit.
"""

from __future__ import annotations

from typing import ClassVar


class WalletError(Exception):
    """The wallet cannot do this."""

    FIELD: ClassVar[str] = "wallet"
    """What to look at, unless the error is raised with another field."""
    REMEDY: ClassVar[str] = "see the documentation of the command"

    def __init__(self, detail: str = "", *, field: str = "") -> None:
        self.field = field or self.FIELD
        self.detail = detail
        message = " ".join((type(self).__doc__ or type(self).__name__).split()).rstrip(".")
        shown = f" ({detail})" if detail else ""
        super().__init__(f"{self.field}: {message}{shown}; {self.REMEDY}")


class FileTaken(WalletError):
    """A file of this name exists and is not overwritten."""

    FIELD = "file"
    REMEDY = "choose another name, or move the old file away"


class UnreadableFile(WalletError):
    """The file cannot be read."""

    FIELD = "file"
    REMEDY = "check its name and that you may read it"


class KeyfileError(WalletError):
    """The key file cannot be used."""

    FIELD = "key"


class NotAKeyfile(KeyfileError):
    """The file is not an encrypted key file, or only part of one."""

    REMEDY = "name a file that `amanat wallet new` made, or use your copy of it"


class DamagedKeyfile(KeyfileError):
    """The key file was changed or damaged after it was made."""

    REMEDY = (
        "use your copy of it; without one, ask the registrar for a new key: the account and its history stay"
    )


class WrongPassword(KeyfileError):
    """The password does not open this key file."""

    FIELD = "password"
    REMEDY = "type it again, mind the keyboard's language; a forgotten one needs a new key from the registrar"


class OpenPermissions(KeyfileError):
    """Other users of this computer can read the key file."""

    REMEDY = "run: chmod 600 FILE"


class BadLabel(KeyfileError):
    """A label is at most 40 printable characters."""

    FIELD = "label"
    REMEDY = "give a short one, such as `second phone`; never a person's name: the label is not encrypted"


class NoPassword(KeyfileError):
    """No password was given."""

    FIELD = "password"
    REMEDY = "type it when asked, or name a file that holds it with --password-file or AMANAT_PASSWORD_FILE"


class WeakPassword(KeyfileError):
    """The password is too short."""

    FIELD = "password"
    REMEDY = "take at least 8 characters; three unrelated words are good"


class SigningError(WalletError):
    """This is not signed."""


class WrongChain(SigningError):
    """This belongs to another ledger."""

    FIELD = "genesis_hash"
    REMEDY = "ask for an offer of your own ledger, or name the right deployment file"


class Expired(SigningError):
    """The deadline has passed."""

    FIELD = "deadline_unix_s"
    REMEDY = "check this device's clock, then ask for a new offer"


class BadSignature(SigningError):
    """This is not a valid compact signature with low s (EIP-2098, EIP-2)."""

    FIELD = "vs"
    REMEDY = "sign again with `amanat wallet`"


class WrongSigner(SigningError):
    """Somebody else signed this, or it was changed after it was signed."""

    FIELD = "r"
    REMEDY = "check the signer's address and the offer, then sign again"


class OfferError(WalletError):
    """The offer or signed file cannot be used."""

    FIELD = "file"


class NotTheDocument(OfferError):
    """The file is not the JSON document that is expected here."""

    REMEDY = "ask for the file again and do not edit it"


class OtherOffer(OfferError):
    """The signed file answers another offer."""

    REMEDY = "name the offer that was signed"
