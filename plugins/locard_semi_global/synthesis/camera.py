"""A digital camera, simulated from light to picture: sensor, demosaicing, development.

In linear light: exposure, colour filters, shot and read noise, demosaicing, white balance. Then
denoising, tone curve, saturation, sharpening, and for some a reduction of the finished picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.synthesis.demosaicking import PATTERNS, filter_sites
from locard.evaluation.synthesis.interpolation import INTERPOLATIONS, interpolate
from locard_semi_global.synthesis.resizing import REDUCERS, resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = "none"
DEMOSAICINGS = (*INTERPOLATIONS, NONE)
"""``none`` measures every colour in each pixel."""

SHOT_BANDS = ((1e-5, 4e-5), (4e-5, 1.6e-4), (1.6e-4, 6.4e-4))
"""Variance of shot noise at full scale: little, middling, much."""

GAMMAS = ("soft", "srgb", "hard")
"""Tone curves: a power of 1.8 to 2.1, sRGB's, a power of 2.25 to 2.6."""

REDUCTIONS = (1.5, 2.0, 3.0)
"""Of finished pictures, in part of the cameras."""

_HELD_OUT = 4
"""One in so many combinations of demosaicing, noise and curve is kept from training."""
_REDUCED = 0.35
_READ = (4e-4, 5e-3)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Camera:
    """Parameters of a camera.

    Attributes:
        demosaicing: One of :data:`DEMOSAICINGS`.
        pattern: Colours of the first 2×2 pixels.
        exposure: Factor on light.
        shot: Variance of shot noise at full scale, per unit of signal; full scale is 1.
        read: Standard deviation of read noise.
        red: White balance of red.
        blue: White balance of blue.
        curve: One of :data:`GAMMAS`.
        gamma: Exponent of the curve; 0 for sRGB's.
        contrast: Strength of an S-shaped curve, 0 to 1.
        saturation: 1 leaves colours as they are.
        denoising: ``none``, ``median``, ``gaussian`` or ``colour``.
        sharpening: Amount of the unsharp mask.
        radius: Its sigma in pixels.
        reduction: Of the finished picture; 1 for none.
        reducer: One of :data:`REDUCERS`.
        seed: Of the noise.
    """

    demosaicing: str
    pattern: str
    exposure: float
    shot: float
    read: float
    red: float
    blue: float
    curve: str
    gamma: float
    contrast: float
    saturation: float
    denoising: str
    sharpening: float
    radius: float
    reduction: float
    reducer: str
    seed: int

    @property
    def words(self) -> str:
        """The parameters, for the manifest."""
        tone = self.curve if self.gamma == 0 else f"{self.gamma:g}"
        parts = [
            self.demosaicing if self.demosaicing == NONE else f"{self.demosaicing} {self.pattern}",
            f"exposure {self.exposure:g} shot {self.shot:.2e} read {self.read:.2e}",
            f"balance {self.red:g},{self.blue:g} gamma {tone} contrast {self.contrast:g}",
            f"saturation {self.saturation:g} denoising {self.denoising}",
            f"sharpening {self.sharpening:g} of {self.radius:g} px",
        ]
        if self.reduction != 1:
            parts.append(f"reduced {self.reduction:g} ({self.reducer})")
        return "; ".join(parts)


def held_out(demosaicing: str, band: int, curve: str) -> bool:
    """Return whether a combination is kept from training, for validation and test.

    Every demosaicing, band and curve is seen in training; a quarter of their combinations is not.
    """
    places = DEMOSAICINGS.index(demosaicing) + band + GAMMAS.index(curve)
    return places % _HELD_OUT == _HELD_OUT - 1


def draw_camera(random: np.random.Generator, unseen: bool, most: float) -> Camera:
    """Draw a camera.

    Args:
        random: Where chance comes from.
        unseen: Whether its combination is one that training never has.
        most: The largest reduction that the photograph allows.
    """
    while True:
        demosaicing = str(random.choice(DEMOSAICINGS))
        band, curve = int(random.integers(len(SHOT_BANDS))), str(random.choice(GAMMAS))
        if held_out(demosaicing, band, curve) == unseen:
            break
    low, high = np.log(SHOT_BANDS[band])
    gammas = {"soft": (1.8, 2.1), "hard": (2.25, 2.6), "srgb": (0.0, 0.0)}
    allowed = [factor for factor in REDUCTIONS if factor <= most]
    reduction = 1.0
    if allowed and random.random() < _REDUCED:
        reduction = float(random.choice(allowed))
    sharp = random.random() < 0.6
    return Camera(
        demosaicing=demosaicing,
        pattern=str(random.choice(PATTERNS)),
        exposure=_drawn(random, 0.7, 1.2),
        shot=float(np.exp(random.uniform(low, high))),
        read=float(np.exp(random.uniform(*np.log(_READ)))),
        red=_drawn(random, 1.2, 2.3),
        blue=_drawn(random, 1.2, 2.1),
        curve=curve,
        gamma=_drawn(random, *gammas[curve]),
        contrast=_drawn(random, 0.0, 0.5) if random.random() < 0.5 else 0.0,
        saturation=_drawn(random, 0.8, 1.35),
        denoising=str(random.choice((NONE, NONE, "median", "gaussian", "colour"))),
        sharpening=_drawn(random, 0.2, 1.2) if sharp else 0.0,
        radius=_drawn(random, 0.6, 1.5),
        reduction=reduction,
        reducer=str(random.choice(REDUCERS)),
        seed=int(random.integers(2**32)),
    )


