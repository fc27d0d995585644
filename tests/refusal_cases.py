"""Every way to use `senso` wrongly that we know of, and every missing part: what is typed, and how it must end.

Words in capitals stand for the ids of `WORLD`; {braces} for what only a run knows, such as a port that is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

IDS = {
    "NOBODY": "00000000-0000-4000-8000-000000000001",
    "PARTNER": "10000000-0000-4000-8000-000000000001",
    "POOR": "10000000-0000-4000-8000-000000000002",
    "ORG": "20000000-0000-4000-8000-000000000001",
    "OTHER": "20000000-0000-4000-8000-000000000002",
    "EMPTY": "20000000-0000-4000-8000-000000000003",
    "ASLEEP": "20000000-0000-4000-8000-000000000004",
    "RETIRED": "20000000-0000-4000-8000-000000000005",
    "BROKE": "20000000-0000-4000-8000-000000000006",
    "STOPPED": "20000000-0000-4000-8000-000000000007",
    "NETWORK": "40000000-0000-4000-8000-000000000001",
    "UNATTENDED": "40000000-0000-4000-8000-000000000002",
}
QUESTION = "30000000-0000-4000-8000-000000000001"
ASKED = f"""
    questions: [{{id: {QUESTION}, text: Which lender is best?, kind: unbranded}}]
    locations: [{{country: US}}]"""


def org(
    word: str, *, name: str, partner: str = "PARTNER", asked: str = ASKED, more: str = "models: [gpt-6.1-terra]"
) -> str:
    head = f"  - id: {IDS[word]}\n    name: {name}\n    partner: {IDS[partner]}\n    created_at: 2026-01-05"
    return f"{head}{asked}\n    {more}\n"


def network(word: str, *, name: str, orgs: Sequence[str]) -> str:
    head = f"  - id: {IDS[word]}\n    name: {name}\n    partner: {IDS['PARTNER']}\n"
    return f"{head}    orgs: [{', '.join(IDS[one] for one in orgs)}]{ASKED}\n    models: [gpt-6.1-terra]\n"


WORLD = (
    "models:\n"
    "  - {slug: gone, provider: openai, name: gone, surface: api,\n"
    "     retirement: {on: 2026-01-31, source: its page, read_on: 2026-01-05}}\n"
    "partners:\n"
    f"  - {{id: {IDS['PARTNER']}, name: Larch Partner, credits: 100}}\n"
    f"  - {{id: {IDS['POOR']}, name: Poor Partner, credits: 0}}\n"
    "orgs:\n"
    + org("ORG", name="Larch Hill")
    + org("OTHER", name="Other")
    + org("EMPTY", name="No Questions", asked="")
    + org("ASLEEP", name="Not Active", more="models: [gpt-6.1-terra]\n    active: false")
    + org("RETIRED", name="Asks a Retired Model", more="models: [gone]")
    + org("BROKE", name="No Credits", partner="POOR")
    + org("STOPPED", name="Cancelled Today")
    + "networks:\n"
    + network("NETWORK", name="Lenders", orgs=("ORG", "ASLEEP"))
    + network("UNATTENDED", name="Nobody Active", orgs=("ASLEEP",))
)
GOOD = f"""\
partners:
  - {{id: {IDS["PARTNER"]}, name: Larch Partner, credits: 100}}
