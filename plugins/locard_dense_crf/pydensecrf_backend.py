"""The same inference by pydensecrf, Krähenbühl's own code: the second backend, and the reference.

``pip install "locard[pydensecrf]"`` brings it; it is built from source with a C++ compiler.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from locard.errors import PluginError
from locard_dense_crf.mean_field import SMALLEST_PROBABILITY, CrfParameters


def import_pydensecrf() -> ModuleType:
    """Return pydensecrf's module.

    Raises:
        PluginError: It is not installed.
    """
    try:
        from pydensecrf import densecrf  # type: ignore[import-untyped]
    except ImportError as error:
        raise PluginError(
            f"the backend 'pydensecrf' of dense-crf cannot be loaded: {error}",
            'Install it with `pip install "locard[pydensecrf]"`, or use backend = "lattice".',
        ) from None
    module: ModuleType = densecrf
    return module


def infer(
    probability: NDArray[np.float32], pixels: NDArray[np.uint8], parameters: CrfParameters
) -> NDArray[np.float32]:
    """Return the probability of the positive label after mean-field inference.

    Args:
        probability: float32, shape (height, width): the positive label's, before.
        pixels: uint8, shape (height, width, 3).
        parameters: Kernels and number of updates.

    Returns:
        float32, shape (height, width), in [0, 1].

    Raises:
        PluginError: pydensecrf is not installed.
    """
    densecrf = import_pydensecrf()
    height, width = probability.shape
    crf = densecrf.DenseCRF2D(width, height, 2)
    labels = np.stack([1 - probability, probability]).reshape(2, -1)
    crf.setUnaryEnergy(-np.log(np.clip(labels, SMALLEST_PROBABILITY, 1, dtype=np.float32)))
    if parameters.weight_gamma > 0:
        crf.addPairwiseGaussian(sxy=parameters.sigma_gamma, compat=parameters.weight_gamma)
    if parameters.weight_alpha > 0:
        crf.addPairwiseBilateral(
            sxy=parameters.sigma_alpha,
            srgb=parameters.sigma_beta,
            rgbim=np.array(pixels, order="C"),  # it refuses read-only memory
            compat=parameters.weight_alpha,
        )
        if parameters.colour_only > 0:
            weight = -parameters.colour_only * parameters.weight_alpha
            crf.addPairwiseGaussian(sxy=parameters.sigma_alpha, compat=weight)
    refined = np.array(crf.inference(parameters.iterations), np.float32)
    positive: NDArray[np.float32] = np.clip(refined[1], 0, 1)
    return positive.reshape(height, width)
