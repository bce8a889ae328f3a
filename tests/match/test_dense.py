"""Many lesions close together stay apart (Huff 2023: median F1 0.89 at 30 lesions and more)."""

from __future__ import annotations

import numpy as np
import pytest


def scatter(rng, count, apart=(10.0, 15.0)):
    """Places at least ``apart[0]`` mm from each other, each within ``apart[1]`` of another."""
    places = [np.array([110.0, 110.0, 110.0])]
    while len(places) < count:
        place = rng.uniform(50, 170, 3)
        nearest = min(np.linalg.norm(place - other) for other in places)
        if apart[0] <= nearest <= apart[1]:
            places.append(place)
    return places


@pytest.mark.parametrize("seed", range(3))
def test_forty_lesions_keep_their_names_under_errors_of_3_mm(seed, scene, rows):
    rng = np.random.default_rng([90, seed])
    places = scatter(rng, 40)
    errors = rng.normal(0, 3 / np.sqrt(3), (40, 3))
    labels = rng.permutation(40) + 1
    radii = rng.uniform(2.5, 4.5, 40)
    first = {n + 1: (tuple(p), r) for n, (p, r) in enumerate(zip(places, radii, strict=True))}
    later = {
        int(label): (tuple(p + e), r * rng.uniform(0.8, 1.2))
        for label, p, e, r in zip(labels, places, errors, radii, strict=True)
    }
    found = rows(scene.at("T0", first).at("T1", later).track())
    right = sum(
        found.get((f"L{n + 1:02d}", "T1")) == ("persisting", int(label))
        for n, label in enumerate(labels)
    )
    assert right >= 39


def test_neighbours_that_are_off_together_are_followed_together(scene, rows, step):
    """All 30 lesions are 8 mm off the same way, in a lattice of 12 mm: a third nearer to the
    wrong mark than to their own is no reason to swap."""
    rng = np.random.default_rng(4)
    places = scatter(rng, 30, (12.0, 16.0))
    first = {n + 1: (tuple(p), 4.0) for n, p in enumerate(places)}
    later = {n + 1: (tuple(p + np.array([5.0, 4.0, 3.0])), 4.0) for n, p in enumerate(places)}
    found = rows(scene.at("T0", first).at("T1", later, step=step(error_mm=6.0)).track())
    assert all(found[f"L{n + 1:02d}", "T1"] == ("persisting", n + 1) for n in range(30))


def test_gone_and_new_lesions_among_many_are_told_from_those_that_stay(scene, rows):
    rng = np.random.default_rng(7)
    places = scatter(rng, 36, (14.0, 18.0))
    first = {n + 1: (tuple(p), 4.0) for n, p in enumerate(places[:32])}
    jitter = rng.normal(0, 1.2, (36, 3))
    stay = [n for n in range(36) if n >= 4]
    later = {n + 1: (tuple(places[n] + jitter[n]), 4.0) for n in stay}
    found = rows(scene.at("T0", first).at("T1", later).track())
    assert [found[f"L{n + 1:02d}", "T1"][0] for n in range(4)] == ["resolved"] * 4
    assert [found[f"L{n + 1:02d}", "T1"] for n in range(4, 32)] == [
        ("persisting", n + 1) for n in range(4, 32)
    ]
    assert [found[f"L{n + 1:02d}", "T1"] for n in range(32, 36)] == [
        ("new", n + 1) for n in range(32, 36)
    ]


def test_a_lesion_between_two_equally_near_marks_asks_for_review(scene, event_at):
    middle = ((60.0, 60.0, 60.0), 4.0)
    sides = {1: ((54.0, 60.0, 60.0), 4.0), 2: ((66.0, 60.0, 60.0), 4.0)}
    tracks = scene.at("T0", {1: middle}).at("T1", sides).track()
    assert event_at(tracks, "L01", "T1").needs_review
