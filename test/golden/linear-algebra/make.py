"""Writes cases.json: log |det|, inverses, PLU and triangular solutions by NumPy and SciPy in double precision."""

import json
from pathlib import Path

import numpy as np
from scipy.linalg import lu, solve_triangular

rng = np.random.default_rng(5)


def tidy(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, np.float64).ravel()]


def case(title, w):
    w = np.asarray(w, np.float32).astype(np.float64)
    n = w.shape[-1]
    b = rng.normal(size=(n, 3)).astype(np.float32).astype(np.float64)
    p, l, u = lu(w)
    t = (np.tril(rng.normal(size=(n, n)), -1) + np.diag(rng.uniform(0.5, 2, n))).astype(np.float32).astype(np.float64)
    return {
        "title": title,
        "n": n,
        "w": tidy(w),
        "logAbsDet": tidy(np.linalg.slogdet(w)[1])[0],
        "inverse": tidy(np.linalg.inv(w)),
        "p": tidy(p),
        "l": tidy(l),
        "u": tidy(u),
        "t": tidy(t),
        "b": tidy(b),
        "lower": tidy(solve_triangular(t, b, lower=True)),
        "upper": tidy(solve_triangular(t.T, b, lower=False)),
        "unit": tidy(solve_triangular(t, b, lower=True, unit_diagonal=True)),
    }


def well(n):
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return q * rng.uniform(0.5, 2, n) + 0.1 * rng.normal(size=(n, n))


zero_diagonal = well(8)
np.fill_diagonal(zero_diagonal, 0)
small = np.diag([1, 1e-6, 1e-6, 1]) @ well(4)
cases = [
    case("one", [[-2.5]]),
    case("two", [[1, 2], [3, 4]]),
    case("two, zero on the diagonal", [[0, 2], [3, 0]]),
    case("a permutation", np.eye(6)[[3, 0, 5, 1, 4, 2]]),
    case("eight", well(8)),
    case("eight, zeros on the diagonal", zero_diagonal),
    case("a tiny pivot first", [[1e-9, 1, 2], [1, 3, 0], [3, 0, 1]]),
    case("tiny rows", small),
    case("sixteen", well(16)),
]
Path(__file__).with_name("cases.json").write_text(json.dumps(cases, separators=(",", ":")))
