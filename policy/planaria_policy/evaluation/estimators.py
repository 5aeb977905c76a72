"""What a policy would have returned, from incidents in which another one acted.

Let rho_t be the product, over an incident's decisions up to t, of the candidate's probability of what was done over the
behaviour's, cut at a bound. An incident that is over keeps its last rho and earns nothing more.

**Weighted per-decision importance sampling** (Precup, Sutton and Singh 2000, "Eligibility traces for off-policy policy
evaluation"): the reward of decision t is weighted by what led to it and by nothing later, and the weights are
normalised by their sum at t. Biased in small samples, consistent, and far steadier than without the sum.

    WPDIS = sum_t  sum_i rho_it r_it / sum_i rho_it

**Weighted doubly robust** (Thomas and Brunskill 2016, "Data-efficient off-policy policy evaluation", equation 10; after
Jiang and Li 2016): the same weights on what a model q, v of the candidate's future did not foresee.

    WDR = sum_t ( sum_i rho_it (r_it - q_it) / sum_i rho_it  +  sum_i rho_i,t-1 v_it / sum_i rho_i,t-1 )

The behaviour's probabilities are known, not guessed, so WDR is consistent whatever the model is; a good model makes it
steadier. Only where support is missing does the model stand alone, and the verdict then says so. The model is the
candidate's own value head: trained elsewhere, so nothing is fitted to the incidents that are judged, and for a policy
that takes the likeliest action it is all that is needed, since v(s) = q(s, a) for its own a and rho is 0 for any other.
Where the candidate draws, q = v leaves the advantage of what was drawn as noise; it adds no bias.
"""

from dataclasses import dataclass

import numpy as np

from planaria_policy.evaluation.candidate import Opinion
from planaria_policy.evaluation.incidents import Incidents, Real


@dataclass(frozen=True, eq=False)
class Terms:
    """Of N incidents of at most T decisions, [N, T] each; `reward`, `q` and `v` are 0 after an incident's end."""

    rho: Real
    reward: Real
    q: Real
    """Minutes that the model expects from what was done."""
    v: Real
    """Minutes that it expects before the candidate has chosen."""
    cut: float = 0.0
    """Share of incidents in which rho met the bound: 0 to 1."""


def bound(count: int) -> float:
    """The largest rho: sqrt(N), with which the bias of cutting vanishes as N grows (Ionides 2008)."""
    return max(1.0, float(np.sqrt(count)))


def ratios(candidate: Real, behaviour: Real) -> Real:
    """[N, T] rho before it is cut, from log-probabilities that are 0 after an incident's end."""
    with np.errstate(over="ignore"):  # whatever is too large for a float is cut anyway
        return np.exp(np.cumsum(candidate - behaviour, axis=1))


def terms(incidents: Incidents, opinion: Opinion, largest: float) -> Terms:
    whole = ratios(opinion.log_probability, incidents.behaviour)
    cut = float((whole > largest).any(1).mean())
    return Terms(np.minimum(whole, largest), incidents.reward, opinion.value, opinion.value, cut)


def wpdis(given: Terms, counts: Real) -> Real:
    """[B] minutes, of B samples that hold incident i `counts[b, i]` times; not a number where no weight is left."""
    return (counts @ (given.rho * given.reward) / _weight(counts @ given.rho)).sum(1)


def wdr(given: Terms, counts: Real) -> Real:
    """The same; where no weight is left only the model speaks."""
    before = np.hstack([np.ones_like(given.rho[:, :1]), given.rho[:, :-1]])
    missed = counts @ (given.rho * (given.reward - given.q)) / _weight(counts @ given.rho)
    foreseen = counts @ (before * given.v) / _weight(counts @ before)
    return np.nan_to_num(missed).sum(1) + np.nan_to_num(foreseen).sum(1)


def _weight(total: Real) -> Real:
    return np.where(total > 0, total, np.nan)


def effective(rho: Real) -> float:
    """Kish's effective sample size of the weights of whole incidents: as many equally weighted ones would tell as much."""
    whole = rho[:, -1]
    squared = float((whole**2).sum())
    return float(whole.sum() ** 2) / squared if squared else 0.0


def weight(given: Terms, counts: Real) -> Real:
    """[B] the mean weight of a whole incident: how much of what the candidate would do the incidents show.

    Where everything that it would do was tried, 1 is expected; where nothing is drawn, it is the share of incidents in
    which the candidate would have done the same. Below 1, something that it would do was never tried, or so seldom that
    no incident shows it, and the normalised estimates cannot know what that would have cost.
    """
    return counts @ given.rho[:, -1] / counts.sum(1)
