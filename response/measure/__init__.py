"""Lesions measured in their scan's own voxels: diameters, volume, uptake. No files, no warping."""

from response.measure.labels import measure_labels

__all__ = ["measure_labels"]
