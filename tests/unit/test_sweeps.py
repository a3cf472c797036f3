"""Products and sweeps over block rows against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from femrisk.sweeps import advance, dot, multiply, planes, smooth, smooth_from_zero, turn

NODES = 23


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pointers, columns, blocks, and the place of each diagonal block, of a symmetric, positive matrix."""
    dice = np.random.default_rng(3)
    pairs = dice.integers(NODES, size=(60, 2))
    links = scipy.sparse.coo_matrix((np.ones(60), pairs.T), (NODES, NODES)) + scipy.sparse.identity(NODES)
    pattern = (links + links.T).tocsr()
    pattern.sort_indices()
    blocks = dice.normal(size=(pattern.nnz, 3, 3))
    full = scipy.sparse.bsr_matrix((blocks, pattern.indices, pattern.indptr)).toarray()
    full = (full + full.T) / 2 + 40 * np.eye(3 * NODES)
    row = np.repeat(np.arange(NODES), np.diff(pattern.indptr))
    blocks = full.reshape(NODES, 3, NODES, 3)[row, :, pattern.indices].astype(np.float32)
    diagonal = np.flatnonzero(row == pattern.indices)
    return pattern.indptr.astype(np.uint32), pattern.indices.astype(np.uint32), blocks, diagonal.astype(np.uint32)


def dense(rows: tuple[np.ndarray, ...]) -> np.ndarray:
    pointers, indices, blocks, _ = rows
    return scipy.sparse.bsr_matrix((blocks.astype(float), indices.astype(int), pointers.astype(int))).toarray()


def vector(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=3 * NODES).astype(np.float32)


def swept(full: np.ndarray, right: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A forward and a backward sweep by triangular solves with the node blocks on the diagonal."""
    node = np.arange(3 * NODES) // 3
    lower, upper = np.where(node[:, None] >= node, full, 0.0), np.where(node[:, None] <= node, full, 0.0)
    x = x + np.linalg.solve(lower, right - full @ x)
    return np.asarray(x + np.linalg.solve(upper, right - full @ x))


def test_planes_hold_every_block_of_a_row_entry_by_entry(rows: tuple[np.ndarray, ...]) -> None:
    pointers, _, blocks, _ = rows
    first = planes(pointers, blocks)[: 9 * pointers[1]].reshape(9, pointers[1])
    assert (first.T.reshape(-1, 3, 3) == blocks[: pointers[1]]).all()


def test_a_product_is_that_of_the_dense_matrix(rows: tuple[np.ndarray, ...]) -> None:
    pointers, indices, blocks, _ = rows
    x, out = vector(1), np.empty(3 * NODES, np.float32)
    multiply(pointers, indices, planes(pointers, blocks), x, out)
    assert out == pytest.approx(dense(rows) @ x, rel=1e-5, abs=1e-4)


def test_sweeps_are_triangular_solves_and_leave_the_residual_they_say(rows: tuple[np.ndarray, ...]) -> None:
    pointers, indices, blocks, diagonal = rows
    values, inverse, right = planes(pointers, blocks), np.linalg.inv(blocks[diagonal]), vector(2)
    x, residual = np.empty_like(right), np.empty_like(right)
    smooth_from_zero(pointers, indices, values, diagonal, inverse, right, x, residual)
    assert x == pytest.approx(swept(dense(rows), right, np.zeros(3 * NODES)), rel=1e-4, abs=1e-6)
    assert residual == pytest.approx(right - dense(rows) @ x, abs=1e-5)
    begun = vector(4)
    x = begun.copy()
    smooth(pointers, indices, values, diagonal, inverse, right, x)
    assert x == pytest.approx(swept(dense(rows), right, begun), rel=1e-4, abs=1e-6)


def test_vectors_are_added_up_in_double_precision() -> None:
    one, other = vector(5), vector(6)
    assert dot(one, other) == pytest.approx(float(one.astype(float) @ other.astype(float)), rel=1e-12)
    direction = one.copy()
    turn(direction, 0.5, other)
    assert direction == pytest.approx(other + 0.5 * one, rel=1e-6)
    x, residual, single = np.zeros(3 * NODES), other.astype(float), np.empty_like(other)
    square = advance(x, residual, single, 2.0, one, one)
    assert x == pytest.approx(2.0 * one.astype(float), rel=1e-12)
    assert residual == pytest.approx(other.astype(float) - 2.0 * one, rel=1e-12)
    assert (single == residual.astype(np.float32)).all()
    assert square == pytest.approx(float(residual @ residual), rel=1e-12)
