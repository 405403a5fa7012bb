"""Refusals that only HTTP knows: of a request, before any command was meant by it."""

from locker_app.domain.errors import DomainError


class IdempotencyKeyNeeded(DomainError):
    """Send an Idempotency-Key header: a value of your own that is new for each new request."""

    status = 400


class BadRequest(DomainError):
    """This request cannot be read."""

    status = 400


class BadJson(BadRequest):
    """The body is not valid JSON."""


class UnknownHost(DomainError):
    """This server does not have that name. Its operator can add it to CUBBY_ALLOWED_HOSTS."""

    status = 400


class CrossSite(DomainError):
    """This can only be done from this server's own pages."""

    status = 403


class NoSuchRoute(DomainError):
    """There is nothing at this address."""

    status = 404

    @property
    def code(self) -> str:
        """The same as for a thing that doesn't exist: clients need not know the difference."""
        return "not_found"


class MethodNotAllowed(DomainError):
    """This address does not take requests of this method."""

    status = 405


class BodyTooLarge(DomainError):
    """This request is too large."""

    status = 413


class TerminalsOff(DomainError):
    """Terminals are switched off."""

    status = 503


class TooManyFiles(DomainError):
    """Several files are being sent already. Try again when they are done."""

    status = 429


class Internal(DomainError):
    """Something went wrong on our side. It has been noted; please try again."""

    status = 500


BY_STATUS: dict[int, type[DomainError]] = {
    kind.status: kind
    for kind in (BadRequest, NoSuchRoute, MethodNotAllowed, BodyTooLarge, Internal)
}
"""What the framework's own refusals, which have a status only, are called here."""
