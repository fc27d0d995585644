"""A version of the asked model is that model; anything else is another one, and said so."""

import pytest

from senso.model_versions import other_model


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4.1", "gpt-4.1-2025-04-14"),
        ("gpt-4.1", "senso-sandbox/gpt-4.1-2025-04-14"),
        ("claude-haiku-5-5", "claude-haiku-5-5-20260901"),
        ("claude-haiku-5-5-20260901", "claude-haiku-5-5"),
        ("gemini-3.5-flash", "gemini-3.5-flash-001"),
        ("gemini-3.5-flash", "models/gemini-3.5-flash-preview-09-2026"),
        ("perplexity/sonar", "sonar"),
        ("GPT-6-Luna", "gpt-6-luna"),
        ("gpt-6-luna", None),
        ("gpt-6-luna", ""),
        ("gpt-5.6", "gpt-5.6-sol-2026-07-01"),
    ],
)
def test_a_version_of_the_asked_model_is_that_model(asked, answered):
    assert other_model(asked, answered) is None


@pytest.mark.parametrize(
    ("asked", "answered", "other"),
    [
        ("gemini-2.5-flash", "gemini-3.5-flash-lite", "gemini-3.5-flash-lite"),
        ("gemini-2.5-pro", "models/gemini-3.8-flash-001", "gemini-3.8-flash-001"),
        ("gpt-4.1", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini-2025-04-14"),
        ("gpt-4.1-mini", "gpt-4.1", "gpt-4.1"),
        ("gpt-6.1-sol", "gpt-6-sol", "gpt-6-sol"),
        ("perplexity/sonar", "openai/gpt-6-luna", "gpt-6-luna"),
    ],
)
def test_another_model_is_named(asked, answered, other):
    assert other_model(asked, answered) == other
