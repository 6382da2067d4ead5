"""Two writers at once: each case gets every exhibit once, under labels without gaps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from locard.vault.vault import Vault
from locard.vault.verify import verify


def test_two_writers_add_the_same_photographs_to_two_cases(postgresql_url, tmp_path, lab):
    folder = lab.photographs(12)
    vaults = [
        Vault.open(tmp_path / "vault", create=True, database=postgresql_url) for _ in range(2)
    ]

    def add(vault: Vault, name: str) -> None:
        vault.create_case(name, "", "", lab.actor)
        list(vault.case(name).add([folder], actor=lab.actor))

    names = ("one", "two")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(add, vaults, names))
    for vault, name in zip(vaults, names, strict=True):
        case = vault.case(name)
        assert [one.label for one in case.exhibits()] == [f"E{n:04}" for n in range(1, 13)]
        assert list(verify(case)) == []
        vault.close()
