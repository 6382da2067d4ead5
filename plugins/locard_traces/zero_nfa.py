"""Number of false alarms of grid votes (ZERO, second part).

Under the background model, pixels without a JPEG history vote for each of the 64 phases with the
same probability. Votes of neighbours are not independent, so votes are counted in blocks of 64. The
number of false alarms (NFA) of an observation bounds how many as strong ones are expected in one
picture of that size under this model.

Source: Nikoukhah et al., IPOL 11 (2021), doi:10.5201/ipol.2021.390, section 3.2.
"""

from __future__ import annotations

import math

from scipy.special import betainc, betaln, xlog1py, xlogy

from locard_traces.zero_votes import PHASES

CHANCE = 1 / PHASES
"""Probability with which a pixel votes for a phase where there is no grid."""

_SMALLEST_TAIL = 1e-250
"""Below it double precision nears underflow, and the tail is summed relative to its first term."""


def log10_binomial_tail(trials: int, successes: int, probability: float) -> float:
    """Return log10 of P(Bin(trials, probability) ≥ successes), however small it is.

    Args:
        trials: n ≥ 0.
        successes: k, 0 ≤ k ≤ n.
        probability: p, 0 < p < 1.

    Returns:
        A number ≤ 0, with a relative error below 1e-8 for n up to 10^7.

    Raises:
        ValueError: An argument is out of range.
    """
    if not (0 <= successes <= trials and 0 < probability < 1):
        raise ValueError(
            f"no binomial tail for n = {trials}, k = {successes}, p = {probability}: "
            "it needs 0 ≤ k ≤ n and 0 < p < 1"
        )
    if successes == 0:
        return 0.0
    tail = float(betainc(successes, trials - successes + 1, probability))
    if tail > _SMALLEST_TAIL:
        return math.log10(tail)
    first = _log_probability(trials, successes, probability)
    return (first + math.log(_tail_over_first(trials, successes, probability))) / math.log(10)


def _log_probability(trials: int, successes: int, probability: float) -> float:
    failures = trials - successes
    log_choices = -math.log(trials + 1) - betaln(failures + 1, successes + 1)
    return float(log_choices + xlogy(successes, probability) + xlog1py(failures, -probability))


def _tail_over_first(trials: int, successes: int, probability: float) -> float:
    """Sum P(i) / P(successes) over i ≥ successes, which lie far above the mean and fall fast."""
    odds = probability / (1 - probability)
    total = term = 1.0
    for count in range(successes, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term < 1e-16 * total:
            break
    return total


def log10_tests(width: int, height: int) -> float:
    """Return log10 of the number of tests, (64 · width · height)²: phases times boxes, bounded."""
    return 2 * math.log10(PHASES * width * height)


def log10_nfa(votes: int, area: int, tests: float, chance: float = CHANCE) -> float:
    """Return log10 of the number of false alarms of ``votes`` equal votes within an area.

    Args:
        votes: How many pixels agree.
        area: In pixels.
        tests: log10 of the number of tests, from :func:`log10_tests`.
        chance: Probability of each vote under the background model.
    """
    return tests + log10_binomial_tail(area // PHASES, votes // PHASES, chance)


def smallest_region(tests: float) -> int:
    """Return how many agreeing pixels it takes at least for an NFA below 1.

    Args:
        tests: log10 of the number of tests, from :func:`log10_tests`.
    """
    return math.ceil(PHASES * tests / math.log10(PHASES))
