"""`rotate-keys`: what is stored encrypted is encrypted again under the first key."""

from senso.cli.acting_user import actor
from senso.cli.environment import connected
from senso.cli.printing import err, out, print_json
from senso.quantities import counted
from senso.records import record


def rotate(*, decrypt: bool, as_json: bool) -> None:
    from senso.workflows import rotating  # noqa: PLC0415  takes long to import

    with connected():
        done = rotating.decrypt(actor()) if decrypt else rotating.rotate(actor())
    if as_json:
        print_json(record(done))
        return
    websites, secrets = (
        counted(done.websites, "website"),
        counted(done.secrets, "secret of a webhook", "secrets of webhooks"),
    )
    if decrypt:
        out.print(f"Put {websites} into plain text.")
        return
    out.print(f"Encrypted {websites} and {secrets} under the first key.")
    err.print(
        "What an earlier run had done is not counted. Other keys of ENCRYPTION_KEYS are needed for older backups only."
    )
