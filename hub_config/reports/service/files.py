"""Our own script and style, and whether the service answers."""

from tornado.web import HTTPError

from hub_config.reports.service.base import Answer, PageHandler
from hub_config.reports.service.site import ASSETS

__all__ = ["AssetHandler", "HealthHandler"]

KEPT_A_YEAR = "private, max-age=31536000, immutable"


class HealthHandler(Answer):
    """Whether the service answers; for the launcher, without signing in."""

    def get(self) -> None:
        """Say yes."""
        self.finish({"status": "ok"})


class AssetHandler(PageHandler):
    """Our own script and style."""

    def get(self, name: str) -> None:
        """Send one.

        Parameters
        ----------
        name : str
            Which.
        """
        content = self.site.assets.get(name)
        if content is None:
            raise HTTPError(404)
        self.set_header("Content-Type", ASSETS[name])
        self.set_header("Cache-Control", KEPT_A_YEAR)
        self.finish(content)
