"""What is stored encrypted: websites of orgs. What is read of them is the same, under whichever keys."""

from dataclasses import asdict
from uuid import UUID, uuid4

import pytest
from at_work import start, work_off
from cryptography.fernet import Fernet
from hooks import keys

from senso import encryption, imports
from senso.checks import encryption as checks
from senso.checks import require
from senso.db import at_once, transaction
from senso.errors import ConfigError, Sealed
from senso.extraction import READING_VERSION
from senso.policy import POLICY
from senso.queries import competitors, encrypted, evaluations, names, results
from senso.queries.imports import ALONE_KEY, Count, store
from senso.queries.prompts import alone
from senso.settings import settings
from senso.tasks.stages import find_names
from senso.workflows import reading_models, rotating
from senso.workflows.webhooks import managing

SITE, OTHER = "https://canary-4711.example", "https://second-4711.example"
PARTNER, ORG = UUID(int=1, version=4), UUID(int=2, version=4)
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def held(environment):
    with keys(environment, OLD) as given:
        yield given


def use(environment, *given):
    environment.setenv("ENCRYPTION_KEYS", ",".join(given))
    settings.cache_clear()


def imported(*sites):
    lines = (
        f"partners: [{{id: {PARTNER}, name: Partner, credits: 50}}]",
        f"orgs: [{{id: {ORG}, name: Larch Hill Credit Union, partner: {PARTNER}, created_at: 2026-01-05,",
        f"  websites: [{', '.join(sites)}]}}]",
    )
    with transaction() as db:
        return store(db, imports.parse("\n".join(lines), "orgs.yaml"), "me").org_websites


def stored(make):
    return [row["url"] for row in make.sql("SELECT url FROM org_websites ORDER BY position")]


def read(org=ORG):
    with transaction() as db:
        return results.websites(db, org)


def test_what_is_sealed_is_opened_in_its_place_only(held):
    sealed = encryption.sealed("org_websites:1", SITE)

    assert encryption.opened("org_websites:1", sealed) == SITE
    assert SITE not in sealed
    with pytest.raises(ConfigError, match="belongs to another row"):
        encryption.opened("org_websites:2", sealed)
    with pytest.raises(ConfigError, match="was changed in the database"):
        encryption.opened("org_websites:1", sealed[:-4] + "AAA=")


def test_all_keys_decrypt_and_the_first_encrypts(held, environment):
    sealed = encryption.sealed("x", SITE)
    use(environment, NEW, OLD)

    assert encryption.opened("x", sealed) == SITE
    assert encryption.sealed("x", SITE).split(":")[1] == encryption.name(NEW) != encryption.name(OLD)
    use(environment, NEW)
    with pytest.raises(ConfigError, match=f"a key that ENCRYPTION_KEYS lacks .{encryption.name(OLD)}."):
        encryption.opened("x", sealed)


def test_a_key_is_in_nothing_that_is_made_of_it(held):
    said = f"{encryption.sealed('x', SITE)} {encryption.names()} {encryption.fingerprints('x', SITE)}"

    assert OLD not in said
    assert encryption.fingerprints("x", SITE) != encryption.fingerprints("y", SITE)


def test_an_import_stores_websites_encrypted_and_finds_them_again(make, held):
    assert imported(SITE, OTHER) == Count(inserted=2)
    before = stored(make)
    assert imported(SITE, OTHER) == Count(unchanged=2)
    assert imported(OTHER, SITE) == Count(updated=2)
    assert imported(SITE) == Count(removed=1, updated=1)

    assert read() == (SITE,)
    assert stored(make) == before[:1]
    assert not make.sql("SELECT 1 FROM org_websites w WHERE w::text LIKE '%4711%'")


def test_an_import_finds_what_is_stored_under_an_older_key(make, held, environment):
    imported(SITE)
    use(environment, NEW, OLD)

    assert imported(SITE) == Count(unchanged=1)


def test_an_import_without_the_keys_changes_nothing(make, held, environment):
    imported(SITE)
    before = make.sql("SELECT * FROM org_websites")
    environment.delenv("ENCRYPTION_KEYS")
    settings.cache_clear()

    with pytest.raises(ConfigError, match="a key that ENCRYPTION_KEYS lacks"):
        imported(OTHER)

    assert make.sql("SELECT * FROM org_websites") == before


def test_nothing_is_added_under_another_key_than_what_is_stored(make, held, environment):
    imported(SITE)
    before = stored(make)
    use(environment, NEW)

    with pytest.raises(Sealed, match="encrypted under a key that ENCRYPTION_KEYS lacks"):
        imported(SITE, OTHER)
    with pytest.raises(Sealed), transaction() as db:
        managing.make(db, "https://hook.example/x", None, (), "me")

    assert stored(make) == before
    assert make.one("SELECT count(*) FROM webhooks") == 0


