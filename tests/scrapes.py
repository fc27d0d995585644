"""A scrape as a mapping from a sample as it is written to its value."""

from prometheus_client.parser import text_string_to_metric_families


def samples(text):
    """`senso_up{part="redis"}`: 1.0. Labels in alphabetical order."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found
