"""The isolation forest: how few random cuts separate a trade from the others.

Liu, Ting and Zhou, Isolation Forest, ICDM 2008. scikit-learn grows the forest, but it is scored here, from
plain arrays: a stored model is therefore only numbers, needs no scikit-learn to be used, and gives the same
scores with any version of it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats, Ints
from stockstream.market.compiled import compiled

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # it ships no types

TREES = 100
SAMPLE = 256
EULER = 0.5772156649015329


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees as columns of nodes; a leaf is its own child, so a traversal may continue in place.

    Attributes:
        roots: each tree's first node.
        column: the feature that a node cuts.
        cut: the largest value that goes left.
        left: the node for values up to the cut.
        right: the node for values above it.
        path: a leaf's expected path length, 0 for other nodes.
        normal: the expected path length of an ordinary trade, to which the score is relative.

    >>> rng = np.random.default_rng(7)
    >>> forest = grow(rng.normal(size=(500, 2)), seed=7)
    >>> inner, outer = forest.score(np.array([[0.0, 0.0], [6.0, -6.0]]))
    >>> bool(inner < 0.5 < outer)
    True
    """

    roots: Ints
    column: Ints
    cut: Floats
    left: Ints
    right: Ints
    path: Floats
    normal: float

    def score(self, rows: Floats) -> Floats:
        """Return the score of each row, between 0 and 1: about 0.5 is ordinary, near 1 is isolated."""
        # The cuts were made in single precision, so values are compared in single precision.
        single = np.ascontiguousarray(rows, np.float32).astype(np.float64)
        paths = _paths_of(single, self.roots, self.column, self.cut, self.left, self.right, self.path)
        return np.exp2(-paths / (len(self.roots) * self.normal))


@compiled
def _paths_of(  # noqa: PLR0913, PLR0917 - compiled code takes arrays, not the object that holds them
    rows: Floats, roots: Ints, column: Ints, cut: Floats, left: Ints, right: Ints, path: Floats
) -> Floats:
    """Return the sum of each row's path lengths over all trees; a leaf is its own child."""
    sums = np.zeros(len(rows))
    # Tree by tree: a single tree fits into the processor's cache, all together do not.
    for root in roots:
        for row in range(len(rows)):
            node, former = root, -1
            while node != former:
                former = node
                node = left[node] if rows[row, column[node]] <= cut[node] else right[node]
            sums[row] += path[node]
    return sums


def compressed(features: Floats) -> Floats:
    """Return features as the forest sees them: their inverse hyperbolic sine.

    Cuts are uniform between the smallest and the largest value of a sample: a single z of 500 would draw
    all of them away from the trades.
    """
    return np.arcsinh(features)


def grow(rows: Floats, seed: int) -> Forest:
    """Grow a forest on rows; the same rows and seed give the same forest."""
    # Loading scikit-learn takes a second and a hundred megabytes, and only training needs it.
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415

    sample = min(SAMPLE, len(rows))
    grown = IsolationForest(n_estimators=TREES, max_samples=sample, random_state=seed).fit(rows)
    return _planted(grown, sample)


def _planted(grown: "IsolationForest", sample: int) -> Forest:
    trees = [tree.tree_ for tree in grown.estimators_]
    roots = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
    is_leaf = np.concatenate([tree.children_left < 0 for tree in trees])
    left, right = (
        np.concatenate([getattr(tree, side) + root for tree, root in zip(trees, roots, strict=True)])
        for side in ("children_left", "children_right")
    )
    itself = np.arange(len(is_leaf))
    paths = np.concatenate(
        [_paths(tree.children_left, tree.children_right, tree.n_node_samples) for tree in trees]
    )
    return Forest(
        roots=roots.astype(np.int64),
        column=np.where(is_leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int64),
        cut=np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        left=np.where(is_leaf, itself, left).astype(np.int64),
        right=np.where(is_leaf, itself, right).astype(np.int64),
        path=np.where(is_leaf, paths, 0.0),
        normal=float(expected_path(np.array([sample]))[0]),
    )


def _paths(left: Ints, right: Ints, rows: Ints) -> Floats:
    """Return, for each node of a tree, its depth plus the expected depth below it for its rows."""
    depth = np.zeros(len(left))
    # A child comes after its parent, so one forward pass visits every parent first.
    for node in np.flatnonzero(left >= 0):
        depth[[left[node], right[node]]] = depth[node] + 1
    return depth + expected_path(rows)


def expected_path(size: Ints) -> Floats:
    """Return the mean path length of an unsuccessful search in a binary tree of `size` rows.

    >>> expected_path(np.array([1, 2, 256])).round(3).tolist()
    [0.0, 1.0, 10.245]
    """
    many = np.maximum(size, 3).astype(np.float64)
    long = 2.0 * (np.log(many - 1.0) + EULER) - 2.0 * (many - 1.0) / many
    return np.where(size <= 1, 0.0, np.where(size == 2, 1.0, long))  # noqa: PLR2004 - two rows: one cut