orgs:
  - id: {IDS["NOBODY"]}
    name: Larch Hill Credit Union
    partner: {IDS["PARTNER"]}
    websites: [https://larchhill.example]
    created_at: 2026-01-05
    questions:
      - {{id: {QUESTION}, text: Which lender is best?, kind: unbranded}}
    models: [gpt-6.1-terra]
    locations: [{{country: US}}]
"""
TWICE = GOOD + GOOD.partition("orgs:\n")[2]
# By name: an import file that is good but for what its name says.
IMPORTS: Mapping[str, tuple[str, str]] = {
    "wrong-date.yaml": ("2026-01-05", "soon"),
    "no-date.yaml": ("    created_at: 2026-01-05\n", ""),
    "no-country.yaml": ("country: US", "country: ZZ"),
    "three-letters.yaml": ("country: US", "country: USA"),
    "unknown-model.yaml": ("[gpt-6.1-terra]", "[gtp-4.1]"),
    "unknown-partner.yaml": (f"partner: {IDS['PARTNER']}", f"partner: {IDS['NOBODY']}"),
    "unknown-key.yaml": ("websites", "website"),
    "no-uuid.yaml": (f"id: {IDS['NOBODY']}", "id: 17"),
    "no-kind.yaml": (", kind: unbranded", ""),
    "a-limit-of-cost.yaml": ("credits: 100", "credits: 100, max_daily_cost: much"),
    "half-a-credit.yaml": ("credits: 100", "credits: 0.5"),
    "no-url.yaml": ("https://larchhill.example", "larchhill"),
    "a-name-of-no-word.yaml": ("    created_at", "    competitors: ['!!!']\n    created_at"),
    "an-alias-of-a-competitor.yaml": (
        "    created_at",
        "    competitors: [Vantry]\n    aliases: [Vantry Inc.]\n    created_at",
    ),
    "an-alias-of-another-org.yaml": ("    created_at", "    aliases: [Other]\n    created_at"),
    "unclosed.yaml": ("[gpt-6.1-terra]", "[gpt-6.1-terra"),
}
FILES: Mapping[str, bytes] = {
    **{name: GOOD.replace(*change, 1).encode() for name, change in IMPORTS.items()},
    "two-orgs-one-id.yaml": TWICE.encode(),
    "list.yaml": b"- one\n- two\n",
    "prose.yaml": b"Please import our organisations.\n",
    "empty.yaml": b"",
    "comments.yaml": b"# nothing yet\n",
    "deep.yaml": b"[" * 100_000,
    "binary.yaml": bytes(range(256)) * 16,
    "ids.txt": f"# ours\n{IDS['ORG']}\nacme\n".encode(),
    "long.txt": b"a" * 300_000,
    "empty.txt": b"",
    "sheet.csv": f"name;id\r\nLarch;{IDS['ORG']}\r\nOther\r\n".encode("utf-16"),
    "binary.txt": bytes(range(256)),
    "lines.jsonl": b"\xff\n",
}


@dataclass(frozen=True)
class Case:
    """`environment`: None takes a variable away. `shows`: the command prints more on stdout before it fails."""

    when: str
    command: str
    code: int
    environment: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    shows: bool = False
    root: bool = False


EMBEDDED = {"DATABASE_URL": None, "REDIS_URL": None}
NO_KEY = {"OPENAI_API_KEY": None}
# The sandbox's keys, which production refuses, are taken away but for those that a case gives.
OTHER_KEYS = ("ANTHROPIC_API_KEY", "AZURE_OPENAI_KEY", "GEMINI_API_KEY", "LINKUP_API_KEY", "PERPLEXITY_API_KEY")
PRODUCTION = {"ENVIRONMENT": "production", **dict.fromkeys(OTHER_KEYS)}
OWN = {"OPENAI_API_KEY": "sk-4f8a0c17be", "BRIGHTDATA_API_KEY": "0b7d5e624f", "API_TOKEN": "9d2c4b1f0a"}
KNOWN = {"DATABASE_URL": "postgresql://senso:senso@127.0.0.1/senso"}
LONG = "x" * 256
CASES: Mapping[str, tuple[Case, ...]] = {
    "Ids": (
        Case("no such org", "trigger org NOBODY", 4),
        Case("one of several", "trigger org OTHER NOBODY", 4),
        Case("to foresee", "trigger org NOBODY --dry-run", 4),
        Case("no such network", "trigger network NOBODY", 4),
        Case("to foresee", "trigger network NOBODY --dry-run", 4),
        Case("no such network", "trigger missing NOBODY", 4),
        Case("no such org", "trigger missing NETWORK NOBODY", 4),
        Case("no such org", "report NOBODY", 4),
        Case("no such network", "report ORG --network NOBODY", 4),
        Case("no such org", "compare NOBODY", 4),
        Case("no such org", "explain NOBODY mention_rate", 4),
        Case("no such org", "names NOBODY", 4),
        Case("no such proposal", "names ORG --accept Larch", 4),
        Case("no such name", "names ORG --reject Larch", 4),
        Case("the org's own name", "names ORG --reject 'Larch Hill'", 2),
        Case("neither an org nor a batch", "reevaluate NOBODY", 4),
        Case("nothing was begun", "reevaluate ORG --cancel", 4),
        Case("nothing was compared", "reevaluate ORG --apply", 2),
        Case("to look and to have it count", "reevaluate ORG --compare --apply", 2),
        Case("no such org", "export-training - --org NOBODY", 4),
        Case("an org without numbers", "report ORG", 4),
        Case("an org without numbers", "compare ORG", 4),
        Case("an org without numbers", "explain ORG mention_rate", 4),
        Case("no such batch", "status NOBODY", 4),
        Case("no such batch", "watch NOBODY", 4),
        Case("no such batch", "cancel NOBODY", 4),
        Case("no such batch", "retry NOBODY", 4),
        Case("no such batch", "runs NOBODY", 4),
        Case("no such run or batch", "show NOBODY", 4),
        Case("no run of this number", "show 77", 4),
        Case("no such partner", "credits NOBODY", 4),
        Case("no such partner", "credits NOBODY --grant 5 --ref invoice-7", 4),
        Case("no such partner", "ledger NOBODY", 4),
        Case("not a UUID", "trigger org acme", 2),
        Case("not a UUID", "trigger network acme", 2),
        Case("not a UUID", "trigger missing acme", 2),
        Case("not a UUID", "report acme", 2),
        Case("no date", "compare ORG --since soon", 2),
        Case("no such number", "explain ORG visibility", 2),
        Case("not a UUID", "status acme", 2),
        Case("not a UUID", "watch acme", 2),
        Case("not a UUID", "cancel acme", 2),
        Case("not a UUID", "retry acme", 2),
        Case("neither a batch nor filters", "cancel", 2),
        Case("a batch and filters", "retry BATCH --since 1h", 2),
        Case("nothing matches", "retry --reason timeout", 4),
        Case("not a UUID", "runs acme", 2),
        Case("neither UUID nor number", "show acme", 2),
        Case("longer than a number", "show 9999999999999999999", 2),
        Case("not a UUID", "credits acme", 2),
        Case("not a UUID", "ledger acme", 2),
    ),
    "Orgs that cannot be asked for": (
        Case("it has no questions", "trigger org EMPTY", 2),
        Case("it is not active", "trigger org ASLEEP", 2),
        Case("its model is retired", "trigger org RETIRED", 2),
        Case("a key is missing", "trigger org ORG", 2, {"OPENAI_API_KEY": None}),
        Case("a key is empty", "trigger org ORG", 2, {"OPENAI_API_KEY": ""}),
        Case("today's batch was cancelled", "trigger org STOPPED", 2),
        Case("the key was used for another org", "trigger org OTHER --idempotency-key key-1", 2),
        Case("the key was used without --reopen", "trigger org ORG --idempotency-key key-1 --reopen", 2),
        Case("one key for two orgs", "trigger org ORG OTHER --idempotency-key key-2", 2),
        Case("an empty key", "trigger org ORG --idempotency-key ''", 2),
        Case("a batch that is under way", "retry BATCH", 2),
    ),
    "Networks that cannot be asked for": (
        Case("it has no active org", "trigger network UNATTENDED", 2),
        Case("it has no active org", "trigger missing UNATTENDED", 2),
        Case("a key is missing", "trigger network NETWORK", 2, {"OPENAI_API_KEY": None}),
        Case("it was asked nothing yet", "trigger missing NETWORK", 2),
        Case("it was asked nothing yet", "trigger missing NETWORK ORG --dry-run", 2),
        Case("the org is not in it", "trigger missing NETWORK OTHER", 2),
        Case("the org is not active", "trigger missing NETWORK ASLEEP", 2),
        Case("one key for two networks", "trigger network NETWORK UNATTENDED --idempotency-key key-2", 2),
    ),
    "Import files": (
        *(Case(name.removesuffix(".yaml").replace("-", " "), f"import {name}", 2) for name in IMPORTS),
        Case("one id twice", "import two-orgs-one-id.yaml", 2),
        Case("a list", "import list.yaml", 2),
        Case("prose", "import prose.yaml", 2),
        Case("an empty file", "import empty.yaml", 2),
        Case("nothing but comments", "import comments.yaml", 2),
        Case("nested without end", "import deep.yaml", 2),
        Case("a binary file", "import binary.yaml", 2),
        Case("no such file", "import nowhere.yaml", 2),
        Case("a folder", "import folder", 2),
    ),
    "Files of ids": (
        Case("a line that is no id", "trigger org --file ids.txt", 2),
        Case("a line without its id", "trigger org --file sheet.csv", 2),
        Case("a line that is too long", "trigger org --file long.txt", 2),
        Case("an empty file", "trigger org --file empty.txt", 2),
        Case("a binary file", "trigger org --file binary.txt", 2),
        Case("no such file", "trigger org --file nowhere.txt", 2),
        Case("a folder", "trigger org --file folder", 2),
    ),
    "Options": (
        Case("no such command", "sing", 2),
        Case("no such option", "status --jsno", 2),
        Case("an id is missing", "runs", 2),
        Case("nothing to trigger", "trigger org", 2),
        Case("nothing to trigger", "trigger network", 2),
        Case("no such state", "status --state done", 2),
        Case("no moment", "status --since nonsense", 2),
        Case("a moment to come", "status --since 2999-01-01", 2),
        Case("longer than time", "status --since 999999w", 2),
        Case("no moment", "alarms --since nonsense", 2),
        Case("a batch and a choice", "status BATCH --state failed", 2),
        Case("no such format", "report ORG --format nonsense", 2),
        Case("an audit of what is no batch", "show 77 --audit", 4),
        Case("a negative grant", "credits PARTNER --grant -5 --ref invoice-7", 2),
        Case("a grant of nothing", "credits PARTNER --grant 0 --ref invoice-7", 2),
        Case("a grant of too much", f"credits PARTNER --grant {10**16} --ref invoice-7", 2),
        Case("a grant without its ref", "credits PARTNER --grant 5", 2),
        Case("a ref without a grant", "credits PARTNER --ref invoice-7", 2),
        Case("an empty ref", "credits PARTNER --grant 5 --ref ' '", 2),
        Case("a ref that is too long", f"credits PARTNER --grant 5 --ref {LONG}", 2),
        Case("a ref of another grant", "credits PARTNER --grant 5 --ref import:PARTNER", 2),
        Case("no rows", "ledger PARTNER --last 0", 2),
        Case("rows of whom", "ledger", 2),
        Case("since when, of rows", "ledger PARTNER --since 2h", 2),
        Case("so many rows of a comparison", "ledger --reconcile --last 3", 2),
        Case("a moment that is none", "ledger --reconcile --since soon", 2),
        Case("too many questions", "demo --questions 99", 2),
        Case("no workers", "up --call-workers 0", 2),
    ),
    "AI assistants": (
        Case("no token", "mcp", 2),
        Case("no such file", "mcp --token-file nowhere.txt", 2),
        Case("a folder", "mcp --token-file .", 2),
    ),
    "Settings": (
        Case("no number", "status", 2, {"PORT": "abc"}),
        Case("out of range", "status", 2, {"PORT": "70000"}),
        Case("below zero", "status", 2, {"MAX_RUNNING_BATCHES": "-1"}),
        Case("more than there can be", "status", 2, {"MAX_RUNNING_BATCHES": "99999999999999999999"}),
        Case("no end of seconds", "status", 2, {"SOFT_SHUTDOWN_SECONDS": "inf"}),
        Case("not one of its words", "status", 2, {"LOG_FORMAT": "xml"}),
        Case("not one of its words", "status", 2, {"ENVIRONMENT": "Production"}),
        Case("no moment", "status", 2, {"SENSO_CLOCK": "nonsense"}),
        Case("no URL", "status", 2, {"OPENAI_BASE_URL": "api.openai.com"}),
        Case("a moment of no use", "status", 2, {"SENSO_CLOCK": "0001-01-01T00:00Z"}),
        Case("no places to fail at", "up --no-flower", 2, {"FAILPOINTS": "nonsense"}),
        Case("no URL", "status", 2, {"APPLICATION_API_URL": "nonsense"}),
        Case("no host", "status", 2, {"OPENAI_BASE_URL": "https://api..openai.com/v1"}),
        Case("Slack in clear text", "status", 2, {"SLACK_WEBHOOK_URL": "http://hooks.slack.com/services/T/B/x"}),
        Case("nothing to test", "alarms --test", 2, {"SLACK_WEBHOOK_URL": None}),
        Case("Slack is away", "alarms --test", 5, {"SLACK_WEBHOOK_URL": "http://127.0.0.1:9/services/x"}),
        Case("no port", "status", 2, {"OPENAI_BASE_URL": "https://api.openai.com:99999/v1"}),
        Case("a line of .env for a key", "status", 2, {"OPENAI_API_KEY": "OPENAI_API_KEY=sk-hunter2"}),
        Case("a percent code of no text", "status", 2, {"DATABASE_URL": "postgresql://me:hunter2%FF@127.0.0.1/senso"}),
        Case("a file of a secret that is not there", "status", 2, {**NO_KEY, "OPENAI_API_KEY_FILE": "nowhere"}),
        Case("a file of a secret that is not text", "status", 2, {**NO_KEY, "OPENAI_API_KEY_FILE": "binary.txt"}),
        Case("a file of a secret with three lines", "status", 2, {**NO_KEY, "OPENAI_API_KEY_FILE": "ids.txt"}),
        Case("a key in quotes", "status", 2, {"OPENAI_API_KEY": "'sk-hunter2'"}),
        Case("a key with a space in it", "status", 2, {"OPENAI_API_KEY": "sk-hunter2 hunter2"}),
        Case("a key that cannot be sent", "status", 2, {"BRIGHTDATA_API_KEY": "hünter2"}),
        Case("a key that no address carries", "status", 2, {"EVENT_KEY": "hunter2?"}),
        Case("a ceiling that is no number", "trigger org ORG", 2, {"MAX_DAILY_COST": "much"}),
        Case("a protection that there is not", "status", 2, {"SECRETS_MANAGER": "aws"}),
        Case("a key of another form for what is encrypted", "status", 2, {"ENCRYPTION_KEYS": "hunter2"}),
        Case("a webhook, and no key for its secret", "webhooks --add https://10.0.0.1/", 2),
        Case("no timetable there", "doctor", 2, {"SENSO_SCHEDULE": "nowhere.py"}, shows=True),
        Case("DATABASE_URL without REDIS_URL", "status", 2, {"REDIS_URL": None}),
        Case("REDIS_URL without DATABASE_URL", "status", 2, {"DATABASE_URL": None}),
        Case("another database's URL", "status", 2, {"DATABASE_URL": "mysql://me:hunter2@127.0.0.1/senso"}),
        Case("an @ in the password", "status", 2, {"DATABASE_URL": "postgresql://me:hunter2@hunter2@127.0.0.1/senso"}),
        Case("a port that is no number", "status", 2, {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:abc/senso"}),
        Case("no @ before its host", "status", 2, {"DATABASE_URL": "postgresql://me:hunter2/senso"}),
        Case("an IPv6 address", "status", 2, {"DATABASE_URL": "postgresql://me:hunter2@::1:5432/senso"}),
        Case("a server to read from", "status", 2, {"DATABASE_URL": "{database}?target_session_attrs=standby"}),
        Case("an option of DATABASE_URL without a value", "status", 2, {"DATABASE_URL": "{database}?sslmode"}),
        Case("a setting that Postgres does not know", "status", 2, {"DATABASE_URL": "{database}?options=-cnonsense=1"}),
        Case("an option of DATABASE_URL that there is not", "status", 2, {"DATABASE_URL": "{database}?nonsense=1"}),
        Case("a # in the password", "doctor", 2, {"REDIS_URL": "redis://:hunter2#hunter2@127.0.0.1:6379/0"}),
        Case("a [ in the password", "doctor", 2, {"REDIS_URL": "redis://:hunter[2@127.0.0.1:6379/0"}),
        Case("a host of Redis that cannot be", "doctor", 2, {"REDIS_URL": "redis://:hunter2@redis..internal/0"}),
        Case("several hosts of Redis", "status", 2, {"REDIS_URL": "redis://:hunter2@one:6379,two:6379/0"}),
        Case("Redis Sentinel", "status", 2, {"REDIS_URL": "redis+sentinel://:hunter2@one:26379/main/0"}),
        Case("options of TLS without TLS", "status", 2, {"REDIS_URL": "{redis}?ssl_cert_reqs=none"}),
        Case("two numbers of databases", "status", 2, {"REDIS_URL": "{redis}?db=9"}),
        Case("half a certificate", "status", 2, {"REDIS_URL": "rediss://127.0.0.1:9/0?ssl_certfile=c.pem"}),
        Case("an option of REDIS_URL that there is not", "trigger org ORG", 2, {"REDIS_URL": "{redis}?nonsense=1"}),
    ),
    "Settings in production": (
        Case("the clock is moved", "status", 2, {"SENSO_CLOCK": "+1d", **PRODUCTION}),
        Case("it is told to fail", "status", 2, {"FAILPOINTS": "[]", **PRODUCTION}),
        Case("no servers are named", "up", 2, {**EMBEDDED, **PRODUCTION}),
        Case("a key is empty", "status", 2, {"OPENAI_API_KEY": "", **PRODUCTION}),
        Case("a file of a secret is empty", "status", 2, {**NO_KEY, "OPENAI_API_KEY_FILE": "empty.txt", **PRODUCTION}),
        Case("a key of the sandbox", "status", 2, {**OWN, "OPENAI_API_KEY": "sandbox-key", **PRODUCTION}),
        Case("a password that everybody knows", "status", 2, {**OWN, **KNOWN, **PRODUCTION}),
        Case(
            "a key would be sent in clear text",
            "status",
            2,
            {**OWN, "OPENAI_BASE_URL": "http://api.example", **PRODUCTION},
        ),
        Case("a trial", "demo", 2, {**OWN, **PRODUCTION}),
        Case("made-up answers", "sandbox --port 0", 2, {**OWN, **PRODUCTION}),
    ),
    "Servers": (
        Case("Postgres is not there", "status", 5, {"DATABASE_URL": "postgresql://senso:hunter2@127.0.0.1:9/senso"}),
        Case("its host has no address", "status", 5, {"DATABASE_URL": "postgresql://senso:hunter2@nowhere.invalid/x"}),
        Case("it refuses the password", "status", 5, {"DATABASE_URL": "{wrong_database}"}),
        Case("it has no such database", "status", 5, {"DATABASE_URL": "{database}_of_nobody"}),
        Case("its database is empty", "status", 2, {"DATABASE_URL": "{empty}"}),
        Case("its database is empty", "import unknown-model.yaml", 2, {"DATABASE_URL": "{empty}"}),
        Case("its database is not UTF8", "migrate", 2, {"DATABASE_URL": "{latin}"}),
        Case("its database is not UTF8", "up --no-flower", 2, {"DATABASE_URL": "{latin}"}),
        Case("a schema that is not there", "migrate", 2, {"DATABASE_URL": "{empty}?options=-csearch_path=acme"}),
        Case("it is read-only", "migrate", 5, {"DATABASE_URL": "{frozen}"}),
        Case("it is read-only", "import world.yaml", 5, {"DATABASE_URL": "{frozen}"}),
        Case("none of two is there", "status", 5, {"DATABASE_URL": "postgresql://127.0.0.1:9,127.0.0.2:9/senso"}),
        Case("its database is newer than this version", "status", 2, {"DATABASE_URL": "{newer}"}),
        Case("its database is newer than this version", "migrate", 2, {"DATABASE_URL": "{newer}"}),
        Case("Postgres is not there", "up --no-flower", 5, {"DATABASE_URL": "postgresql://127.0.0.1:9/senso"}),
        Case("Postgres is not there", "api", 5, {"DATABASE_URL": "postgresql://127.0.0.1:9/senso"}),
        Case("its database is empty", "api", 2, {"DATABASE_URL": "{empty}"}),
        Case("Redis is not there", "trigger org ORG", 5, {"REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}),
        Case("Redis is not there", "up --no-flower", 5, {"REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}),
        Case("Redis is not there", "doctor", 5, {"REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}, shows=True),
        Case("its host has no address", "trigger org ORG", 5, {"REDIS_URL": "redis://:hunter2@nowhere.invalid/0"}),
        Case("no socket there", "trigger org ORG", 5, {"REDIS_URL": "unix:///nowhere/redis.sock"}),
        Case("a file of certificates is not there", "trigger org ORG", 2, {"REDIS_URL": "{tls}?ssl_ca_certs=/nowhere"}),
        Case("it does not speak TLS", "trigger org ORG", 5, {"REDIS_URL": "{tls}"}),
        Case("Redis wants a password", "trigger org ORG", 5, {"REDIS_URL": "{open_redis}"}),
        Case("it has no database for results", "trigger org ORG", 2, {"REDIS_URL": "{last_redis}"}),
        Case("it has no database for results", "up --no-flower", 2, {"REDIS_URL": "{last_redis}"}),
        Case("it has no database for results", "migrate", 2, {"REDIS_URL": "{last_redis}"}),
        Case("it has no database for results", "doctor", 2, {"REDIS_URL": "{last_redis}"}, shows=True),
        Case("Redis refuses the password", "trigger org ORG", 5, {"REDIS_URL": "{wrong_redis}"}),
        Case("Redis refuses the password", "retry BATCH", 5, {"REDIS_URL": "{wrong_redis}"}),
    ),
    "Folders, disks and ports": (
        Case("the home is a file", "status", 2, {**EMBEDDED, "SENSO_HOME": "empty.txt"}),
        Case("the home cannot be made", "status", 2, {**EMBEDDED, "SENSO_HOME": "/proc/senso"}),
        Case("the disk is full", "status", 5, {**EMBEDDED, "SENSO_HOME": "{disk}/home"}, root=True),
        Case("Flower's port is taken", "up", 2, {"FLOWER_PORT": "{port}"}),
        Case("Flower's port is none", "up", 2, {"FLOWER_PORT": "0"}),
        Case("the API's port is taken", "up --no-flower", 2, {"PORT": "{port}"}),
        Case("the API's port is taken", "api", 2, {"PORT": "{port}"}),
        Case("the API's address is another machine's", "api", 2, {"API_HOST": "192.0.2.1"}),
        Case("the API's address is nobody's", "up --no-flower", 2, {"API_HOST": "nowhere.invalid"}),
        Case("the metrics' port is taken", "up --no-flower", 2, {"METRICS_PORT": "{port}"}),
        Case("the metrics' port is taken", "metrics", 2, {"METRICS_PORT": "{port}"}),
        Case("the metrics' address is another machine's", "metrics", 2, {"METRICS_HOST": "192.0.2.1"}),
        Case("the sandbox's port is taken", "sandbox --port {port}", 2),
        Case("its port is none", "sandbox --port 99999", 2),
        Case("its address cannot be written", "sandbox --port 0 --announce nowhere/url", 2),
        Case("no such folder to replay", "sandbox --replay nowhere", 2),
        Case("nothing to replay in it", "sandbox --replay folder", 2),
        Case("a recording that is not text", "sandbox --replay .", 2),
        Case("no such option", "sandbox --nonsense", 2),
        Case("no such place of a fault", "sandbox --fault 'openai.read 429'", 2),
        Case("no such fault there", "sandbox --fault 'application unlisted'", 2),
        Case("a fault without a place", "sandbox --fault 429", 2),
        Case("no such option of a fault", "sandbox --fault 'application 500 rate=0.1'", 2),
        Case("more than all calls", "sandbox --fault 'application 500 share=2'", 2),
        Case("settings of no port", "sandbox --port 0 --env", 2),
        Case("its world over a file", "sandbox --write-import comments.yaml", 2),
        Case("its world into no folder", "sandbox --write-import nowhere/world.yaml", 2),
        Case("its world into a folder", "sandbox --write-import folder --force", 2),
        Case("a world larger than there is", "sandbox --write-import - --orgs 40000", 2),
        Case("its world and its settings in one", "sandbox --write-import - --env", 2),
        Case("a size of nothing", "sandbox --orgs 5", 2),
        Case("networks in nothing", "sandbox --networks 1", 2),
        Case("no such file to know", "sandbox --import nowhere.yaml", 2),
        Case("recorded and made up", "sandbox --import comments.yaml --replay folder", 2),
    ),
}
# While `senso up` runs, and the stand-in for OpenAI accepts no key.
LIVE: Mapping[str, tuple[Case, ...]] = {
    "While it runs": (
        Case("the key is wrong", "trigger org ORG --wait", 1, shows=True),
        Case("the partner has no credits", "trigger org BROKE --wait", 3, shows=True),
        Case("it is up already", "up --no-flower", 2),
        Case("a report into a folder that is not there", "report OTHER --output nowhere/report.html", 2),
        Case("a report in place of a folder", "report OTHER --format html --output folder", 2),
    )
}
