"""What only its maker can say of a model: the part of its card that no training knows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from locard.errors import LocardError
from locard.text import printable


class About(BaseModel):
    """What a model's card says beside what was measured; see ``locard_registry.Card``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str = Field(min_length=1, description="SPDX identifier")
    purpose: str = Field(min_length=1, description="what the model is for")
    made_by: str = Field(min_length=1, description="who made it")
    photographs: str = Field(min_length=1, description="which photographs it was made from")
    commands: tuple[str, ...] = Field(
        min_length=1, description="commands that rebuild data sets and model, in their order"
    )
    seeds: tuple[int, ...] = Field(description="seeds that the commands use")
    limits: tuple[str, ...] = Field(min_length=1, description="what it cannot see, a sentence each")

    @classmethod
    def read(cls, path: Path) -> About:
        """Read a TOML file.

        Raises:
            LocardError: It cannot be read, or lacks something.
        """
        shown = printable(str(path))
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except OSError as error:
            raise LocardError(f"cannot read {shown}: {error.strerror}") from None
        except ValidationError as error:
            problems = [
                f"{one['loc'][0] if one['loc'] else ''}: {one['msg']}"
                for one in error.errors(include_url=False)
            ]
            raise LocardError(
                f"{shown} does not say what a card needs:",
                "It has " + ", ".join(cls.model_fields) + ".",
                details=[printable(one) for one in problems],
            ) from None
        except (ValueError, RecursionError) as error:
            raise LocardError(f"{shown} is not valid TOML: {printable(str(error))}") from None
