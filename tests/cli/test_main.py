"""What all subcommands share."""

import re
import subprocess
import sys
import warnings

import pytest

from dirv_tf import io
from dirv_tf.cli import file_options, info_command
from dirv_tf.cli.main import build_parser, main

COMMANDS = ("register", "warp", "evaluate", "train", "report", "info")


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["--help"])
    text = capsys.readouterr().out
    assert raised.value.code == 0 and "examples:" in text
    assert all(re.search(rf"^    {command} ", text, flags=re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_examples_that_parse(command, capsys):
    with pytest.raises(SystemExit) as raised:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert raised.value.code == 0
    examples = re.findall(rf"^  dirv-tf ({command}.*?)(?:   .*)?$", text, flags=re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        build_parser().parse_args(example.replace("'", "").split())


def test_the_landmarks_of_the_help_are_those_that_are_read():
    assert file_options.LANDMARK_SUFFIXES == io.LANDMARK_SUFFIXES
    assert file_options.LANDMARK_UNITS == io.LANDMARK_UNITS


@pytest.mark.parametrize("arguments", [[], ["enlarge"], ["register", "a.png"], ["register", "a.png", "b.png"]])
def test_a_wrong_command_line_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage: dirv-tf" in capsys.readouterr().err


@pytest.mark.parametrize(
    "outcome, status, message",
    [
        (ValueError("Expected this. Received: that"), 1, "error: Expected this. Received: that"),
        (FileNotFoundError(2, "No such file", "a.png"), 1, "a.png"),
        (ImportError("install it"), 1, "error: install it"),
        (MemoryError(), 1, "error: MemoryError"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_failures_are_one_line_and_a_status(outcome, status, message, monkeypatch, capsys):
    def fail(options):
        raise outcome

    monkeypatch.setattr(info_command, "run", fail)
    assert main(["info"]) == status
    output = capsys.readouterr()
    assert output.out == "" and message in output.err and output.err.count("\n") == 1


def test_debug_shows_where_an_error_arose(monkeypatch):
    def fail(options):
        raise ValueError("deep inside")

    monkeypatch.setattr(info_command, "run", fail)
    with pytest.raises(ValueError, match="deep inside"):
        main(["--debug", "info"])


def test_an_error_that_is_our_own_fault_is_not_hidden(monkeypatch):
    monkeypatch.setattr(info_command, "run", lambda options: {}["missing"])
    with pytest.raises(KeyError):
        main(["info"])


@pytest.mark.filterwarnings("default")
def test_warnings_for_the_user_are_one_line(monkeypatch, capsys):
    def warn(options):
        warnings.warn("little contrast")
        warnings.warn("not for users", DeprecationWarning)
        return 0

    monkeypatch.setattr(info_command, "run", warn)
    assert main(["info"]) == 0
    assert capsys.readouterr().err == "warning: little contrast\n"


def test_help_does_not_wait_for_tensorflow():
    code = (
        "import sys; from dirv_tf.cli.main import build_parser; build_parser().format_help(); "
        "print(sorted({'tensorflow', 'matplotlib', 'skimage'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_package_itself_is_the_command():
    result = subprocess.run([sys.executable, "-m", "dirv_tf", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("dirv-tf ")
