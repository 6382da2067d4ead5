"""The layouts that Locard ships: published data sets, plain folders, and lists."""

from __future__ import annotations

from locard.evaluation.layouts.carvalho import Carvalho
from locard.evaluation.layouts.casia1 import Casia1
from locard.evaluation.layouts.casia2 import Casia2
from locard.evaluation.layouts.columbia import Columbia
from locard.evaluation.layouts.coverage import Coverage
from locard.evaluation.layouts.folder import Folder
from locard.evaluation.layouts.korus import Korus
from locard.evaluation.layouts.manifest import Manifest
from locard.evaluation.layouts.nist16 import Nist16

LAYOUTS = (Casia1, Casia2, Columbia, Carvalho, Nist16, Coverage, Korus, Folder, Manifest)
