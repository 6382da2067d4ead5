"""Every check of the kit passes a good step, and fails the step that breaks what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from locard.detectors import Step
from locard.testing.bench import Bench
from locard.testing.checks import REGISTERED, Result, run_check
from locard.testing.conformance import cases

MakeStep = Callable[[str], type[Step]]


def run(step: type[Step], name: str) -> Result:
    (check,) = (check for check in REGISTERED if check.name == name)
    return run_check(check, Bench(step))


@pytest.mark.parametrize("source", ["Step = Good", "Step = GoodRefiner"])
def test_a_good_step_fails_nothing(make_step: MakeStep, source: str) -> None:
    results = [case.run() for case in cases(make_step(source))]
    assert not [result for result in results if result.status == "failed"]
    assert sum(result.status == "passed" for result in results) >= 16


def test_every_check_has_a_rationale() -> None:
    assert len({check.name for check in REGISTERED}) == len(REGISTERED) == 22
    assert all(check.rationale.endswith(".") for check in REGISTERED)


def test_every_check_is_broken_by_a_step_below() -> None:
    broken = {name for name, *_ in [*IN_PROCESS, *OVERSPENT, *IN_A_PROCESS_OF_ITS_OWN]}
    assert broken == {check.name for check in REGISTERED}


IN_PROCESS = [
    ("described", 'class Step(Good): limits = " "', "has no limits"),
    ("described", 'class Step(Good): summary = "two\\nlines"', "must be one line"),
    ("needs-and-budget-sane", "class Step(Good): needs = Needs(min_side=0)", "min_side is 0"),
    (
        "needs-and-budget-sane",
        "class Step(Good): needs = Needs(min_side=200, max_megapixels=0.01)",
        "leaves no picture of 200 pixels",
    ),
    ("needs-and-budget-sane", "class Step(Good): budget = Budget(0, 0)", "declares no time"),
    (
        "parameters-documented",
        """
        class Step(Good):
            class Parameters(Parameters):
                cell: int = 8
        """,
        "cell: no description",
    ),
    (
        "parameters-documented",
        """
        class Step(Good):
            class Parameters(Parameters):
                cell: int = Field(description="side of a cell")
        """,
        "cell: no default",
    ),
    (
        "parameters-validated",
        """
        class Step(Good):
            class Parameters(Parameters):
                model_config = ConfigDict(extra="ignore")
        """,
        "an unknown parameter is accepted",
    ),
    (
        "parameters-validated",
        """
        class Step(Good):
            class Parameters(Parameters):
                cell: int = Field(8, le=4, description="side of a cell")
        """,
        "the default of cell is not valid",
    ),
    (
        "own-calibration-fits",
        """
        class Step(Good):
            def calibration(self):
                from calibrating import calibration

                return calibration("noise")
        """,
        "it is for noise, not for",
    ),
    ("glossary-complete", "class Step(Good): glossary = {}", "mean\nExplain"),
    (
        "ordinary-pictures",
        "class Step(Good): needs = Needs(min_side=1_000_000)",
        "leave none of the kit's",
    ),
    (
        "ordinary-pictures",
        """
        class Step(Good):
            def examine(self, image):
                return Finding.failed("no-model", "there is no model")
        """,
        "photograph.png: failed (no-model)",
    ),
    (
        "ordinary-pictures",
        """
        class Step(Good):
            def examine(self, image):
                return None
        """,
        "returned NoneType, not a locard.Finding",
    ),
    (
        "odd-sizes",
        """
        class Step(Good):
            def examine(self, image):
                image.luma.reshape(image.luma.shape[0] // 8, 8, -1)
                return super().examine(image)
        """,
        "cannot reshape",
    ),
    (
        "degenerate-pictures",
        """
        class Step(Good):
            def examine(self, image):
                if image.luma.std() == 0:
                    raise ZeroDivisionError("no contrast")
                return super().examine(image)
        """,
        "black.png: ZeroDivisionError: no contrast",
    ),
    (
        "no-warnings",
        """
        class Step(Good):
            def examine(self, image):
                np.log(image.luma)
                return super().examine(image)
        """,
        "black.png: RuntimeWarning: divide by zero",
    ),
    (
        "findings-valid",
        """
        class Step(Good):
            def examine(self, image):
                return super().examine(image).with_(score=float("nan"))
        """,
        "which is not finite",
    ),
    (
        "findings-valid",
        """
        class Step(Good):
            def examine(self, image):
                return super().examine(image).with_(regions=(Region(0, 0, 2, 2),))
        """,
        "tiny-1x1.png: the region (0, 0, 2, 2) is not within",
    ),
    ("findings-valid", "class Step(Good): gives_verdict = False", "and said not detected"),
    (
        "map-geometry",
        """
        class Step(Good):
            def examine(self, image):
                return Finding.not_detected(0, "", map=HeatMap(brightness(image).T, cell=8))
        """,
        "do not cover the picture's",
    ),
    (
        "map-geometry",
        """
        class Step(Good):
            def examine(self, image):
                values = brightness(image).astype(np.float64)
                return Finding.not_detected(0, "", map=HeatMap(values, cell=8))
        """,
        "not a float32 array",
    ),
    (
        "map-geometry",
        """
        class Step(Good):
            def examine(self, image):
                return Finding.not_detected(0, "", map=HeatMap(brightness(image) * 2, cell=8))
        """,
        "not within 0…1",
    ),
    (
        "deterministic",
        """
        class Step(Good):
            def examine(self, image):
                return super().examine(image).with_(score=random.random())
        """,
        "examined a second time, it has another score",
    ),
    (
        "deterministic",
        """
        class Step(Good):
            def load(self):
                self.salt = random.random()

            def examine(self, image):
                return super().examine(image).with_(measurements={"mean": self.salt})
        """,
        "examined by a new instance, it has another measurements",
    ),
    (
        "needs-respected",
        """
        class Step(Good):
            def examine(self, image):
                if image.jpeg is not None:
                    image.coefficients
                return super().examine(image)
        """,
        "photograph.jpg: opens image.coefficients",
    ),
    (
        "needs-respected",
        """
        class Step(Good):
            def examine(self, image):
                try:
                    image.coefficients
                except Exception:
                    pass
                return super().examine(image)
        """,
        "photograph.png: opens image.coefficients",
    ),
    (
        "evidence-untouched",
        """
        class Step(Good):
            def examine(self, image):
                finding = super().examine(image)
                image.__dict__["luma"] = image.luma + 1
                return finding
        """,
        "photograph.png: image.luma was altered",
    ),
    (
        "evidence-untouched",
        """
        class Step(Good):
            def examine(self, image):
                finding = super().examine(image)
                image.data = image.data[:-1]
                return finding
        """,
        "photograph.png: image.data was altered",
    ),
    (
        "score-and-outcome-kept",
        """
        class Step(GoodRefiner):
            def refine(self, image, finding):
                return finding.with_(score=finding.score / 2)
        """,
        "may not change the score",
    ),
    (
        "score-and-outcome-kept",
        """
        class Step(GoodRefiner):
            def refine(self, image, finding):
                return finding.with_(outcome=Outcome.NOT_DETECTED)
        """,
        "may not change the outcome",
    ),
    (
        "flat-map-stays-flat",
        """
        class Step(GoodRefiner):
            def refine(self, image, finding):
                return finding.with_(map=HeatMap(finding.map.values * brightness(image), cell=8))
        """,
        "a map of 0.5 became",
    ),
]

VANDAL = """
    class Step(Good):
        def examine(self, image):
            finding = super().examine(image)
            if "locard.testing.probe" not in sys.orig_argv:
                return finding
            name = Path(image.name).name
            if name == "photograph.jpg":
                raise ValueError("only here")
            Path("notes.txt").write_text("seen")
            tempfile.mkdtemp(prefix="scratch-")
            Path(image.name).write_bytes(b"")
            for use in (self.resolve, self.send, self.connect):
                try:
                    use()
                except OSError:
                    pass
            return finding.with_(score=0.5)

        def resolve(self):
            socket.getaddrinfo("127.0.0.1", 9)

        def send(self):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.sendto(b"x", ("127.0.0.1", 9))

        def connect(self):
            with socket.socket(socket.AF_INET) as tcp:
                tcp.connect(("127.0.0.2", 9))
    """

IN_A_PROCESS_OF_ITS_OWN = [
    ("same-in-a-fresh-process", "photograph.png: another score in a fresh process"),
    ("same-in-a-fresh-process", "photograph.jpg: ValueError: only here (only there)"),
    ("evidence-untouched", "exhibits/photograph.png: the file was altered"),
    ("no-files-left", "work/notes.txt was left behind"),
    ("no-files-left", "tmp/scratch-"),
    ("no-network", "socket.getaddrinfo 127.0.0.1"),
    ("no-network", "socket.sendto ('127.0.0.1', 9)"),
    ("no-network", "socket.connect ('127.0.0.2', 9)"),
]

OVERSPENT = [
    (
        "time-within-budget",
        """
        class Step(Good):
            budget = Budget(0.01, 0.01)

            def examine(self, image):
                if image.width > 500:
                    sum(range(20_000_000))
                return super().examine(image)
        """,
        "s of processor time; declared are 0.02 s",
    ),
    (
        "memory-within-budget",
        """
        class Step(Good):
            budget = Budget(5, 5, 20, 40)

            def examine(self, image):
                if image.width > 500:
                    np.ones(200 * 2**20, np.uint8).sum()
                return super().examine(image)
        """,
        "MiB; declared are 60 MiB",
    ),
    (
        "memory-within-budget",
        """
        class Step(Good):
            def examine(self, image):
                if image.width > 500:
                    np.ones(2**33, np.uint8).sum()
                return super().examine(image)
        """,
        "tried on a large picture: ",
    ),
]


@pytest.mark.parametrize(("name", "source", "message"), IN_PROCESS)
def test_fails_a_step_that_breaks_it(
    make_step: MakeStep, name: str, source: str, message: str
) -> None:
    result = run(make_step(source), name)
    assert result.status == "failed"
    assert message in (result.reason or "")


@pytest.mark.parametrize(("name", "source", "message"), OVERSPENT)
def test_fails_a_step_that_overspends(
    make_step: MakeStep, name: str, source: str, message: str
) -> None:
    result = run(make_step(source), name)
    assert result.status == "failed"
    assert message in (result.reason or "")


def test_fails_a_step_for_all_that_it_does_elsewhere(make_step: MakeStep) -> None:
    bench = Bench(make_step(VANDAL))
    checks = {check.name: check for check in REGISTERED}
    for name, message in IN_A_PROCESS_OF_ITS_OWN:
        result = run_check(checks[name], bench)
        assert result.status == "failed"
        assert message in (result.reason or "")


@pytest.mark.parametrize(
    ("signal", "message"),
    [("SIGSEGV", "killed by SIGSEGV"), ("SIGALRM", "overran the time at which the engine kills")],
)
def test_a_step_that_kills_its_process_is_a_failure(
    make_step: MakeStep, signal: str, message: str
) -> None:
    step = make_step(
        f"""
        import signal

        class Step(Good):
            def examine(self, image):
                if image.width > 500:
                    os.kill(os.getpid(), signal.{signal})
                return super().examine(image)
        """
    )
    result = run(step, "time-within-budget")
    assert result.status == "failed"
    assert message in (result.reason or "")


def test_sockets_of_the_machine_itself_are_no_network(make_step: MakeStep) -> None:
    step = make_step(
        """
        class Step(Good):
            def examine(self, image):
                with socket.socket(socket.AF_UNIX) as local:
                    try:
                        local.connect("no-such-socket")
                    except FileNotFoundError:
                        pass
                return super().examine(image)
        """
    )
    assert run(step, "no-network").status == "passed"


def test_no_map_and_no_parameters_are_not_applicable(make_step: MakeStep) -> None:
    step = make_step(
        """
        import locard

        class Step(Good):
            Parameters = locard.Parameters

            def examine(self, image):
                return Finding.inconclusive("nothing", "It sees nothing.")
        """
    )
    for name in ("map-geometry", "parameters-documented", "glossary-complete"):
        assert run(step, name).status == "not-applicable"


def test_a_step_that_declares_jpeg_may_open_coefficients(make_step: MakeStep) -> None:
    step = make_step(
        """
        class Step(Good):
            needs = Needs(jpeg=True)

            def examine(self, image):
                image.coefficients
                return super().examine(image)
        """
    )
    bench = Bench(step)
    assert {examined.image.format for examined in bench.examined} == {"JPEG"}
    assert run(step, "ordinary-pictures").status == "passed"
    assert run(step, "needs-respected").status == "not-applicable"


def test_a_step_whose_load_raises_is_a_failure_with_its_words(make_step: MakeStep) -> None:
    step = make_step(
        """
        class Step(Good):
            def load(self):
                raise OSError("the model is missing")
        """
    )
    result = run(step, "ordinary-pictures")
    assert result.status == "failed"
    assert re.fullmatch(
        r"OSError: the model is missing \(.*/made_step_\d+\.py, line \d+\)", result.reason or ""
    )


def test_the_place_is_named_only_where_it_is_the_plugin_s_own(make_step: MakeStep) -> None:
    step = make_step(
        """
        class Step(Good):
            def examine(self, image):
                return None
        """
    )
    (problem, *_) = (run(step, "ordinary-pictures").reason or "").splitlines()
    assert problem == "photograph.png: TypeError: returned NoneType, not a locard.Finding"
