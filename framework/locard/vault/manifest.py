"""``vault.toml``: what says that a folder is a vault, of which format, and which one."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from locard.errors import VaultError
from locard.vault.database import newer
from locard.vault.store import sync_folder

FORMAT = 1
"""Version of the folder's layout; the database has its own, Alembic's revision."""
NAME = "vault.toml"
_TEMPORARY = ".vault.toml.new"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of ``vault.toml``.

    Attributes:
        id: Identifier of the vault (UUID), which its database holds too.
        database: ``sqlite`` or ``postgresql``.
        ready: Whether the vault was made to the end.
    """

    id: str
    database: str
    ready: bool

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the manifest of a folder, or return None where it has none.

        Raises:
            VaultError: It cannot be understood, or a newer Locard wrote it.
            OSError: It cannot be read.
        """
        try:
            text = (folder / NAME).read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            table = tomllib.loads(text)
            version = int(table["format"])
            manifest = cls(str(table["id"]), str(table["database"]), bool(table["ready"]))
        except (ValueError, KeyError, TypeError) as error:
            raise VaultError(
                f"{folder / NAME} is damaged: {error}", "Restore it from a backup."
            ) from None
        if version > FORMAT:
            raise newer(folder, f"its format is {version}, and this one knows {FORMAT}")
        return manifest

    def write(self, folder: Path) -> None:
        """Write the manifest, whole or not at all.

        Raises:
            OSError: The folder cannot be written.
        """
        temporary = folder / _TEMPORARY
        with temporary.open("w", encoding="utf-8") as file:
            file.write(
                "# A Locard vault. Do not edit anything in this folder: `locard case verify`\n"
                "# would say so.\n"
                f"format = {FORMAT}\n"
                f'id = "{self.id}"\n'
                f'database = "{self.database}"\n'
                f"ready = {'true' if self.ready else 'false'}\n"
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / NAME)
        sync_folder(folder)


def may_become_vault(folder: Path) -> bool:
    """Whether a folder is empty but for what an interrupted creation leaves."""
    return all(entry.name in {"locks", _TEMPORARY} for entry in folder.iterdir())
