"""The configuration: read once from environment variables, secret files and `.env`, into typed settings.

texts        cleaning of input text: stripped and refused characters
outside      the sources: environment variables, secret files, lines of .env
fields       the settings: each with its type, default and meaning
hosts        checks of the host and port of a URL (web or Redis)
databases    parses DATABASE_URL in every form
redis_urls   parses REDIS_URL in every form
moments      parses SENSO_CLOCK
traps        parses FAILPOINTS
prompt_shares parses READING_PROMPTS
production   what ENVIRONMENT=production refuses
variables    table of all variables: for doctor, .env.example and docs/configuration.md
reading      builds the settings; all other code calls `settings()`
"""

from senso.settings.fields import BASE_URLS, SERVICES, Settings
from senso.settings.reading import clock, moved_clock, read_settings, secret, secrets, settings, use_environment
from senso.settings.variable_list import misspelt, retired, unused

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
    "secrets",
    "settings",
    "unused",
    "use_environment",
]
