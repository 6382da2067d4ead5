"""The catalogue, with real packages: whatever a plugin does on the way in is a listed fact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from locard import hookimpl
from locard.engine.events import Event, Finished
from locard.errors import PluginError
from locard.plugins import Catalogue, allow_list

Install = Callable[..., Path]

DETECTOR = """
    from locard import Detector, Finding, hookimpl

    class {name}(Detector):
        name = "{step}"
        version = "1"
        summary = "Nothing"

        def examine(self, image):
            return Finding.inconclusive("nothing", "nothing")

    @hookimpl
    def register_detectors(register):
        register({name})
    """

RAISING_HOOK = """

    @hookimpl
    def register_refiners(register):
        1 / 0
    """


def detector(step: str) -> str:
    return DETECTOR.format(name="Made", step=step)


def entry_point(name: str, target: str) -> str:
    return f"[locard]\n{name} = {target}\n"


def test_built_ins_come_through_the_same_door() -> None:
    entries = Catalogue().entries
    assert {"core", "traces", "dense-crf"} <= entries.keys()
    assert {entries[name].distribution for name in ("core", "traces")} == {"locard"}


def test_an_installed_package_is_listed_with_what_it_offers(install: Install) -> None:
    install("acme-noise", entry_point("acme", "acme_mod"), acme_mod=detector("acme-noise"))
    plugins = Catalogue()
    assert plugins.step("acme-noise").version == "1"
    entry = plugins.owner_of("acme-noise")
    assert (entry.name, entry.distribution, entry.version) == ("acme", "acme-noise", "1.2")
    assert (entry.status, entry.errors) == ("loaded", [])
    assert entry.offered("detector") == ["acme-noise"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_module", "ModuleNotFoundError on import: No module named"),
        ("def broken(:", "SyntaxError on import"),
        ("raise SystemExit(3)", "SystemExit on import: 3"),
        ("raise BaseException('rude')", "BaseException on import: rude"),
        ("", "it implements no hook; is @locard.hookimpl missing?"),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_detector(register):
                pass
            """,
            "Locard has no hook register_detector; did you mean register_detectors?",
        ),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_detectors(registrar):
                pass
            """,
            "its hooks cannot be used: ",
        ),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_detectors(register):
                raise SystemExit("sulking")
            """,
            "SystemExit in register_detectors: sulking",
        ),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_detectors(register):
                register(object())
            """,
            "is not a subclass of locard.detectors.Detector",
        ),
        (detector("Not Kebab"), "'Not Kebab' is not in kebab-case"),
        (detector("acme-noise").replace('version = "1"', ""), "Made.version must be a string"),
        (detector("acme-noise").replace('name = "acme-noise"', ""), "Made.name must be a string"),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_pipelines(register):
                register("/no/such/pipeline.toml")
            """,
            "there is no pipeline file /no/such/pipeline.toml",
        ),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_commands(register):
                register("acme", "acme_mod", "no attribute named")
            """,
            "'acme_mod' is not of the form module:attribute",
        ),
        (
            """
            from locard import hookimpl

            @hookimpl
            def register_commands(register):
                register("case", "acme_mod:app", "taken")
            """,
            "plugin 'core' already offers a command 'case'",
        ),
    ],
)
def test_a_broken_plugin_is_a_fact_with_its_error(
    install: Install, source: str, error: str
) -> None:
    install("acme", entry_point("acme", "acme_mod"), acme_mod=source)
    install("good", entry_point("good", "good_mod"), good_mod=detector("good-step"))
    plugins = Catalogue()
    plugins.collect_all()
    assert plugins.entries["acme"].status == "broken"
    assert error in " ".join(plugins.entries["acme"].errors)
    assert plugins.entries["good"].status == "loaded"
    assert "good-step" in plugins.steps
    assert "case" in plugins.commands


def test_a_hook_that_raises_leaves_the_other_hooks_of_the_plugin(install: Install) -> None:
    source = detector("acme-noise").rstrip() + RAISING_HOOK
    module = install("acme", entry_point("acme", "acme_mod"), acme_mod=source) / "acme_mod.py"
    line = module.read_text().splitlines().index("    1 / 0") + 1
    plugins = Catalogue()
    plugins.collect_all()
    assert plugins.entries["acme"].errors == [
        f"ZeroDivisionError in register_refiners: division by zero ({module}, line {line})"
    ]
    assert "acme-noise" in plugins.steps


def test_keyboard_interrupt_is_nobodys_error(install: Install) -> None:
    install("acme", entry_point("acme", "acme_mod"), acme_mod="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Catalogue()


def test_a_damaged_entry_points_file_hides_no_other_package(install: Install) -> None:
    install("acme", "[locard]\nacme acme_mod\n[other\n")
    install("good", entry_point("good", "good_mod"), good_mod=detector("good-step"))
    plugins = Catalogue()
    assert "good-step" in plugins.steps
    assert plugins.entries["acme"].status == "broken"
    assert "entry_points.txt is damaged" in plugins.entries["acme"].errors[0]


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\n\nName: in the text\n"])
def test_a_package_without_metadata_is_unknown_and_loads(install: Install, metadata: str) -> None:
    install("acme", entry_point("acme", "acme_mod"), metadata, acme_mod=detector("acme-noise"))
    entry = Catalogue().entries["acme"]
    assert (entry.distribution, entry.version) == ("unknown", "unknown")
    assert entry.status == "loaded"


def test_packages_without_metadata_do_not_hide_each_other(install: Install) -> None:
    for name in ("one", "two"):
        install(name, entry_point(name, "acme_mod"), "", acme_mod=detector("acme-noise"))
    assert {"one", "two"} <= Catalogue().entries.keys()


def test_entry_points_of_other_groups_are_no_plugins(install: Install) -> None:
    install("acme", "[console_scripts]\nacme = acme_mod:main\n[locard.other]\nx = acme_mod\n")
    install("both", "[locard]\nboth = acme_mod\n[console_scripts]\nboth-tool = acme_mod:main\n")
    entries = Catalogue().entries
    assert "both" in entries
    assert not {"acme", "x", "both-tool"} & entries.keys()


# --- the allow-list ------------------------------------------------------------------------------


def test_what_is_not_allowed_is_not_even_imported(install: Install) -> None:
    source = "import pathlib\npathlib.Path(__file__).with_suffix('.seen').touch()"
    folder = install("acme", entry_point("acme", "acme_mod"), acme_mod=source)
    plugins = Catalogue(allowed=frozenset({"traces"}))
    plugins.collect_all()
    assert plugins.entries["acme"].status == "blocked"
    assert plugins.entries["traces"].status != "blocked"
    assert plugins.entries["core"].status != "blocked"
    assert not (folder / "acme_mod.seen").exists()


def test_an_allowed_plugin_loads(install: Install) -> None:
    install("acme", entry_point("acme", "acme_mod"), acme_mod=detector("acme-noise"))
    plugins = Catalogue(allowed=frozenset({"acme"}))
    assert plugins.entries["acme"].status == "loaded"
    assert {n for n, e in plugins.entries.items() if e.status == "blocked"} >= {"traces"}


def test_the_message_about_an_unknown_step_names_what_is_blocked(install: Install) -> None:
    install("acme", entry_point("acme", "acme_mod"), acme_mod=detector("acme-noise"))
    with pytest.raises(PluginError) as caught:
        Catalogue(allowed=frozenset()).step("acme-noise")
    assert "Plugins blocked (by LOCARD_PLUGINS): acme" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, None),
        ("", set()),
        ("traces", {"traces"}),
        (" traces, dense-crf ,", {"traces", "dense-crf"}),
    ],
)
def test_allow_list(
    monkeypatch: pytest.MonkeyPatch, value: str | None, names: set[str] | None
) -> None:
    monkeypatch.delenv("LOCARD_PLUGINS", raising=False)
    if value is not None:
        monkeypatch.setenv("LOCARD_PLUGINS", value)
    assert allow_list() == names


def test_names_on_the_allow_list_that_are_not_installed_are_told() -> None:
    assert Catalogue(allowed=frozenset({"traces", "tracs"})).not_installed == ["tracs"]


def test_nobody_passes_the_allow_list_by_taking_the_core_s_name(install: Install) -> None:
    folder = install(
        "aaa-impostor",
        entry_point("core", "impostor"),
        impostor="import pathlib\npathlib.Path(__file__).with_suffix('.seen').touch()",
    )
    plugins = Catalogue(allowed=frozenset())
    assert plugins.entries["core"].distribution == "locard"
    assert "package aaa-impostor has a plugin of the same name" in plugins.entries["core"].errors[0]
    assert "case" in plugins.commands
    assert not (folder / "impostor.seen").exists()


# --- duplicates ----------------------------------------------------------------------------------


def test_two_packages_with_a_plugin_of_one_name(install: Install) -> None:
    install("zeta", entry_point("acme", "zeta_mod"), zeta_mod=detector("zeta-step"))
    install("alpha", entry_point("acme", "alpha_mod"), alpha_mod=detector("alpha-step"))
    plugins = Catalogue()
    assert "alpha-step" in plugins.steps
    assert "zeta-step" not in plugins.steps
    entry = plugins.entries["acme"]
    assert entry.distribution == "alpha"
    assert entry.errors == [
        "package zeta has a plugin of the same name (zeta_mod), which was left out"
    ]


def test_two_plugins_with_a_step_of_one_name(install: Install) -> None:
    install("one", entry_point("one", "one_mod"), one_mod=detector("same-step"))
    install("two", entry_point("two", "two_mod"), two_mod=detector("same-step"))
    plugins = Catalogue()
    assert plugins.owner_of("same-step").name == "one"
    assert plugins.entries["two"].status == "broken"
    assert "plugin 'one' already offers a detector 'same-step'" in plugins.entries["two"].errors[0]


def test_a_refiner_cannot_take_the_name_of_a_detector(install: Install) -> None:
    refiner = (
        detector("same-step")
        .replace("Detector", "Refiner")
        .replace("register_detectors", "register_refiners")
        .replace("examine(self, image)", "refine(self, image, finding)")
    )
    install("a-refiner", entry_point("a-refiner", "refiner_mod"), refiner_mod=refiner)
    install("detector", entry_point("detector", "detector_mod"), detector_mod=detector("same-step"))
    plugins = Catalogue()
    _ = plugins.refiners
    assert plugins.owner_of("same-step").name == "detector"
    assert "already offers a detector 'same-step'" in plugins.entries["a-refiner"].errors[0]


def test_a_package_that_is_on_the_path_twice_is_one_plugin(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install("acme", entry_point("acme", "acme_mod"), acme_mod=detector("acme-noise"))
    twin = tmp_path / "twin"
    twin.symlink_to(folder)
    monkeypatch.syspath_prepend(str(twin))
    entry = Catalogue().entries["acme"]
    assert (entry.status, entry.errors) == ("loaded", [])


# --- observers and messages ----------------------------------------------------------------------


def test_an_observer_that_raises_is_noted_and_not_called_again(install: Install) -> None:
    install(
        "acme",
        entry_point("acme", "acme_mod"),
        acme_mod="""
            from locard import hookimpl

            seen = []

            @hookimpl
            def observe(event):
                seen.append(event)
                raise RuntimeError("no more room")
            """,
    )
    install(
        "quiet",
        entry_point("quiet", "quiet_mod"),
        quiet_mod="""
            from locard import hookimpl

            seen = []

            @hookimpl
            def observe(event):
                seen.append(event)
            """,
    )
    plugins = Catalogue()
    events = [Finished(1, 0.5), Finished(2, 0.5)]
    for event in events:
        plugins.notify(event)
    seen = {name: plugins.manager.get_plugin(name).seen for name in ("acme", "quiet")}
    assert seen == {"acme": events[:1], "quiet": events}
    (error,) = plugins.entries["acme"].errors
    assert error.startswith("RuntimeError in observe: no more room (")


def test_an_object_of_this_process_can_observe() -> None:
    class Watcher:
        def __init__(self) -> None:
            self.seen: list[Event] = []

        @hookimpl
        def observe(self, event: Event) -> None:
            self.seen.append(event)

    plugins, watcher = Catalogue(), Watcher()
    plugins.manager.register(watcher)
    plugins.notify(Finished(1, 0.5))
    plugins.manager.unregister(watcher)
    plugins.notify(Finished(2, 0.5))
    assert watcher.seen == [Finished(1, 0.5)]


def test_an_unknown_step_is_told_with_its_neighbours_and_the_broken_plugins(
    install: Install,
) -> None:
    install("acme", entry_point("acme", "acme_mod"), acme_mod=detector("acme-noise"))
    install("bad", entry_point("bad", "bad_mod"), bad_mod="1 / 0")
    with pytest.raises(PluginError) as caught:
        Catalogue().step("acme-nois")
    assert caught.value.message == "there is no detector or refiner 'acme-nois'"
    assert "Did you mean acme-noise" in (caught.value.hint or "")
    assert "Plugins broken: " in (caught.value.hint or "")
    assert "bad" in (caught.value.hint or "")
