"""What is done to images before they are examined, to see what evidence survives."""

from locard.evaluation.treatments.kinds import (
    STANDARD as STANDARD,
)
from locard.evaluation.treatments.kinds import (
    Treatment as Treatment,
)
from locard.evaluation.treatments.kinds import (
    TreatmentError as TreatmentError,
)
from locard.evaluation.treatments.kinds import (
    parse as parse,
)
