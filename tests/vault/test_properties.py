"""Whatever is done to a vault through its own door, verification finds nothing."""

from __future__ import annotations

import hashlib
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from locard.engine.records import ExhibitResult, FindingRecord
from locard.outcomes import Outcome
from locard.vault.bundle import export, import_bundle
from locard.vault.ranges import contains, ranges_of
from locard.vault.vault import Vault
from locard.vault.verify import verify

PIPELINE = "{}"
NAMES = st.binary(min_size=1, max_size=8).filter(lambda name: not {0, 47} & set(name))


@given(st.lists(st.integers(1, 60)))
def test_ranges_hold_exactly_their_numbers(numbers):
    ranges = ranges_of(numbers)
    assert [n for n in range(62) if contains(ranges, n)] == sorted(set(numbers))
    assert all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


class VaultMachine(RuleBasedStateMachine):
    """A case, and beside it what it must hold."""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.vault = Vault.open(self.root / "vault", create=True)
        self.vault.create_case("c", "", "", "x")
        self.case = self.vault.case("c")
        self.names: dict[bytes, set[bytes]] = {}
        self.done: dict[int, set[str]] = {}
        self.heads: list[str] = []

    @rule(content=st.binary(max_size=3), name=NAMES)
    def add(self, content, name):
        path = self.root / "in" / name.hex()
        path.mkdir(parents=True, exist_ok=True)
        file = bytes(path) + b"/x" + name
        source = Path(file.decode("utf-8", "surrogateescape"))
        source.write_bytes(content)
        (added,) = self.case.add([source], actor="x")
        known = self.names.setdefault(content, set())
        assert (added.status == "unchanged") == (file in known)
        known.add(file)

    @precondition(lambda self: self.names)
    @rule()
    def begin(self):
        digest = hashlib.sha256(PIPELINE.encode()).hexdigest()
        self.done[self.case.begin_examination(PIPELINE, digest, {}, None, "x").number] = set()

    @precondition(lambda self: self.done)
    @rule(outcome=st.sampled_from(Outcome), score=st.none() | st.floats(-1e300, 1e300))
    def record(self, outcome, score):
        examination = self.case.open_examination()
        if examination is None:
            return
        exhibit = next(examination.pending(), None)
        if exhibit is None:
            examination.finish("x")
            return
        finding = FindingRecord("s", "p", "1", outcome, score=score, measurements={"m": score})
        result = ExhibitResult(exhibit.sha256, None, None, (finding,))
        examination.record(exhibit.label, result, "x")
        self.done[examination.number].add(exhibit.label)

    @rule()
    def note_head(self):
        self.heads.append(self.case.ledger_head)

    @rule()
    def reopen(self):
        self.vault.close()
        self.vault = Vault.open(self.root / "vault")
        self.case = self.vault.case("c")

    @invariant()
    def holds_what_was_put_in(self):
        exhibits = self.case.exhibits()
        assert {e.path.read_bytes(): {n.encode("utf-8", "surrogateescape") for n in e.names}
                for e in exhibits} == self.names  # fmt: skip
        for number, labels in self.done.items():
            assert {one.exhibit for one in self.case.findings(number)} == labels

    def teardown(self):
        if not hasattr(self, "vault"):
            return
        for head in [None, *self.heads]:
            assert list(verify(self.case, expected_head=head)) == []
        bundle = export(self.case, self.root / "bundle")
        with Vault.open(self.root / "second", create=True) as second:
            import_bundle(second, bundle, "x", self.case.ledger_head)
            assert list(verify(second.case("c"))) == []
            assert second.case("c").ledger() == self.case.ledger()
        self.vault.close()
        self.folder.cleanup()


VaultMachine.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestVault = VaultMachine.TestCase