def _drawn(random: np.random.Generator, low: float, high: float) -> float:
    return round(float(random.uniform(low, high)), 3)


def photographed(scene: NDArray[np.uint8], camera: Camera) -> NDArray[np.uint8]:
    """Photograph a scene.

    Args:
        scene: uint8, (H, W, 3), in sRGB, without traces of its own.
        camera: With what.

    Returns:
        uint8, (H, W, 3) at the sensor's size; :func:`finished` reduces it.
    """
    random = np.random.default_rng([camera.seed, 0])
    gains = np.array([camera.red, 1.0, camera.blue], np.float32)
    light = _linear()[scene] * np.float32(camera.exposure) / gains
    if camera.demosaicing == NONE:
        measured = _noisy(light, camera, random)
    else:
        sites = filter_sites(camera.pattern, *scene.shape[:2])
        mosaic = np.where(sites, light, np.float32(0)).sum(axis=2, dtype=np.float32)
        measured = interpolate(_noisy(mosaic, camera, random), camera.pattern, camera.demosaicing)
    developed = _toned(np.clip(measured * gains, 0, 1), camera)
    return np.rint(255 * np.clip(developed, 0, 1)).astype(np.uint8)


def _noisy(
    signal: NDArray[np.float32], camera: Camera, random: np.random.Generator
) -> NDArray[np.float32]:
    deviation = np.sqrt(np.float32(camera.shot) * signal + np.float32(camera.read**2))
    noise = random.standard_normal(signal.shape, dtype=np.float32)
    noisy: NDArray[np.float32] = np.clip(signal + deviation * noise, 0, 1)
    return noisy


def _toned(light: NDArray[np.float32], camera: Camera) -> NDArray[np.float32]:
    """Develop: denoising, curve, saturation, sharpening; 0 to 1, not clipped."""
    from scipy.ndimage import gaussian_filter

    if camera.denoising == "median":
        light = _median(_median(light, 0), 1)
    elif camera.denoising == "gaussian":
        light = gaussian_filter(light, 0.6, axes=(0, 1))
    toned: NDArray[np.float32] = _curve(camera)[np.rint(light * (_STEPS - 1)).astype(np.uint16)]
    grey: NDArray[np.float32] = (toned @ _LUMA)[..., None]
    colour: NDArray[np.float32] = toned - grey
    if camera.denoising == "colour":
        colour = gaussian_filter(colour, 1.5, axes=(0, 1))
    if camera.sharpening:
        detail = grey - gaussian_filter(grey, camera.radius, axes=(0, 1))
        grey = grey + np.float32(camera.sharpening) * detail
    colour *= np.float32(camera.saturation)
    colour += grey
    return colour


def _median(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return the median of three neighbours along an axis; the border is mirrored."""
    widths = [(1, 1) if place == axis else (0, 0) for place in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, widths, mode="reflect"), axis, 0)
    before, here, after = padded[:-2], padded[1:-1], padded[2:]
    low, high = np.minimum(before, here), np.maximum(before, here)
    return np.moveaxis(np.maximum(low, np.minimum(high, after)), 0, axis)


_STEPS = 4096


def _curve(camera: Camera) -> NDArray[np.float32]:
    """Return the tone curve at 4096 steps of light."""
    light = np.linspace(0, 1, _STEPS)
    if camera.gamma:
        tone = light ** (1 / camera.gamma)
    else:
        tone = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    shaped = tone * tone * (3 - 2 * tone)
    return (tone + camera.contrast * (shaped - tone)).astype(np.float32)


@lru_cache(maxsize=1)
def _linear() -> NDArray[np.float32]:
    """Return the light behind each sRGB value: IEC 61966-2-1."""
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def finished(pixels: NDArray[np.uint8], camera: Camera, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Reduce a photograph to a size, as its camera or owner did; or cut it, where none did.

    Args:
        pixels: uint8, (H, W, 3).
        camera: Whose.
        size: Width and height of the result, in pixels.
    """
    width, height = size
    if camera.reduction == 1:
        return np.ascontiguousarray(pixels[:height, :width])
    return resized(pixels, size, camera.reducer)
