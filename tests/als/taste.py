"""A small world in which taste is known: users of a cluster use its repositories and few others."""

import numpy as np

CLUSTERS = 4
USERS = 160
REPOSITORIES = 120
# Beyond 32 bits, as GitHub's ids may be
FIRST_USER_ID = 5_000_000_000
FIRST_REPO_ID = 9_000_000_000


def cluster_of(entity_id: int) -> int:
    """Return the cluster of a user or a repository of this world."""
    return entity_id % CLUSTERS


def interactions(per_user: int = 14, seed: int = 7) -> list[tuple[int, int, int]]:
    """Return rows of user_id, repo_id, event_count; nine of ten are within the user's cluster."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(USERS):
        home = np.arange(REPOSITORIES // CLUSTERS) * CLUSTERS + cluster_of(user)
        liked = random.choice(home, per_user - 1, replace=False)
        stray = random.integers(REPOSITORIES, size=1)
        rows += [
            (FIRST_USER_ID + user, FIRST_REPO_ID + int(repo), int(random.integers(1, 6)))
            for repo in {*liked.tolist(), *stray.tolist()}
        ]
    return rows
