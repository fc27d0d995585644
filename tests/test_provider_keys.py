"""A key that was refused is read again, so that a mended one needs no restart of the workers."""

import pytest
from jobs import job

from senso import provider_keys
from senso.settings import settings
from senso.tasks.stages import read, submit_snapshot


@pytest.fixture
def mended(environment):
    """`mended("OPENAI_API_KEY", "new")`: somebody puts another key where the workers had read theirs."""
    settings()
    yield environment.setenv
    provider_keys.renewed.clear()
    provider_keys.looked_at.clear()


def outcomes(make):
    return [row["outcome"] for row in make.sql("SELECT outcome FROM llm_calls WHERE purpose <> 'names' ORDER BY id")]


def test_a_call_whose_key_is_refused_goes_on_with_the_mended_one(make, sandbox, mended):
    run = make.run()
    sandbox.fault("openai.responses", "401", times=1)
    mended("OPENAI_API_KEY", "sandbox-new-key")

    read(str(run))

    assert make.one("SELECT state FROM evaluations") == "done"
    assert outcomes(make) == ["answered", "read"]
    assert provider_keys.held("OPENAI_API_KEY") == "sandbox-new-key"


def test_a_job_whose_key_is_refused_is_submitted_with_the_mended_one(make, sandbox, mended):
    snapshot = job(make)
    sandbox.fault("brightdata.trigger", "401", times=1)
    mended("BRIGHTDATA_API_KEY", "sandbox-new-key")

    submit_snapshot(snapshot)

    assert make.one("SELECT state FROM vendor_jobs") == "running"


def test_a_mended_key_that_is_refused_too_ends_the_run_with_its_reason(make, sandbox, mended):
    run = make.run()
    sandbox.fault("openai.responses", "401")
    mended("OPENAI_API_KEY", "another-wrong-key")

    read(str(run))

    assert make.one("SELECT error FROM question_runs") == "openai 401: the key in OPENAI_API_KEY was not accepted"
    assert len(sandbox.calls("openai.responses")) == 2


def test_settings_that_cannot_be_read_again_leave_the_key_as_it_is(mended):
    mended("PORT", "abc")

    assert provider_keys.another("OPENAI_API_KEY", "sandbox-key") is None


def test_many_refusals_at_once_read_the_settings_once(mended):
    assert provider_keys.another("OPENAI_API_KEY", "sandbox-key") is None
    mended("OPENAI_API_KEY", "sandbox-new-key")

    assert provider_keys.another("OPENAI_API_KEY", "sandbox-key") is None
    provider_keys.looked_at.clear()
    assert provider_keys.another("OPENAI_API_KEY", "sandbox-key") == "sandbox-new-key"
    assert provider_keys.another("OPENAI_API_KEY", "sandbox-key") == "sandbox-new-key"


def test_a_key_that_is_put_back_is_used_again(mended, environment):
    environment.setenv("OPENAI_API_KEY", "first")
    settings.cache_clear()
    settings()
    mended("OPENAI_API_KEY", "second")
    assert provider_keys.another("OPENAI_API_KEY", "first") == "second"

    provider_keys.looked_at.clear()
    mended("OPENAI_API_KEY", "first")

    assert provider_keys.another("OPENAI_API_KEY", "second") == "first"
    assert provider_keys.held("OPENAI_API_KEY") == "first"
