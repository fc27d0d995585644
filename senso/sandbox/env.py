"""The settings with which the product calls only the sandbox."""

PORT = 8484  # fixed, so that the settings stay valid from one start to the next
SEED = 7
KEY = "sandbox-key"
KEY_START = "sandbox"  # every key with this prefix is accepted
SLACK = "/slack/services/T0SANDBOX/B0SANDBOX/sandboxhook"
TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's own, worth nothing elsewhere


def environment(url: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API_KEY": KEY,
        "BRIGHTDATA_BASE_URL": f"{url}/brightdata",
        "BRIGHTDATA_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        "ANTHROPIC_API_KEY": KEY,
        "AZURE_OPENAI_ENDPOINT": f"{url}/azure",
        "AZURE_OPENAI_KEY": KEY,
        "GEMINI_BASE_URL": f"{url}/gemini",
        "GEMINI_API_KEY": KEY,
        "LINKUP_BASE_URL": f"{url}/linkup",
        "LINKUP_API_KEY": KEY,
        "PERPLEXITY_BASE_URL": f"{url}/perplexity",
        "PERPLEXITY_API_KEY": KEY,
        "APPLICATION_API_URL": f"{url}/application",
        "API_TOKEN": TOKEN,
        "SLACK_WEBHOOK_URL": f"{url}{SLACK}",
    }


def lines(url: str) -> list[str]:
    """The settings as lines of `.env`."""
    return [f"{name}={value}" for name, value in environment(url).items()]
