"""The configuration: read once from environment variables, secret files and `.env`, into typed settings.

texts             cleaning of input text: stripped and refused characters; lists with commas
sources           environment variables, secret files, lines of .env
fields            the settings: each with its type, default and meaning
addresses         checks of addresses on the web, of the proxy, of Postgres and Redis
hosts             checks of the host and port of a URL (web or Redis)
databases         parses DATABASE_URL in every form
redis_urls        parses REDIS_URL in every form
keys              checks of keys and logins
proxy_headers     checks of how a proxy names who has logged in
reading_values    checks of which models and prompts read answers
prompt_shares     parses READING_PROMPTS
clock_values      parses SENSO_CLOCK
failpoint_values  parses FAILPOINTS
production        what ENVIRONMENT=production refuses
variable_list     table of all variables: for doctor, .env.example and docs/configuration.md
reading           builds the settings; all other code calls `settings()`
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
