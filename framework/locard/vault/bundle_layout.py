"""Where things lie in a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from locard.vault import labels

FORMAT = 1
"""Version of the bundle's layout."""

_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "BMP": ".bmp"}

README = """\
This folder holds one case from Locard, a program for the forensic examination of images. It is a
BagIt bag (RFC 8493). You can verify it without Locard.

1. That no file was altered, in this folder's parent (where manifest-sha256.txt lies):

       sha256sum -c manifest-sha256.txt

2. That the case's records were not altered: data/ledger.jsonl is a chain of entries, one a line.
   Each entry's "hash" is the SHA-256 of the other fields as JSON with sorted keys, no spaces and
   non-ASCII characters escaped; "previous" is the hash of the entry before, and for the first
   entry the SHA-256 of "case_id" in data/case.json. The last hash is the "head". Compare it with
   the head that the case's examiner wrote down or printed in the report.

3. That the records are those of the ledger: each line of data/records/*.jsonl is one record. The
   SHA-256 of the line (without the line break) stands in the ledger under "details", "rows", with
   the record's table and key.

What is here

   case.json            the case in short
   ledger.jsonl         everything that happened, in order
   records/             exhibits, their names as found, examinations, findings, artifacts
   originals/           the exhibits: label, beginning of the SHA-256, usual file ending
   artifacts/           heat maps (.npy.gz: NumPy, gzip), masks and pictures (.png) by SHA-256
   validations/         validation records that an examination relied on, and the results behind
                        each (its "results_sha256"): .json files by SHA-256; only where there are

With Locard: locard case import FOLDER, then locard case verify NAME and locard case replay NAME.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of a bundle's own files below the payload folder.

    Attributes:
        folder: The payload folder (``data/`` once it is a bag).
    """

    folder: Path

    @property
    def summary(self) -> Path:
        """The case in short."""
        return self.folder / "case.json"

    @property
    def ledger(self) -> Path:
        """The chain."""
        return self.folder / "ledger.jsonl"

    @property
    def readme(self) -> Path:
        """For people without Locard."""
        return self.folder / "README.txt"

    def records(self, table: str) -> Path:
        """Return the file that holds a table's rows."""
        return self.folder / "records" / f"{table}.jsonl"

    def make_folders(self) -> None:
        """Make the folders that even an empty case has."""
        (self.folder / "records").mkdir()


def original_name(number: int, sha256: str, image_format: str | None) -> str:
    """Return where an exhibit's original lies, below the payload folder."""
    suffix = _SUFFIXES.get((image_format or "").upper(), ".bin")
    return f"originals/{labels.label(number)}-{sha256[:16]}{suffix}"


def validation_name(sha256: str) -> str:
    """Return where a validation record, or the results behind one, lies."""
    return f"validations/{sha256}.json"


def artifact_name(sha256: str, kind: str) -> str:
    """Return where an artifact lies, below the payload folder."""
    suffix = ".npy.gz" if kind == "map" else ".png"
    return f"artifacts/{sha256[:2]}/{sha256}{suffix}"
