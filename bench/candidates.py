"""Intervals that bench/coverage.py compares with the product's, for samples of questions with equally many answers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

Z = 1.959964
RESAMPLES = 500
FEW = 400  # samples of the methods that resample
Bounds = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Samples:
    """`hits`: of each sample (row) and question (column), among `answers` answers."""

    hits: np.ndarray
    answers: int

    @property
    def questions(self) -> int:
        return self.hits.shape[1]

    @property
    def n(self) -> int:
        return self.questions * self.answers

    @property
    def rate(self) -> np.ndarray:
        return self.hits.sum(1) / self.n

    @property
    def variance(self) -> np.ndarray:
        """Of the rate, between questions (CR1, which is CR2 where all questions have equally many answers)."""
        return self.hits.var(1, ddof=1) / self.questions / self.answers**2

    def first(self, count: int) -> "Samples":
        return Samples(self.hits[:count], self.answers)


def t(samples: Samples, tail: float = 0.975) -> float:
    return float(stats.t.ppf(tail, samples.questions - 1))


def wilson(rate: np.ndarray, n: np.ndarray | float, z: np.ndarray | float = Z) -> Bounds:
    stretch = 1 + z**2 / n
    centre = (rate + z**2 / (2 * n)) / stretch
    half = z / stretch * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


def textbook(samples: Samples) -> Bounds:
    return wilson(samples.rate, samples.n)


def around(centre: np.ndarray, half: np.ndarray) -> Bounds:
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def cluster_t(samples: Samples) -> Bounds:
    return around(samples.rate, t(samples) * np.sqrt(samples.variance))


def jackknife(samples: Samples) -> Bounds:
    more = samples.questions / (samples.questions - 1)
    return around(samples.rate, t(samples) * np.sqrt(samples.variance * more))


def logit(samples: Samples) -> Bounds:
    """Without any hit, or with nothing else, it has no width."""
    rate = np.clip(samples.rate, 1e-12, 1 - 1e-12)
    half = t(samples) * np.sqrt(samples.variance) / (rate * (1 - rate))
    return special.expit(special.logit(rate) - half), special.expit(special.logit(rate) + half)


def effective(samples: Samples) -> np.ndarray:
    """The effective number of answers; that of all where there is nothing to measure it by."""
    single = samples.rate * (1 - samples.rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(samples.variance > 0, np.minimum(samples.n, single / samples.variance), samples.n)


def rao_scott(samples: Samples) -> Bounds:
    return wilson(samples.rate, effective(samples))


def wilson_t(samples: Samples) -> Bounds:
    return wilson(samples.rate, effective(samples), t(samples))


def korn_graubard(samples: Samples) -> Bounds:
    n = np.minimum(samples.n, effective(samples) * (Z / t(samples)) ** 2)
    hits = n * samples.rate
    with np.errstate(invalid="ignore"):
        low, high = stats.beta.ppf(0.025, hits, n - hits + 1), stats.beta.ppf(0.975, hits + 1, n - hits)
    return np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)


def _resampled(samples: Samples) -> np.ndarray:
    rng = np.random.default_rng(1)
    times = rng.multinomial(samples.questions, np.full(samples.questions, 1 / samples.questions), RESAMPLES)
    return np.sort(samples.hits @ times.T / samples.n, axis=1)


def bootstrap(samples: Samples) -> Bounds:
    drawn = _resampled(samples)
    return drawn[:, int(0.025 * (RESAMPLES - 1))], drawn[:, int(np.ceil(0.975 * (RESAMPLES - 1)))]


def bca(samples: Samples) -> Bounds:
    """B. Efron, Better bootstrap confidence intervals, JASA 82 (1987)."""
    drawn = _resampled(samples)
    rate = samples.rate[:, None]
    below = ((drawn < rate).mean(1) + (drawn == rate).mean(1) / 2).clip(0.5 / RESAMPLES, 1 - 0.5 / RESAMPLES)
    off = samples.hits.mean(1, keepdims=True) - samples.hits
    squares = (off**2).sum(1)
    bent = np.divide(-(off**3).sum(1), 6 * squares**1.5, out=np.zeros_like(squares), where=squares > 0)
    bias, places = stats.norm.ppf(below), []
    for z in (-Z, Z):
        moved = stats.norm.cdf(bias + (bias + z) / (1 - bent * (bias + z)))
        places.append(np.clip(np.round(moved * (RESAMPLES - 1)), 0, RESAMPLES - 1).astype(int))
    return tuple(np.take_along_axis(drawn, place[:, None], 1)[:, 0] for place in places)  # type: ignore[return-value]


LOGITS = np.linspace(-8, 8, 121)
ALIKE = np.concatenate([[1e-4], np.linspace(0.02, 0.96, 24)])


def beta_binomial(samples: Samples) -> Bounds:
    """The middle 95 % of the posterior; priors: Jeffreys' for the rate, uniform for the correlation."""
    chance = special.expit(LOGITS)
    rates, alike = np.meshgrid(chance, ALIKE, indexing="ij")
    a, b = rates * (1 - alike) / alike, (1 - rates) * (1 - alike) / alike
    each = np.arange(samples.answers + 1)
    one = special.betaln(a[..., None] + each, b[..., None] + samples.answers - each) - special.betaln(a, b)[..., None]
    counts = np.stack([(samples.hits == hits).sum(1) for hits in each], 1).astype(float)
    likelihood = (counts @ one.reshape(-1, len(each)).T).reshape(len(counts), *rates.shape)
    likelihood += (0.5 * np.log(chance * (1 - chance)))[:, None] + np.log(np.gradient(ALIKE))
    weight = np.exp(likelihood - likelihood.max((1, 2), keepdims=True)).sum(2)
    weight /= weight.sum(1, keepdims=True)
    middle = np.cumsum(weight, 1) - weight / 2
    low, high = (special.expit([np.interp(tail, row, LOGITS) for row in middle]) for tail in (0.025, 0.975))
    return np.where(samples.rate == 0, 0, low), np.where(samples.rate == 1, 1, high)


CANDIDATES: dict[str, Callable[[Samples], Bounds]] = {
    "Wilson, answers taken as independent (before)": textbook,
    "bootstrap of questions, percentiles (before, for ratios)": bootstrap,
    "bootstrap of questions, BCa": bca,
    "cluster-robust t (CR2), K - 1 degrees of freedom": cluster_t,
    "jackknife over questions (CR3), t": jackknife,
    "cluster-robust t of the logit": logit,
    "Rao-Scott: Wilson with the design effect": rao_scott,
    "Wilson with the design effect and t": wilson_t,
    "Korn-Graubard: Clopper-Pearson with the design effect and t": korn_graubard,
    "beta-binomial posterior": beta_binomial,
}
SLOW = {bootstrap, bca, beta_binomial}