def test_everything_that_reads_websites_reads_the_same(make, sandbox, held):
    org = make.org(questions=1)
    plain = read(org.id)
    rotating.rotate("me")
    batch = make.batch(org)
    make.answered(make.runs(batch)[0])

    with at_once() as link:
        readers = reading_models.readers(link)
        found = evaluations.claim(link, make.runs(batch), "me", POLICY, readers=readers, prompts=alone(READING_VERSION))
    with transaction() as db:
        known = names.org(db, org.id)
        register = competitors.register(db, org.id, [])

    assert plain == read(org.id) == known.websites == ("https://larchhill.example",)
    assert [work.org.websites for work in found] == [plain]
    assert "larchhill.example" in found[0].org.variations
    assert not make.sql("SELECT 1 FROM org_websites WHERE url LIKE '%larchhill%'")
    assert register.canonical("larchhill.example") is None


def test_the_domains_are_not_stored_among_the_names(make, sandbox, held):
    org = make.org()
    rotating.rotate("me")
    start(make.queued(org))

    assert make.one("SELECT names FROM name_variations") is not None
    assert not make.sql("SELECT 1 FROM name_variations n WHERE n::text LIKE '%larchhill.example%'")


def test_rotating_encrypts_what_was_plain_and_forgets_the_domains(make, environment, sandbox):
    work_off(make, make.queued())
    assert make.sql("SELECT 1 FROM name_variations n WHERE n::text LIKE '%larchhill.example%'")
    with keys(environment, OLD):
        done = rotating.rotate("me")

        assert asdict(done) == {"websites": 1, "secrets": 0}
        assert not make.sql("SELECT 1 FROM name_variations n WHERE n::text LIKE '%larchhill.example%'")
        assert asdict(rotating.rotate("me")) == {"websites": 0, "secrets": 0}


def test_rotating_goes_on_where_it_was_stopped_and_needs_the_old_key_no_more(make, held, environment):
    orgs = [make.org().id for _ in range(5)]
    assert rotating.rotate("me").websites == 5
    use(environment, NEW, OLD)
    with transaction() as db:  # killed after its first step
        assert encrypted.encrypt_websites(db, ALONE_KEY, 2) == 2
    assert {read(org) for org in orgs} == {("https://larchhill.example",)}

    assert rotating.rotate("me").websites == 3

    use(environment, NEW)
    assert {read(org) for org in orgs} == {("https://larchhill.example",)}
    assert make.one("SELECT count(*) FROM audit WHERE action = 'rotate keys'") == 2


def test_rotating_without_one_of_the_keys_changes_nothing(make, held, environment):
    make.org()
    rotating.rotate("me")
    before = make.sql("SELECT * FROM org_websites")
    use(environment, NEW)

    with pytest.raises(ConfigError, match="add that key"):
        rotating.rotate("me")

    assert make.sql("SELECT * FROM org_websites") == before


def test_websites_can_be_put_back_into_plain_text(make, held, environment):
    org = make.org().id
    rotating.rotate("me")

    assert rotating.decrypt("me").websites == 1

    assert make.sql("SELECT url, fingerprint FROM org_websites") == [
        {"url": "https://larchhill.example", "fingerprint": None}
    ]
    environment.delenv("ENCRYPTION_KEYS")
    settings.cache_clear()
    assert read(org) == ("https://larchhill.example",)


def test_doctor_says_what_is_encrypted_and_what_a_program_cannot_read(make, held, environment):
    make.org()
    assert [(one.state, one.said) for one in checks.findings()] == [("warning", "1 website not under the first key")]
    rotating.rotate("me")
    assert [(one.state, one.said) for one in checks.findings()] == [("ok", "1 website, under the first of 1 key")]
    use(environment, NEW)
    (found,) = checks.findings()
    assert (found.state, found.why) == ("fault", "they cannot be read")
    with pytest.raises(ConfigError, match="under a key that is not set"):
        require([found])
    environment.delenv("ENCRYPTION_KEYS")
    settings.cache_clear()
    assert [one.state for one in checks.findings()] == ["fault"]


def test_a_website_is_decrypted_once_in_a_process(make, held):
    org = uuid4()
    sealed = encryption.sealed(encryption.website_of(org), SITE)
    encryption.opened_once.cache_clear()

    for _ in range(100):
        encryption.opened_websites(org, [sealed])

    assert encryption.opened_once.cache_info().misses == 1


def test_a_names_call_after_which_the_domains_are_dropped_is_asked_for_once(make, sandbox, held):
    """The fingerprint of what is asked for does not depend on how websites are stored."""
    org = make.org()
    batch = make.queued(org)
    start(batch)
    calls = make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'")
    rotating.rotate("me")

    find_names(str(batch))

    assert make.one("SELECT count(*) FROM llm_calls WHERE purpose = 'names'") == calls == 1
