"""Why a site could not be started."""


class SiteStartError(Exception):
    """A site could not be started; the message is a sentence for the person who tried."""
