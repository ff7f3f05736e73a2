"""What an operator may set, in one file, checked before anything starts."""

from hub_config.settings.loading import Loaded, load_settings
from hub_config.settings.notices import MailSettings, NoticeSettings
from hub_config.settings.sections import DataSettings, HubSettings, ReportSettings, Settings, SpawnerSettings

__all__ = [
    "DataSettings",
    "HubSettings",
    "Loaded",
    "MailSettings",
    "NoticeSettings",
    "ReportSettings",
    "Settings",
    "SpawnerSettings",
    "load_settings",
]
