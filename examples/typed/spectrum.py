# /// script
# requires-python = ">=3.8"
# dependencies = ["numpy>=1.21"]
# ///
"""Spectra of vibration measurements: from samples to the few frequencies that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Window = Literal["hann", "rectangular"]


@dataclass
class Settings:
    """How a spectrum is estimated (Welch's method)."""

    rate: float
    """Samples per second."""
    segment: int = 256
    """Samples in each of the segments that are averaged."""
    overlap: float = 0.5
    """How much of a segment is also in the next, from 0 to less than 1."""
    window: Window = "hann"


class Spectrum(NamedTuple):
    """A power spectral density, by frequency."""

    frequencies: NDArray[np.float64]
    density: NDArray[np.float64]
    segments: int


class Peak(NamedTuple):
    """A frequency that stands out."""

    frequency: float
    density: float


def estimate(samples: NDArray[np.float64], settings: Settings) -> Spectrum:
    """Estimates the power spectral density of evenly spaced samples.

    Raises ValueError if there are fewer samples than a segment has.
    """
    n = settings.segment
    if len(samples) < n:
        raise ValueError(f"{len(samples)} samples are less than one segment of {n}")
    step = max(1, int(n * (1 - settings.overlap)))
    starts = np.arange(0, len(samples) - n + 1, step)
    window = np.hanning(n) if settings.window == "hann" else np.ones(n)
    segments = samples[starts[:, None] + np.arange(n)]
    segments = (segments - segments.mean(axis=1, keepdims=True)) * window
    power = np.abs(np.fft.rfft(segments, axis=1)) ** 2
    density = power.mean(axis=0) / (settings.rate * (window**2).sum())
    density[1 : (n + 1) // 2] *= 2
    return Spectrum(np.fft.rfftfreq(n, 1 / settings.rate), density, len(starts))


def peaks(spectrum: Spectrum, most: int = 3) -> list[Peak]:
    """Finds the highest local maxima, the highest first."""
    d = spectrum.density
    inner = np.flatnonzero((d[1:-1] > d[:-2]) & (d[1:-1] >= d[2:])) + 1
    highest = inner[np.argsort(d[inner])[::-1][:most]]
    return [Peak(float(spectrum.frequencies[i]), float(d[i])) for i in highest]
