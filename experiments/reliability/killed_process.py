"""A command in a process of its own that is killed (SIGKILL) at a random moment, or inside of one of its writes."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import traceback
from pathlib import Path
from typing import Callable, NamedTuple

from dirv_tf.cli.main import main

# What a write is made of: the bytes are forced to the disk, the file gets its final name.
_STEPS = ("fsync", "replace", "rename")


class Ended(NamedTuple):
    """How a process ended.

    Attributes
    ----------
    status : int or None
        The exit status; None where it was killed.
    seconds : float
    steps : int
        Steps of writes that were begun; -1 where it was killed at a moment in time.
    """

    status: int | None
    seconds: float
    steps: int


def carry_out(arguments: list[str], log: Path) -> Ended:
    """Carry out a command to its end.

    Parameters
    ----------
    arguments : list of str
        Of ``dirv-tf``.
    log : Path
        Gets what it prints, added to what is there.

    Returns
    -------
    Ended
    """
    counted = log.with_name("steps.txt")
    ended = _forked(arguments, log, lambda: _count_steps(counted), None)
    return ended._replace(steps=int(counted.read_text(encoding="utf-8")))


def kill_at_a_moment(arguments: list[str], log: Path, seconds: float) -> Ended:
    """Carry out a command and kill its process after so many seconds, if it still runs."""
    return _forked(arguments, log, lambda: None, seconds)


def kill_at_a_step(arguments: list[str], log: Path, step: int, before: bool) -> Ended:
    """Carry out a command whose process kills itself at a step of its writes, before it or after it."""
    return _forked(arguments, log, lambda: _kill_at(step, before), None)


def _forked(arguments, log, prepare: Callable[[], None], seconds):
    """Carry out a command in a fork of this process, which has loaded TensorFlow but never used it.

    To load it takes longer than all that is to be killed.
    """
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            with open(log, "a", encoding="utf-8") as stream:
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
            prepare()
            status = main(arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    timer = None
    if seconds is not None:
        timer = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
        timer.start()
    _, outcome = os.waitpid(child, 0)
    if timer is not None:
        timer.cancel()
    killed = os.WIFSIGNALED(outcome)
    status = None if killed else os.WEXITSTATUS(outcome)
    return Ended(status, time.perf_counter() - started, -1)


def _count_steps(path):
    count = [0]

    def counted(function):
        def step(*arguments, **settings):
            count[0] += 1
            result = function(*arguments, **settings)
            path.write_text(str(count[0]), encoding="utf-8")
            return result

        return step

    path.write_text("0", encoding="utf-8")
    for name in _STEPS:
        setattr(os, name, counted(getattr(os, name)))


def _kill_at(number, before):
    left = [number]

    def deadly(function):
        def step(*arguments, **settings):
            left[0] -= 1
            if left[0] == 0 and before:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **settings)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return step

    for name in _STEPS:
        setattr(os, name, deadly(getattr(os, name)))


def kill_somewhere(arguments: list[str], log: Path, whole: Ended, chance: random.Random) -> Ended:
    """Kill a command at random: half of the times at any moment, half of the times inside of a write.

    Parameters
    ----------
    arguments : list of str
        Of ``dirv-tf``.
    log : Path
    whole : Ended
        Of the same command, carried out to its end: how long it takes, and how many steps its writes have.
    chance : random.Random

    Returns
    -------
    Ended
        With the step at which it was to be killed; -1 for a moment in time.
    """
    if chance.random() < 0.5:
        return kill_at_a_moment(arguments, log, chance.uniform(0.0, whole.seconds))
    step = chance.randint(1, max(whole.steps, 1))
    return kill_at_a_step(arguments, log, step, chance.random() < 0.5)._replace(steps=step)
