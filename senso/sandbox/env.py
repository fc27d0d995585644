"""The settings with which the product asks the sandbox and nobody else."""

PORT = 8484  # so that the settings stay true from one start to the next
SEED = 7
KEY = "sandbox-key"
KEY_START = "sandbox"  # every key that starts so is right
TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's own, worth nothing elsewhere


def environment(url: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API_KEY": KEY,
        "BRIGHTDATA_BASE_URL": f"{url}/brightdata",
        "BRIGHTDATA_API_KEY": KEY,
        "APPLICATION_API_URL": f"{url}/application",
        "API_TOKEN": TOKEN,
    }


def lines(url: str) -> list[str]:
    """As they stand in `.env`."""
    return [f"{name}={value}" for name, value in environment(url).items()]
