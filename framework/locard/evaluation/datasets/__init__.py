"""Data sets with known answers: layouts, loading, masks, subsets, and what gives answers away."""

from locard.evaluation.datasets.base import (
    AUTHENTIC as AUTHENTIC,
)
from locard.evaluation.datasets.base import (
    DatasetError as DatasetError,
)
from locard.evaluation.datasets.base import (
    Layout as Layout,
)
from locard.evaluation.datasets.base import (
    Sample as Sample,
)
