"""What is configured: read from the environment, from files of secrets and from `.env`, once and typed.

texts        text on its way in: what is taken away around it, what is refused in it
outside      what is given, and where: variables, files of secrets, lines of .env
fields       the settings: each with its type, default and meaning
hosts        where a URL of the web, or of Redis, goes
databases    DATABASE_URL in every form that it may have
moments      SENSO_CLOCK in figures
traps        FAILPOINTS in parts
production   what ENVIRONMENT=production refuses
variables    every variable in one table: for doctor, .env.example and docs/configuration.md
reading      all of it together; `settings()` is what everything else asks
"""

from senso.settings.fields import BASE_URLS, SERVICES, Settings
from senso.settings.reading import clock, moved_clock, read_settings, secret, settings, use_environment
from senso.settings.variables import misspelt, retired, unused

__all__ = [
    "BASE_URLS",
    "SERVICES",
    "Settings",
    "clock",
    "misspelt",
    "moved_clock",
    "read_settings",
    "retired",
    "secret",
    "settings",
    "unused",
    "use_environment",
]
