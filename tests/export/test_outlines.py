"""Outlines along the edges of pixels: filled by another program, they give the region again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from matplotlib.path import Path as Polygon

from response.export.outlines import trace_outlines


def fill(outlines, shape):
    """Fill polygons by the even-odd rule at pixel centres; several add up by exclusive or."""
    rows, columns = np.indices(shape)
    centres = np.column_stack([columns.ravel(), rows.ravel()])
    filled = np.zeros(shape, bool)
    for outline in outlines:
        closed = Polygon(np.vstack([outline, outline[:1]]))
        filled ^= closed.contains_points(centres).reshape(shape)
    return filled


def area(outline):
    x, y = outline.T
    return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


@settings(max_examples=150, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()))
def test_filling_the_outlines_gives_the_region(inside):
    assert (fill(trace_outlines(inside), inside.shape) == inside).all()


@settings(max_examples=150, deadline=None)
@given(arrays(bool, (9, 9), elements=st.sampled_from([True, True, True, True, False])))
def test_the_areas_add_up_to_the_region_whatever_holes_it_has(inside):
    assert sum(area(outline) for outline in trace_outlines(inside)) == pytest.approx(inside.sum())


def test_a_ring_is_one_polygon():
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    (outline,) = trace_outlines(ring)
    assert area(outline) == 24
    assert (fill([outline], ring.shape) == ring).all()


def test_pixels_that_touch_at_a_corner_are_two_polygons():
    assert len(trace_outlines(np.eye(2, dtype=bool))) == 2
