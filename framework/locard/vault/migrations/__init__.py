"""Alembic migrations, run when a vault is created or opened; see :mod:`locard.vault.database`."""

HEAD = "0002"
"""The newest revision. Kept here so that opening a vault that has it need not load Alembic."""
