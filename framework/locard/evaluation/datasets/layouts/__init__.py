"""The layouts that Locard ships: published data sets, plain folders, and lists."""

from __future__ import annotations

from locard.evaluation.datasets.layouts.carvalho import Carvalho
from locard.evaluation.datasets.layouts.casia1 import Casia1
from locard.evaluation.datasets.layouts.casia2 import Casia2
from locard.evaluation.datasets.layouts.columbia import Columbia
from locard.evaluation.datasets.layouts.coverage import Coverage
from locard.evaluation.datasets.layouts.folder import Folder
from locard.evaluation.datasets.layouts.korus import Korus
from locard.evaluation.datasets.layouts.manifest import Manifest
from locard.evaluation.datasets.layouts.nist16 import Nist16

LAYOUTS = (Casia1, Casia2, Columbia, Carvalho, Nist16, Coverage, Korus, Folder, Manifest)
